"""Signing: online by a head, on paper, who is missing, whom a reminder reaches, and what people do at once."""

import hashlib
import shutil
import subprocess
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cluster_portal.hooks import mail_kinds
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from cluster_portal.outbox import queue_mail
from members import actions
from members.actions.signing import is_own_name
from members.forms.agreements import ClauseForm, StandingForm
from members.models import Agreement, Clause, Cluster, Party
from members.signatures import missing_signatures
from tests import factories as make

pytestmark = pytest.mark.django_db
TEXT = b"We agree."
HASH = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture
def signed_in():
    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in


def opened(heads=3):
    """An open agreement of so many institutions, each with a head; not written by the tested actions."""
    it = make.AgreementFactory(state="draft", title="Cluster", concluded_on=None)
    actions.keep_text(it, ContentFile(TEXT, "text.txt"), by=None)
    for number in range(heads):
        institution = make.InstitutionFactory(name=f"Party {number}")
        make.PartyFactory(agreement=it, institution=institution, signed_on=None, signatory="")
        make.AffiliationFactory(institution=institution, role="head", person__family_name=f"Head{number}")
    actions.open_agreement(it, by=None)
    OutboxMail.objects.all().delete()
    return it


@pytest.fixture
def agreement(cast):
    return opened()


def parties(agreement):
    return list(agreement.parties.select_related("institution", "agreement__text").order_by("pk"))


def head_of(party):
    return party.institution.affiliations.get(role="head").person


def sign(party, name=None, sha256=HASH):
    head = head_of(party)
    actions.sign_agreement(party, name or head.full_name, sha256, by=head)


def test_when_all_have_signed_nobody_is_asked_any_more(agreement, cast):
    asked = queue_mail("members/agreement_open", about=agreement, to=cast.teacher)
    for party in parties(agreement):
        actions.record_signature(party, Cluster.current().today(), "Head", by=cast.coordinator)
    actions.conclude_agreement(agreement, by=cast.coordinator)
    asked.refresh_from_db()
    assert asked.state == OutboxMail.State.CANCELLED


def test_no_party_signs_twice(agreement, cast):
    party = parties(agreement)[0]
    sign(party)
    with pytest.raises(Refused, match="This party has signed already"):
        actions.record_signature(party, Cluster.current().today(), "Somebody else", by=cast.coordinator)
    party.refresh_from_db()
    assert (party.how, party.signatory) == ("online", head_of(party).full_name)


@pytest.mark.parametrize(
    ("number", "said"),
    [("<2>", ["Write a number such as 2.1 or 4.2 a."]), ("2.1", ["There is a clause with this number already."])],
)
def test_a_clause_needs_a_number_of_its_own(agreement, number, said):
    make.ClauseFactory(agreement=agreement, number="2.1")
    form = ClauseForm({"number": number, "text": "t"}, instance=Clause(agreement=agreement))
    assert form.errors["number"] == said


@pytest.mark.parametrize(("day", "said"), [("1899-12-31", True), ("1900-01-01", False), ("2201-01-01", True)])
def test_documents_speak_of_days_between_1900_and_2200(day, said):
    errors = {"on": ["Choose a day between 1900 and 2200."]}
    assert StandingForm({"on": day}).errors == (errors if said else {})


def test_a_head_signs_with_name_moment_and_hash(agreement):
    party = parties(agreement)[0]
    sign(party, "  head0   Anna ")
    assert (party.how, party.signatory, party.signed_sha256) == ("online", "head0 Anna", HASH)
    assert (party.signed_by, party.signed_on) == (head_of(party), Cluster.current().today())
    assert party.signed_at is not None


@pytest.mark.parametrize(
    ("typed", "own"),
    [("Ёлкина Анна", True), ("анна елкина", True), ("Елкина Анна Ивановна", True), ("", False), ("  ", False),
     ("Ёлкина", False), ("Петрова Анна", False), ("Ёлкина Анна Петровна", False)],
)  # fmt: skip
def test_a_typed_name_is_ones_own(typed, own):
    person = make.PersonFactory.build(family_name="Ёлкина", given_name="Анна", patronymic="Ивановна")
    assert is_own_name(typed, person) == own


