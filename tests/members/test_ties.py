"""Who is bound to whom: written where it arises, once, and heard by whoever must know."""

from importlib import import_module

import pytest
from django.apps import apps

from cluster_portal import hooks
from members import actions
from members.models import Tie
from members.ties import tie_together
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    said = []
    monkeypatch.setattr(hooks, "bond_listeners", [lambda keys: said.append(sorted(keys))])
    return said


def pairs():
    return list(Tie.objects.values_list("first", "second", "kind"))


def test_people_are_bound_each_to_each_once(heard):
    a, b, c = (make.PersonFactory() for _number in range(3))
    about = make.EntryFactory()
    tie_together([c, a, b], Tie.Kind.CO_AUTHOR, about)
    tie_together([a, b, c], Tie.Kind.CO_AUTHOR, about)
    assert pairs() == [(a.pk, b.pk, "co_author"), (a.pk, c.pk, "co_author"), (b.pk, c.pk, "co_author")]
    assert heard == [[a.pk, b.pk, c.pk]] * 2


def test_a_guardian_is_bound_to_the_child_and_to_its_other_guardians(cast):
    child = make.ChildFactory()
    first = actions.name_guardian(child, by=cast.teacher, how="teacher", family_name="One", email="one@example.org")
    second = actions.name_guardian(child, by=cast.teacher, how="teacher", family_name="Two", email="two@example.org")
    family = {child.pk, first.guardian_id, second.guardian_id}
    assert {(one, other) for one, other, _kind in pairs()} == {(a, b) for a in family for b in family if a < b}


def test_the_migration_binds_families_as_the_action_does():
    child = make.ChildFactory()
    first = make.GuardianshipFactory(child=child)
    second = make.GuardianshipFactory(child=child)
    ended = make.GuardianshipFactory(child=child, ended_at=child.joined_at)
    migration = import_module("members.migrations.0021_guardians_and_children_are_bound")
    migration.bind(apps, None)
    migration.bind(apps, None)
    family = {child.pk, first.guardian_id, second.guardian_id}
    assert ended.guardian_id not in family
    bound = {tuple(sorted(pair[:2])) for pair in pairs()}
    assert bound == {(a, b) for a in family for b in family if a < b}


def test_merging_two_entries_of_a_person_keeps_their_ties(cast):
    kept = make.PersonFactory(family_name="Ivanova", given_name="Anna", birth_date="1980-02-03")
    gone = make.PersonFactory(family_name="Ivanova", given_name="Anna", birth_date="1980-02-03")
    friend, about = make.PersonFactory(), make.EntryFactory()
    tie_together([kept, friend], Tie.Kind.MENTOR, about)
    tie_together([gone, friend], Tie.Kind.MENTOR, about)
    tie_together([gone, kept], Tie.Kind.CO_AUTHOR, about)
    actions.merge_people(kept, gone, by=cast.coordinator)
    assert pairs() == [(kept.pk, friend.pk, "mentor")]


def test_whoever_comes_to_an_institution_is_heard_of(cast, heard):
    newcomer = make.PersonFactory()
    asked = actions.ask_to_join(newcomer, cast.school, "teacher", by=newcomer)
    assert heard == []
    actions.admit_affiliation(asked, by=cast.contact)
    assert heard == [[newcomer.pk]]
