"""Where students take part nothing vanishes; and whoever reads can tell a coordinator, who looks and hides."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils.timezone import localdate, now

from cluster_portal import hooks
from cluster_portal.hidden import seen_by
from cluster_portal.links import signed_token
from cluster_portal.models import AuditEntry, OutboxMail, Upload
from cluster_portal.moves import Refused
from mentorship import actions
from mentorship.concerns import concern_rows
from mentorship.models import Concern, Meeting, Pairing, PairingFile, TakenBack
from mentorship.pairing_mails import may_read_file
from tests import factories as make
from tests.mentorship import factories as mentoring

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


@pytest.fixture
def pairing(cast):
    request = mentoring.MentorRequestFactory(
        affiliation=cast.teacher.affiliations.get(), state="paired", with_students=True
    )
    return mentoring.PairingFactory(request=request)


@pytest.fixture
def mentor(pairing):
    return pairing.mentor.person


@pytest.fixture
def student(pairing):
    return mentoring.PairingStudentFactory(pairing=pairing, person__email="ilya@example.org")


@pytest.fixture
def guardian(student):
    return student.person.guarded_by.get().guardian


def fresh(pairing):
    return Pairing.objects.with_people().get(pk=pairing.pk)


def fresh_file(file):
    return PairingFile.objects.get(pk=file.pk)


def mails(template):
    return [it.to_id for it in OutboxMail.objects.filter(template=f"mentorship/{template}").order_by("to")]


def refused(action, *args, **facts):
    with pytest.raises(Refused) as caught:
        action(*args, **facts)
    return str(caught.value)


def shared(pairing, by):
    return actions.share_file(pairing, by, ContentFile(b"Come to my flat", name="secret.txt"))


def kept():
    return [(it.kind, it.text) for it in TakenBack.objects.order_by("pk")]


def test_words_that_are_changed_or_taken_back_are_kept(cast, pairing, mentor, student):
    actions.write_goals(pairing, mentor, "Call me")
    actions.write_goals(fresh(pairing), cast.teacher, "A prize")
    step = actions.add_step(fresh(pairing), mentor, "Call me tonight")
    actions.remove_step(step, mentor)
    entry = actions.write_log(fresh(pairing), mentor, localdate(), 60, "Talked", "Call me")
    actions.remove_log(entry, mentor)
    assert kept() == [("goals", "Call me"), ("step", "Call me tonight"), ("log", "Talked\nCall me")]


def test_where_and_when_a_meeting_was_is_kept_when_it_is_moved_and_cancelled(cast, pairing, mentor, student):
    start = now() + timedelta(days=7)
    facts = {"time_zone": "UTC", "online_link": ""}
    meeting = actions.plan_meeting(pairing, mentor, start, start + timedelta(hours=1), place="My flat", **facts)
    actions.move_meeting(meeting, mentor, start, start + timedelta(hours=1), place="School", **facts)
    actions.cancel_meeting(Meeting.objects.get(), mentor)
    when = start.strftime("%Y-%m-%d %H:%M")
    assert kept() == [("place", f"{when}\nMy flat"), ("place", f"{when}\nSchool")]


def test_an_outcome_that_is_removed_is_kept(cast, pairing, student):
    outcome = mentoring.OutcomeFactory(pairing=pairing, contest="t.me/x", evidence_link="https://example.org/x")
    actions.remove_outcome(outcome, cast.teacher)
    assert kept() == [("outcome", "Second place, t.me/x (City or region)\nhttps://example.org/x")]


def test_between_two_adults_what_is_taken_back_is_gone(cast):
    pairing = mentoring.PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    mentor = pairing.mentor.person
    actions.write_goals(pairing, mentor, "Ours")
    actions.write_goals(fresh(pairing), mentor, "Other")
    actions.remove_shared_file(shared(fresh(pairing), mentor), mentor)
    assert (TakenBack.objects.count(), PairingFile.objects.count(), Upload.objects.count()) == (0, 0, 0)


def test_a_file_is_told_like_a_message_and_taken_back_stays_for_who_watches(cast, pairing, mentor, student, guardian):
    file = shared(pairing, mentor)
    assert mails("file_shared") == sorted([cast.teacher.pk, student.person_id])
    actions.remove_shared_file(file, mentor)
    everybody = {"child": student.person, "teacher": cast.teacher, "mentor": mentor, "guardian": guardian}
    everybody |= {"coordinator": cast.coordinator, "contact": cast.contact, "outsider": cast.outsider}
    reading = {name for name, person in everybody.items() if may_read_file(person, file.upload)}
    assert reading == {"guardian", "coordinator", "contact"}
    assert refused(actions.remove_shared_file, file, mentor) == "This is taken back already."
    waiting = OutboxMail.objects.filter(template="mentorship/file_shared")
    assert not any(hooks.mail_kinds[it.template].still_due(it) for it in waiting)


def test_who_watches_reads_on_the_page_what_was_taken_back_and_nobody_else(
    client, cast, pairing, mentor, student, guardian
):
    actions.write_goals(pairing, mentor, "Call 123")
    actions.write_goals(fresh(pairing), mentor, "")
    actions.remove_shared_file(shared(fresh(pairing), mentor), mentor)
    seen = {}
    people = {"guardian": guardian, "coordinator": cast.coordinator, "contact": cast.contact}
    people |= {"child": student.person, "teacher": cast.teacher, "mentor": mentor}
    for name, person in people.items():
        client.force_login(person)
        page = client.get(pairing.get_absolute_url()).text
        seen[name] = ("Call 123" in page, "secret.txt" in page)
    watching = dict.fromkeys(["guardian", "coordinator", "contact"], (True, True))
    assert seen == watching | dict.fromkeys(["child", "teacher", "mentor"], (False, False))


@pytest.fixture
def message(pairing, mentor, student):
    return actions.send_message(fresh(pairing), mentor, "My address is 5 Oak street")


def test_a_child_tells_the_coordinator_who_hides_it_and_the_writer_reads_why(
    client, cast, pairing, mentor, student, message, guardian
):
    client.force_login(student.person)
    thread = f"{pairing.get_absolute_url()}messages/"
    tell = f"{pairing.get_absolute_url()}tell/message/{message.public_id}/"
    assert tell in client.get(thread).text
    assert client.post(tell, {"text": "He asks me to come"}).status_code == 302
    concern = Concern.objects.get()
    assert (concern.by, concern.text, mails("concern")) == (student.person, "He asks me to come", [cast.coordinator.pk])
    mail = OutboxMail.objects.get(template="mentorship/concern")
    assert "Oak street" not in mail.body_text + mail.subject
    assert [it.count for it in concern_rows(cast.coordinator)] == [1]
    client.force_login(cast.coordinator)
    page = client.get(reverse("mentorship:desk_concern", args=[concern.public_id])).text
    assert "He asks me to come" in page
    assert "Oak street" in page
    client.post(f"{pairing.get_absolute_url()}hide/message/{message.public_id}/", {"reason": "No addresses"})
    hidden = TakenBack.objects.get()
    assert (hidden.kind, hidden.message, hidden.because) == ("message", message, "No addresses")
    assert (mails("hidden"), mails("concern_settled")) == ([mentor.pk], [student.person_id])
    assert "No addresses" in OutboxMail.objects.get(template="mentorship/hidden").body_text
    assert list(concern_rows(cast.coordinator)) == []
    seen = {}
    for name, person in {"child": student.person, "mentor": mentor, "guardian": guardian}.items():
        client.force_login(person)
        seen[name] = ["Oak street" in client.get(url).text for url in (thread, pairing.get_absolute_url())]
    assert seen == {"child": [False, False], "mentor": [False, False], "guardian": [False, True]}


def test_a_coordinator_answers_without_hiding(client, cast, pairing, student, message):
    concern = actions.tell_coordinator(message, student.person, "Odd")
    client.force_login(cast.coordinator)
    client.post(reverse("mentorship:settle_concern", args=[concern.public_id]))
    assert mails("concern_settled") == [student.person_id]
    assert TakenBack.objects.count() == 0
    assert (
        refused(actions.settle_concern, concern, cast.coordinator) == "Another coordinator has answered this already."
    )


def test_telling_twice_tells_once_and_again_after_the_answer(cast, student, message):
    first = actions.tell_coordinator(message, student.person, "Odd")
    assert actions.tell_coordinator(message, student.person, "Odd!") == first
    actions.settle_concern(first, cast.coordinator)
    assert actions.tell_coordinator(message, student.person, "Again") != first


def test_who_does_not_read_tells_and_hides_nothing(client, cast, pairing, student, message):
    address = pairing.get_absolute_url()
    for person in (cast.outsider, cast.colleague):
        assert refused(actions.tell_coordinator, message, person, "Odd").startswith("You do not read this pairing")
        client.force_login(person)
        assert client.get(f"{address}tell/message/{message.public_id}/").status_code == 404
    for person in (cast.teacher, cast.contact, student.person):
        assert refused(actions.hide_part, message, person, "Odd").startswith("A coordinator who is not in the pairing")
    client.force_login(cast.coordinator)
    assert client.get(f"{address}hide/meeting/{message.public_id}/").status_code == 404
    assert client.get(f"{address}hide/message/{pairing.public_id}/").status_code == 404


def test_a_coordinator_who_is_in_the_pairing_neither_hears_of_it_nor_hides(
    client, cast, pairing, mentor, student, message
):
    make.CoordinatorFactory(person=mentor)
    concern = actions.tell_coordinator(message, student.person, "Odd")
    assert mails("concern") == [cast.coordinator.pk]
    assert refused(actions.hide_part, message, mentor, "Mine").startswith("A coordinator who is not in the pairing")
    assert refused(actions.settle_concern, concern, mentor).startswith("A coordinator who is not in the pairing")
    client.force_login(mentor)
    assert client.get(reverse("mentorship:desk_concern", args=[concern.public_id])).status_code == 404
    assert list(concern_rows(mentor)) == []


def test_of_two_adults_a_coordinator_reads_what_they_are_told_of_and_nothing_else(client, cast):
    pairing = mentoring.PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    file, other = shared(pairing, pairing.mentor.person), shared(pairing, pairing.mentor.person)
    concern = actions.tell_coordinator(file, cast.teacher, "Insults")
    assert (may_read_file(cast.coordinator, file.upload), may_read_file(cast.coordinator, other.upload)) == (
        True,
        False,
    )
    client.force_login(cast.coordinator)
    assert client.get(reverse("mentorship:desk_concern", args=[concern.public_id])).status_code == 200
    assert client.get(f"{pairing.get_absolute_url()}hide/file/{other.public_id}/").status_code == 404
    actions.hide_part(file, cast.coordinator, "Insults")
    assert not may_read_file(cast.teacher, file.upload)


@pytest.mark.parametrize("answered", [False, True])
def test_of_two_adults_nobody_destroys_what_a_coordinator_was_told_of(client, cast, answered):
    pairing = mentoring.PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    mentor = pairing.mentor.person
    file = shared(pairing, mentor)
    concern = actions.tell_coordinator(file, cast.teacher, "Insults")
    if answered:
        actions.settle_concern(concern, cast.coordinator)
    actions.remove_shared_file(fresh_file(file), mentor)
    reading = [it for it in (mentor, cast.teacher, cast.coordinator) if may_read_file(it, file.upload)]
    assert (reading, Concern.objects.count()) == ([cast.coordinator], 1)


def test_of_two_adults_nobody_destroys_what_was_hidden(cast):
    pairing = mentoring.PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    file = shared(pairing, pairing.mentor.person)
    actions.tell_coordinator(file, cast.teacher, "Insults")
    actions.hide_part(file, cast.coordinator, "Insults")
    said = refused(actions.remove_shared_file, fresh_file(file), pairing.mentor.person)
    assert (said, PairingFile.objects.count()) == ("This is taken back already.", 1)
    assert may_read_file(cast.coordinator, file.upload)


def test_the_file_of_two_adults_stays_open_to_the_coordinator_who_answered_that_it_stays(client, cast):
    pairing = mentoring.PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    concern = actions.tell_coordinator(shared(pairing, pairing.mentor.person), cast.teacher, "Insults")
    actions.settle_concern(concern, cast.coordinator)
    client.force_login(cast.coordinator)
    file = reverse("file", args=[concern.file.upload.public_id])
    assert file in client.get(reverse("mentorship:desk_concern", args=[concern.public_id])).text
    assert client.get(file).getvalue() == b"Come to my flat"


def test_a_coordinator_who_is_in_the_pairing_finds_no_concern_in_audit_and_outbox(cast, mentor, student, message):
    make.CoordinatorFactory(person=mentor)
    concern = actions.tell_coordinator(message, student.person, "Odd")
    seen = {}
    for name, person in {"mentor": mentor, "coordinator": cast.coordinator}.items():
        lines = seen_by(AuditEntry.objects.filter(object_id=concern.public_id), person)
        letters = seen_by(OutboxMail.objects.filter(about_id=concern.public_id), person)
        seen[name] = (lines.exists(), letters.exists())
    assert seen == {"mentor": (False, False), "coordinator": (True, True)}


@pytest.mark.django_db(transaction=True)
def test_two_coordinators_who_hide_at_once_hide_once(cast, message, together):
    done = together(*[lambda: actions.hide_part(message, cast.coordinator, "No addresses")] * 2)
    assert sorted(done) == ["done", "refused"]
    assert TakenBack.objects.count() == 1


def by_link(client, student):
    guardianship = student.person.guarded_by.get()
    token = signed_token("members.consent", guardianship.public_id)
    client.post(f"/consent/{token}/", {"birth_date": student.person.birth_date.isoformat()})
    return f"/consent/{token}/pairings/{student.public_id}/"


def test_by_the_mailed_link_a_guardian_reads_all_and_tells_the_coordinator(
    client, cast, pairing, mentor, student, message
):
    actions.write_goals(fresh(pairing), mentor, "Goalsbefore")
    actions.write_goals(fresh(pairing), mentor, "Goalsnow")
    actions.add_step(fresh(pairing), mentor, "Firststep")
    for number in range(31):
        mentoring.LogEntryFactory(pairing=pairing, what=f"Entry{number:02}")
    file = shared(fresh(pairing), mentor)
    address = by_link(client, student)
    page = client.get(address).text
    wanted = ["Goalsnow", "Goalsbefore", "Firststep", "Entry00", "Entry30", "Oak street", "secret.txt"]
    assert [it for it in wanted if it not in page] == []
    sent = client.get(f"{address}files/{file.public_id}/")
    assert b"".join(sent.streaming_content) == b"Come to my flat"
    assert client.post(f"{address}tell/message/{message.public_id}/", {"text": "Why?"}).status_code == 302
    assert (Concern.objects.get().text, mails("concern")) == ("Why?", [cast.coordinator.pk])


def test_by_the_link_of_another_child_nobody_gets_a_file(client, pairing, mentor, student):
    file, other = shared(pairing, mentor), mentoring.PairingStudentFactory()
    address = by_link(client, other)
    assert client.get(f"{address}files/{file.public_id}/").status_code == 404
    unopened = signed_token("members.consent", student.person.guarded_by.get().public_id)
    assert client.get(f"/consent/{unopened}/pairings/{student.public_id}/files/{file.public_id}/").status_code == 404


def test_a_child_opens_no_hidden_file_by_their_own_link_and_their_guardian_does(client, cast, pairing, mentor):
    born = localdate() - timedelta(days=15 * 366)
    student = mentoring.PairingStudentFactory(pairing=pairing, person__birth_date=born)
    file = shared(fresh(pairing), mentor)
    own = f"/consent/{signed_token('members.own_consent', student.person.public_id)}/"
    address = f"{own}pairings/{student.public_id}/files/{file.public_id}/"
    client.post(own, {"birth_date": born.isoformat()})
    assert client.get(address).getvalue() == b"Come to my flat"
    actions.hide_part(file, cast.coordinator, "No addresses")
    assert client.get(address).status_code == 404
    by_guardian = f"{by_link(client, student)}files/{file.public_id}/"
    assert client.get(by_guardian).getvalue() == b"Come to my flat"


def test_why_a_pairing_ended_is_read_by_its_two_and_the_coordinator_alone(
    client, cast, pairing, mentor, student, guardian
):
    actions.dissolve_pairing(fresh(pairing), by=cast.teacher, because="He drank")
    people = {"mentor": mentor, "teacher": cast.teacher, "coordinator": cast.coordinator}
    people |= {"child": student.person, "guardian": guardian, "contact": cast.contact}
    reading = set()
    for name, person in people.items():
        client.force_login(person)
        if "He drank" in client.get(pairing.get_absolute_url()).text:
            reading.add(name)
    assert reading == {"mentor", "teacher", "coordinator"}
