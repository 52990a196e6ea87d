"""The pages of consent: the signed link, the class, the child, the desk; who sees them, and what a GET writes."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localdate, now

from cluster_portal.links import signed_link, signed_token
from cluster_portal.models import AuditEntry, OutboxMail
from members import actions
from members.consent import State, state_of
from members.models import ConsentDecision, ConsentText, Group, Guardianship, Purpose, RecordView
from tests import factories as make
from tests.browsing import at

pytestmark = pytest.mark.django_db
PART = Purpose.TAKING_PART


def link(guardianship):
    return signed_link("members.consent", guardianship.public_id).removeprefix("http://testserver")


def texts_in(response):
    return response.content.decode()


def messages_of(response):
    return [str(it) for it in response.context["messages"]]


@pytest.fixture
def text():
    return make.ConsentTextFactory()


@pytest.fixture
def group(cast):
    group = make.GroupFactory(institution=cast.school, name="7 B")
    group.keepers.add(cast.teacher)
    return group


@pytest.fixture
def guardianship(group, text):
    child = make.GroupMemberFactory(group=group, person__family_name="Gromov").person
    it = make.GuardianshipFactory(child=child)
    actions.request_consent([child], [PART], by=None)
    return it


def opened(client, guardianship):
    """The browser after the birth date was given."""
    client.post(link(guardianship), {"birth_date": guardianship.child.birth_date.isoformat()})
    return client


def page_of(name, *args):
    return reverse(f"members:{name}", args=[getattr(it, "public_id", it) for it in args])


def test_link_shows_first_name_and_initial_until_the_birth_date_is_given(client, guardianship, text):
    page = texts_in(client.get(link(guardianship)))
    assert ("Ilya G." in page, "Gromov" in page, text.title in page) == (True, False, False)
    page = texts_in(opened(client, guardianship).get(link(guardianship)))
    assert (text.title in page, text.sha256 in page, text.legal_basis in page) == (True, True, True)


def test_get_of_the_link_writes_the_look_and_nothing_else(client, guardianship):
    client.get(link(guardianship))
    assert RecordView.objects.count() == 0
    opened(client, guardianship)
    before = (AuditEntry.objects.count(), OutboxMail.objects.count(), ConsentDecision.objects.count())
    client.get(link(guardianship))
    assert before == (AuditEntry.objects.count(), OutboxMail.objects.count(), ConsentDecision.objects.count())
    it = RecordView.objects.get()
    assert (it.child, it.viewer, it.page) == (guardianship.child, guardianship.guardian.public_id, "consent")


def test_without_the_birth_date_nothing_is_decided(client, guardianship, text):
    client.post(link(guardianship), {"purpose": PART, "decision": "granted", "text": text.public_id})
    assert ConsentDecision.objects.count() == 0


def test_five_wrong_birth_dates_close_the_link_for_an_hour(client, guardianship):
    right = {"birth_date": guardianship.child.birth_date.isoformat()}
    for day in range(1, 6):
        page = client.post(link(guardianship), {"birth_date": f"2015-01-0{day}"})
        assert "This is not the birth date that the school has entered. Try again." in texts_in(page)
    told = "The birth date was wrong five times. This link opens again in an hour."
    assert told in texts_in(client.post(link(guardianship), right))
    assert told in texts_in(Client().post(link(guardianship), right))
    with time_machine.travel(now() + timedelta(minutes=61)):
        assert client.post(link(guardianship), right).status_code == 302


def test_guesses_at_once_are_counted_each(transactional_db, together):
    guardianship = make.GuardianshipFactory()
    wrong = date(2015, 5, 5)
    guess = lambda: actions.check_birth_date(guardianship, guardianship.child, wrong)  # noqa: E731
    assert sorted(together(*[guess] * 8)) == ["done"] * 5 + ["refused"] * 3


def test_right_birth_date_starts_the_count_anew(guardianship):
    for _round in range(2):
        for _guess in range(4):
            assert actions.check_birth_date(guardianship, guardianship.child, date(2015, 1, 1)) is False
        assert actions.check_birth_date(guardianship, guardianship.child, guardianship.child.birth_date) is True


def test_unknown_birth_date_opens_nothing(client, text):
    guardianship = make.GuardianshipFactory(child__birth_date=None)
    assert "The school has not entered the birth date yet" in texts_in(client.get(link(guardianship)))


def test_link_expires_after_thirty_days(client, guardianship):
    address = link(guardianship)
    with time_machine.travel(now() + timedelta(days=29, hours=23)):
        assert client.get(address).status_code == 200
    with time_machine.travel(now() + timedelta(days=30, hours=1)):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("what", ["forged", "purpose", "ended", "suspended guardian", "suspended child", "erased"])
def test_link_opens_nothing_when_it_should_not(client, guardianship, what, cast):
    address = link(guardianship)
    if what == "forged":
        address = f"{address[:-2]}x/"
    if what == "purpose":
        address = page_of("consent", signed_token("members.claim", guardianship.public_id))
    if what == "ended":
        actions.end_guardianship(guardianship, by=cast.teacher)
    if "guardian" in what:
        actions.suspend_person(guardianship.guardian, by=cast.coordinator)
    if what == "suspended child":
        actions.suspend_person(guardianship.child, by=cast.coordinator)
    if what == "erased":
        type(guardianship.child).objects.filter(pk=guardianship.child_id).update(erased_at=now())
    assert client.get(address).status_code == 404
    assert client.post(address, {"decision": "granted"}).status_code == 404


def test_somebody_signed_in_does_not_answer_for_the_guardian(guardianship, cast):
    response = at(cast.teacher).get(link(guardianship))
    assert response.status_code == 409
    assert "This link is for somebody else. Sign out first if it is yours." in texts_in(response)


def test_guardian_answers_one_document_after_the_other_and_takes_it_back(client, guardianship, text):
    photo = make.ConsentTextFactory(purpose=Purpose.PHOTO)
    child = guardianship.child
    actions.request_consent([child], [Purpose.PHOTO], by=None)
    address = link(opened(client, guardianship) and guardianship)
    for it, decision in ((text, "granted"), (photo, "refused")):
        page = client.get(address)
        assert page.context["document"]["text"] == it
        client.post(address, {"purpose": it.purpose, "decision": decision, "text": it.public_id})
    page = texts_in(client.get(address))
    assert "You have answered everything. You can take it back here at any time." in page
    assert [state_of(child, it) for it in (PART, Purpose.PHOTO)] == [State.GRANTED, State.REFUSED]
    client.post(address, {"purpose": PART, "decision": "withdrawn"})
    assert state_of(child, PART) == State.WITHDRAWN
    rows = ConsentDecision.objects.order_by("pk").values_list("decision", "channel", "sha256")
    assert list(rows) == [
        ("granted", "link", text.sha256), ("refused", "link", photo.sha256), ("withdrawn", "link", text.sha256)
    ]  # fmt: skip


@pytest.mark.parametrize("sent", [{}, {"decision": "maybe", "purpose": "taking_part"}, {"decision": "granted"},
                                  {"decision": "granted", "purpose": "taking_part", "text": "nothing"}])  # fmt: skip
def test_what_is_no_answer_is_not_found(client, guardianship, sent):
    assert opened(client, guardianship).post(link(guardianship), sent).status_code == 404


def test_document_replaced_meanwhile_is_shown_anew(client, guardianship, text):
    opened(client, guardianship)
    ConsentText.objects.filter(pk=text.pk).update(replaced_at=now())
    sent = {"purpose": PART, "decision": "granted", "text": text.public_id}
    page = client.post(link(guardianship), sent, follow=True)
    assert messages_of(page) == ["The document was replaced meanwhile. Read the new one, then decide."]


def test_fifteen_year_old_answers_by_their_own_slip(client, text, group):
    child = make.GroupMemberFactory(group=group, person__birth_date=date(localdate().year - 15, 1, 1)).person
    guardianship = make.GuardianshipFactory(child=child)
    actions.request_consent([child], [PART], by=None)
    own = page_of("consent", signed_token("members.own_consent", child.public_id))
    client.post(own, {"birth_date": child.birth_date.isoformat()})
    sent = {"purpose": PART, "decision": "granted", "text": text.public_id}
    client.post(own, sent)
    assert state_of(child, PART) == State.WAITING
    opened(client, guardianship).post(link(guardianship), sent)
    assert state_of(child, PART) == State.GRANTED


def test_guardian_of_an_adult_reads_that_their_word_counts_no_more(client, guardianship):
    child = guardianship.child
    child.birth_date = date(localdate().year - 18, 1, 1)
    child.save()
    page = opened(client, guardianship).get(link(guardianship))
    assert page.status_code == 404
    assert "What you have granted counts no more. You need not do anything." in texts_in(page)


def test_signed_in_guardian_sees_all_children_and_answers(guardianship, text):
    guardian, other = guardianship.guardian, make.GuardianshipFactory(guardian=guardianship.guardian).child
    stranger = make.GuardianshipFactory().child
    client = at(guardian)
    page = texts_in(client.get(page_of("children")))
    assert [it.full_name in page for it in (guardianship.child, other, stranger)] == [True, True, False]
    assert client.get(page_of("child", stranger)).status_code == 404
    sent = {"purpose": PART, "decision": "granted", "text": text.public_id}
    assert client.post(page_of("child", guardianship.child), sent).status_code == 302
    assert ConsentDecision.objects.get().channel == "signed_in"
    assert set(RecordView.objects.values_list("viewer", flat=True)) == {guardian.public_id}


PAGES = ["class_consent", "consent_slips", "consent_telephone"]


@pytest.mark.parametrize("name", PAGES)
def test_only_who_keeps_the_class_sees_it(name, guardianship, group, cast, demo):
    seen = {}
    for reader in ("teacher", "contact", "coordinator", "colleague", "outsider"):
        seen[reader] = at(getattr(cast, reader)).get(page_of(name, group)).status_code
    assert seen == {"teacher": 200, "contact": 200, "coordinator": 200, "colleague": 404, "outsider": 404}
    assert Client().get(page_of(name, group)).status_code == 302


def test_child_of_another_class_is_not_found(guardianship, group, cast):
    other = make.GroupMemberFactory().person
    assert at(cast.teacher).get(page_of("child_consent", group, other)).status_code == 404
    assert at(cast.colleague).get(page_of("child_consent", group, guardianship.child)).status_code == 404


def test_class_is_sorted_by_what_is_missing_and_every_look_is_noted(guardianship, group, cast, text):
    done = make.GuardianshipFactory(child=make.GroupMemberFactory(group=group, person__family_name="Abakumov").person)
    actions.request_consent([done.child], [PART], by=None)
    actions.decide(done.child, PART, "granted", by=done.guardian, channel="link", text=text)
    response = at(cast.teacher).get(page_of("class_consent", group))
    assert [row["child"] for row in response.context["rows"]] == [guardianship.child, done.child]
    assert [row["lights"][0][1] for row in response.context["rows"]] == [State.WAITING, State.GRANTED]
    looks = RecordView.objects.filter(viewer=cast.teacher.public_id, page="class consent")
    assert set(looks.values_list("child", flat=True)) == {guardianship.child_id, done.child_id}


def test_three_children_cost_as_many_queries_as_one(guardianship, group, cast):
    client, counted = at(cast.teacher), []
    for more in (0, 2):
        for _one in range(more):
            make.GuardianshipFactory(child=make.GroupMemberFactory(group=group).person)
        actions.request_consent([it.person for it in group.memberships.all()], [PART], by=None)
        client.get(page_of("class_consent", group))
        with CaptureQueriesContext(connection) as captured:
            client.get(page_of("class_consent", group))
        counted.append([it["sql"] for it in captured])
    assert len(counted[1]) == len(counted[0]), "\n".join(counted[1])


def test_class_is_asked_and_says_how_many_are_reminded(guardianship, group, cast, text):
    make.ConsentTextFactory(purpose=Purpose.PHOTO)
    client = at(cast.teacher)
    page = client.post(page_of("ask_consent", group), {"purposes": [Purpose.PHOTO]}, follow=True)
    assert messages_of(page) == [
        "Asked. No mail leaves now: whoever has an address was written to today. Remind them tomorrow. "
        "Print slips for those without e-mail."
    ]
    OutboxMail.objects.all().delete()
    page = client.post(page_of("ask_consent", group), {"purposes": [Purpose.PHOTO]}, follow=True)
    assert messages_of(page) == ["Asked. 1 mail is on its way. Print slips for those without e-mail."]
    assert "Remind 1 person by mail" in texts_in(page)
    page = client.post(page_of("remind_guardians", group), follow=True)
    assert messages_of(page) == ["1 person is reminded."]
    page = client.post(page_of("remind_guardians", group), follow=True)
    assert messages_of(page) == [
        "Everybody who can be written to has answered, or was reminded today. Try again tomorrow."
    ]


def test_asking_for_nothing_is_told(guardianship, group, cast):
    page = at(cast.teacher).post(page_of("ask_consent", group), {}, follow=True)
    assert messages_of(page) == ["Nothing was asked. Mark at least one purpose."]


def test_list_for_the_telephone_names_those_without_address(group, cast, text):
    silent = make.GuardianshipFactory(child=make.GroupMemberFactory(group=group).person, guardian__email=None)
    written = make.GuardianshipFactory(child=make.GroupMemberFactory(group=group).person)
    actions.request_consent([silent.child, written.child], [PART], by=None)
    page = texts_in(at(cast.teacher).get(page_of("consent_telephone", group)))
    assert (silent.guardian.full_name in page, written.guardian.full_name in page) == (True, False)


def listed(group, cast):
    """Child and reader of each line of the telephone list, and how many have no guardian."""
    client = at(cast.teacher)
    lines = client.get(page_of("consent_telephone", group)).context["lines"]
    counted = client.get(page_of("class_consent", group)).context["without_guardian"]
    return [(it["child"], it["reader"]) for it in lines], counted


def in_class(group, **facts):
    return make.GroupMemberFactory(group=group, **{f"person__{name}": value for name, value in facts.items()}).person


def test_telephone_list_names_whose_word_is_awaited_and_nobody_else(group, cast, text):
    teenager = in_class(group, birth_date=date(localdate().year - 15, 1, 1))
    mother = make.GuardianshipFactory(child=teenager, guardian__email=None).guardian
    failing = make.GuardianshipFactory(child=in_class(group), guardian__address_failed_at=now())
    alone, adult = in_class(group), in_class(group, birth_date=date(1990, 1, 1), email="adult@example.org")
    actions.request_consent([teenager, failing.child, alone, adult], [PART], by=None)
    actions.decide(teenager, PART, "granted", by=mother, channel="paper", text=text)
    lines, without = listed(group, cast)
    assert sorted(lines, key=str) == sorted(
        [(teenager, teenager), (failing.child, failing.guardian), (alone, None)], key=str
    )
    assert without == 1


def test_adult_of_a_class_is_no_child_without_guardian(group, cast, text):
    adult = in_class(group, birth_date=date(1990, 1, 1))
    actions.request_consent([adult], [PART], by=None)
    assert listed(group, cast) == ([(adult, adult)], 0)


def test_teacher_names_and_ends_a_guardian(guardianship, group, cast):
    client, child = at(cast.teacher), guardianship.child
    sent = {"family_name": "Gromova", "given_name": "Olga", "email": "shared@example.org", "how": "paper"}
    page = client.post(page_of("add_guardian", group, child), sent, follow=True)
    assert messages_of(page) == ["The guardian is written down."]
    it = child.guarded_by.get(guardian__family_name="Gromova")
    assert (it.guardian.email, it.guardian.contact_email, it.asserted_by) == (None, "shared@example.org", cast.teacher)
    page = client.post(page_of("end_guardian", group, child, it), follow=True)
    assert messages_of(page) == ["Not a guardian any more: the link is closed, the answers count no more."]
    assert list(child.guarded_by.now()) == [guardianship]


def test_paper_that_came_back_is_recorded_with_its_scan(guardianship, group, cast, text):
    client, child = at(cast.teacher), guardianship.child
    scan = SimpleUploadedFile("slip.txt", b"signed")
    sent = {"signed_by": guardianship.guardian_id, "seen_on": localdate().isoformat(), "answer_taking_part": "granted"}
    page = client.post(page_of("child_consent", group, child), sent | {"scan": scan}, follow=True)
    assert messages_of(page) == ["Written down as seen on paper."]
    it = ConsentDecision.objects.get()
    assert (it.channel, it.recorded_by, it.decided_by) == ("paper", cast.teacher, guardianship.guardian)
    file = reverse("file", args=[it.scan.public_id])
    readers = [cast.teacher, guardianship.guardian, cast.colleague, cast.outsider]
    answers = [at(reader).get(file) for reader in readers]
    assert [b"".join(it.streaming_content) if it.streaming else it.status_code for it in answers] == [
        b"signed", b"signed", 404, 404
    ]  # fmt: skip
    assert Client().get(file).status_code == 404


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"seen_on": "2999-01-01"}, "This day is still to come. Enter the day on which you saw the signed paper."),
        ({"answer_taking_part": ""}, "Nothing is marked. Choose what stands on the paper."),
    ],
)
def test_paper_is_refused_with_a_sentence(guardianship, group, cast, changed, told):
    sent = {"signed_by": guardianship.guardian_id, "seen_on": localdate().isoformat(), "answer_taking_part": "granted"}
    client = at(cast.teacher)
    page = client.post(page_of("child_consent", group, guardianship.child), sent | changed, follow=True)
    assert messages_of(page) == [told]
    assert ConsentDecision.objects.count() == 0


def test_no_beats_yes_on_the_day_of_the_paper(guardianship, text, cast):
    child, guardian = guardianship.child, guardianship.guardian
    yesterday = localdate() - timedelta(days=1)
    text = make.ConsentTextFactory(language="ru", published_at=now() - timedelta(days=2))
    with time_machine.travel(now() - timedelta(days=1)):
        actions.decide(child, PART, "refused", by=guardian, channel="link", text=text)
    actions.record_paper(child, guardian, {PART: "granted"}, yesterday, by=cast.teacher)
    assert state_of(child, PART) == State.REFUSED


def test_slips_are_one_sheet_for_each_child_and_reader(guardianship, group, cast, text):
    from members.consent_slips import slips

    teenager = make.GroupMemberFactory(group=group, person__birth_date=date(localdate().year - 15, 1, 1)).person
    alone = make.GroupMemberFactory(group=group).person
    children = [guardianship.child, teenager, alone]
    actions.request_consent(children, [PART], by=None)
    made = [(it["heading"], it["reader"], bool(it["link"])) for it in slips(group, children, cast.teacher)]
    assert made == [
        (f"Consent for {guardianship.child.full_name}", f"To: {guardianship.guardian.full_name}", True),
        (f"Consent for {teenager.full_name}", "To the guardian:", False),
        (f"Consent for {teenager.full_name}", f"To: {teenager.full_name}", True),
        (f"Consent for {alone.full_name}", "To the guardian:", False),
    ]
    response = at(cast.teacher).get(page_of("consent_slips", group))
    assert (response.headers["Content-Type"], response.content[:5]) == ("application/pdf", b"%PDF-")


def test_conflict_stands_on_the_desk_of_the_coordinator_of_that_region(guardianship, text, cast, demo):
    other = make.GuardianshipFactory(child=guardianship.child).guardian
    actions.decide(guardianship.child, PART, "granted", by=guardianship.guardian, channel="link", text=text)
    actions.decide(guardianship.child, PART, "refused", by=other, channel="link", text=text)
    page = at(cast.coordinator).get(page_of("desk_consent"))
    assert [it["child"] for it in page.context["conflicts"]] == [guardianship.child]
    assert "consent on which guardians disagree" in texts_in(at(cast.coordinator).get("/desk/"))
    elsewhere = make.CoordinatorFactory(region=make.RegionFactory()).person
    page = at(elsewhere).get(page_of("desk_consent"))
    assert (page.context["conflicts"], page.context["documents"]) == ([], [])
    assert at(cast.contact).get(page_of("desk_consent")).status_code == 403


def test_three_conflicts_cost_as_many_queries_as_one(group, text, cast, demo):
    client, counted = at(cast.coordinator), []
    for more in (1, 2):
        for _one in range(more):
            child = make.GroupMemberFactory(group=group).person
            for decision in ("granted", "refused"):
                by = make.GuardianshipFactory(child=child).guardian
                actions.decide(child, PART, decision, by=by, channel="link", text=text)
        with CaptureQueriesContext(connection) as captured:
            page = client.get(page_of("desk_consent"))
        counted.append((len(captured), len(page.context["conflicts"])))
    assert [rows for _queries, rows in counted] == [1, 3]
    assert counted[0][0] == counted[1][0]


def test_coordinator_writes_and_publishes_a_document(cast, demo):
    client = at(cast.coordinator)
    words = {"title": "T", "text": "W", "legal_basis": "L", "retention": "R", "contact": "C", "valid_months": "12"}
    for language in ("en", "ru", "ko"):
        client.post(page_of("desk_consent_document", "photo", language), words)
    page = client.post(page_of("desk_publish_consent", "photo"), follow=True)
    assert messages_of(page)[-1] == ("Publishing photos: version 1 is published. People decide on it from now on.")
    assert ConsentText.objects.in_force().count() == 3
    page = client.get(page_of("desk_consent_document", "photo", "en"))
    assert page.context["form"]["title"].value() == "T"
    assert client.get(page_of("desk_consent_document", "dance", "en")).status_code == 404
    assert client.get(page_of("desk_consent_document", "photo", "fr")).status_code == 404


@pytest.mark.parametrize(("name", "args"), [("desk_consent_ages", []), ("desk_consent_document", ["photo", "en"])])
def test_regional_coordinator_writes_no_documents(name, args, cast, demo):
    elsewhere = make.CoordinatorFactory(region=make.RegionFactory()).person
    assert at(elsewhere).get(page_of(name, *args)).status_code == 403


def test_coordinator_changes_the_ages(cast, demo):
    client = at(cast.coordinator)
    page = client.post(page_of("desk_consent_ages"), {"together_from": "16", "alone_from": "15"})
    assert "Deciding alone comes after deciding together" in texts_in(page)
    client.post(page_of("desk_consent_ages"), {"together_from": "16", "alone_from": "19"})
    assert "Under 16 the guardian decides" in texts_in(client.get(page_of("desk_consent")))


def test_every_get_page_of_consent_writes_only_looks(guardianship, group, cast, demo):
    client = at(cast.coordinator)
    before = (AuditEntry.objects.count(), OutboxMail.objects.count(), Guardianship.objects.count())
    pages = [page_of(name, group) for name in PAGES] + [page_of("child_consent", group, guardianship.child)]
    for address in [*pages, page_of("desk_consent"), page_of("desk_consent_ages"), page_of("children")]:
        assert client.get(address).status_code == 200
    assert before == (AuditEntry.objects.count(), OutboxMail.objects.count(), Guardianship.objects.count())
    assert Group.objects.get() == group