@pytest.mark.parametrize(
    ("name", "sha256", "sentence"),
    [(" ", HASH, "Type your own name"), ("Somebody Else", HASH, "Type your own name"),
     (None, "0" * 64, "not the one that this page had shown"), (None, "", "not the one that this page had shown")],
)  # fmt: skip
def test_a_signature_needs_ones_own_name_and_the_text_that_was_shown(agreement, name, sha256, sentence):
    party = parties(agreement)[0]
    with pytest.raises(Refused, match=sentence):
        sign(party, name, sha256)
    party.refresh_from_db()
    assert party.signed_on is None


def test_one_signs_once(agreement):
    party = parties(agreement)[0]
    sign(party)
    with pytest.raises(Refused, match="signed already"):
        sign(party)


@pytest.mark.parametrize("move", ["withdraw", "conclude"])
def test_what_is_not_open_is_not_signed(agreement, cast, move):
    for party in parties(agreement) if move == "conclude" else []:
        actions.record_signature(party, Cluster.current().today(), "Head", by=cast.coordinator)
    actions.ACTIONS["agreement"][move](agreement, by=cast.coordinator)
    with pytest.raises(Refused, match="only while the agreement is open"):
        sign(parties(agreement)[0])


def test_paper_wants_a_name(agreement, cast):
    with pytest.raises(Refused, match="Enter who signed"):
        actions.record_signature(parties(agreement)[0], Cluster.current().today(), " ", by=cast.coordinator)


def test_the_signing_page_shows_the_hash_and_signs(agreement, signed_in, demo):
    party = parties(agreement)[0]
    client, url = signed_in(head_of(party)), reverse("members:sign", args=[agreement.public_id])
    page = client.get(url).content.decode()
    assert page.count(HASH) == 2  # shown, and posted with the signature
    client.post(url, {"name": "Head0 Anna", "sha256": HASH})
    party.refresh_from_db()
    assert party.how == "online"
    assert "Head0 Anna" in client.get(url).content.decode()


def test_reading_the_signing_page_signs_nothing(agreement, signed_in, demo):
    party = parties(agreement)[0]
    signed_in(head_of(party)).get(reverse("members:sign", args=[agreement.public_id]))
    party.refresh_from_db()
    assert party.signed_on is None


def test_signing_wants_a_second_factor(agreement, signed_in):
    client = signed_in(head_of(parties(agreement)[0]))
    url = reverse("members:sign", args=[agreement.public_id])
    for response in (client.get(url), client.post(url, {"name": "Head0 Anna", "sha256": HASH})):
        assert response["Location"] == reverse("mfa_index")
    assert agreement.parties.unsigned().count() == 3


def test_a_refused_signature_says_why_on_its_page(agreement, signed_in, demo):
    url = reverse("members:sign", args=[agreement.public_id])
    response = signed_in(head_of(parties(agreement)[0])).post(url, {"name": "Nobody", "sha256": HASH})
    assert "Type your own name as we know it: Head0 Anna." in response.content.decode()
    assert agreement.parties.unsigned().count() == 3


def test_a_head_of_two_parties_signs_for_both(agreement, signed_in, demo):
    first, second, _third = parties(agreement)
    make.AffiliationFactory(person=head_of(first), institution=second.institution, role="head")
    url = reverse("members:sign", args=[agreement.public_id])
    signed_in(head_of(first)).post(url, {"name": "Head0 Anna", "sha256": HASH})
    assert agreement.parties.unsigned().count() == 1


@pytest.mark.parametrize(("reader", "status"), [("contact", 403), ("outsider", 404), ("coordinator", 403)])
def test_nobody_else_signs(agreement, cast, signed_in, demo, reader, status):
    institution = parties(agreement)[0].institution
    person = make.AffiliationFactory(institution=institution, role="contact").person
    client = signed_in(person if reader == "contact" else getattr(cast, reader))
    response = client.post(reverse("members:sign", args=[agreement.public_id]), {"name": "x", "sha256": HASH})
    assert response.status_code == status


