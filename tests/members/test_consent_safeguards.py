"""What keeps consent honest: who may be taken for a guardian, who goes on seeing, what paper and links prove."""

import re
from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localdate, now

from cluster_portal.links import signed_link
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from coordination.examples import families
from members import actions
from members.consent import State, state_of
from members.consent_slips import slips, slips_pdf
from members.models import ConsentDecision, ConsentText, Guardianship, Person, Purpose, RecordView
from members.records import PAGES
from tests import factories as make
from tests.browsing import at
from tests.members.test_consent_pages import messages_of, opened, page_of

pytestmark = pytest.mark.django_db
PART = Purpose.TAKING_PART
OLGA = {"family_name": "Gromova", "given_name": "Olga"}


@pytest.fixture
def text():
    return make.ConsentTextFactory()


@pytest.fixture
def group(cast):
    group = make.GroupFactory(institution=cast.school, name="7 B")
    group.keepers.add(cast.teacher)
    return group


@pytest.fixture
def child(group, text):
    child = make.GroupMemberFactory(group=group, person__family_name="Gromov").person
    actions.request_consent([child], [PART], by=None)
    return child


@pytest.fixture
def guardianship(child):
    return make.GuardianshipFactory(child=child)


def may_open(person, file):
    """Whether somebody is served the file."""
    response = at(person).get(file)
    if response.streaming:
        list(response.streaming_content)
    return response.status_code == 200


def refusal(function, *args, **facts):
    with pytest.raises(Refused) as refused:
        function(*args, **facts)
    return str(refused.value)


def grown_up(child, years=18):
    child.birth_date = date(localdate().year - years, 1, 1)
    child.save()
    return child


def test_consent_is_taken_back_after_two_entries_of_a_child_are_merged(client, child, guardianship, text):
    twice = make.ChildFactory()
    actions.decide(child, PART, "granted", by=guardianship.guardian, channel="link", text=text)
    Guardianship.objects.filter(pk=guardianship.pk).update(child=twice)
    Person.objects.filter(pk=child.pk).update(merged_into=twice, erased_at=now())
    guardianship.refresh_from_db()
    opened(client, guardianship)
    address = signed_link("members.consent", guardianship.public_id).removeprefix("http://testserver")
    assert client.post(address, {"purpose": PART, "decision": "withdrawn"}).status_code == 302
    assert state_of(twice, PART) == State.WITHDRAWN


def test_what_nobody_granted_has_no_text_to_take_back(client, guardianship):
    opened(client, guardianship)
    address = signed_link("members.consent", guardianship.public_id).removeprefix("http://testserver")
    assert client.post(address, {"purpose": Purpose.PHOTO, "decision": "withdrawn"}).status_code == 404


@pytest.mark.parametrize("names", [{}, {"given_name": "Other"}])
def test_nobody_is_a_guardian_by_their_own_word(child, names):
    teacher = make.PersonFactory(**OLGA, email="olga@example.org")
    told = "Nobody names themself as a guardian. Ask a colleague or another guardian of the child to do it."
    said = OLGA | names | {"email": "Olga@example.org"}
    assert refusal(actions.name_guardian, child, by=teacher, how="paper", **said) == told
    assert child.guarded_by.count() == 0


def test_guardian_names_another_one_at_the_shared_mailbox(child):
    olga = make.PersonFactory(email="family@example.org")
    make.GuardianshipFactory(child=child, guardian=olga)
    said = {"family_name": "Gromov", "given_name": "Pavel", "email": "family@example.org"}
    assert actions.name_guardian(child, by=olga, how="guardian", **said).guardian.given_name == "Pavel"


@pytest.mark.parametrize("why", ["guarded", "in a class", "student", "young"])
def test_a_child_with_the_same_name_and_address_is_not_taken_for_a_guardian(cast, child, why):
    other = make.PersonFactory(**OLGA, email="olga@example.org", birth_date=None)
    if why == "guarded":
        make.GuardianshipFactory(child=other)
    if why == "in a class":
        make.GroupMemberFactory(person=other)
    if why == "student":
        make.AffiliationFactory(person=other, role="student")
    if why == "young":
        grown_up(other, 17)
    named = actions.name_guardian(child, by=cast.teacher, how="paper", email="olga@example.org", **OLGA)
    assert named.guardian != other


