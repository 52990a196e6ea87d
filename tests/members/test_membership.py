"""Membership is derived from documents, for any day."""

from datetime import date, timedelta

import pytest
from django.core.files.base import ContentFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster_portal.moves import Refused, available_moves
from cluster_portal.uploads import keep_upload
from members import actions
from members.models import Agreement, Cluster, Institution, Party
from members.models.agreements import Coverage
from members.models.grounds import ground_of
from tests import factories as make

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)


def standing(institution, day=DAY):
    return Institution.objects.with_standing(day).get(pk=institution.pk).standing


def test_a_bound_party_is_a_member_from_the_day_it_signed():
    party = make.PartyFactory(signed_on=DAY)
    assert [standing(party.institution, DAY + timedelta(days=n)) for n in (-1, 0, 1)] == ["none", "member", "member"]


def test_who_withdrew_is_a_former_member():
    party = make.PartyFactory(withdrawn_on=DAY)
    assert [standing(party.institution, DAY + timedelta(days=n)) for n in (-1, 0)] == ["member", "former"]


@pytest.mark.parametrize(
    "facts", [{"valid_until": DAY - timedelta(days=1)}, {"state": "terminated", "terminated_on": DAY}]
)
def test_an_agreement_that_ended_binds_nobody(facts):
    party = make.PartyFactory(agreement=make.AgreementFactory(**facts))
    assert standing(party.institution) == "former"


def test_an_open_agreement_binds_nobody():
    party = make.PartyFactory(agreement=make.AgreementFactory(state="open", concluded_on=None))
    assert standing(party.institution) == "none"


def test_an_addendum_brings_a_member_and_ends_with_its_agreement():
    base = make.AgreementFactory(valid_until=DAY)
    addendum = make.AgreementFactory(kind="addendum", amends=base)
    make.ClauseFactory(agreement=base, number="2.1")
    institution = make.PartyFactory(agreement=addendum).institution
    assert [standing(institution, DAY), standing(institution, DAY + timedelta(days=1))] == ["member", "former"]
    assert ground_of(institution, "course", DAY).clause.number == "2.1"


def test_who_is_covered_by_a_party_is_a_member_while_the_roll_says_so():
    party = make.PartyFactory()
    covered = make.InstitutionFactory()
    Coverage.objects.create(party=party, institution=covered, since=DAY, until=DAY, document="Roll 1")
    days = [DAY - timedelta(days=1), DAY, DAY + timedelta(days=1)]
    assert [standing(covered, day) for day in days] == ["none", "covered", "former"]
    assert ground_of(covered, "course", DAY).coverage.document == "Roll 1"


def test_party_to_another_agreement_is_a_partner():
    assert standing(make.PartyFactory(agreement=make.AgreementFactory(kind="memorandum")).institution) == "partner"


DAYS = st.dates(date(2024, 1, 1), date(2024, 3, 31))
PARTIES = st.lists(st.tuples(DAYS, st.none() | DAYS, DAYS, st.none() | DAYS, st.booleans()), max_size=4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PARTIES, DAYS)
def test_random_histories_agree_with_a_naive_replay(db, histories, day):
    """(signed, withdrawn, valid from, valid until, is a network agreement) for each agreement of one institution."""
    institution = make.InstitutionFactory()
    for signed, withdrawn, first, last, network in histories:
        make.PartyFactory(
            institution=institution, signed_on=signed, withdrawn_on=withdrawn and max(withdrawn, signed),
            agreement=make.AgreementFactory(
                kind="network" if network else "memorandum", concluded_on=signed, valid_from=first,
                valid_until=last and max(last, first),
            ),
        )  # fmt: skip
    member = any(
        network and signed <= day and first <= day and (last is None or max(last, first) >= day)
        and (withdrawn is None or max(withdrawn, signed) > day)
        for signed, withdrawn, first, last, network in histories
    )  # fmt: skip
    assert Institution.objects.members_on(day).filter(pk=institution.pk).exists() == member
    assert (ground_of(institution, "course", day) is not None) == member


