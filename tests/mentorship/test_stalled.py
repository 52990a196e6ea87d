"""Pairs that do not meet: asked once, then shown to the coordinator; any sign of life ends it."""

from datetime import timedelta

import pytest
import time_machine
from django.utils.timezone import localdate, now

from cluster_portal import hooks
from cluster_portal.models import OutboxMail
from mentorship import actions
from mentorship.models import Pairing
from mentorship.stalled import stalled_rows
from tests.mentorship import factories as mentoring

pytestmark = pytest.mark.django_db


@pytest.fixture
def pairing(cast):
    """Under way for five weeks, in which nobody met."""
    request = mentoring.MentorRequestFactory(affiliation=cast.teacher.affiliations.get(), state="paired")
    return mentoring.PairingFactory(request=request, began_on=localdate() - timedelta(weeks=5))


def mails():
    return list(OutboxMail.objects.filter(template="mentorship/nudge").order_by("to").values_list("to", flat=True))


def marks():
    it = Pairing.objects.get()
    return it.nudged_at is not None, it.stalled_at is not None


def test_both_are_asked_once(cast, pairing):
    assert (actions.notice_stalled(now()), actions.notice_stalled(now())) == (1, 0)
    assert (mails(), marks()) == (sorted([cast.teacher.pk, pairing.mentor.person_id]), (True, False))


def test_a_meeting_so_far_ahead_that_nobody_meets_till_then_keeps_nobody_from_being_asked(pairing):
    mentoring.MeetingFactory(pairing=pairing, starts_at=now() + timedelta(days=390))
    assert actions.notice_stalled(now()) == 1


@pytest.mark.parametrize(("weeks", "said"), [(1, "the next week."), (4, "the next 4 weeks.")])
def test_the_mail_says_for_how_long_none_is_planned(pairing, weeks, said):
    mentoring.TermsFactory(stalled_weeks=weeks)
    mentoring.MeetingFactory(pairing=pairing, starts_at=now() + timedelta(days=390))
    actions.notice_stalled(now())
    mail = OutboxMail.objects.filter(template="mentorship/nudge").first()
    assert f"and none is planned for {said}" in " ".join(mail.body_text.split())


def test_a_meeting_in_the_next_weeks_is_a_sign_of_life(pairing):
    mentoring.MeetingFactory(pairing=pairing, starts_at=now() + timedelta(weeks=3))
    assert actions.notice_stalled(now()) == 0


def test_a_week_later_the_coordinator_is_shown(cast, pairing):
    actions.notice_stalled(now())
    assert actions.notice_stalled(now() + timedelta(days=6)) == 0
    assert list(stalled_rows(cast.coordinator)) == []
    assert actions.notice_stalled(now() + timedelta(days=7)) == 1
    rows = list(stalled_rows(cast.coordinator))
    assert ([(it.count, it.url) for it in rows], list(stalled_rows(cast.contact))) == (
        [(1, pairing.get_absolute_url())],
        [],
    )
    assert len(mails()) == 2


def test_a_young_pairing_has_time(pairing):
    Pairing.objects.update(began_on=localdate() - timedelta(weeks=4))
    assert actions.notice_stalled(now()) == 0


def test_whoever_has_logged_or_planned_is_not_asked(cast, pairing):
    other = mentoring.PairingFactory(began_on=pairing.began_on)
    mentoring.LogEntryFactory(pairing=pairing, day=localdate() - timedelta(weeks=2))
    start = now() + timedelta(days=3)
    mentoring.MeetingFactory(pairing=other, starts_at=start)
    assert actions.notice_stalled(now()) == 0


def test_a_cancelled_meeting_is_no_sign_of_life(pairing):
    mentoring.MeetingFactory(pairing=pairing, starts_at=now() + timedelta(days=3), state="cancelled")
    assert actions.notice_stalled(now()) == 1


def test_the_terms_say_how_long(pairing):
    mentoring.TermsFactory(stalled_weeks=8)
    assert actions.notice_stalled(now()) == 0


@pytest.mark.parametrize("sign", ["log", "meeting"])
def test_a_sign_of_life_ends_it_and_the_mail_is_not_sent(cast, pairing, sign):
    actions.notice_stalled(now())
    actions.notice_stalled(now() + timedelta(days=7))
    mail = OutboxMail.objects.filter(template="mentorship/nudge").first()
    still_due = hooks.mail_kinds[mail.template].still_due
    assert (marks(), still_due(mail)) == ((True, True), True)
    it = Pairing.objects.with_people().get()
    if sign == "log":
        actions.write_log(it, by=cast.teacher, day=localdate(), minutes=30, what="We met")
    else:
        facts = {"time_zone": "UTC", "place": "Room 5"}
        start = now() + timedelta(days=2)
        actions.plan_meeting(it, cast.teacher, start, start + timedelta(hours=1), **facts)
    assert (marks(), still_due(mail), list(stalled_rows(cast.coordinator))) == ((False, False), False, [])


def test_a_pair_that_falls_silent_again_is_asked_again(cast, pairing):
    actions.notice_stalled(now())
    actions.write_log(pairing, by=cast.teacher, day=localdate(), minutes=30, what="We met")
    with time_machine.travel(now() + timedelta(weeks=5)):
        assert actions.notice_stalled(now()) == 1
    assert len(mails()) == 4


def test_what_is_ended_is_left_in_peace(pairing):
    actions.dissolve_pairing(pairing, by=pairing.mentor.person)
    assert actions.notice_stalled(now()) == 0


@pytest.mark.django_db(transaction=True)
def test_two_rounds_at_once_ask_once(pairing, together):
    at = now()
    assert together(lambda: actions.notice_stalled(at), lambda: actions.notice_stalled(at)) == ["done", "done"]
    assert len(mails()) == 2
