"""What the database itself refuses to change of an opened agreement, tried with plain SQL; and what must go on."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction

from members import actions
from members.models import Coverage, Party, Person
from tests import factories as make
from tests.members.test_agreements import concluded, draft, guarded_roster, sign_all, text, today

# ruff: noqa: F401, F811 (fixtures of that module are used here)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guarded_roster")]


def sql(statement, **values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def settled():
    """As at the end of a transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def refused(statement, **values):
    with pytest.raises(IntegrityError) as error:
        sql(statement, **values)
    return str(error.value).splitlines()[0]


def refused_change(table, row, change, **values):
    """What is said to an UPDATE of one row."""
    return refused(f"UPDATE {table} SET {change} WHERE id = %(row)s", row=row, **values)  # noqa: S608 (our own words)


STAYS = "An opened text stays as it is: UPDATE is refused."
COLUMNS = {
    "public_id": "'abcdefghjkmn'",
    "kind": "'memorandum'",
    "amends_id": "%(other)s",
    "title": "'Other'",
    "number": "'99'",
    "place": "'Elsewhere'",
    "occasion": "'Another'",
    "text_id": "NULL",
    "valid_from": "'2020-01-01'",
    "valid_until": "'2099-01-01'",
    "prolongs_until": "'2099-01-01'",
    "prolonged_until": "'2099-01-01'",
    "concluded_on": "'2020-01-01'",
    "terminated_on": "'2020-01-01'",
    "terminated_because": "'Because'",
}


@pytest.fixture
def opened(draft, cast):
    actions.open_agreement(draft, by=cast.coordinator)
    return draft


@pytest.fixture
def other(cast, today):
    """A draft with a party and a clause of its own."""
    it = actions.draft_agreement(cast.coordinator, text(b"Other."), kind="network", title="Other", valid_from=today)
    make.PartyFactory(agreement=it, signed_on=None, signatory="")
    make.ClauseFactory(agreement=it)
    return it


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("state", ["opened", "concluded"])
def test_no_column_of_the_title_page_changes(request, state, column, other):
    it = request.getfixturevalue(state)
    assert refused_change("members_agreement", it.pk, f"{column} = {COLUMNS[column]}", other=other.pk) == STAYS


def test_every_column_of_an_agreement_was_tried(draft):
    tried = {*COLUMNS, "id", "state", "state_since"}
    assert {field.column for field in draft._meta.concrete_fields} == tried


BACK = [
    ("opened", "draft"), ("opened", "terminated"), ("concluded", "draft"), ("concluded", "open"),
    ("concluded", "withdrawn"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "target"), BACK)
def test_no_state_is_set_back_or_jumped_over(request, state, target):
    it = request.getfixturevalue(state)
    said = "UPDATE members_agreement SET state = %(to)s, concluded_on = NULL, terminated_on = NULL WHERE id = %(it)s"
    assert refused(said, to=target, it=it.pk) == STAYS


@pytest.mark.parametrize("target", ["draft", "open", "concluded"])
def test_what_was_given_up_or_terminated_does_not_come_back(concluded, opened_elsewhere, cast, today, target):
    actions.withdraw_agreement(opened_elsewhere, by=cast.coordinator)
    actions.terminate_agreement(concluded, today, "Done.", by=cast.coordinator)
    for it in (opened_elsewhere, concluded):
        said = "UPDATE members_agreement SET state = %(to)s, terminated_on = NULL WHERE id = %(it)s"
        assert refused(said, to=target, it=it.pk) == STAYS


@pytest.fixture
def opened_elsewhere(other, cast):
    actions.add_parties(other, [make.InstitutionFactory()], "party", by=cast.coordinator)
    actions.open_agreement(other, by=cast.coordinator)
    return other


PARTY = {
    "institution_id": "%(institution)s",
    "role": "'party'",
    "agreement_id": "%(other)s",
    "signed_on": "'2020-01-01'",
    "signatory": "'Somebody else'",
    "how": "'paper'",
    "signed_by_id": "%(person)s",
    "signed_at": "'2020-01-01'",
    "signed_sha256": "'0'",
    "scan_id": "NULL",
    "withdrawn_on": "NULL",
    "withdrawn_because": "'Because'",
}


@pytest.fixture
def signed(opened):
    """The lead of an open agreement, signed online."""
    party = opened.parties.first()
    head = make.AffiliationFactory(institution=party.institution, role="head").person
    actions.sign_agreement(party, head.full_name, opened.text.sha256, by=head)
    return party


@pytest.mark.parametrize("column", [it for it in PARTY if it not in {"withdrawn_on", "scan_id"}])
def test_no_column_of_a_signed_party_changes(signed, other, cast, column):
    values = {"institution": cast.school.pk, "other": other.pk, "person": None}
    assert refused_change("members_party", signed.pk, f"{column} = {PARTY[column]}", **values) == STAYS


