"""The waiting list in words, leaving it by a mailed link, and what those online see that those in the room do not."""

import pytest
from django.test import Client
from django.urls import reverse

from cluster_portal.links import signed_token
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from courses import actions
from courses.attendance import link_of
from courses.models import Enrolment
from tests import factories as make

pytestmark = pytest.mark.django_db
State = Enrolment.State


@pytest.fixture
def waiting(run, cast):
    run.pools.update(taken=2)
    return actions.enrol(run, cast.teacher, by=cast.teacher)


def leave_link(enrolment):
    return reverse("courses:leave", args=[signed_token("courses.leave", enrolment.public_id)])


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
    offer = reverse("courses:leave", args=[signed_token("courses.offer", waiting.public_id)])
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