def status(client, url):
    response = client.get(url)
    if response.streaming:
        assert b"".join(response.streaming_content) == b"signed"
    return response.status_code


def test_paper_is_recorded_with_its_scan_which_only_its_people_read(agreement, cast, signed_in, demo):
    party = parties(agreement)[0]
    url = reverse("members:desk_paper_signature", args=[agreement.public_id, party.institution.slug])
    client = signed_in(cast.coordinator)
    day = Cluster.current().today()
    client.post(url, {"signed_on": day, "signatory": "A. Head", "scan": SimpleUploadedFile("page.txt", b"signed")})
    party.refresh_from_db()
    assert (party.how, party.signatory, party.signed_on) == ("paper", "A. Head", day)
    file = reverse("file", args=[party.scan.public_id])
    readers = [head_of(party), cast.coordinator, cast.outsider, head_of(parties(agreement)[1])]
    assert [status(signed_in(it), file) for it in readers] == [200, 200, 404, 404]
    assert Client().get(file).status_code == 404


def test_paper_without_a_scan_is_not_taken_by_the_page(agreement, cast, signed_in, demo):
    party = parties(agreement)[0]
    url = reverse("members:desk_paper_signature", args=[agreement.public_id, party.institution.slug])
    day = Cluster.current().today()
    response = signed_in(cast.coordinator).post(url, {"signed_on": day, "signatory": "A. Head"})
    assert list(response.context["form"].errors) == ["scan"]


def test_who_is_missing_is_one_glance_with_head_and_mail(agreement, cast, signed_in, demo):
    first, second, third = parties(agreement)
    sign(first)
    queue_mail("members/agreement_open", about=agreement, to=head_of(second))
    third.institution.affiliations.all().delete()
    found = [(row.party, [(it.person, it.mail and it.mail.state) for it in row.heads]) for row in
             missing_signatures(agreement)]  # fmt: skip
    assert found == [(second, [(head_of(second), "queued")]), (third, [])]
    page = signed_in(cast.coordinator).get(reverse("members:desk_agreement", args=[agreement.public_id]))
    said = " ".join(page.content.decode().split())
    for words in ("1 of 3 have signed", "2 have not signed", "Head1 Anna", "Nobody: invite its head"):
        assert said.count(words) == 1, words


def test_reminders_reach_exactly_those_who_have_not_signed_once_a_day(agreement, cast, time_machine):
    first, *others = parties(agreement)
    sign(first)
    start = Cluster.current().today()
    counts = []
    for days in (0, 0, 1):
        time_machine.move_to(start + timedelta(days=days))
        counts.append(actions.remind_unsigned(agreement, by=cast.coordinator))
    assert counts == [2, 0, 2]
    assert {mail.to for mail in OutboxMail.objects.all()} == {head_of(party) for party in others}


def test_who_was_asked_today_is_not_reminded_today(agreement, cast):
    queue_mail("members/agreement_open", about=agreement, to=head_of(parties(agreement)[0]))
    assert actions.remind_unsigned(agreement, by=cast.coordinator) == 2


def test_a_reminder_that_waits_is_not_sent_to_who_has_signed_since(agreement, cast):
    party = parties(agreement)[0]
    actions.remind_unsigned(agreement, by=cast.coordinator)
    mail = OutboxMail.objects.get(to=head_of(party))
    due = mail_kinds["members/agreement_reminder"].still_due
    assert due(mail)
    sign(party)
    assert not due(OutboxMail.objects.get(pk=mail.pk))


def test_nobody_is_reminded_of_what_is_not_open(agreement, cast):
    actions.withdraw_agreement(agreement, by=cast.coordinator)
    with pytest.raises(Refused, match="Nobody is asked to sign this any more"):
        actions.remind_unsigned(agreement, by=cast.coordinator)