@pytest.fixture
def draft(cast):
    agreement = make.AgreementFactory(state="draft", concluded_on=None)
    agreement.text = keep_upload(ContentFile(b"We agree.", "text.txt"), agreement, by=cast.coordinator)
    agreement.save()
    make.PartyFactory.create_batch(2, agreement=agreement, signed_on=None)
    return agreement


def test_an_agreement_is_opened_signed_and_concluded(draft, cast):
    actions.open_agreement(draft, by=cast.coordinator)
    for party in draft.parties.all():
        actions.record_signature(party, DAY, "Head", by=cast.coordinator)
    actions.conclude_agreement(draft, by=cast.coordinator)
    assert (draft.state, draft.concluded_on) == ("concluded", DAY)
    assert Institution.objects.members_on(DAY).filter(parties__agreement=draft).count() == 2


def test_an_agreement_without_text_or_parties_is_not_opened(cast):
    with pytest.raises(Refused, match="needs its text and at least two parties"):
        actions.open_agreement(make.AgreementFactory(state="draft", concluded_on=None), by=cast.coordinator)


def test_an_agreement_that_somebody_has_not_signed_is_not_concluded(draft, cast):
    actions.open_agreement(draft, by=cast.coordinator)
    actions.record_signature(draft.parties.first(), DAY, "Head", by=cast.coordinator)
    with pytest.raises(Refused, match="1 part"):
        actions.conclude_agreement(draft, by=cast.coordinator)


@pytest.mark.parametrize(("day", "sentence"), [(DAY, "signed already"), (date(2999, 1, 1), "lies in the future")])
def test_a_signature_is_recorded_once_and_not_for_the_future(draft, cast, day, sentence):
    actions.open_agreement(draft, by=cast.coordinator)
    party = draft.parties.first()
    actions.record_signature(party, DAY, "Head", by=cast.coordinator)
    with pytest.raises(Refused, match=sentence):
        actions.record_signature(party, day, "Head", by=cast.coordinator)


def test_a_concluded_agreement_takes_no_signature(cast):
    party = Party.objects.create(agreement=cast.agreement, institution=make.InstitutionFactory())
    with pytest.raises(Refused, match="only while the agreement is open"):
        actions.record_signature(party, DAY, "Head", by=cast.coordinator)


def test_a_terminated_agreement_binds_nobody_from_its_day_on(cast):
    today = Cluster.current().today()
    actions.terminate_agreement(cast.agreement, today, "It has reached its aim.", by=cast.coordinator)
    assert standing(cast.school, cast.agreement.terminated_on) == "former"


def test_a_draft_is_withdrawn(draft, cast):
    actions.withdraw_agreement(draft, by=cast.coordinator)
    assert draft.state == "withdrawn"


MOVES = {"draft": {"open", "withdraw"}, "open": {"conclude", "withdraw"}, "concluded": {"terminate"}}


@pytest.mark.parametrize("state", Agreement.State)
@pytest.mark.parametrize("role", ["coordinator", "contact", "teacher", "outsider"])
def test_moves_by_role_and_state_of_an_agreement(role, state, cast):
    it = Agreement(state=state)
    assert set(available_moves(getattr(cast, role), it)) == (
        MOVES.get(state.value, set()) if role == "coordinator" else set()
    )


def test_drafts_are_for_coordinators_only(draft, cast):
    seen = [
        Agreement.objects.visible_to(person).filter(pk=draft.pk).exists() for person in (cast.coordinator, cast.contact)
    ]
    assert seen == [True, False]


def test_a_regional_coordinator_acts_in_their_region_only(cast):
    here, there = make.RegionFactory(), make.RegionFactory()
    person = make.CoordinatorFactory(region=here).person
    own, foreign = (make.AffiliationFactory(institution__region=region, state="asked") for region in (here, there))
    assert set(available_moves(person, own)) == {"admit", "refuse"}
    assert set(available_moves(person, foreign)) == set()
    assert person.affiliations.model.objects.decidable_by(person).get() == own
