"""A pairing under way: goals, plan, log, messages, files; and its end, which is nobody's fault."""

from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.utils.timezone import localdate, now

from cluster_portal import hooks
from cluster_portal.models import OutboxMail, Upload
from cluster_portal.moves import Refused, available_moves
from members.models import Person
from mentorship import actions
from mentorship.models import LogEntry, Meeting, Message, Pairing, PairingFile
from mentorship.pairing_mails import may_read_file
from tests.mentorship import factories as mentoring

pytestmark = pytest.mark.django_db


@pytest.fixture
def pairing(cast):
    request = mentoring.MentorRequestFactory(
        affiliation=cast.teacher.affiliations.get(), state="paired", with_students=True
    )
    return mentoring.PairingFactory(request=request)


@pytest.fixture
def mentor(pairing):
    return pairing.mentor.person


def mails(template):
    rows = OutboxMail.objects.filter(template=f"mentorship/{template}").order_by("pk")
    return [(it.to_id, it.state) for it in rows]


def refused(action, *args, **facts):
    with pytest.raises(Refused) as caught:
        action(*args, **facts)
    return str(caught.value)


def child_in(pairing, **facts):
    student = mentoring.PairingStudentFactory(pairing=pairing, **facts)
    return student.person, student.person.guarded_by.get().guardian


def write(pairing, by, **facts):
    wanted = {"day": localdate(), "minutes": 60, "what": "Graphs", "coming": "Trees"} | facts
    return actions.write_log(pairing, by=by, **wanted)


def test_mentor_and_teacher_write_goals(cast, pairing, mentor):
    actions.write_goals(pairing, mentor, "A prize in spring")
    actions.write_goals(pairing, cast.teacher, "Two prizes in spring")
    assert Pairing.objects.get().goals == "Two prizes in spring"


def test_others_do_not_plan(cast, pairing):
    child, guardian = child_in(pairing)
    for person in (child, guardian, cast.coordinator, cast.contact):
        said = refused(actions.write_goals, pairing, person, "Mine")
        assert said == "You read here, and others write. The mentor and the teacher keep this pairing."


def test_a_milestone_is_reached_opened_again_and_removed(pairing, mentor):
    step = actions.add_step(pairing, mentor, "Mock contest", localdate() + timedelta(days=20))
    actions.reach_step(step, mentor)
    assert refused(actions.reach_step, step, mentor) == "This milestone is marked as reached already."
    assert refused(actions.remove_step, step, mentor).startswith("This milestone was reached, so it stays.")
    actions.reopen_step(step, mentor)
    assert refused(actions.reopen_step, step, mentor) == "This milestone is not marked as reached."
    actions.remove_step(step, mentor)
    assert pairing.milestones.count() == 0


def test_a_plan_has_forty_milestones_at_most(pairing, mentor):
    for _number in range(40):
        mentoring.MilestoneFactory(pairing=pairing)
    assert refused(actions.add_step, pairing, mentor, "One more").startswith("A plan has 40 milestones at most.")


def test_the_log_says_what_a_meeting_was(pairing, mentor):
    entry = write(pairing, mentor)
    assert (entry.by, entry.minutes, entry.what, entry.coming) == (mentor, 60, "Graphs", "Trees")


def test_pressing_twice_writes_once(pairing, mentor):
    assert write(pairing, mentor) == write(pairing, mentor)
    assert LogEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_pressing_twice_at_once_writes_once(pairing, mentor, together):
    assert together(partial(write, pairing, mentor), partial(write, pairing, mentor)) == ["done", "done"]
    assert LogEntry.objects.count() == 1


def test_nobody_logs_what_is_still_to_come_or_was_before_the_pairing(pairing, mentor):
    assert refused(write, pairing, mentor, day=localdate() + timedelta(days=1)).startswith("This day is still to come.")
    before = pairing.began_on - timedelta(days=1)
    assert refused(write, pairing, mentor, day=before).startswith("This day is before your pairing began.")


