"""Names, ages, addresses, and what a search finds."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cluster_portal.models import AuditEntry
from cluster_portal.moves import Refused
from cluster_portal.search import folded, found
from members import actions
from members.models import Institution, Person
from members.models.ages import years_between
from members.models.people import validate_plain_name
from tests import factories as make


@pytest.mark.parametrize(
    ("birth", "day", "years"),
    [
        (date(2008, 11, 21), date(2026, 11, 20), 17),
        (date(2008, 11, 21), date(2026, 11, 21), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_years_are_full_years(birth, day, years):
    assert years_between(birth, day) == years


@pytest.mark.parametrize("name", ["Иванова-Петрова", "O'Neil", "Ли Ын Хи", "이은희", "Nuñez y Díaz", "д’Артаньян"])
def test_real_names_pass(name):
    validate_plain_name(name)


@pytest.mark.parametrize(
    "name", ["http://evil.test", "www.evil.test", "<b>Anna</b>", "evil.ru", "Anna\nBcc: x", "a@b", "{{ x }}"]
)
def test_a_name_that_is_a_link_or_markup_is_refused(name):
    with pytest.raises(ValidationError, match="Remove links and markup"):
        validate_plain_name(name)


@pytest.mark.parametrize("email", ["", "Anna@example.org"])
def test_the_database_refuses_an_empty_or_upper_case_address(db, email):
    with pytest.raises(IntegrityError), transaction.atomic():
        Person(email=email, family_name="Anna").save()


def test_names_sort_without_case_and_yo(db):
    for name in ("Ёлкина", "жукова", "Егорова", "елагина"):
        make.PersonFactory(family_name=name)
    assert [person.family_name for person in Person.objects.all()] == ["Егорова", "елагина", "Ёлкина", "жукова"]


@pytest.mark.parametrize("query", ["ёлка", "Елка", "ЁЛКА", "елк"])
def test_search_ignores_case_and_yo(db, query):
    wanted = make.InstitutionFactory(name="Детский сад «Ёлка»")
    make.InstitutionFactory(name="Школа 5")
    assert list(found(Institution.objects.all(), query)) == [wanted]


def test_search_forgives_a_typo(db):
    wanted = make.InstitutionFactory(name="Kindergarten Petrogradka")
    make.InstitutionFactory(name="School 5")
    assert list(found(Institution.objects.all(), "kindergraten")) == [wanted]


def test_a_search_for_a_wildcard_finds_only_itself(db):
    make.InstitutionFactory(name="School 5")
    assert list(found(Institution.objects.all(), "%")) == []


def test_folding_leaves_single_spaces():
    assert folded("  Ёлка ", "Петрова") == "елка петрова"


def test_slugs_are_transliterated_and_unique(db):
    slugs = [make.InstitutionFactory(name="Школа Ёлка").slug for _ in range(2)]
    assert slugs[0] == "shkola-elka"
    assert slugs[1].startswith("shkola-elka-")


def test_a_suspended_person_is_inactive(db):
    assert not make.PersonFactory(suspended_at="2026-01-01T00:00Z").is_active


def test_who_is_suspended_is_not_suspended_again_and_who_is_not_is_not_restored(cast):
    with pytest.raises(Refused, match=r"^This person is not suspended\.$"):
        actions.restore_person(cast.teacher, by=cast.coordinator)
    actions.suspend_person(cast.teacher, by=cast.coordinator)
    with pytest.raises(Refused, match=r"^This person is suspended already\.$"):
        actions.suspend_person(cast.teacher, by=cast.coordinator)
    verbs = AuditEntry.objects.filter(object_id=cast.teacher.public_id).values_list("verb", flat=True)
    assert list(verbs) == ["members.person.suspend"]
