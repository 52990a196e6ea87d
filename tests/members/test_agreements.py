"""The life of an agreement: drafting, accession, rolls, withdrawal, termination, renewal; what each refusal says."""

from datetime import date, timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction

from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused, available_moves
from members import actions
from members.models import Agreement, Clause, Cluster, Coverage, Institution, Party
from members.models.grounds import ground_of
from tests import factories as make

pytestmark = pytest.mark.django_db


def text(content=b"We agree."):
    return ContentFile(content, "text.txt")


@pytest.fixture
def today(db):
    return Cluster.current().today()


@pytest.fixture
def draft(cast, today):
    """A draft of a network agreement with its text, a lead, a party and a clause."""
    it = actions.draft_agreement(cast.coordinator, text(), kind="network", title="Cluster", valid_from=today)
    for role in ("lead", "party"):
        actions.add_parties(it, [make.InstitutionFactory()], role, by=cast.coordinator)
    actions.keep_clause(Clause(agreement=it, number="2.1", text="Courses.", right="course"), by=cast.coordinator)
    return it


def sign_all(agreement, on, by=None):
    for party in agreement.parties.unsigned():
        actions.record_signature(party, on, "Head", by=by)


@pytest.fixture
def concluded(draft, cast, today):
    actions.open_agreement(draft, by=cast.coordinator)
    sign_all(draft, today)
    actions.conclude_agreement(draft, by=cast.coordinator)
    return draft


def members_on(day):
    return set(Institution.objects.members_on(day))


def test_a_draft_is_created_and_corrected_and_audited_without_its_words(draft, cast):
    actions.change_agreement(draft, by=cast.coordinator, title="Another title", number="7")
    draft.refresh_from_db()
    assert (draft.title, draft.number, draft.state) == ("Another title", "7", "draft")
    lines = AuditEntry.objects.filter(object_id=draft.public_id).order_by("pk")
    assert [line.verb.rpartition(".")[2] for line in lines] == ["draft"] + ["change"] * 5
    assert lines.last().values == {}


def test_a_draft_shows_the_hash_of_its_last_text(draft, cast):
    first = draft.text.sha256
    actions.keep_text(draft, text(b"We agree, better."), by=cast.coordinator)
    assert draft.text.sha256 != first


def test_a_text_that_a_draft_gave_up_is_not_published_when_it_is_concluded(draft, cast, today, client):
    given_up = draft.text
    actions.keep_text(draft, text(b"We agree, better."), by=cast.coordinator)
    actions.open_agreement(draft, by=cast.coordinator)
    sign_all(draft, today)
    actions.conclude_agreement(draft, by=cast.coordinator)
    pages = [client.get(f"/files/{it.public_id}/") for it in (given_up, draft.text)]
    for page in pages:
        page.close()
    assert [page.status_code for page in pages] == [404, 200]


def test_a_party_that_is_named_again_gets_its_new_role_and_can_be_taken_out(draft, cast):
    party = draft.parties.last()
    actions.add_parties(draft, [party.institution], "lead", by=cast.coordinator)
    party.refresh_from_db()
    assert (party.role, draft.parties.count()) == ("lead", 2)
    actions.remove_party(party, by=cast.coordinator)
    assert draft.parties.count() == 1


def test_a_party_with_a_roll_is_not_taken_out(draft, cast, today):
    party = draft.parties.first()
    actions.cover_institutions(party, [cast.school], today, None, "Order 1", by=cast.coordinator)
    with pytest.raises(Refused, match="covers other institutions here"):
        actions.remove_party(party, by=cast.coordinator)


def changes(agreement, by):
    """Every change to a text, by name."""
    clause, party = agreement.clauses.first(), agreement.parties.first()
    return {
        "title": lambda: actions.change_agreement(agreement, by=by, title="Other"),
        "text": lambda: actions.keep_text(agreement, text(b"Other."), by=by),
        "parties": lambda: actions.add_parties(agreement, [make.InstitutionFactory()], "party", by=by),
        "party": lambda: actions.remove_party(party, by=by),
        "new clause": lambda: actions.keep_clause(Clause(agreement=agreement, number="9", text="Other."), by=by),
        "clause": lambda: actions.keep_clause(clause, by=by),
        "no clause": lambda: actions.remove_clause(clause, by=by),
    }


