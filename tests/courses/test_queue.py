"""The waiting list in words, leaving it by a mailed link, and what those online see that those in the room do not."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now as instant

from cluster_portal.delivery import deliver_due_mail
from cluster_portal.hooks import mail_kinds
from cluster_portal.links import read_link, signed_token
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused
from courses import actions
from courses.attendance import link_of
from courses.holding import hold_until
from courses.models import Enrolment, Run
from members.actions import decide, end_guardianship, suspend_person
from members.models import ConsentText
from tests import factories as make

pytestmark = pytest.mark.django_db
State = Enrolment.State


@pytest.fixture
def waiting(run, cast):
    run.pools.update(taken=2)
    return actions.enrol(run, cast.teacher, by=cast.teacher)


def link_for(it, reader):
    return reverse("courses:leave", args=[signed_token("courses.leave", f"{it.public_id}.{reader.public_id}")])


def leave_link(enrolment):
    return link_for(enrolment, enrolment.person)


def page_for(run, person):
    client = Client()
    client.force_login(person)
    return client.get(run.get_absolute_url()).content.decode()


def now(it):
    return type(it).objects.get(pk=it.pk)


def test_reading_the_link_leaves_nothing_and_pressing_leaves(client, waiting):
    page = client.get(leave_link(waiting)).content.decode()
    assert ("is number 1 in the queue" in page, now(waiting).state) == (True, State.WAITING)
    client.post(leave_link(waiting))
    assert now(waiting).state == State.CANCELLED
    assert "there is nothing to leave" in client.get(leave_link(waiting)).content.decode()


def test_the_mail_has_the_link_and_the_place_in_the_queue(waiting):
    mail = OutboxMail.objects.get(template="courses/waiting")
    said = " ".join(mail.body_text.split())
    assert ("You are number 1 in the queue." in said, "Leave the queue: ⟦leave⟧" in said) == (True, True)


@pytest.mark.parametrize("token", ["nonsense", "76kquthgr6e2:1xUxx8:sA0E2gmeN"])
def test_a_forged_link_is_404(client, token):
    assert client.get(reverse("courses:leave", args=[token])).status_code == 404


def test_the_link_of_an_offer_does_not_leave(client, waiting):
    said = f"{waiting.public_id}.{waiting.person.public_id}"
    offer = reverse("courses:leave", args=[signed_token("courses.offer", said)])
    assert (client.post(offer).status_code, now(waiting).state) == (404, State.WAITING)


def test_who_is_kept_out_cannot_use_the_link(client, waiting):
    waiting.person.suspended_at = waiting.asked_at
    waiting.person.save()
    assert client.post(leave_link(waiting)).status_code == 404


def test_who_was_offered_a_place_meanwhile_reads_so_before_leaving(client, waiting, run):
    run.pools.update(taken=0)
    actions.offer_free_places(run.pools.get())
    assert "has more than a place in the queue now" in client.get(leave_link(waiting)).content.decode()


def test_the_page_shows_the_place_in_the_queue_and_one_click_leaves(waiting, run, cast):
    page = page_for(run, cast.teacher)
    assert ("Number 1 in the queue" in page, "Leave" in page) == (True, True)


def test_an_offer_that_lapsed_says_so(waiting):
    Enrolment.objects.filter(pk=waiting.pk).update(state="lapsed")
    assert now(waiting).get_state_display() == "Not answered in time"


def test_only_those_online_are_led_to_joining_and_a_sessions_own_link_goes_first(run, pool, cast):
    run.online_link = "https://meet.example.net/run"
    run.save()
    online = make.PoolFactory(run=run, sort="online")
    actions.enrol(run, cast.teacher, by=cast.teacher, pool=pool.public_id)
    actions.enrol(run, cast.colleague, by=cast.colleague, pool=online.public_id)
    pages = [page_for(run, it) for it in (cast.teacher, cast.colleague)]
    assert ["/join/" in it for it in pages] == [False, True]
    links = [link_of(run.sessions.get())]
    run.sessions.update(online_link="https://meet.example.net/session")
    links.append(link_of(run.sessions.get()))
    assert links == ["https://meet.example.net/run", "https://meet.example.net/session"]


def test_a_changed_link_is_told_to_those_online_only(run, pool, cast):
    online = make.PoolFactory(run=run, sort="online")
    actions.enrol(run, cast.teacher, by=cast.teacher, pool=pool.public_id)
    actions.enrol(run, cast.colleague, by=cast.colleague, pool=online.public_id)
    actions.change_run(run, by=cast.coordinator, online_link="https://meet.example.net/new")
    assert [it.to for it in OutboxMail.objects.filter(template="courses/sessions_changed")] == [cast.colleague]


def test_an_offer_that_is_held_meanwhile_does_not_lapse(run, cast):
    """Somebody accepted between the look of beat and its lock: the hold has days of its own."""
    seen = make.EnrolmentFactory(run=run, state="offered")
    Enrolment.objects.filter(pk=seen.pk).update(state="held", offered_until=None, held_until=seen.offered_until)
    with pytest.raises(Refused):
        actions.lapse_enrolment(seen)
    assert now(seen).state == State.HELD


@pytest.fixture
def full(run, cast):
    """Both places are taken."""
    return [actions.enrol(run, it, by=it) for it in (cast.teacher, cast.colleague)]


@pytest.fixture
def child(cast):
    child = make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory()).person
    make.GuardianshipFactory(child=child)
    return child


def say(child, decision):
    text = ConsentText.objects.first() or make.ConsentTextFactory()
    guardian = child.guarded_by.now().first().guardian
    decide(child, "taking_part", decision, by=guardian, channel="link", text=text)


def queue_of(run, *people):
    return [actions.enrol(run, it, by=it) for it in people]


def test_a_place_is_not_offered_to_a_child_to_whose_coming_somebody_said_no(full, run, child, cast):
    first, second = queue_of(run, child, make.AffiliationFactory(institution=cast.school).person)
    say(child, "refused")
    actions.cancel_enrolment(full[0], by=cast.teacher)
    assert (now(first).state, now(second).state) == (State.WAITING, State.OFFERED)


def test_after_the_no_is_taken_back_the_child_is_next(full, run, child, cast):
    (first,) = queue_of(run, child)
    say(child, "refused")
    actions.cancel_enrolment(full[0], by=cast.teacher)
    say(child, "granted")
    actions.release_reserves()
    assert now(first).state == State.OFFERED


def test_a_free_place_that_the_queue_cannot_take_is_for_whoever_comes(full, run, child, cast):
    queue_of(run, child)
    say(child, "refused")
    actions.cancel_enrolment(full[0], by=cast.teacher)
    assert queue_of(run, make.AffiliationFactory(institution=cast.school).person)[0].state == State.CONFIRMED


def test_a_place_is_not_offered_to_who_is_suspended(full, run, cast):
    third, fourth = (make.AffiliationFactory(institution=cast.school).person for _number in range(2))
    first, second = queue_of(run, third, fourth)
    suspend_person(third, by=cast.coordinator)
    actions.cancel_enrolment(full[0], by=cast.teacher)
    assert (now(first).state, now(second).state) == (State.WAITING, State.OFFERED)


def test_an_afternoon_of_a_long_course_leaves_more_than_minutes_to_answer(full, run, cast, time_machine):
    """The next session but one says until when, while it leaves more time."""
    start = run.sessions.get().starts_at
    make.SessionFactory(run=run, starts_at=start + timedelta(days=1), ends_at=start + timedelta(days=1, hours=1))
    time_machine.move_to(start - timedelta(minutes=4), tick=False)
    assert run.offers_until(start - timedelta(minutes=4)) == start + timedelta(days=1)
    assert hold_until(run, start - timedelta(minutes=4)) == start + timedelta(days=1)


def test_before_the_last_session_its_start_says_until_when(run):
    start = run.sessions.get().starts_at
    assert run.offers_until(start - timedelta(minutes=4)) == start
    assert run.offers_until(start) is None


def test_a_run_that_gives_an_hour_needs_no_more_than_an_hour(run):
    start = run.sessions.get().starts_at
    make.SessionFactory(run=run, starts_at=start + timedelta(days=7), ends_at=start + timedelta(days=7, hours=1))
    run.offer_hours = 1
    assert run.offers_until(start - timedelta(hours=2)) == start - timedelta(hours=1)
    assert run.offers_until(start - timedelta(minutes=4)) == start + timedelta(minutes=56)


def test_after_the_last_session_nobody_enrols(run, cast):
    run.sessions.update(starts_at=instant() - timedelta(hours=3), ends_at=instant() - timedelta(hours=2))
    with pytest.raises(Refused, match="This run is over"):
        actions.enrol(run, cast.teacher, by=cast.teacher)
    page = page_for(run, cast.teacher)
    assert ("This run is over." in page, "Enrolment closed" in page) == (True, False)
    assert Run.objects.open_on(instant()).count() == 0


def test_the_link_of_a_guardian_leaves_in_the_name_of_the_guardian(client, full, run, child):
    (it,) = queue_of(run, child)
    guardian = child.guarded_by.get().guardian
    client.post(link_for(it, guardian))
    line = AuditEntry.objects.get(verb="courses.enrolment.cancel")
    assert (now(it).state, line.actor) == (State.CANCELLED, guardian.public_id)


def test_the_link_of_a_former_guardian_leaves_nothing(client, full, run, child, cast):
    (it,) = queue_of(run, child)
    guardianship = child.guarded_by.get()
    end_guardianship(guardianship, by=cast.coordinator)
    link = link_for(it, guardianship.guardian)
    assert (client.get(link).status_code, client.post(link).status_code) == (404, 404)
    assert now(it).state == State.WAITING


def test_each_reader_of_the_mail_has_a_link_of_their_own(full, run, child):
    child.contact_email = "child@example.org"
    child.save()
    (it,) = queue_of(run, child)
    mails, secrets = OutboxMail.objects.filter(template="courses/waiting"), mail_kinds["courses/waiting"].secrets
    readers, links = {mail.to.public_id for mail in mails}, [secrets(mail)["leave"] for mail in mails]
    tokens = {read_link("courses.leave", link.rstrip("/").rpartition("/")[2]) for link in links}
    assert tokens == {f"{it.public_id}.{reader}" for reader in readers}
    assert len(tokens) == 2


@pytest.mark.parametrize(("ends", "sent"), [(False, 1), (True, 0)])
def test_mail_about_a_session_reaches_who_is_a_guardian_still(ends, sent, child, cast, mailoutbox):
    meeting = make.RunFactory(course__kind="event")
    make.PoolFactory(run=meeting)
    chosen = make.SessionFactory(run=meeting)
    make.PoolFactory(run=None, session=chosen)
    make.ConsentTextFactory()
    guardianship = child.guarded_by.get()
    actions.choose_seat(actions.enrol(meeting, child, by=child), chosen, by=child)
    if ends:
        end_guardianship(guardianship, by=cast.coordinator)
    deliver_due_mail()
    about = OutboxMail.objects.filter(template="courses/seat_chosen", to=guardianship.guardian, state="sent")
    assert about.count() == sent
