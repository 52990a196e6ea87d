"""The proof of the issue: sixty bad spreadsheets. What can be used lands by the guess alone; nothing is lost."""

import pytest
from django.core.files.base import ContentFile

from cluster_portal.search import folded
from members import actions
from members.imports import loading
from members.imports.reading import readable, tables_of
from members.models import Affiliation, GroupMember, Guardianship, Import, Institution, Person
from tests.members.bad_spreadsheets import all_sheets
from tests.members.test_imports import do_now, load

LEAST_SHARE = 0.95
SHEETS = all_sheets()


def loaded(sheet, by, institution=None, suffix="csv"):
    """Choose, guess, load: exactly what the pages do when nobody corrects the guess."""
    file = ContentFile(readable(sheet.content), name=f"{sheet.name}.{suffix}")
    it = actions.begin_import(sheet.kind, institution, file, by=by)
    table, guess = loading.opened(it)
    do_now(actions.choose_columns(it, guess, len(table.rows), by=by))
    return it, load(it)


def has_landed(sheet, it, school):
    """Whether a row is in the portal as it was meant."""
    if sheet.kind == "institutions":
        kept = Institution.objects.filter(name=it["name"], kind=it["kind"], region__name=it["region"])
        return kept.count() == 1
    people = Person.objects.filter(birth_date=it["born"], affiliations__institution=school)
    people = [one for one in people if folded(one.given_name) == folded(it["given_name"])]
    people = [one for one in people if folded(one.family_name) == folded(it["family_name"])]
    if len(people) != 1:
        return False
    if sheet.kind == "people":
        role = Affiliation.objects.active().filter(person=people[0], role=it["role"])
        return people[0].email == it["email"] and role.exists()
    in_class = GroupMember.objects.now().filter(person=people[0]).exists()
    return in_class and Guardianship.objects.now().filter(child=people[0]).count() == 1


def test_there_are_sixty_and_each_dress_differs():
    assert len(SHEETS) == 60
    assert len({it.content for it in SHEETS}) == 60


def test_sixty_bad_spreadsheets_land_without_hand_work_and_no_row_is_lost(cast):
    usable, lost = 0, []
    for sheet in SHEETS:
        it, rows = loaded(sheet, by=cast.coordinator, institution=cast.school if sheet.kind == "classes" else None)
        counts = Import.objects.get(pk=it.pk).counts
        assert counts["rows"] == sheet.rows, sheet.name
        assert counts["accepted"] + counts["rejected"] == counts["rows"], sheet.name
        assert counts["new"] + counts["changed"] + counts["unchanged"] == counts["accepted"], sheet.name
        assert len(rejected_lines(it)) == counts["rejected"], sheet.name
        assert all(row.said for row in rows if row.sort == "rejected"), sheet.name
        assert counts["accepted"] <= len(sheet.usable), f"{sheet.name}: a row that nobody can use was accepted"
        missing = [one for one in sheet.usable if not has_landed(sheet, one, cast.school)]
        usable += len(sheet.usable)
        lost += [(sheet.name, one["cells"]) for one in missing]
    assert 1 - len(lost) / usable >= LEAST_SHARE, lost[:20]


def rejected_lines(it):
    if it.rejected is None:
        return []
    with it.rejected.file.open("rb") as file:
        return tables_of(file.read())[0].rows[1:]


@pytest.mark.parametrize("number", [2, 16, 22, 35, 42, 55])
def test_loading_the_same_file_again_changes_nothing(cast, number):
    sheet = SHEETS[number]
    institution = cast.school if sheet.kind == "classes" else None
    first, _rows = loaded(sheet, by=cast.coordinator, institution=institution)
    before = (Person.objects.count(), Institution.objects.count(), GroupMember.objects.count())
    again, _rows = loaded(sheet, by=cast.coordinator, institution=institution)
    assert (Person.objects.count(), Institution.objects.count(), GroupMember.objects.count()) == before
    assert again.counts == first.counts | {"new": 0, "changed": 0, "unchanged": first.counts["accepted"]}