def test_scan_of_a_signature_is_not_taken_away(opened, cast, today):
    party = opened.parties.first()
    actions.record_signature(party, today, "Head", by=cast.coordinator, scan=ContentFile(b"Signed.", "scan.txt"))
    assert refused("UPDATE members_party SET scan_id = NULL WHERE id = %(it)s", it=party.pk) == STAYS
    said = refused("UPDATE cluster_portal_upload SET sha256 = 'x' WHERE id = %(it)s", it=party.scan_id)
    assert said == "The file of an opened text stays as it is: UPDATE is refused."


def test_signature_is_not_taken_back(signed):
    taken = "UPDATE members_party SET signed_on = NULL, signatory = '', how = '', signed_by_id = NULL WHERE id = %(it)s"
    assert refused(taken, it=signed.pk) == STAYS


def test_every_column_of_a_party_was_tried():
    assert {field.column for field in Party._meta.concrete_fields} == {*PARTY, "id"}


@pytest.mark.parametrize("column", ["institution_id", "role", "agreement_id"])
def test_a_party_that_has_not_signed_stays_too(opened, other, cast, column):
    party = opened.parties.leads().get()
    values = {"institution": cast.school.pk, "other": other.pk}
    assert refused_change("members_party", party.pk, f"{column} = {PARTY[column]}", **values) == STAYS


def test_nobody_signs_what_is_not_open(concluded, cast, today):
    renewal_like = actions.prepare_accession(concluded, [make.InstitutionFactory()], cast.coordinator, text=text())
    actions.withdraw_agreement(renewal_like, by=cast.coordinator)
    party = renewal_like.parties.first()
    forged = "UPDATE members_party SET signed_on = '2027-01-01', signatory = 'x' WHERE id = %(it)s"
    assert refused(forged, it=party.pk) == STAYS


def test_a_withdrawal_that_counts_is_not_taken_back(opened, cast, today):
    sign_all(opened, today - timedelta(days=9))
    actions.conclude_agreement(opened, by=cast.coordinator)
    party, left = opened.parties.first(), today - timedelta(days=5)
    Party.objects.filter(pk=party.pk).update(withdrawn_on=left, withdrawn_because="It merges.")
    for change in ("withdrawn_on = NULL", "withdrawn_on = '2099-01-01'", "withdrawn_because = 'Other'"):
        assert refused_change("members_party", party.pk, change) == STAYS


def test_no_party_or_clause_is_moved_into_an_opened_text(opened, other):
    for table, it in (("party", other.parties.get()), ("clause", other.clauses.get())):
        assert refused_change(f"members_{table}", it.pk, "agreement_id = %(to)s", to=opened.pk) == STAYS


def test_no_party_or_clause_is_moved_out_of_an_opened_text(opened, other):
    for table, it in (("party", opened.parties.first()), ("clause", opened.clauses.get())):
        assert refused_change(f"members_{table}", it.pk, "agreement_id = %(to)s", to=other.pk) == STAYS


@pytest.mark.parametrize("column", ["number", "text", "right", "places", "since", "agreement_id"])
def test_no_column_of_a_clause_changes(opened, other, column):
    value = {"places": "5", "since": "'2020-01-01'", "agreement_id": "%(other)s"}.get(column, "'9'")
    clause = opened.clauses.get()
    assert refused_change("members_clause", clause.pk, f'"{column}" = {value}', other=other.pk) == STAYS


GONE = {
    "page": "DELETE FROM members_agreement WHERE id = %(it)s",
    "parties": "DELETE FROM members_party WHERE agreement_id = %(it)s",
    "clauses": "DELETE FROM members_clause WHERE agreement_id = %(it)s",
}


@pytest.mark.parametrize("what", GONE)
def test_nothing_of_an_opened_text_is_deleted(opened, what):
    assert refused(GONE[what], it=opened.pk) == "An opened text stays as it is: DELETE is refused."


@pytest.mark.parametrize("change", ["sha256 = 'x'", "file = 'other.pdf'", "name = 'other'", "size = 1"])
def test_the_file_of_an_opened_text_stays(opened, change):
    said = refused_change("cluster_portal_upload", opened.text_id, change)
    assert said == "The file of an opened text stays as it is: UPDATE is refused."


def test_the_file_of_a_draft_may_change(draft):
    assert sql("UPDATE cluster_portal_upload SET name = 'other' WHERE id = %(it)s", it=draft.text_id) == 1


@pytest.fixture
def roll(concluded, cast, today):
    party = concluded.parties.first()
    actions.cover_institutions(party, [cast.school], today, today.replace(year=2099), "Order 1", by=cast.coordinator)
    return party.coverages.get()


ROLL = "A roll that counts stays as it is: {} is refused."
OF_A_ROLL = {"party_id": "%(party)s", "institution_id": "%(institution)s", "id": "0", "until": "'2199-01-01'"}


