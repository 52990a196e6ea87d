"""What becomes of addenda on their way when somebody leaves: a head their institution, a party the agreement."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from cluster_portal.hooks import desk_rows
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from members import actions
from members.models import Agreement, Cluster, Institution, Party, Person
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def today(db):
    return Cluster.current().today()


def text():
    return ContentFile(b"We agree.", "text.txt")


def base_of(today, *roles):
    """A network agreement in force for a month, its parties in these roles, each with a head."""
    it = make.AgreementFactory(title="Cluster", valid_until=today + timedelta(days=30))
    for role in roles:
        party = make.PartyFactory(agreement=it, role=role)
        make.AffiliationFactory(institution=party.institution, role="head")
    return it


def head_of(party):
    return Person.objects.leading([party.institution]).get()


def sign(party):
    head = head_of(party)
    actions.sign_agreement(party, head.full_name, party.agreement.text.sha256, by=head)


def refusal(function, *args, **facts):
    with pytest.raises(Refused) as refused:
        function(*args, **facts)
    return str(refused.value)


@pytest.fixture
def renewal(today):
    """An open renewal of an agreement between two parties."""
    it = actions.prepare_renewal(base_of(today, "party", "party"), today + timedelta(days=400), None, text=text())
    actions.open_agreement(it, by=None)
    return it


def accession_to(base, opened=True):
    it = actions.prepare_accession(base, [make.InstitutionFactory(name="Newcomer")], None, text=text())
    if opened:
        actions.open_agreement(it, by=None)
    return it


def leave(base, party, today, days=0):
    own = base.parties.get(institution=party.institution)
    actions.withdraw_party(own, today + timedelta(days=days), "It merges.", by=None)


def test_who_led_the_institution_when_the_page_was_opened_signs_no_more(renewal):
    party = renewal.parties.first()
    head = head_of(party)
    assert head.is_head_of(party.institution)
    make.AffiliationFactory(institution=party.institution, role="head")
    actions.end_affiliation(head.affiliations.get(), by=head)
    told = f"You do not lead {party.institution} any more. Its head signs; ask the coordinator who that is."
    assert refusal(actions.sign_agreement, party, head.full_name, renewal.text.sha256, by=head) == told
    assert renewal.parties.unsigned().count() == 2


@pytest.mark.parametrize("role", ["contact", "teacher"])
def test_nobody_but_the_head_signs(renewal, role):
    party = renewal.parties.first()
    other = make.AffiliationFactory(institution=party.institution, role=role).person
    assert "any more" in refusal(actions.sign_agreement, party, other.full_name, renewal.text.sha256, by=other)


@pytest.mark.parametrize("days", [0, 20])
def test_a_party_that_left_signs_no_renewal(renewal, today, days):
    party = renewal.parties.select_related("agreement__text", "institution").first()
    leave(renewal.amends, party, today, days)
    told = f"{party.institution} has left this agreement, or announced it. It signs no addendum to it any more."
    assert refusal(sign, party) == told
    assert refusal(actions.record_signature, party, today, "Head", by=None) == told


def test_a_party_that_left_is_no_member_by_a_renewal(renewal, today):
    gone, other = renewal.parties.select_related("agreement__text", "institution").order_by("pk")
    leave(renewal.amends, gone, today)
    sign(other)
    actions.conclude_agreement(renewal, by=None)
    members = set(Institution.objects.members_on(today + timedelta(days=300)))
    assert members == {other.institution}


@pytest.mark.usefixtures("demo")
def test_page_offers_no_signature_to_a_party_that_left(renewal, today):
    gone = renewal.parties.first()
    client = Client()
    client.force_login(head_of(gone))
    address = reverse("members:sign", args=[renewal.public_id])
    assert [party.pk for party in client.get(address).context["waiting"]] == [gone.pk]
    leave(renewal.amends, gone, today)
    assert client.get(address).context["waiting"] == []
    assert client.get(renewal.get_absolute_url()).context["to_sign"] is False


def test_another_lead_signs_when_one_has_left(today):
    base = base_of(today, "lead", "lead", "party")
    accession = accession_to(base)
    first, second = accession.parties.leads().order_by("pk")
    leave(base, first, today)
    for party in (second, accession.parties.get(role="party")):
        actions.record_signature(party, today, "Head", by=None)
    actions.conclude_agreement(accession, by=None)
    assert Institution.objects.get(name="Newcomer") in set(Institution.objects.members_on(today))


@pytest.fixture
def left(today):
    """An open accession whose only lead has left; the newcomer has signed."""
    base = base_of(today, "lead", "party")
    it = accession_to(base)
    actions.record_signature(it.parties.get(role="party"), today, "Head", by=None)
    leave(base, it.parties.leads().get(), today)
    return it


def test_accession_without_a_lead_is_not_concluded(left):
    told = "The lead has left this agreement and signs no more. Withdraw this, and prepare another."
    assert refusal(actions.conclude_agreement, left, by=None) == told


def test_draft_of_an_accession_is_opened_with_a_new_lead(today, cast):
    base = base_of(today, "lead", "party")
    draft = accession_to(base, opened=False)
    leave(base, draft.parties.leads().get(), today)
    told = "The lead has left this agreement. Name another party of it as the lead, then open this."
    assert refusal(actions.open_agreement, draft, by=None) == told
    new_lead = base.parties.get(role="party").institution
    actions.add_parties(draft, [new_lead], "lead", by=cast.coordinator)
    OutboxMail.objects.all().delete()
    actions.open_agreement(draft, by=None)
    assert [mail.to for mail in OutboxMail.objects.all()] == [Person.objects.leading([new_lead]).get()]


def test_accession_prepared_after_the_lead_left_wants_a_new_one(today):
    base = base_of(today, "lead", "party")
    leave(base, base.parties.leads().get(), today)
    draft = actions.prepare_accession(base, make.InstitutionFactory.create_batch(2), None, text=text())
    assert draft.lacks_a_lead()


def test_agreement_that_nobody_led_takes_newcomers_without_a_lead(today):
    base = base_of(today, "party", "party")
    draft = actions.prepare_accession(base, make.InstitutionFactory.create_batch(2), None, text=text())
    actions.open_agreement(draft, by=None)
    assert (draft.state, draft.lacks_a_lead()) == ("open", False)


def test_newcomer_that_had_left_comes_back(today):
    base = base_of(today, "lead", "party")
    back = base.parties.get(role="party")
    leave(base, back, today)
    accession = actions.prepare_accession(base, [back.institution], None, text=text())
    actions.open_agreement(accession, by=None)
    for party in accession.parties.all():
        actions.record_signature(party, today, "Head", by=None)
    actions.conclude_agreement(accession, by=None)
    assert back.institution in set(Institution.objects.members_on(today))


def test_nobody_is_reminded_in_vain(left, cast):
    OutboxMail.objects.all().delete()
    assert actions.remind_unsigned(left, by=cast.coordinator) == 0


def rows_at_the_desk(person):
    return [(row.text, row.count) for rows in desk_rows for row in rows(person) if "lead has left" in row.text]


def test_accession_without_a_lead_stands_at_the_desk(left, cast, demo):
    assert rows_at_the_desk(cast.coordinator) == [("accession whose lead has left", 1)]
    assert rows_at_the_desk(cast.contact) == []
    client = Client()
    client.force_login(cast.coordinator)
    page = client.get(reverse("members:desk_agreement", args=[left.public_id]))
    assert (page.context["lacks_a_lead"], page.context["missing"]) == (True, [])
    assert "Withdraw it, and prepare another with a new lead." in page.content.decode()
    actions.withdraw_agreement(left, by=cast.coordinator)
    assert rows_at_the_desk(cast.coordinator) == []


@pytest.mark.django_db(transaction=True)
def test_leaving_and_signing_at_once_bind_nobody_who_left(together):
    today = Cluster.current().today()
    base = base_of(today, "party", "party")
    renewal = actions.prepare_renewal(base, today + timedelta(days=400), None, text=text())
    actions.open_agreement(renewal, by=None)
    party = renewal.parties.select_related("agreement__text", "institution").first()
    results = together(lambda: sign(party), lambda: leave(base, party, today))
    assert results[1] == "done"
    assert not Party.objects.signed_and_staying().filter(institution=party.institution).exists()
    assert not Party.objects.filter(agreement=renewal, signed_on__isnull=False, withdrawn_on=None).exists()
    assert Agreement.objects.get(pk=renewal.pk).state == "open"
