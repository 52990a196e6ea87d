"""A meeting with parallel workshops: choose, swap, wish for a full one and get it; on a phone, and without script."""

from datetime import UTC, datetime, timedelta

import pytest

from courses import actions
from courses.models import Seat
from members.models import Person
from tests import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOON, HOUR = datetime(2027, 3, 24, 9, tzinfo=UTC), timedelta(hours=1)


@pytest.fixture
def meeting(portal):
    """A plenary and three parallel workshops of one place each."""
    run = make.RunFactory(
        course__title="Meeting of coordinators", course__kind="event", title="March 2027", admits="everyone"
    )
    make.PoolFactory(run=run, places=60)
    make.SessionFactory(run=run, title="Opening", starts_at=NOON, ends_at=NOON + HOUR)
    for title in ("Mobile applications", "Project robotics", "3D modelling"):
        it = make.SessionFactory(run=run, title=title, starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
        make.PoolFactory(run=None, session=it, places=1)
    return run


def the_other_has(run, title):
    """Somebody else enrols and takes the place in a session."""
    person = Person.objects.get(email="teacher2@example.org")
    mine = run.enrolments.live().filter(person=person).first() or actions.enrol(run, person, by=person)
    return actions.choose_seat(mine, run.sessions.get(title=title), by=person)


@pytest.mark.parametrize("script", [True, False])
def test_choose_swap_wish_and_have_it(visit, meeting, script):
    teacher = visit("teacher", width=390, java_script_enabled=script)
    teacher.go(meeting.get_absolute_url())
    teacher.look("enrol first, then choose one of each")
    teacher.press("Enrol", exact=True)
    teacher.look("Sessions side by side are a choice: you can be in one of them.")
    teacher.press("Choose Mobile applications")
    teacher.sees("“Mobile applications” is yours.")
    teacher.look("Swap to this")
    taken = the_other_has(meeting, "3D modelling")
    teacher.press("Swap to this Project robotics")
    teacher.sees("“Project robotics” is yours.")
    teacher.press("Wish for it 3D modelling")
    teacher.sees("You wait for “3D modelling” and keep what you have.")
    teacher.look("You wait: number 1 in the queue")
    assert Seat.objects.get(session__title="Project robotics").state == Seat.State.CONFIRMED
    actions.give_up_seat(taken, by=taken.enrolment.person)
    teacher.go(meeting.get_absolute_url())
    teacher.look("You are in")
    mine = Seat.objects.confirmed().filter(enrolment__person__email="teacher@example.org")
    assert [it.session.title for it in mine.select_related("session")] == ["3D modelling"]
    teacher.press("Give up 3D modelling")
    teacher.sees("You gave up “3D modelling”.")
    teacher.follow("Programme to print")
    teacher.sees("Opening")


def test_a_session_is_chosen_with_the_keyboard_alone(visit, meeting):
    teacher = visit("teacher")
    person = Person.objects.get(email="teacher@example.org")
    mine = actions.enrol(meeting, person, by=person)
    teacher.go(meeting.get_absolute_url())
    button = teacher.page.get_by_role("button", name="Choose Project robotics")
    button.focus()
    teacher.page.keyboard.press("Enter")
    teacher.sees("“Project robotics” is yours.")
    assert mine.seats.confirmed().count() == 1


def test_a_coordinator_adds_a_parallel_session_and_reads_its_roster(visit, meeting):
    coordinator = visit("coordinator")
    coordinator.go(f"/desk/runs/{meeting.public_id}/")
    coordinator.follow("Add a session")
    coordinator.fill(
        title="Photography",
        speakers="Ms Orlova",
        starts_at="2027-03-24T13:00",
        ends_at="2027-03-24T14:00",
        room_places="8",
    )
    coordinator.look("Own places in the room")
    coordinator.press("Save")
    coordinator.look("The session is added.", "Photography")
    coordinator.go(f"/desk/runs/{meeting.public_id}/")
    session = meeting.sessions.get(title="Photography")
    coordinator.go(f"/desk/runs/{meeting.public_id}/sessions/{session.public_id}/roster/")
    coordinator.look("Nobody has chosen this session yet")
    coordinator.follow("Change the places")
    coordinator.look("Places in the room")