def test_the_button_says_how_many_were_reminded(agreement, cast, signed_in, demo):
    client, url = signed_in(cast.coordinator), reverse("members:desk_remind", args=[agreement.public_id])
    said = [client.post(url, follow=True).content.decode() for _time in range(2)]
    assert "3 heads get a reminder." in said[0]
    assert "Nobody was mailed" in said[1]


def test_the_signing_sheet_prints_all_parties(agreement, cast, signed_in, demo, tmp_path):
    sign(parties(agreement)[0])
    actions.record_signature(parties(agreement)[1], Cluster.current().today(), "#panic() *Ёлкина*", by=cast.coordinator)
    response = signed_in(cast.coordinator).get(reverse("members:desk_signing_sheet", args=[agreement.public_id]))
    assert (response["Content-Type"], response.content[:4]) == ("application/pdf", b"%PDF")
    if reader := shutil.which("pdftotext"):
        (tmp_path / "it.pdf").write_bytes(response.content)
        command = [reader, "-layout", tmp_path / "it.pdf", "-"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for words in ("Party 0", "Party 1", "Party 2", "Online: Head0 Anna", "On paper: #panic() *Ёлкина*", HASH[:20]):
            assert words in said


DESK = ["desk_agreement", "desk_edit_agreement", "desk_agreement_text", "desk_parties", "desk_new_clause",
        "desk_terminate", "desk_accession", "desk_renew", "desk_signing_sheet"]  # fmt: skip
OF_PARTY = ["desk_paper_signature", "desk_withdraw_party", "desk_coverage"]


@pytest.mark.parametrize("name", DESK + OF_PARTY)
def test_pages_of_the_desk_are_for_coordinators_of_the_cluster(agreement, cast, signed_in, demo, name):
    slug = [parties(agreement)[0].institution.slug] if name in OF_PARTY else []
    url = reverse(f"members:{name}", args=[agreement.public_id, *slug])
    regional = make.CoordinatorFactory(region=make.RegionFactory()).person
    readers = [cast.coordinator, regional, cast.contact]
    assert [signed_in(it).get(url).status_code for it in readers] == [200, 403, 403]
    unknown = reverse(f"members:{name}", args=["zzzzzzzzzzzz", *slug])
    assert signed_in(cast.coordinator).get(unknown).status_code == 404


def test_an_agreement_is_drafted_opened_and_concluded_through_the_pages(cast, signed_in, demo):
    client, day = signed_in(cast.coordinator), Cluster.current().today()
    assert client.get(reverse("members:desk_new_agreement")).status_code == 200
    facts = {"kind": "network", "title": "New cluster", "valid_from": day}
    client.post(reverse("members:desk_new_agreement"), facts | {"text": SimpleUploadedFile("t.txt", TEXT)})
    it = Agreement.objects.get(title="New cluster")
    two = make.InstitutionFactory.create_batch(2)
    client.post(reverse("members:desk_parties", args=[it.public_id]), {"role": "lead", "institutions": [two[0].pk]})
    client.post(reverse("members:desk_parties", args=[it.public_id]), {"role": "party", "institutions": [two[1].pk]})
    clause = {"number": "2.1", "text": "Two teachers of each school.", "right": "course", "places": 2, "since": day}
    client.post(reverse("members:desk_new_clause", args=[it.public_id]), clause)
    client.post(reverse("members:desk_edit_clause", args=[it.public_id, "2.1"]), clause | {"places": 3})
    page = client.get(reverse("members:desk_agreement", args=[it.public_id])).content.decode()
    assert "3 places per institution" in page
    act = reverse("members:act_on_agreement", args=[it.public_id])
    client.post(act, {"move": "open"})
    for party in it.parties.all():
        actions.record_signature(party, day, "Head", by=cast.coordinator)
    client.post(act, {"move": "conclude"})
    it.refresh_from_db()
    assert (it.state, it.text.sha256, it.clauses.get().places) == ("concluded", HASH, 3)
    right = f'<a href="{it.get_absolute_url()}#clause-2.1">§ 2.1</a> Taking part in courses'
    for url in (it.get_absolute_url(), two[0].get_absolute_url()):
        assert right in Client().get(url).content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"number": "2/1"}, "number"), ({"number": "2.1"}, "number"), ({"right": "", "places": 2}, "right")],
)
def test_a_clause_that_is_wrong_says_so_at_its_field(cast, signed_in, demo, changes, field):
    it = make.AgreementFactory(state="draft", concluded_on=None)
    Clause.objects.create(agreement=it, number="2.1", text="x")
    url = reverse("members:desk_new_clause", args=[it.public_id])
    facts = {"number": "2.2", "text": "Courses.", "right": "course"} | changes
    assert list(signed_in(cast.coordinator).post(url, facts).context["form"].errors) == [field]


