"""Asking for feedback: the questions at the desk, the mails after the last session."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal import hooks
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from cluster_portal.reminders import queue_due_reminders
from courses import actions
from courses.completion import completion_of
from courses.feedback import OPEN_FOR, why_no_feedback
from courses.models import Enrolment, FeedbackQuestion
from tests import factories as make
from tests.browsing import at, said
from tests.courses.conftest import silent
from tests.courses.test_feedback import give

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_the_standard_questions_are_in_the_language_of_the_course(cast, demo):
    run = make.RunFactory(course__language="en")
    client = at(cast.coordinator)
    offered = client.get(reverse("courses:desk_feedback", args=[run.public_id])).context["standard"]
    page = client.post(reverse("courses:desk_feedback_standard", args=[run.public_id]), follow=True)
    assert said(page) == ["The standard questions are asked when the last session is over."]
    assert [it.text for it in page.context["rows"]] == offered
    assert [it.kind for it in page.context["rows"]] == ["scale"] * 4 + ["text"] * 2


def test_they_are_offered_where_nothing_is_asked(over, cast):
    with pytest.raises(Refused, match="Questions are there already"):
        actions.ask_standard_questions(over, by=cast.coordinator)


def test_the_desk_adds_orders_corrects_and_removes(over, cast, demo):
    client = at(cast.coordinator)
    client.post(reverse("courses:desk_feedback", args=[over.public_id]), {"text": "It was fun.", "kind": "scale"})
    first, second, third = over.feedback_questions.all()
    client.post(reverse("courses:desk_feedback_question", args=[over.public_id, first.public_id]),
                {"text": "It was very clear.", "kind": "scale"})  # fmt: skip
    act = "courses:desk_act_on_feedback_question"
    client.post(reverse(act, args=[over.public_id, third.public_id]), {"move": "up"})
    client.post(reverse(act, args=[over.public_id, second.public_id]), {"move": "remove"})
    rows = over.feedback_questions.values_list("position", "text")
    assert list(rows) == [(1, "It was very clear."), (2, "It was fun.")]
    assert client.post(reverse(act, args=[over.public_id, first.public_id]), {"move": "fly"}).status_code == 404


@pytest.mark.parametrize("how", ["add", "change", "up", "remove"])
def test_once_somebody_has_answered_the_questions_stay(how, over, cast):
    give(over)
    _scale, it = over.feedback_questions.all()
    change = {
        "add": lambda: actions.add_feedback_question(over, cast.coordinator, text="More", kind="text"),
        "change": lambda: actions.change_feedback_question(it, cast.coordinator, text="More"),
        "up": lambda: actions.move_feedback_question_up(it, cast.coordinator),
        "remove": lambda: actions.remove_feedback_question(it, cast.coordinator),
    }[how]
    with pytest.raises(Refused, match="Somebody has answered already"):
        change()


def test_the_desk_offers_no_change_once_somebody_has_answered(over, cast, demo):
    client, address = at(cast.coordinator), reverse("courses:desk_feedback", args=[over.public_id])
    before = client.get(address).content.decode().count("<form")
    give(over)
    page = client.get(address)
    assert (page.context["stays"], before - page.content.decode().count("<form")) == (True, 4)


def test_the_first_question_cannot_go_up(over, cast):
    with pytest.raises(Refused, match="the first already"):
        actions.move_feedback_question_up(over.feedback_questions.first(), cast.coordinator)


def test_a_run_that_needs_feedback_asks_something(cast, demo):
    run = make.RunFactory()
    actions.change_run(run, by=cast.coordinator, needs_feedback=True)
    assert run.feedback_questions.count() == 6
    FeedbackQuestion.objects.filter(position__gt=1).delete()
    with pytest.raises(Refused, match="something has to be asked"):
        actions.remove_feedback_question(run.feedback_questions.get(), by=cast.coordinator)


def test_what_is_given_again_asks_the_same(over, cast):
    copy = actions.repeat_run(over, by=cast.coordinator, title="Again", first_day=(now() + 9 * DAY).date())
    assert [it.text for it in copy.feedback_questions.all()] == ["It was clear.", "What helped?"]


@pytest.mark.parametrize("name", ["teacher", "instructor"])
def test_questions_are_kept_at_the_desk(name, over, instructor, cast):
    client = at(instructor if name == "instructor" else getattr(cast, name))
    assert client.get(reverse("courses:desk_feedback", args=[over.public_id])).status_code == 403


# The mails


@pytest.fixture
def ending(db):
    """A run whose last session ends in two hours."""
    run = make.RunFactory()
    make.SessionFactory(run=run, starts_at=now() - DAY)
    make.SessionFactory(run=run, starts_at=now() + timedelta(minutes=30))
    make.FeedbackQuestionFactory(run=run)
    silent(run)
    return run


def mails(template="asked", **facts):
    return OutboxMail.objects.filter(template=f"courses/feedback_{template}", **facts).order_by("pk")


def test_the_mail_leaves_an_hour_after_the_last_session_and_a_reminder_once(ending, time_machine):
    it, end = make.EnrolmentFactory(run=ending), ending.sessions.last().ends_at
    make.EnrolmentFactory(run=ending, state="waiting")
    queue_due_reminders()
    assert [(mail.to, mail.not_before, mail.not_after) for mail in mails()] == [(it.person, end + HOUR, end + OPEN_FOR)]
    time_machine.move_to(end + 5 * DAY)
    for _ in range(3):
        queue_due_reminders()
    assert [(mail.to, mail.not_before) for mail in mails("reminder")] == [(it.person, end + HOUR + 5 * DAY)]


def test_child_and_guardian_are_both_asked(ending, guardianship):
    enrolment = guardianship.child.enrolments.get()
    Enrolment.objects.filter(pk=enrolment.pk).update(run=ending)
    guardianship.child.contact_email = "child@example.org"
    guardianship.child.save()
    queue_due_reminders()
    assert set(mails().values_list("to", flat=True)) == {guardianship.child.pk, guardianship.guardian.pk}
    mail = mails(to=guardianship.guardian).get()
    secret = hooks.mail_kinds[mail.template].secrets(mail)["feedback"]
    assert Client().get(secret.replace("http://testserver", "")).status_code == 200


def test_who_has_given_it_is_not_reminded(ending, time_machine):
    it, end = make.EnrolmentFactory(run=ending), ending.sessions.last().ends_at
    queue_due_reminders()
    time_machine.move_to(end + 4 * DAY + 2 * HOUR)
    queue_due_reminders()
    mail = mails("reminder").get()
    due = hooks.mail_kinds[mail.template].still_due
    before = due(mail)
    actions.give_feedback(it, by=it.person, answers={ending.feedback_questions.get().public_id: 3})
    queue_due_reminders()
    mail.refresh_from_db()
    assert (before, due(mail), mail.state) == (True, False, "cancelled")


def test_a_session_that_moves_the_end_moves_the_mail(ending):
    make.EnrolmentFactory(run=ending)
    queue_due_reminders()
    later = make.SessionFactory(run=ending, starts_at=now() + 3 * HOUR)
    queue_due_reminders()
    assert list(mails().values_list("state", "not_before")) == [
        ("cancelled", ending.sessions.all()[1].ends_at + HOUR),
        ("queued", later.ends_at + HOUR),
    ]


def test_nobody_is_asked_about_what_asks_nothing(ending):
    make.EnrolmentFactory(run=ending)
    ending.feedback_questions.all().delete()
    queue_due_reminders()
    assert mails().count() == 0


def test_as_many_queries_for_six_people_as_for_two(ending):
    counts = []
    for more in (2, 4):
        make.EnrolmentFactory.create_batch(more, run=ending)
        OutboxMail.objects.all().delete()
        queue_due_reminders()
        OutboxMail.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            queue_due_reminders()
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_questions_that_came_late_are_sent_by_hand_once(over, instructor):
    first, second = make.EnrolmentFactory(run=over), make.EnrolmentFactory(run=over)
    silent(over)
    Enrolment.objects.filter(pk=first.pk).update(feedback_on=now().date())
    client, address = at(instructor), reverse("courses:ask_for_feedback", args=[over.public_id])
    assert client.get(reverse("courses:feedback_results", args=[over.public_id])).context["mails"] == 1
    assert said(client.post(address, follow=True)) == ["1 mail is on its way."]
    queue_due_reminders()
    assert list(mails().values_list("to", "state")) == [(second.person_id, "queued")]
    assert said(client.post(address, follow=True)) == [
        "Everybody who can be reached was asked already, and is reminded once."
    ]


def test_nobody_is_asked_by_hand_before_the_end(run, cast):
    make.FeedbackQuestionFactory(run=run)
    with pytest.raises(Refused, match="when the last session is over"):
        actions.ask_for_feedback(run, by=cast.coordinator)


def test_who_was_never_asked_is_not_reminded(over, time_machine):
    """The questions came two days after the end: nobody had the mail that asks."""
    make.EnrolmentFactory(run=over)
    silent(over)
    time_machine.move_to(over.sessions.get().ends_at + 5 * DAY)
    queue_due_reminders()
    assert OutboxMail.objects.count() == 0


def test_who_was_asked_by_hand_is_reminded_five_days_later(over, instructor, time_machine):
    it = make.EnrolmentFactory(run=over)
    silent(over)
    time_machine.move_to(now() + 30 * DAY, tick=False)
    pressed = now()
    actions.ask_for_feedback(over, by=instructor)
    time_machine.move_to(pressed + 4 * DAY + HOUR)
    queue_due_reminders()
    assert [(mail.to, mail.not_before) for mail in mails("reminder")] == [(it.person, pressed + 5 * DAY)]


def test_four_are_not_asked_because_nobody_could_read_them(over, instructor):
    for _ in range(4):
        it = make.EnrolmentFactory(run=over)
    make.EnrolmentFactory(run=over, person=instructor)
    with pytest.raises(Refused, match="Fewer than five took part"):
        actions.ask_for_feedback(over, by=instructor)
    queue_due_reminders()
    shown = at(instructor).get(reverse("courses:feedback_results", args=[over.public_id])).context
    assert (OutboxMail.objects.count(), shown["mails"], shown["in_vain"]) == (0, 0, True)
    assert at(it.person).get(over.get_absolute_url()).context["asks_feedback"] is False


def test_four_are_asked_where_it_is_needed_to_complete(over, instructor):
    make.EnrolmentFactory.create_batch(4, run=over)
    type(over).objects.filter(pk=over.pk).update(needs_feedback=True)
    assert actions.ask_for_feedback(over, by=instructor) == 4


def test_who_leads_the_run_is_not_asked_and_misses_nothing(over, instructor, cast):
    type(over).objects.filter(pk=over.pk).update(needs_feedback=True, attendance_needed=0)
    leading = [make.EnrolmentFactory(run=over, person=person) for person in (instructor, cast.coordinator)]
    silent(over)
    queue_due_reminders()
    assert [why_no_feedback(it, now()) for it in leading] == [
        "You lead this run and read what the others say, so you are not asked yourself."
    ] * 2
    assert OutboxMail.objects.count() == 0
    over.refresh_from_db()
    assert [completion_of(Enrolment.objects.get(pk=it.pk)).is_complete for it in leading] == [True, True]
    with pytest.raises(Refused, match="You lead this run"):
        actions.give_feedback(leading[0], by=instructor, answers={})


def test_the_button_goes_when_everybody_was_asked(over, instructor):
    make.EnrolmentFactory(run=over)
    silent(over)
    actions.ask_for_feedback(over, by=instructor)
    page = at(instructor).get(reverse("courses:feedback_results", args=[over.public_id]))
    assert (page.context["mails"], "Ask them now" in page.content.decode()) == (0, False)
