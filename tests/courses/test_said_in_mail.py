"""What mail says of a place that ended or waits is what happened: who ended it, what was missing, what helps now."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.models import OutboxMail
from cluster_portal.outbox import queue_mails
from cluster_portal.zones import zone_name
from courses import actions
from courses.models import Run
from courses.reminders import _bookings_due
from members.actions import decide
from tests import factories as make

pytestmark = pytest.mark.django_db
WORDS = "The group is for beginners."


@pytest.fixture
def wide(run):
    run.pools.update(places=100)
    return run


def say(child, text, decision="granted"):
    decide(child, "taking_part", decision, by=child.guarded_by.get().guardian, channel="link", text=text)


def picky(run):
    Run.objects.filter(pk=run.pk).update(needs_approval=True)
    run.refresh_from_db()
    return run


def mail(template, **facts):
    return OutboxMail.objects.filter(template=f"courses/{template}", **facts).latest("pk")


def paragraphs(it):
    return [" ".join(part.split()) for part in it.body_text.split("\n\n")]


# Classes


def test_a_teacher_reads_of_each_student_why_there_is_no_place(wide, group, children, cast, text):
    for child in children[:2]:
        say(child, text)
    booking = actions.book_class(picky(wide), group, children, cast.teacher)
    came, not_approved = (booking.enrolments.get(person=it) for it in children[:2])
    actions.approve_enrolment(came, by=cast.coordinator)
    actions.refuse_enrolment(not_approved, by=cast.coordinator, words=WORDS)
    say(children[2], text, "refused")
    said = paragraphs(mail("class_settled"))
    assert f"These students have a place for certain: - {children[0].full_name}" in said
    assert (
        f"These have none, because consent was refused: - {children[2].full_name}"
        " While enrolment is open you can bring them again, as soon as there is consent."
    ) in said
    expected = "These have none, because those who organise it did not approve their enrolment"
    assert f"{expected}: - {children[1].full_name}: {WORDS}" in said
    assert mail("class_settled").subject.startswith("Plan with 1 of 3 students")


def test_nobody_is_told_to_bring_students_again_when_enrolment_is_over(wide, group, children, cast, text):
    booking = actions.book_class(wide, group, children, cast.teacher)
    Run.objects.filter(pk=wide.pk).update(enrol_until=now())
    actions.lapse_overdue(booking.held_until)
    names = " ".join(f"- {it.full_name}" for it in children)
    it = mail("class_settled")
    assert f"These have none, because what was missing did not come in time: {names}" in paragraphs(it)
    assert "bring them again" not in it.body_text


@pytest.mark.parametrize("missing", ["consent", "approval"])
def test_a_teacher_is_asked_for_answers_only_where_consent_is_missing(wide, group, children, cast, text, missing):
    for child in children:
        say(child, text) if missing == "approval" else None
    booking = actions.book_class(picky(wide), group, children, cast.teacher)
    due = booking.held_until - timedelta(days=3)
    queue_mails(_bookings_due(due, due + timedelta(seconds=1)))
    it = mail("class_reminder")
    begin = {"consent": "Ask for the missing answers before", "approval": "Expect an answer before"}
    assert it.subject.startswith(begin[missing])
    assert ("reminds exactly those" in it.body_text, "reply to this mail to ask them" in it.body_text) == (
        missing == "consent", missing == "approval",
    )  # fmt: skip
    assert "UTC" in it.body_text


@pytest.mark.parametrize("how", ["take_out", "release"])
@pytest.mark.parametrize("who", ["teacher", "contact", "coordinator", "teacher who coordinates"])
def test_who_is_taken_out_reads_who_did_it(wide, group, children, cast, text, how, who):
    if who == "teacher who coordinates":
        make.CoordinatorFactory(person=cast.teacher)
    by = getattr(cast, who.split()[0])
    booking = actions.book_class(wide, group, children[:1], cast.teacher)
    if how == "release":
        actions.release_booking(booking, by=by)
    else:
        actions.cancel_enrolment(booking.enrolments.get(), by=by)
    it = mail("taken_out" if who == "coordinator" else "taken_out_of_class")
    doers = "Those who organise" if who == "coordinator" else "Those who brought the class to"
    named = f"{wide.course.title} ({wide.title})"
    assert paragraphs(it)[1] == f"{doers} {named} have ended the enrolment of {children[0].given_name}."
    assert it.subject.startswith("Check the plans of")


# Lapses


@pytest.mark.parametrize("template", ["offer_lapsed", "hold_lapsed"])
@pytest.mark.parametrize("is_open", [True, False])
def test_nobody_is_told_to_enrol_again_when_they_cannot(wide, cast, template, is_open):
    state = "offered" if template == "offer_lapsed" else "held"
    wide.pools.update(taken=1)
    Run.objects.filter(pk=wide.pk).update(needs_approval=True)  # a held place that misses nothing does not lapse
    it = make.EnrolmentFactory(run=wide, pool=wide.pools.get(), person=cast.teacher, state=state)
    if not is_open:
        Run.objects.filter(pk=wide.pk).update(enrol_until=now())
    actions.lapse_enrolment(it)
    sent = mail(template)
    begin = "Enrol again if you still want to:" if is_open else "Nothing more to do:"
    assert sent.subject.startswith(begin)
    again, over = "enrol again on the page" in sent.body_text, "Enrolment is over" in sent.body_text
    assert (again, over) == (is_open, not is_open)


def test_a_child_does_not_read_that_it_declined_what_a_guardian_declined(wide, group, children, cast, text):
    child = children[0]
    child.contact_email = "child@example.org"
    child.save()
    wide.pools.update(taken=1)
    it = make.EnrolmentFactory(run=wide, pool=wide.pools.get(), person=child, state="offered")
    actions.decline_offer(it, by=child.guarded_by.get().guardian)
    sent = mail("left", to=child)
    assert sent.subject == f"Nothing more to do: your place in {wide.course.title} was declined"
    assert f"Your place in {wide.course.title} was declined. It is free for others." in paragraphs(sent)


# On the page


def test_who_waits_for_places_that_are_kept_is_not_told_that_all_are_taken(run, pool, cast):
    other = make.PartyFactory(agreement=cast.agreement).institution
    actions.add_reserve(pool, other, 2, (now() + timedelta(days=3)).date(), by=cast.coordinator)
    client = Client()
    client.force_login(cast.teacher)
    response = client.post(reverse("courses:enrol", args=[run.public_id]), {"pool": pool.public_id}, follow=True)
    assert [str(it) for it in response.context["messages"]] == [
        "The free places are kept for others; you get a mail when one is free for you. You are number 1 in the queue."
    ]


def test_a_guardian_reads_the_same_of_the_child(run, pool, cast, children):
    other = make.PartyFactory(agreement=cast.agreement).institution
    actions.add_reserve(pool, other, 2, (now() + timedelta(days=3)).date(), by=cast.coordinator)
    child = children[0]
    client = Client()
    client.force_login(child.guarded_by.get().guardian)
    url = reverse("courses:enrol_child", args=[child.public_id, run.public_id])
    said = [str(it) for it in client.post(url, {"asked": "yes"}, follow=True).context["messages"]]
    assert said == [
        "The free places are kept for others; you get a mail when one is free for you."
        f" {child.given_name} is number 1 in the queue."
    ]


def test_until_when_a_place_is_held_is_said_with_its_zone(wide, cast, demo):
    actions.enrol(picky(wide), cast.teacher, by=cast.teacher)
    assert "UTC" in paragraphs(mail("held"))[1]
    client = Client()
    client.force_login(cast.coordinator)
    page = client.get(reverse("courses:desk_approvals"))
    said = re.findall(r'data-label="Held until">[^<]+, ([^<,]+)</td>', page.content.decode())
    assert said == [zone_name()]