def test_today_is_that_of_whoever_writes_where_the_day_begins_earlier(pairing, mentor):
    with time_machine.travel(datetime(2026, 12, 1, 6, tzinfo=ZoneInfo("Asia/Vladivostok"))):
        Pairing.objects.update(began_on=date(2026, 11, 20))
        today_there = date(2026, 12, 1)
        assert refused(write, pairing, mentor, day=today_there).startswith("This day is still to come.")
        Person.objects.filter(pk=mentor.pk).update(time_zone="Asia/Vladivostok")
        mentor.refresh_from_db()
        assert write(pairing, mentor, day=today_there).day == today_there
        assert refused(write, pairing, mentor, day=date(2026, 12, 2)).startswith("This day is still to come.")


def test_one_takes_back_what_one_wrote_oneself(cast, pairing, mentor):
    entry = write(pairing, mentor)
    assert refused(actions.remove_log, entry, cast.teacher).startswith("Somebody else wrote this.")
    actions.remove_log(entry, mentor)
    assert refused(actions.remove_log, entry, mentor) == "This is taken back already."


def test_a_log_entry_ends_the_asking(pairing, mentor):
    Pairing.objects.update(nudged_at=now(), stalled_at=now())
    write(pairing, mentor)
    assert Pairing.objects.values_list("nudged_at", "stalled_at").get() == (None, None)


def test_a_message_goes_to_all_the_others_and_stands_in_no_mail(cast, pairing, mentor):
    child, guardian = child_in(pairing, person__email="ilya@example.org")
    actions.send_message(pairing, mentor, "Read chapter 3")
    assert mails("message") == [(cast.teacher.pk, "queued"), (child.pk, "queued")]
    bodies = [it.subject + it.body_text for it in OutboxMail.objects.filter(template="mentorship/message")]
    assert not any("chapter 3" in it for it in bodies)
    assert guardian.pk not in [to for to, _state in mails("message")]


def test_what_a_child_writes_shows_the_mentor_no_family_name(pairing, mentor):
    child, _guardian = child_in(pairing, person__family_name="Gorbunov", person__given_name="Ilya")
    actions.send_message(pairing, child, "Done!")
    assert OutboxMail.objects.get(to=mentor).subject.startswith("Read what Ilya G. writes")
    assert "Gorbunov" not in OutboxMail.objects.get(to=mentor).body_text


def test_the_same_message_pressed_twice_is_sent_once(pairing, mentor):
    assert actions.send_message(pairing, mentor, "Hello") == actions.send_message(pairing, mentor, "Hello")
    with time_machine.travel(now() + timedelta(minutes=3)):
        actions.send_message(pairing, mentor, "Hello")
    assert Message.objects.count() == 2


def test_whoever_may_not_write_hears_why(cast, pairing, mentor):
    child, guardian = child_in(pairing)
    assert refused(actions.send_message, pairing, guardian, "Hello").startswith("You read here")
    pairing.mentor.clearance_until = None
    pairing.mentor.save()
    said = "The mentor is not cleared for work with minors. Ask the coordinator to note the clearance."
    assert refused(actions.send_message, pairing, mentor, "Hello") == said
    assert refused(actions.send_message, pairing, child, "Hello") == said
    actions.send_message(pairing, cast.teacher, "We wait for the clearance")


def test_a_mail_about_a_message_is_not_sent_to_who_may_not_read_it_any_more(pairing, mentor):
    child, _guardian = child_in(pairing, person__email="ilya@example.org")
    actions.send_message(pairing, mentor, "Hello")
    mail = OutboxMail.objects.get(to=child)
    still_due = hooks.mail_kinds["mentorship/message"].still_due
    assert still_due(mail)
    pairing.students.update(state="refused")
    assert not still_due(mail)


def test_a_message_that_is_refused_leaves_no_mail(cast, pairing):
    refused(actions.send_message, pairing, cast.coordinator, "Hello")
    assert OutboxMail.objects.count() == 0


def shared(pairing, by):
    return actions.share_file(pairing, by, ContentFile(b"Two problems", name="problems.txt"))


def test_a_file_is_read_by_those_who_read_the_messages(cast, pairing, mentor):
    child, guardian = child_in(pairing)
    upload = shared(pairing, mentor).upload
    everybody = [mentor, cast.teacher, child, guardian, cast.coordinator, cast.contact, cast.colleague, cast.outsider]
    assert [may_read_file(it, upload) for it in everybody] == [True] * 6 + [False] * 2


