"""Nothing falls through: half-way whoever owes is reminded; at the end a proposal lapses, an open request rises."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused
from cluster_portal.reminders import queue_due_reminders
from mentorship import actions, tasks
from mentorship.actions import overdue
from mentorship.models import Mentor, MentorRequest
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = pytest.mark.django_db
ASKED = datetime(2027, 3, 1, 9, tzinfo=UTC)
DUE, HALF = ASKED + timedelta(days=7), ASKED + timedelta(days=3, hours=12)
MINUTE = timedelta(minutes=1)
ROSE = "mentorship/request_rose"


@pytest.fixture
def request_(cast):
    return pair.MentorRequestFactory(asked_at=ASKED)


def proposal(state="proposed", **facts):
    return pair.PairingFactory(state=state, request__asked_at=ASKED, **facts)


def beat(at):
    with time_machine.travel(at, tick=False):
        return tasks.answer_overdue()


def remind(at):
    with time_machine.travel(at, tick=False):
        queue_due_reminders(at)


def fresh(it):
    return type(it).objects.get(pk=it.pk)


def mails(template):
    rows = OutboxMail.objects.filter(template=template).exclude(state="cancelled").order_by("pk")
    return [(it.to_id, it.not_before) for it in rows]


def test_an_open_request_rises_once_its_time_is_over(cast, request_):
    assert beat(DUE - MINUTE) == 0
    assert beat(DUE) == 1
    request_ = fresh(request_)
    assert (request_.state, request_.risen_at) == ("open", DUE)
    assert request_.answer_by == DUE + timedelta(days=7)
    assert mails(ROSE) == [(cast.coordinator.pk, DUE)]
    assert AuditEntry.objects.get(verb="mentorship.mentorrequest.rise").values == {"answer_by": str(DUE)}
    assert beat(DUE + MINUTE) == 0


def test_it_rises_again_each_time_and_says_since_when(cast, request_):
    for number in range(3):
        assert beat(DUE + number * timedelta(days=7)) == 1
    assert fresh(request_).risen_at == DUE
    assert len(mails(ROSE)) == 3


def test_the_coordinators_of_its_region_are_told(cast):
    region = make.RegionFactory()
    regional = make.CoordinatorFactory(region=region).person
    pair.MentorRequestFactory(asked_at=ASKED, affiliation__institution__region=region)
    beat(DUE)
    assert [to for to, _at in mails(ROSE)] == [regional.pk]


@pytest.mark.parametrize("state", ["paired", "withdrawn", "closed"])
def test_what_nobody_owes_an_answer_to_does_not_rise(cast, state):
    pair.MentorRequestFactory(asked_at=ASKED, state=state)
    assert beat(DUE) == 0


@pytest.mark.parametrize("state", ["proposed", "accepted"])
def test_what_nobody_answers_lapses_and_is_open_with_a_new_clock(cast, state):
    it = proposal(state)
    assert beat(DUE - MINUTE) == 0
    assert beat(DUE) == 1
    request = fresh(it.request)
    assert (fresh(it).state, request.state, request.risen_at) == ("lapsed", "open", None)
    assert request.answer_by == DUE + timedelta(days=7)
    assert beat(DUE + timedelta(days=7)) == 1
    assert fresh(it.request).risen_at == DUE + timedelta(days=7)


def test_running_twice_changes_nothing_more(cast, request_):
    it = proposal()
    assert beat(DUE) == 2
    counts = (OutboxMail.objects.count(), AuditEntry.objects.count())
    assert beat(DUE) == 0
    assert (OutboxMail.objects.count(), AuditEntry.objects.count()) == counts
    assert fresh(it).state == "lapsed"


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_tell_once(cast, together):
    request = pair.MentorRequestFactory(asked_at=ASKED)
    assert set(together(lambda: overdue.answer_overdue(DUE), lambda: overdue.answer_overdue(DUE))) == {"done"}
    assert fresh(request).risen_at == DUE
    assert OutboxMail.objects.filter(template=ROSE).count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_accepts_while_it_lapses_is_told_or_is_in_time(cast, together):
    it = proposal()
    with time_machine.travel(DUE, tick=False):
        results = together(
            lambda: overdue.answer_overdue(DUE),
            lambda: actions.accept_proposal(fresh(it), by=it.mentor.person),
        )
    states = (fresh(it).state, fresh(it.request).state)
    assert (results[1], states) in [("refused", ("lapsed", "open")), ("done", ("accepted", "accepted"))]


def test_what_was_answered_between_the_look_and_the_lock_does_not_rise(request_):
    stale = fresh(request_)
    actions.withdraw_request(request_, by=request_.by)
    with pytest.raises(Refused, match="meanwhile"):
        overdue.rise_request(stale, DUE)


def test_a_row_that_fails_does_not_hold_up_the_rest(cast, request_, monkeypatch):
    broken = request_
    other = pair.MentorRequestFactory(asked_at=ASKED)
    rise = overdue.rise_request

    def rise_or_fail(request, at):
        if request.pk == broken.pk:
            raise RuntimeError
        rise(request, at)

    monkeypatch.setattr(overdue, "rise_request", rise_or_fail)
    assert beat(DUE) == 1
    assert (fresh(broken).risen_at, fresh(other).risen_at) == (None, DUE)


def test_half_way_the_coordinator_is_reminded_once(cast, request_):
    for at in (HALF - timedelta(days=2), HALF - MINUTE, HALF, HALF + MINUTE, DUE - MINUTE):
        remind(at)
    assert mails("mentorship/open_waits") == [(cast.coordinator.pk, HALF)]


def test_half_way_the_mentor_is_reminded_and_after_a_yes_the_teacher(cast):
    asked, agreed = proposal(), proposal("accepted")
    remind(HALF)
    assert mails("mentorship/proposal_waits") == [(asked.mentor.person_id, HALF)]
    assert mails("mentorship/agreement_waits") == [(agreed.request.by_id, HALF)]
    assert mails("mentorship/open_waits") == []


@pytest.mark.parametrize("days", [30, 2])
def test_half_way_is_that_of_the_clock_that_runs_whatever_is_agreed_since(cast, request_, days):
    asked, agreed = proposal(), proposal("accepted")
    with time_machine.travel(ASKED + timedelta(hours=1), tick=False):
        actions.change_terms(by=cast.coordinator, answer_days=days, stalled_weeks=4)
    for day in range(8):
        remind(ASKED + timedelta(days=day))
    assert mails("mentorship/open_waits") == [(cast.coordinator.pk, HALF)]
    assert mails("mentorship/proposal_waits") == [(asked.mentor.person_id, HALF)]
    assert mails("mentorship/agreement_waits") == [(agreed.request.by_id, HALF)]


def test_who_has_answered_is_not_reminded(cast, request_):
    it = proposal()
    remind(HALF - timedelta(hours=20))
    assert len(mails("mentorship/open_waits") + mails("mentorship/proposal_waits")) == 2
    with time_machine.travel(HALF - timedelta(hours=19), tick=False):
        actions.close_request(request_, by=cast.coordinator, reason="No.")
        actions.withdraw_request(it.request, by=it.request.by)
    remind(HALF)
    assert mails("mentorship/open_waits") + mails("mentorship/proposal_waits") == []


def test_of_what_has_risen_nobody_is_reminded_half_way(cast, request_):
    beat(DUE)
    remind(DUE + timedelta(days=3, hours=12))
    assert mails("mentorship/open_waits") == []


def test_more_requests_cost_no_more_questions(cast):
    counts = []
    for number in (2, 5):  # one mail alone is written a shorter way
        MentorRequest.objects.all().delete()
        for _ in range(number):
            pair.MentorRequestFactory(asked_at=ASKED, affiliation__institution__region=make.RegionFactory())
        with time_machine.travel(HALF, tick=False), CaptureQueriesContext(connection) as seen:
            queue_due_reminders(HALF)
        counts.append(len(seen))
        OutboxMail.objects.all().delete()
    assert counts[0] == counts[1]


def test_mentors_are_reminded_before_their_clearance_ends(cast):
    mentor = pair.MentorFactory(clearance_until=datetime(2027, 5, 31).date())
    for at in (datetime(2027, 5, 1, 9, 30, tzinfo=UTC), datetime(2027, 5, 24, 9, 30, tzinfo=UTC)):
        remind(at)
        remind(at + MINUTE)
    assert [at for _to, at in mails("mentorship/clearance_ending")] == [
        datetime(2027, 5, 1, 9, tzinfo=UTC),
        datetime(2027, 5, 24, 9, tzinfo=UTC),
    ]
    assert {to for to, _at in mails("mentorship/clearance_ending")} == {mentor.person_id}


def test_who_is_cleared_anew_is_not_reminded_of_the_old_day(cast):
    mentor = pair.MentorFactory(clearance_until=datetime(2027, 5, 31).date())
    remind(datetime(2027, 4, 30, 20, tzinfo=UTC))
    assert len(mails("mentorship/clearance_ending")) == 1
    with time_machine.travel(datetime(2027, 4, 30, 21, tzinfo=UTC), tick=False):
        actions.note_clearance(mentor, by=cast.coordinator, until=datetime(2028, 5, 31).date())
    remind(datetime(2027, 4, 30, 22, tzinfo=UTC))
    assert mails("mentorship/clearance_ending") == []


def test_a_pause_ends_by_itself_on_its_day_and_they_are_told(cast):
    until = datetime(2027, 3, 10).date()
    back = pair.MentorFactory(state="paused", paused_until=until)
    without_a_day = pair.MentorFactory(state="paused")
    for at, number in ((datetime(2027, 3, 9, 23, tzinfo=UTC), 0), (datetime(2027, 3, 10, 1, tzinfo=UTC), 1)):
        with time_machine.travel(at, tick=False):
            assert tasks.resume_due() == number
    assert [fresh(it).state for it in (back, without_a_day)] == ["active", "paused"]
    assert mails("mentorship/resumed") == [(back.person_id, datetime(2027, 3, 10, 1, tzinfo=UTC))]
    assert Mentor.objects.active().get() == back