def test_contact_address_finds_guardians_only(cast, child):
    other = make.PersonFactory(**OLGA, email=None, contact_email="olga@example.org")
    named = actions.name_guardian(child, by=cast.teacher, how="paper", email="olga@example.org", **OLGA)
    assert named.guardian != other


def test_guardian_of_an_adult_sees_what_they_said_no_more(client, child, guardianship, text):
    opened(client, guardianship)
    grown_up(child)
    address = signed_link("members.consent", guardianship.public_id).removeprefix("http://testserver")
    assert client.get(address).status_code == 404
    assert client.post(address, {"purpose": PART, "decision": "granted", "text": text.public_id}).status_code == 404
    reader = at(guardianship.guardian)
    assert reader.get(page_of("children")).context["children"] == []
    assert reader.get(page_of("child", child)).status_code == 404
    sent = OLGA | {"how": "guardian", "email": ""}
    assert reader.post(page_of("name_another_guardian", child), sent).status_code == 404
    assert guardianship.guardian.has_perm("members.name_guardian", child) is False


@pytest.mark.parametrize("gone", ["erased_at", "suspended_at"])
def test_guardian_reaches_no_child_who_was_erased_or_suspended(gone, guardianship, text):
    child, reader = guardianship.child, at(guardianship.guardian)
    pages = [reverse("members:child", args=[child.public_id]), reverse("members:children")]
    assert [reader.get(page).status_code for page in pages] == [200, 200]
    Person.objects.filter(pk=child.pk).update(**{gone: now()})
    assert [reader.get(page).status_code for page in pages] == [404, 200]
    assert list(reader.get(pages[1]).context["children"]) == []
    decided = reader.post(pages[0], {"decision": "granted", "purpose": PART, "text": text.public_id})
    another = reader.post(reverse("members:name_another_guardian", args=[child.public_id]), OLGA)
    assert (decided.status_code, another.status_code, ConsentDecision.objects.count()) == (404, 404, 0)


def test_three_children_of_a_guardian_cost_as_many_queries_as_one(guardianship):
    reader, counted = at(guardianship.guardian), []
    for more in (0, 2):
        for _one in range(more):
            make.GuardianshipFactory(guardian=guardianship.guardian)
        reader.get(page_of("children"))
        with CaptureQueriesContext(connection) as captured:
            reader.get(page_of("children"))
        counted.append(len(captured))
    assert counted[0] == counted[1]


@pytest.mark.parametrize("no", ["refused", "withdrawn"])
def test_only_a_coordinator_ends_the_guardianship_of_one_who_said_no(cast, guardianship, text, no):
    child, guardian = guardianship.child, guardianship.guardian
    if no == "withdrawn":
        actions.decide(child, PART, "granted", by=guardian, channel="link", text=text)
    actions.decide(child, PART, no, by=guardian, channel="link", text=text)
    elsewhere = make.CoordinatorFactory(region=make.RegionFactory()).person
    told = "This guardian has said no to something for the child. Ask a coordinator to end the guardianship."
    for by in (cast.teacher, cast.contact, elsewhere):
        assert refusal(actions.end_guardianship, guardianship, by=by) == told
    actions.end_guardianship(guardianship, by=cast.coordinator)
    assert list(child.guarded_by.now()) == []


def test_coordinator_of_the_region_ends_the_guardianship_of_one_who_said_no(cast, guardianship, text):
    actions.decide(guardianship.child, PART, "refused", by=guardianship.guardian, channel="link", text=text)
    region = make.RegionFactory()
    type(cast.school).objects.filter(pk=cast.school.pk).update(region=region)
    actions.end_guardianship(guardianship, by=make.CoordinatorFactory(region=region).person)
    assert list(guardianship.child.guarded_by.now()) == []


