"""Every column of every table is classified, and a person's copy and erasure follow the lists to the letter."""

import json

import pytest
from django.apps import apps
from django.db.models import ForeignKey

from cluster_portal import hooks
from cluster_portal.personal import readable_rows
from members import actions
from tests import everything

pytestmark = pytest.mark.django_db


def tables():
    return {table.model: table for held in hooks.personal_data.values() for table in held.tables}


def every_model():
    return [it for it in apps.get_models(include_auto_created=True) if it._meta.managed and not it._meta.proxy]


def named_in(table):
    return [*table.shown.split(), *table.keys.split(), *table.plain.split()]


def test_every_app_with_tables_says_what_it_holds():
    assert set(hooks.personal_data) == {"mentorship", "competitions", "courses", "members", "cluster_portal"}


def test_every_column_is_classified_exactly_once():
    wrong = {}
    for model in every_model():
        columns = sorted(it.name for it in model._meta.concrete_fields)
        table = tables().get(model._meta.label)
        if table is None or sorted(named_in(table)) != columns:
            wrong[model._meta.label] = sorted(set(columns) ^ set(named_in(table) if table else []))
    assert wrong == {}


def test_no_list_names_a_table_that_is_not_there():
    assert set(tables()) - {it._meta.label for it in every_model()} == set()


def test_every_column_that_points_to_a_person_finds_that_person():
    """Whoever stands in a row can have it: a new foreign key to people cannot be overlooked."""
    missed = [
        f"{model._meta.label}.{it.name}"
        for model in every_model()
        for it in model._meta.concrete_fields
        if isinstance(it, ForeignKey) and it.related_model._meta.label == "members.Person"
        if it.name not in tables()[model._meta.label].people
    ]
    assert missed == []


def test_what_erasure_leaves_has_its_reason():
    """Of a table that is about people, either the rows go, or a sentence says why something stays."""
    silent = [it.model for it in tables().values() if (it.owners or it.named) and it.stays and not it.why]
    assert silent == []


def test_what_is_emptied_is_personal_and_what_is_shown_has_a_heading():
    for table in tables().values():
        assert set(table.emptied) <= {*table.shown.split(), *table.keys.split()}, table.model
        assert bool(table.shown) == bool(table.heading), table.model


def test_a_copy_has_every_marker():
    person, markers = everything.person_everywhere()
    said = json.dumps([list(held.export(person)) for held in hooks.personal_data.values()], ensure_ascii=False)
    assert [it for it in markers if it not in said] == []


def test_the_test_itself_fills_every_column_that_a_copy_has():
    """Otherwise a column could be shown by the list and never be seen to be."""
    person, _markers = everything.person_everywhere()
    empty = [table.model for table in tables().values() if table.shown and not table.about(person).exists()]
    assert empty == []


def test_the_readable_page_has_every_marker():
    person, markers = everything.person_everywhere()
    said = str([readable_rows(table, person) for table in tables().values()])
    born = everything.GONE["born"]  # written in words there: 19 July 1983
    assert [it for it in markers if it not in said and it != born] == []
    assert "19 July 1983" in said


def test_nothing_of_an_erased_person_is_left_in_the_database():
    person, markers = everything.person_everywhere()
    actions.erase_person(person, by=person)
    dump = everything.dump_of_every_text()
    assert sorted(it for it in markers if it in dump) == sorted(everything.KEPT.values())


def test_nobody_else_is_touched():
    person, _markers = everything.person_everywhere()
    others = everything.people_but(person)
    actions.erase_person(person, by=person)
    assert everything.people_but(person) == others
