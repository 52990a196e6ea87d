"""Whom rosters, read codes and lists of final works show, to whom, and what they say of each."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.models import AuditEntry
from courses import actions
from courses.actions.attendance import Press
from courses.attendance import ticket_path
from courses.models import Attendance, Run, Session
from courses.opening import in_run_zone
from members.actions import decide
from members.models import RecordView
from tests import factories as make
from tests.browsing import at, said
from tests.courses.conftest import page

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def hidden(going, cast, text):
    """A child in the run whose name may not be shown, and a coordinator of the region who does not keep the child."""
    cast.school.region = make.RegionFactory()
    cast.school.save()
    going.host = cast.school
    going.save()
    child = make.ChildFactory(family_name="Secretova")
    guardian = make.GuardianshipFactory(child=child).guardian
    decide(child, "taking_part", "granted", by=guardian, channel="link", text=text)
    enrolment = make.EnrolmentFactory(run=going, person=child)
    return enrolment, make.CoordinatorFactory(region=cast.school.region).person, guardian


def test_every_page_of_a_roster_conceals_and_notes_alike(going, session, hidden, cast, demo):
    enrolment, coordinator, guardian = hidden
    Run.objects.update(needs_work=True)
    work = actions.hand_in_work(enrolment, by=guardian, text="A lesson")
    pages = [
        page("session_attendance", session), ticket_path(enrolment), work.get_absolute_url(),
        reverse("courses:works", args=[going.public_id]), reverse("courses:works_to_read"),
    ]  # fmt: skip
    for reader, is_shown in ((coordinator, False), (cast.teacher, True)):
        for address in pages:
            before = RecordView.objects.filter(viewer=reader.public_id).count()
            answer = at(reader).get(address)
            seen = (answer.status_code, "Secretova" in answer.content.decode())
            noted = RecordView.objects.filter(viewer=reader.public_id, child=enrolment.person).count() - before
            assert (*seen, noted) == (200, is_shown, 1), address


def test_the_sentence_after_reading_a_code_conceals_as_its_page_does(session, hidden, demo):
    enrolment, coordinator, _guardian = hidden
    press = {"session": session.public_id, "mark": "present"}
    assert said(at(coordinator).post(ticket_path(enrolment), press, follow=True)) == ["(name not shown) is marked."]


def test_a_coordinator_reads_a_code_with_a_second_factor_only(session, mine, cast):
    coordinator, press = at(cast.coordinator), {"session": session.public_id, "mark": "late"}
    answers = [coordinator.get(ticket_path(mine)), coordinator.post(ticket_path(mine), press)]
    assert [it["Location"] for it in answers] == [reverse("mfa_index")] * 2
    assert not Attendance.objects.exists()


def test_roster_and_code_say_that_consent_is_gone(session, hidden, cast, text):
    enrolment, _coordinator, guardian = hidden
    pages = [page("session_attendance", session), ticket_path(enrolment)]

    def say():
        return ["Consent to taking part is missing" in at(cast.teacher).get(it).content.decode() for it in pages]

    assert say() == [False, False]
    decide(enrolment.person, "taking_part", "withdrawn", by=guardian, channel="link", text=text)
    assert say() == [True, True]


def test_a_roster_of_room_and_online_says_who_is_where(session, mine, online, cast):
    seen = at(cast.teacher).get(page("session_attendance", session)).content.decode()
    assert [seen.count(f'<span class="quiet">{word}</span>') for word in ("In the room", "Online")] == [1, 1]


def test_the_code_of_who_is_excused_says_so(session, mine, cast):
    actions.mark_attendance(session, [Press(mine.public_id, "excused")], by=cast.teacher)
    assert "Excused: On the roster" in at(cast.teacher).get(ticket_path(mine)).content.decode()


def test_a_leader_who_takes_part_has_no_buttons_for_themself(going, session, cast):
    own = make.EnrolmentFactory(run=going, person=cast.teacher)
    seen = at(cast.teacher).get(page("session_attendance", session)).content.decode()
    assert (f"{own.public_id}:present" in seen, "Another leader of the run marks you" in seen) == (False, True)


def test_the_trace_says_by_the_clock_of_the_run_when_it_was_pressed_and_when_it_came(session, mine, cast):
    Run.objects.update(time_zone="Asia/Vladivostok")
    Session.objects.update(starts_at=now() - 50 * HOUR, ends_at=now() - 48 * HOUR)
    for mark, ago in (("absent", 7200), ("late", 0)):
        actions.mark_attendance(session, [Press(mine.public_id, mark, ago)], by=cast.teacher)
    (line,) = at(cast.teacher).get(page("session_attendance", session)).context["lines"]
    run, entries = Run.objects.get(), AuditEntry.objects.filter(verb="courses.attendance.mark").order_by("pk")
    came = [in_run_zone(run, it.at) for it in entries]
    pressed = in_run_zone(run, entries[0].at - 2 * HOUR)
    assert [it.said for it in line.trace] == [
        f"{pressed} (sent {came[0]}), {cast.teacher.full_name}: Absent",
        f"{came[1]}, {cast.teacher.full_name}: Absent → Late",
    ]
    assert came[1].endswith("Vladivostok time")
    assert line.said == f"On the roster, {came[1].rpartition(',')[0]}"