def test_teacher_ends_the_guardianship_of_one_who_said_yes_in_the_end(cast, guardianship, text):
    for decision in ("refused", "granted"):
        actions.decide(guardianship.child, PART, decision, by=guardianship.guardian, channel="link", text=text)
    actions.end_guardianship(guardianship, by=cast.teacher)
    assert list(guardianship.child.guarded_by.now()) == []


def test_the_guardian_reads_in_a_mail_that_the_guardianship_ended(cast, guardianship):
    actions.end_guardianship(guardianship, by=cast.teacher)
    mail = OutboxMail.objects.get()
    assert (mail.to, mail.subject) == (guardianship.guardian, "Check this: you are no longer a guardian of Ilya G.")


def test_who_ends_their_own_guardianship_needs_no_mail(guardianship):
    actions.end_guardianship(guardianship, by=guardianship.guardian)
    assert OutboxMail.objects.count() == 0


def test_scan_is_kept_about_the_first_answer_that_is_new(cast, guardianship, text):
    child, guardian = guardianship.child, guardianship.guardian
    photo = make.ConsentTextFactory(purpose=Purpose.PHOTO)
    actions.decide(child, PART, "granted", by=guardian, channel="link", text=text)
    answers, scan = {PART: "granted", Purpose.PHOTO: "granted"}, SimpleUploadedFile("slip.txt", b"signed")
    actions.record_paper(child, guardian, answers, localdate(), by=cast.teacher, scan=scan)
    it = ConsentDecision.objects.get(text=photo)
    assert it.scan.about_id == it.public_id
    file = reverse("file", args=[it.scan.public_id])
    assert [may_open(by, file) for by in (cast.teacher, cast.colleague)] == [True, False]


def test_paper_that_says_nothing_new_is_refused(cast, guardianship, text):
    said = (guardianship.child, guardianship.guardian, {PART: "granted"}, localdate())
    actions.record_paper(*said, by=cast.teacher)
    told = "All of this is written down already. Nothing was added."
    assert refusal(actions.record_paper, *said, by=cast.teacher) == told


def test_scan_stays_readable_after_the_child_left_and_was_merged(cast, demo, guardianship, text):
    child, scan = guardianship.child, SimpleUploadedFile("slip.txt", b"signed")
    actions.record_paper(child, guardianship.guardian, {PART: "granted"}, localdate(), by=cast.teacher, scan=scan)
    file = reverse("file", args=[ConsentDecision.objects.get().scan.public_id])
    child.group_memberships.update(until=localdate())
    assert [may_open(by, file) for by in (cast.coordinator, cast.outsider)] == [True, False]
    kept = make.ChildFactory()
    Guardianship.objects.update(child=kept)
    Person.objects.filter(pk=child.pk).update(merged_into=kept, erased_at=now())
    assert may_open(guardianship.guardian, file)


def test_paper_is_about_the_document_that_was_in_force_on_its_day(cast, child):
    guardianship = make.GuardianshipFactory(child=child)
    former = make.ConsentTextFactory(purpose=Purpose.WORK, published_at=now() - timedelta(days=9))
    ConsentText.objects.filter(pk=former.pk).update(replaced_at=now() - timedelta(days=3))
    today = make.ConsentTextFactory(purpose=Purpose.WORK, version=2, published_at=now() - timedelta(days=3))
    answers, said = {Purpose.WORK: "granted"}, []
    for days in (5, 1):
        day = localdate() - timedelta(days=days)
        said += actions.record_paper(child, guardianship.guardian, answers, day, by=cast.teacher)
    assert [it.text for it in said] == [former, today]
    told = "No document was in force on this day. Enter the day on which you saw the signed paper."
    day = localdate() - timedelta(days=20)
    assert refusal(actions.record_paper, child, guardianship.guardian, answers, day, by=cast.teacher) == told