@pytest.mark.parametrize("column", [field.column for field in Coverage._meta.concrete_fields])
def test_no_line_of_a_roll_says_more_than_its_document(roll, concluded, column):
    values = {"party": concluded.parties.last().pk, "institution": make.InstitutionFactory().pk}
    value = OF_A_ROLL.get(column, "'2020-01-01'")
    assert refused_change("members_coverage", roll.pk, f"{column} = {value}", **values) == ROLL.format("UPDATE")


def test_the_last_day_of_a_roll_is_not_taken_away(roll):
    assert refused_change("members_coverage", roll.pk, "until = NULL") == ROLL.format("UPDATE")


def test_no_line_of_a_roll_is_moved_from_a_draft(roll, other, cast, today):
    actions.cover_institutions(other.parties.get(), [cast.school], today, None, "Order 9", by=cast.coordinator)
    moved = "UPDATE members_coverage SET party_id = %(to)s WHERE id = %(it)s"
    said = refused(moved, to=roll.party_id, it=other.parties.get().coverages.get().pk)
    assert said == ROLL.format("UPDATE")


def test_a_roll_that_counts_is_not_deleted(roll):
    assert refused("DELETE FROM members_coverage WHERE id = %(it)s", it=roll.pk) == ROLL.format("DELETE")


def test_what_has_ended_takes_no_roll(roll, concluded, cast, today):
    actions.terminate_agreement(concluded, today, "Done.", by=cast.coordinator)
    added = (
        "INSERT INTO members_coverage (party_id, institution_id, since, document)"
        " VALUES (%(party)s, %(institution)s, '2020-01-01', 'x')"
    )
    said = refused(added, party=roll.party_id, institution=make.InstitutionFactory().pk)
    assert said == "What has ended covers nobody more: INSERT is refused."
    assert refused("UPDATE members_coverage SET until = since WHERE id = %(it)s", it=roll.pk) == ROLL.format("UPDATE")


# What goes on: everything that people do.


def test_signing_concluding_leaving_and_ending_go_on(opened, cast, today):
    sign_all(opened, today)
    actions.conclude_agreement(opened, by=cast.coordinator)
    party = opened.parties.first()
    actions.cover_institutions(party, [cast.school], today, None, "Order 1", by=cast.coordinator)
    actions.end_coverage(party.coverages.get(), today, by=cast.coordinator)
    actions.withdraw_party(party, today, "It merges.", by=cast.coordinator)
    actions.terminate_agreement(opened, today, "Done.", by=cast.coordinator)
    settled()
    opened.refresh_from_db()
    assert opened.state == "terminated"


def test_renewing_goes_on(cast, today):
    last = today.replace(year=today.year + 1, day=1)
    it = actions.draft_agreement(
        cast.coordinator, text(), kind="network", title="C", valid_from=today, valid_until=last
    )
    actions.add_parties(it, make.InstitutionFactory.create_batch(2), "party", by=cast.coordinator)
    actions.open_agreement(it, by=cast.coordinator)
    sign_all(it, today)
    actions.conclude_agreement(it, by=cast.coordinator)
    for years in (2, 3):
        until = last.replace(year=today.year + years)
        renewal = actions.prepare_renewal(it, until, cast.coordinator, text=text())
        actions.open_agreement(renewal, by=cast.coordinator)
        sign_all(renewal, today)
        actions.conclude_agreement(renewal, by=cast.coordinator)
        it.refresh_from_db()
        assert it.prolonged_until == until


def test_roll_of_an_open_agreement_is_corrected(opened, cast, today):
    party = opened.parties.first()
    actions.cover_institutions(party, [cast.school], today, None, "Order 1", by=cast.coordinator)
    actions.remove_coverage(party.coverages.get(), by=cast.coordinator)
    assert party.coverages.count() == 0


def test_merging_the_signatory_goes_on(signed, cast):
    gone, typed = signed.signed_by, signed.signatory
    kept = make.PersonFactory(family_name=gone.family_name, given_name=gone.given_name)
    actions.merge_people(kept, gone, by=cast.coordinator)
    settled()
    signed.refresh_from_db()
    assert (signed.signed_by, signed.signatory) == (kept, typed)


@transaction.atomic
def pass_on(party, person):
    sql("UPDATE members_party SET signed_by_id = %(to)s WHERE id = %(it)s", to=person.pk, it=party.pk)
    settled()


def test_signature_passes_to_nobody_else(signed, cast):
    with pytest.raises(IntegrityError, match="Who signed an agreement stays: UPDATE is refused"):
        pass_on(signed, cast.teacher)


def test_erasing_the_signatory_goes_on(signed, cast):
    stays = actions.erase_person(signed.signed_by, by=cast.coordinator)
    settled()
    signed.refresh_from_db()
    assert Person.objects.get(pk=signed.signed_by_id).erased_at is not None
    assert any("who signed an agreement" in sentence for sentence in map(str, stays))