@pytest.mark.parametrize("name", ["title", "text", "parties", "party", "new clause", "clause", "no clause"])
@pytest.mark.parametrize("move", ["open", "withdraw"])
def test_an_opened_text_stays_as_it_is(draft, cast, name, move):
    actions.ACTIONS["agreement"][move](draft, by=cast.coordinator)
    with pytest.raises(Refused, match="An opened text stays as it is"):
        changes(draft, cast.coordinator)[name]()


@pytest.fixture
def guarded_roster(cast):
    """With the triggers that conftest switches off for factories, which write whole agreements of the past."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE members_clause ENABLE TRIGGER members_clause_joins_a_draft")
        cursor.execute("ALTER TABLE members_party ENABLE TRIGGER members_party_joins_a_draft")
        cursor.execute("ALTER TABLE members_coverage ENABLE TRIGGER members_roll_joins_what_lives")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.parametrize(
    "change",
    [
        lambda it: Agreement.objects.filter(pk=it.pk).update(title="Other"),
        lambda it: Agreement.objects.filter(pk=it.pk).update(text=None),
        lambda it: Agreement.objects.filter(pk=it.pk).update(valid_until=it.valid_from),
        lambda it: Agreement.objects.filter(pk=it.pk).update(place="Moscow"),
        lambda it: Agreement.objects.filter(pk=it.pk).update(occasion="Another forum"),
        lambda it: Agreement.objects.filter(pk=it.pk).update(state="draft"),
        lambda it: it.clauses.update(text="Other."),
        lambda it: Clause.objects.create(agreement=it, number="9", text="Other."),
        lambda it: Party.objects.create(agreement=it, institution=make.InstitutionFactory()),
        lambda it: it.clauses.all().delete(),
        lambda it: it.parties.all().delete(),
    ],
)
@pytest.mark.usefixtures("guarded_roster")
def test_the_database_keeps_an_opened_text_too(draft, cast, change):
    actions.open_agreement(draft, by=cast.coordinator)
    with pytest.raises(IntegrityError, match="An opened text stays as it is"), transaction.atomic():
        change(draft)


@pytest.mark.usefixtures("guarded_roster")
def test_the_database_lets_an_agreement_and_its_addendum_live(concluded, cast, today):
    newcomers = make.InstitutionFactory.create_batch(2)
    addendum = actions.prepare_accession(concluded, newcomers, cast.coordinator, text=text())
    actions.open_agreement(addendum, by=cast.coordinator)
    sign_all(addendum, today)
    actions.conclude_agreement(addendum, by=cast.coordinator)
    actions.withdraw_party(addendum.parties.first(), today, "It merges.", by=cast.coordinator)
    actions.terminate_agreement(concluded, today, "Done.", by=cast.coordinator)
    concluded.refresh_from_db()
    assert concluded.state == "terminated"


def test_opening_asks_each_head_once(draft, cast):
    head = make.AffiliationFactory(institution=draft.parties.first().institution, role="head").person
    make.AffiliationFactory(person=head, institution=draft.parties.last().institution, role="head")
    actions.open_agreement(draft, by=cast.coordinator)
    mail = OutboxMail.objects.get()
    assert (mail.to, mail.template, mail.subject) == (head, "members/agreement_open", "Sign: Cluster")


def test_an_addendum_brings_in_a_party_without_touching_the_signed_text(concluded, cast, today):
    lead = concluded.parties.first()
    before = (concluded.text.sha256, list(concluded.clauses.values()), list(concluded.parties.values()))
    newcomer = make.InstitutionFactory()
    addendum = actions.prepare_accession(concluded, [newcomer], cast.coordinator, text=text())
    assert {(it.institution, it.role) for it in addendum.parties.all()} == {
        (lead.institution, "lead"),
        (newcomer, "party"),
    }
    actions.open_agreement(addendum, by=cast.coordinator)
    sign_all(addendum, today)
    assert newcomer not in members_on(today)
    actions.conclude_agreement(addendum, by=cast.coordinator)
    concluded.refresh_from_db()
    assert newcomer in members_on(today)
    assert ground_of(newcomer, "course", today).clause.number == "2.1"
    assert before == (concluded.text.sha256, list(concluded.clauses.values()), list(concluded.parties.values()))


def test_a_party_does_not_accede_again(concluded, cast):
    with pytest.raises(Refused, match="is a party already"):
        actions.prepare_accession(concluded, [concluded.parties.first().institution], cast.coordinator)


def test_only_a_concluded_agreement_takes_an_addendum(draft, cast):
    with pytest.raises(Refused, match="needs a concluded agreement"):
        actions.prepare_accession(draft, [make.InstitutionFactory()], cast.coordinator)


def test_an_addendum_is_not_amended_itself(concluded, cast):
    addendum = actions.prepare_accession(concluded, [make.InstitutionFactory()], cast.coordinator)
    with pytest.raises(Refused, match="not amended itself"):
        actions.prepare_accession(addendum, [make.InstitutionFactory()], cast.coordinator)


def test_an_addendum_to_what_has_ended_is_not_concluded(concluded, cast, today):
    newcomers = make.InstitutionFactory.create_batch(2)
    addendum = actions.prepare_accession(concluded, newcomers, cast.coordinator, text=text())
    actions.open_agreement(addendum, by=cast.coordinator)
    sign_all(addendum, today)
    actions.terminate_agreement(concluded, today, "Its aim is reached.", by=cast.coordinator)
    with pytest.raises(Refused, match="is not concluded, or has ended"):
        actions.conclude_agreement(addendum, by=cast.coordinator)


def test_a_party_leaves_on_its_day_with_whom_it_covers(concluded, cast, today):
    party, leaves = concluded.parties.first(), today + timedelta(days=30)
    roll = [cast.school, make.InstitutionFactory()]
    actions.cover_institutions(party, roll[1:], today, None, "Order 1", by=cast.coordinator)
    actions.withdraw_party(party, leaves, "It merges.", by=cast.coordinator)
    assert {party.institution, roll[1]} <= members_on(leaves - timedelta(days=1))
    assert not {party.institution, roll[1]} & members_on(leaves)
    assert ground_of(party.institution, "course", leaves) is None
    assert (party.withdrawn_on, party.withdrawn_because) == (leaves, "It merges.")


def test_a_party_leaves_the_addenda_that_it_signed_too(concluded, cast, today):
    lead = concluded.parties.first()
    addendum = actions.prepare_accession(concluded, [make.InstitutionFactory()], cast.coordinator, text=text())
    actions.open_agreement(addendum, by=cast.coordinator)
    sign_all(addendum, today)
    actions.conclude_agreement(addendum, by=cast.coordinator)
    actions.withdraw_party(lead, today, "It closes.", by=cast.coordinator)
    assert lead.institution not in members_on(today)


@pytest.mark.parametrize(
    ("days", "because", "sentence"),
    [(-1, "It merges.", "lies in the past"), (0, " ", "Say why it leaves")],
)
def test_leaving_wants_a_day_that_is_not_past_and_a_reason(concluded, cast, today, days, because, sentence):
    party = concluded.parties.first()
    with pytest.raises(Refused, match=sentence):
        actions.withdraw_party(party, today + timedelta(days=days), because, by=cast.coordinator)


def test_a_party_leaves_once(concluded, cast, today):
    party = concluded.parties.first()
    actions.withdraw_party(party, today, "It merges.", by=cast.coordinator)
    with pytest.raises(Refused, match="has not signed, or has withdrawn already"):
        actions.withdraw_party(party, today, "It merges.", by=cast.coordinator)


def test_termination_ends_the_rights_on_its_day_and_tells_the_heads(concluded, cast, today):
    institution, ends = concluded.parties.first().institution, today + timedelta(days=10)
    head = make.AffiliationFactory(institution=institution, role="head").person
    actions.terminate_agreement(concluded, ends, "Its aim is reached.", by=cast.coordinator)
    assert [institution in members_on(day) for day in (today, ends - timedelta(days=1), ends)] == [True, True, False]
    mail = OutboxMail.objects.get(template="members/agreement_terminated")
    assert (mail.to, "The reason: Its aim is reached." in mail.body_text) == (head, True)


@pytest.mark.parametrize(
    ("days", "because", "sentence"),
    [(-1, "Done.", "lies in the past"), (0, " ", "Say why the agreement ends"), (400, "Done.", "ends by itself on")],
)
def test_termination_wants_a_day_and_a_reason(cast, today, days, because, sentence):
    it = make.AgreementFactory(valid_until=today + timedelta(days=365))
    with pytest.raises(Refused, match=sentence):
        actions.terminate_agreement(it, today + timedelta(days=days), because, by=cast.coordinator)
    it.refresh_from_db()
    assert (it.state, OutboxMail.objects.count()) == ("concluded", 0)


@pytest.fixture
def ending(cast, today):
    """A network agreement of two parties that ends in twenty days."""
    it = make.AgreementFactory(title="Cluster", valid_until=today + timedelta(days=20))
    make.PartyFactory.create_batch(2, agreement=it)
    return it


def renewed(agreement, until, cast, on):
    renewal = actions.prepare_renewal(agreement, until, cast.coordinator, text=text())
    actions.open_agreement(renewal, by=cast.coordinator)
    sign_all(renewal, on)
    actions.conclude_agreement(renewal, by=cast.coordinator)
    return renewal


def test_a_renewal_prolongs_when_it_is_concluded_and_not_before(ending, cast, today):
    party = ending.parties.select_related("agreement").first()
    until = today + timedelta(days=385)
    renewal = actions.prepare_renewal(ending, until, cast.coordinator, text=text())
    assert set(renewal.parties.values_list("institution", flat=True)) == set(
        ending.parties.values_list("institution", flat=True)
    )
    actions.open_agreement(renewal, by=cast.coordinator)
    sign_all(renewal, today)
    assert party.institution not in members_on(until)
    actions.conclude_agreement(renewal, by=cast.coordinator)
    ending.refresh_from_db()
    assert (ending.valid_until, ending.last_day) == (today + timedelta(days=20), until)
    fresh = Party.objects.select_related("agreement__amends").get(pk=party.pk)
    for day, member in ((until, True), (until + timedelta(days=1), False)):
        assert [party.institution in members_on(day), fresh.is_member_on(day)] == [member, member]
        assert (ground_of(party.institution, "course", day) is not None) == member


def test_a_party_that_leaves_is_not_asked_to_renew(ending, cast, today):
    leaving = ending.parties.first()
    actions.withdraw_party(leaving, today + timedelta(days=5), "It merges.", by=cast.coordinator)
    renewal = actions.prepare_renewal(ending, today + timedelta(days=90), cast.coordinator)
    assert leaving.institution not in [party.institution for party in renewal.parties.all()]


def test_a_renewal_wants_everybody_who_is_bound_by_then(ending, cast, today):
    renewal = actions.prepare_renewal(ending, today + timedelta(days=90), cast.coordinator, text=text())
    newcomers = [make.InstitutionFactory(name=name) for name in ("Newcomer B", "Newcomer A")]
    addendum = actions.prepare_accession(ending, newcomers, cast.coordinator, text=text())
    for it in (addendum, renewal):
        actions.open_agreement(it, by=cast.coordinator)
        sign_all(it, today)
    actions.conclude_agreement(addendum, by=cast.coordinator)
    with pytest.raises(Refused) as refused:
        actions.conclude_agreement(renewal, by=cast.coordinator)
    assert str(refused.value) == (
        "Bound, and not asked to sign this renewal: Newcomer A, Newcomer B. "
        "Withdraw it, and prepare another that all of them sign."
    )
    ending.refresh_from_db()
    renewal.refresh_from_db()
    assert (ending.prolonged_until, renewal.state) == (None, "open")


def test_who_leaves_while_a_renewal_is_open_does_not_hold_it_up(ending, cast, today):
    until = today + timedelta(days=90)
    leaving, staying = ending.parties.order_by("pk")
    heads = [make.AffiliationFactory(institution=it.institution, role="head").person for it in (leaving, staying)]
    renewal = actions.prepare_renewal(ending, until, cast.coordinator, text=text())
    actions.open_agreement(renewal, by=cast.coordinator)
    actions.withdraw_party(leaving, today + timedelta(days=5), "It merges.", by=cast.coordinator)
    assert [party.institution for party in renewal.parties.to_ask()] == [staying.institution]
    OutboxMail.objects.all().delete()
    actions.remind_unsigned(renewal, by=cast.coordinator)
    assert [mail.to for mail in OutboxMail.objects.all()] == heads[1:]
    with pytest.raises(Refused, match="1 party has not signed yet"):
        actions.conclude_agreement(renewal, by=cast.coordinator)
    actions.record_signature(renewal.parties.get(institution=staying.institution), today, "Head", by=cast.coordinator)
    actions.conclude_agreement(renewal, by=cast.coordinator)
    assert members_on(until) & {leaving.institution, staying.institution} == {staying.institution}


def test_a_renewal_that_nobody_signed_is_not_concluded_when_all_have_left(ending, cast, today):
    renewal = actions.prepare_renewal(ending, today + timedelta(days=90), cast.coordinator, text=text())
    actions.open_agreement(renewal, by=cast.coordinator)
    for party in ending.parties.all():
        actions.withdraw_party(party, today, "It merges.", by=cast.coordinator)
    with pytest.raises(Refused, match="2 parties have not signed yet"):
        actions.conclude_agreement(renewal, by=cast.coordinator)


@pytest.mark.parametrize(
    ("valid_until", "until", "sentence"),
    [(None, 90, "has no last day"), (-1, 90, "It ended on"), (20, 20, "runs until .* already")],
)
def test_a_renewal_names_a_later_day_of_an_agreement_that_ends(cast, today, valid_until, until, sentence):
    last = valid_until and today + timedelta(days=valid_until)
    it = make.AgreementFactory(valid_from=today - timedelta(days=90), valid_until=last)
    with pytest.raises(Refused, match=sentence):
        actions.prepare_renewal(it, today + timedelta(days=until), cast.coordinator)


def test_one_renewal_at_a_time(ending, cast, today):
    actions.prepare_renewal(ending, today + timedelta(days=90), cast.coordinator)
    with pytest.raises(Refused, match="under way already"):
        actions.prepare_renewal(ending, today + timedelta(days=90), cast.coordinator)


def test_a_renewal_signed_after_the_end_renews_nothing(ending, cast, today, time_machine):
    renewal = actions.prepare_renewal(ending, today + timedelta(days=385), cast.coordinator, text=text())
    actions.open_agreement(renewal, by=cast.coordinator)
    time_machine.move_to(today + timedelta(days=21))
    sign_all(renewal, today + timedelta(days=21))
    with pytest.raises(Refused, match="when the agreement had ended"):
        actions.conclude_agreement(renewal, by=cast.coordinator)
    ending.refresh_from_db()
    assert (renewal.parties.count(), ending.prolonged_until) == (2, None)


def test_a_renewal_does_not_end_by_itself(ending, cast, today):
    renewal = renewed(ending, today + timedelta(days=90), cast, today)
    with pytest.raises(Refused, match="A renewal does not end by itself"):
        actions.terminate_agreement(renewal, today, "Done.", by=cast.coordinator)


def test_a_clause_grants_from_its_day(cast, today):
    Clause.objects.create(agreement=cast.agreement, number="5", text="x", right="event", since=today)
    days = [today - timedelta(days=1), today]
    assert [ground_of(cast.school, "event", day).clause is not None for day in days] == [False, True]


def test_of_clauses_to_come_the_first_is_named_until_one_of_them_grants(cast, today):
    dates = [today + timedelta(days=number) for number in (9, 3)]
    late, soon = (
        Clause.objects.create(agreement=cast.agreement, number=day, right="event", since=day) for day in dates
    )
    other = make.PartyFactory(institution=cast.school).agreement
    found = [ground_of(cast.school, "event", day) for day in (today, dates[1], dates[0])]
    assert [(it.clause, it.later) for it in found] == [(None, soon), (soon, None), (late, None)]
    grants = make.ClauseFactory(agreement=other, right="event")
    assert [(it.clause, it.later) for it in [ground_of(cast.school, "event", today)]] == [(grants, None)]


class TestRolls:
    @pytest.fixture
    def party(self, cast):
        return Party.objects.get(agreement=cast.agreement)

    def test_a_roll_covers_many_and_ends_one_by_one(self, party, cast, today):
        covered = make.InstitutionFactory.create_batch(3)
        actions.cover_institutions(party, covered, today, None, "Order 1", by=cast.coordinator)
        assert set(covered) <= members_on(today)
        actions.end_coverage(Coverage.objects.get(institution=covered[0]), today, by=cast.coordinator)
        assert set(covered) & members_on(today + timedelta(days=1)) == set(covered[1:])

    def test_nobody_covers_themself(self, party, cast, today):
        with pytest.raises(Refused, match="does not cover itself"):
            actions.cover_institutions(party, [cast.school], today, None, "Order 1", by=cast.coordinator)

    def test_nobody_is_covered_twice_in_the_same_days(self, party, cast, today):
        other = make.InstitutionFactory()
        actions.cover_institutions(party, [other], today, None, "Order 1", by=cast.coordinator)
        with pytest.raises(Refused, match="covered in these days already"):
            actions.cover_institutions(party, [other], today + timedelta(days=5), None, "2", by=cast.coordinator)

    @pytest.mark.parametrize(("days", "sentence"), [(-1, "lies in the past"), (50, "the last day that the roll says")])
    def test_a_roll_ends_neither_in_the_past_nor_later_than_it_says(self, party, cast, today, days, sentence):
        other = make.InstitutionFactory()
        until = today + timedelta(days=9)
        actions.cover_institutions(party, [other], today, until, "Order 1", by=cast.coordinator)
        with pytest.raises(Refused, match=sentence):
            actions.end_coverage(other.coverages.get(), today + timedelta(days=days), by=cast.coordinator)

    def test_a_line_that_counts_is_not_taken_out(self, party, cast, today):
        actions.cover_institutions(party, [make.InstitutionFactory()], today, None, "1", by=cast.coordinator)
        with pytest.raises(Refused, match="End it with its last day instead"):
            actions.remove_coverage(party.coverages.get(), by=cast.coordinator)

    def test_a_wrong_line_of_a_draft_is_taken_out(self, draft, cast, today):
        party = draft.parties.first()
        actions.cover_institutions(party, [cast.school], today, None, "1", by=cast.coordinator)
        actions.remove_coverage(party.coverages.get(), by=cast.coordinator)
        assert party.coverages.count() == 0

    def test_what_was_terminated_covers_nobody_any_more(self, party, cast, today):
        actions.terminate_agreement(cast.agreement, today, "Done.", by=cast.coordinator)
        with pytest.raises(Refused, match="Nobody can be covered by it"):
            actions.cover_institutions(party, [make.InstitutionFactory()], today, None, "1", by=cast.coordinator)


MOVES = {"draft": {"open", "withdraw"}, "open": {"conclude", "withdraw"}, "concluded": {"terminate"}}


@pytest.mark.parametrize("state", Agreement.State)
@pytest.mark.parametrize("role", ["coordinator", "regional", "head", "contact", "teacher", "outsider"])
def test_moves_by_role_and_state(role, state, cast):
    people = {
        "regional": make.CoordinatorFactory(region=make.RegionFactory()).person,
        "head": make.AffiliationFactory(institution=cast.school, role="head").person,
    }
    allowed = MOVES.get(state.value, set()) if role == "coordinator" else set()
    assert set(available_moves(people.get(role) or getattr(cast, role), Agreement(state=state))) == allowed


def test_a_withdrawn_agreement_asks_nobody_any_more(draft, cast):
    make.AffiliationFactory(institution=draft.parties.first().institution, role="head")
    actions.open_agreement(draft, by=cast.coordinator)
    actions.withdraw_agreement(draft, by=cast.coordinator)
    assert [mail.state for mail in OutboxMail.objects.all()] == ["cancelled"]


def test_an_agreement_that_is_prolonged_is_in_force_until_then():
    it = make.AgreementFactory(valid_until=date(2026, 3, 1), prolonged_until=date(2026, 4, 1))
    days = [date(2026, 3, 2), date(2026, 4, 1), date(2026, 4, 2)]
    assert [it.is_in_force_on(day) for day in days] == [True, True, False]