@pytest.mark.parametrize("name", ["members:desk_agreement", "members:sign", "members:desk_agreements"])
def test_a_page_asks_as_often_for_many_parties_as_for_few(cast, signed_in, demo, name):
    counts = []
    for heads in (2, 5):
        it = opened(heads)
        person = head_of(parties(it)[0]) if name == "members:sign" else cast.coordinator
        client = signed_in(person)
        url = reverse(name, args=[] if name.endswith("s") else [it.public_id])
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        counts.append(len(captured))
    assert (counts[0], counts[0] <= 25) == (counts[1], True)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def party_of(self, agreement, number):
        """A party as another request would read it."""
        return Party.objects.select_related("institution").get(pk=parties(agreement)[number].pk)

    def test_two_heads_sign(self, together):
        it = opened(2)
        first, second = parties(it)
        heads = [head_of(first), head_of(second)]
        signing = [
            lambda: actions.sign_agreement(first, "Head0 Anna", HASH, by=heads[0]),
            lambda: actions.sign_agreement(second, "Head1 Anna", HASH, by=heads[1]),
        ]
        assert together(*signing) == ["done", "done"]
        assert it.parties.unsigned().count() == 0

    def test_one_head_signs_twice(self, together):
        it = opened(2)
        head = head_of(parties(it)[0])

        def signing():
            actions.sign_agreement(self.party_of(it, 0), "Head0 Anna", HASH, by=head)

        assert sorted(together(signing, signing)) == ["done", "refused"]

    def test_signing_against_withdrawing(self, together):
        it = opened(2)
        head = head_of(parties(it)[0])
        results = together(
            lambda: actions.sign_agreement(self.party_of(it, 0), "Head0 Anna", HASH, by=head),
            lambda: actions.withdraw_agreement(Agreement.objects.get(pk=it.pk), by=None),
        )
        it.refresh_from_db()
        signed = it.parties.filter(signed_on__isnull=False).count()
        assert (it.state, results[1], signed) == ("withdrawn", "done", 1 if results[0] == "done" else 0)

    def test_concluding_against_the_last_signature(self, together):
        it = opened(2)
        sign(parties(it)[0])
        head = head_of(parties(it)[1])
        results = together(
            lambda: actions.sign_agreement(self.party_of(it, 1), "Head1 Anna", HASH, by=head),
            lambda: actions.conclude_agreement(Agreement.objects.get(pk=it.pk), by=None),
        )
        it.refresh_from_db()
        assert results[0] == "done"
        assert (it.state == "concluded") == (results[1] == "done")
        assert it.parties.unsigned().count() == 0

    def test_opening_against_a_change_of_the_text(self, together):
        it = make.AgreementFactory(state="draft", concluded_on=None, title="Before")
        actions.keep_text(it, ContentFile(TEXT, "text.txt"), by=None)
        make.PartyFactory.create_batch(2, agreement=it, signed_on=None)
        person = make.PersonFactory()
        results = together(
            lambda: actions.open_agreement(Agreement.objects.get(pk=it.pk), by=None),
            lambda: actions.change_agreement(Agreement.objects.get(pk=it.pk), by=person, title="After"),
        )
        it.refresh_from_db()
        assert results[0] == "done"
        assert it.title == ("After" if results[1] == "done" else "Before")