def test_slip_shows_all_words_with_version_and_fingerprint(cast, group, guardianship, text):
    words = "What happens. " * 100 + "The end."
    long = make.ConsentTextFactory(purpose=Purpose.PHOTO, text=words, valid_months=12)
    actions.request_consent([guardianship.child], [Purpose.PHOTO], by=None)
    slip = next(slips(group, [guardianship.child], cast.teacher))
    assert [it["text"] for it in slip["papers"]] == [text.text, words]
    assert slip["papers"][1]["facts"] == [
        ["Legal basis", "Consent"], ["Kept", "Until the end of the school year"],
        ["To take it back", "data@example.org"], ["Holds for", "12 months"],
    ]  # fmt: skip
    assert slip["papers"][1]["mark"] == f"Version 1 · SHA-256 {long.sha256[:12]}"
    assert slips_pdf(group, [guardianship.child], cast.teacher)[:5] == b"%PDF-"


@pytest.mark.parametrize("language", ["en", "ru", "ko"])
def test_slip_with_the_documents_of_the_example_is_one_sheet(cast, group, guardianship, language):
    families.publish_documents(cast.coordinator)
    Person.objects.update(language=language)
    actions.request_consent([guardianship.child], list(families.DOCUMENTS), by=None)
    pdf = slips_pdf(group, [guardianship.child], cast.teacher)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


def looks(child):
    return list(RecordView.objects.filter(child=child).values_list("page", flat=True))


def test_every_page_that_shows_a_child_notes_the_look(cast, demo, group, child):
    make.GuardianshipFactory(child=child, guardian__email=None)
    student = make.AffiliationFactory(person=child, institution=cast.school, role="student")
    teacher, contact = at(cast.teacher), at(cast.contact)
    pages = [
        (teacher, page_of("consent_telephone", group), "telephone"),
        (teacher, page_of("class_student", group, child), "student"),
        (contact, page_of("desk_unanswered"), "unanswered"),
        (contact, page_of("unanswered_sheet", cast.school.slug), "unanswered"),
        (contact, page_of("desk_person", student), "desk person"),
    ]
    for reader, address, page in pages:
        RecordView.objects.all().delete()
        assert reader.get(address).status_code == 200
        assert (looks(child), page in PAGES) == ([page], True)


def test_look_at_a_colleague_is_no_look_at_a_child(cast, demo):
    at(cast.contact).get(page_of("desk_person", cast.teacher.affiliations.get()))
    assert looks(cast.teacher) == []


def test_erasure_link_of_somebody_else_opens_nothing(cast):
    other = make.PersonFactory()
    address = signed_link("members.erasure", other.public_id).removeprefix("http://testserver")
    for send in (at(cast.teacher).get, at(cast.teacher).post):
        assert send(address).status_code == 409
    other.refresh_from_db()
    assert other.erased_at is None


def erased_by(guardian, child):
    guardian.set_password("a-long-enough-password")
    guardian.save()
    cache.clear()
    sent = {"password": "a-long-enough-password"}
    page = at(guardian).post(page_of("erase_child", child), sent, follow=True)
    child.refresh_from_db()
    return child.erased_at is not None, page.context["problems"] if child.erased_at is None else messages_of(page)


def test_guardian_does_not_erase_who_decides_beside_them(guardianship):
    child = grown_up(guardianship.child, 16)
    told = "At this age the child decides too. Ask to erase: then the child is asked, and the coordinator decides."
    assert erased_by(guardianship.guardian, child) == (False, [told])


def test_one_of_several_guardians_does_not_erase_the_child_alone(guardianship):
    make.GuardianshipFactory(child=guardianship.child)
    told = "This child has another guardian too. Ask to erase: then they are asked, and the coordinator decides."
    assert erased_by(guardianship.guardian, guardianship.child) == (False, [told])


def test_only_guardian_erases_a_young_child(guardianship):
    guardianship.child.group_memberships.all().delete()
    assert erased_by(guardianship.guardian, guardianship.child) == (True, ["The child is erased."])