def test_one_takes_back_ones_own_file_but_no_evidence(cast):
    pairing = mentoring.PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    mentor = pairing.mentor.person
    file = shared(pairing, mentor)
    outcome = mentoring.OutcomeFactory(pairing=pairing, evidence=file)
    assert refused(actions.remove_shared_file, file, cast.teacher).startswith("Somebody else shared this file.")
    assert refused(actions.remove_shared_file, file, mentor).startswith("This file shows an outcome.")
    outcome.delete()
    actions.remove_shared_file(file, mentor)
    assert (PairingFile.objects.count(), Upload.objects.count()) == (0, 0)


def test_ending_tells_everybody_and_cancels_what_is_planned(cast, pairing, mentor):
    child, guardian = child_in(pairing)
    meeting = mentoring.MeetingFactory(pairing=pairing)
    actions.complete_pairing(pairing, mentor, because="They won")
    assert (pairing.state, pairing.ended_on, pairing.because) == ("completed", localdate(), "They won")
    assert Meeting.objects.get(pk=meeting.pk).state == "cancelled"
    assert mails("pairing_ended") == [(cast.teacher.pk, "queued"), (guardian.pk, "queued")]
    assert "They won" in OutboxMail.objects.get(template="mentorship/pairing_ended", to=cast.teacher).body_text
    assert "They won" not in OutboxMail.objects.get(template="mentorship/pairing_ended", to=guardian).body_text
    assert child.address == ""


def test_dissolving_asks_nobody_why_and_says_how_another_mentor_is_found(cast, pairing, mentor):
    actions.dissolve_pairing(pairing, mentor)
    mail = OutboxMail.objects.get(to=cast.teacher)
    assert (pairing.state, pairing.because) == ("dissolved", "")
    assert mail.subject.startswith("Say whether you look for another mentor")


def test_what_is_ended_stays_as_it_is(cast, pairing, mentor):
    actions.complete_pairing(pairing, cast.teacher)
    ended = "This pairing is ended. What is in it stays here to be read."
    assert refused(write, pairing, mentor) == ended
    assert refused(actions.send_message, pairing, mentor, "Hello") == ended
    assert refused(actions.complete_pairing, pairing, mentor).startswith("This was already answered.")


@pytest.mark.django_db(transaction=True)
def test_two_who_end_it_at_once_end_it_once(cast, pairing, mentor, together):
    first, second = Pairing.objects.get(), Pairing.objects.get()
    done = together(
        lambda: actions.complete_pairing(first, mentor), lambda: actions.dissolve_pairing(second, cast.teacher)
    )
    assert sorted(done) == ["done", "refused"]


@pytest.mark.django_db(transaction=True)
def test_a_message_and_an_end_at_once_leave_no_message_after_the_end(cast, pairing, mentor, together):
    done = together(
        lambda: actions.complete_pairing(Pairing.objects.get(), mentor),
        lambda: actions.send_message(Pairing.objects.get(), cast.teacher, "Hello"),
    )
    assert done[0] == "done"
    assert done[1] in {"done", "refused"}
    assert Message.objects.count() == (done[1] == "done")


ALLOWED = {
    ("mentor", "active"): {"complete", "dissolve"},
    ("teacher", "active"): {"complete", "dissolve"},
    ("coordinator", "active"): {"complete", "dissolve"},
}


@pytest.mark.parametrize("state", [it.value for it in Pairing.State])
@pytest.mark.parametrize("role", ["mentor", "teacher", "coordinator", "student", "guardian", "contact", "outsider"])
def test_ends_by_role_and_state(role, state, cast, pairing, mentor):
    child, guardian = child_in(pairing)
    people = {"mentor": mentor, "student": child, "guardian": guardian}
    person = people.get(role) or getattr(cast, role)
    pairing = Pairing.objects.with_people().get()
    pairing.state = state
    ends = {"complete", "dissolve"} & set(available_moves(person, pairing))
    assert ends == ALLOWED.get((role, state), set())
