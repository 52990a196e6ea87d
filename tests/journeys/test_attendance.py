"""An instructor marks a class on a phone whose network drops; a student comes in by codes; somebody joins online."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from cluster_portal.links import PATHS, signed_token
from courses.actions import mark_attendance
from courses.actions.attendance import Press
from courses.attendance import join_path, ticket_path
from members.models import Person
from tests import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 780}


@pytest.fixture
def session(portal):
    """A session that has just begun, taught by the demo's instructor, with four people in the room and one online."""
    run = make.RunFactory(
        course__title="AI for beginners", online_link=f"{portal}/privacy/", joining_counts=True, place="Room 12"
    )
    it = make.SessionFactory(run=run, title="Agents", starts_at=now() - timedelta(minutes=5))
    make.PoolFactory(run=run, places=30, taken=4)
    make.PoolFactory(run=run, places=30, taken=1, sort="online")
    run.instructors.add(Person.objects.get(email="instructor@example.org"))
    for name in ("Alpha", "Beta", "Gamma"):
        make.EnrolmentFactory(run=run, person__family_name=name, person__email=None, pool=run.pools.get(sort="room"))
    teacher = Person.objects.get(email="teacher@example.org")
    make.EnrolmentFactory(run=run, person=teacher, pool=run.pools.get(sort="online"))
    return it


def marks(session):
    rows = session.attendance.select_related("enrolment__person").order_by("enrolment__person__sort_name")
    return {it.enrolment.person.family_name: (it.mark, it.how) for it in rows}


def enrolment_of(session, name):
    return session.run.enrolments.get(person__family_name=name)


def wait_for(page, condition):
    """What the server holds follows the press: the page says so when nothing waits any more."""
    page.locator("[data-waits]:empty").wait_for(state="attached")
    assert condition()


def test_marks_are_kept_while_the_network_is_away_and_sent_when_it_is_back(visit, session):
    instructor = visit("instructor", **PHONE)
    instructor.look("You teach today", "Agents")
    instructor.follow("Mark attendance")
    instructor.look("All others are present", "Not marked yet")
    instructor.press("Present Alpha Anna")
    instructor.sees("On the roster,")
    wait_for(instructor.page, lambda: marks(session) == {"Alpha": ("present", "roster")})
    instructor.context.set_offline(True)
    instructor.press("Absent Alpha Anna")
    instructor.press("Late Beta Anna")
    instructor.press("All others are present")
    instructor.look("4 marks wait for the network", "Kept here, sent when the network is back")
    assert marks(session) == {"Alpha": ("present", "roster")}
    instructor.context.set_offline(False)
    wait_for(instructor.page, lambda: len(marks(session)) == 4)
    assert {name: mark for name, (mark, _how) in marks(session).items()} == {
        "Alpha": "absent", "Beta": "late", "Gamma": "present", enrolment_online(session): "present",
    }  # fmt: skip
    instructor.go(instructor.page.url)
    instructor.sees("What was changed")
    assert instructor.page.get_by_role("button", name="Late Beta Anna").get_attribute("aria-pressed") == "true"


ROSTER = "**/sessions/*/attendance/"


def open_roster(visit, session, of=None):
    """The instructor's phone at the roster of a session."""
    instructor = visit("instructor", **PHONE)
    instructor.go(f"/runs/{session.run.public_id}/sessions/{(of or session).public_id}/attendance/")
    instructor.sees("Not marked yet")
    return instructor


def answering(instructor, **answer):
    """What stands between this phone and the portal answers every press like this, until what is returned is called."""
    is_on = [True]

    def between(route):
        if is_on and route.request.method == "POST":
            route.fulfill(**answer)
        else:
            route.continue_()

    instructor.page.route(ROSTER, between)
    return is_on.clear


def try_again(instructor):
    instructor.page.evaluate("dispatchEvent(new Event('online'))")


ELSEWHERE = {"status": 200, "content_type": "text/html", "body": "<p>Welcome to the hotel</p>"}


@pytest.mark.parametrize("answer", [{"status": 503}, {"status": 429}, {"status": 408}, ELSEWHERE])
def test_a_mark_is_kept_until_the_portal_itself_has_taken_it(visit, session, answer):
    instructor = open_roster(visit, session)
    come_back = answering(instructor, **answer)
    instructor.press("Absent Alpha Anna")
    instructor.sees("1 mark waits for the network")
    instructor.sees("Kept here, sent when the network is back")
    come_back()
    try_again(instructor)
    wait_for(instructor.page, lambda: marks(session) == {"Alpha": ("absent", "roster")})
    instructor.complaints.clear()  # the answers were heard


def test_what_is_not_taken_is_said_kept_and_discarded_by_the_person_only(visit, session):
    instructor = open_roster(visit, session)
    instructor.context.set_offline(True)
    instructor.press("Absent Alpha Anna")
    session.run.instructors.clear()
    instructor.context.set_offline(False)
    instructor.look("Not taken: This roster is not open to you any more.", "Kept here, not taken")
    instructor.go("/me/")
    instructor.look("Not taken: This roster is not open to you any more.")
    instructor.page.get_by_role("button", name="Discard what was not taken").click()
    wait_for(instructor.page, lambda: marks(session) == {})


def test_a_refusal_for_another_roster_is_said_and_kept_marks_leave_from_every_page(visit, session):
    other = make.SessionFactory(run=session.run, title="Other", starts_at=now() - timedelta(minutes=90))
    instructor = open_roster(visit, session, of=other)
    instructor.context.set_offline(True)
    instructor.press("Absent Alpha Anna")
    type(other).objects.filter(pk=other.pk).update(state="cancelled")
    instructor.sees("1 mark waits for the network")
    instructor.context.set_offline(False)
    instructor.go("/me/")
    instructor.look("Not taken: This session was cancelled, so nobody is marked.")
    type(other).objects.filter(pk=other.pk).update(state="planned")
    instructor.go("/courses/")
    wait_for(instructor.page, lambda: marks(other) == {"Alpha": ("absent", "roster")})


def test_who_signs_out_with_kept_marks_is_asked(visit, session):
    instructor = open_roster(visit, session)
    answering(instructor, status=503)
    instructor.press("Absent Alpha Anna")
    instructor.sees("1 mark waits for the network")
    asked = []
    instructor.page.on("dialog", lambda it: (asked.append(it.message), it.dismiss()))
    instructor.page.locator("#sign-out button").evaluate("it => it.click()")
    assert asked == [
        "Marks of attendance wait on this device. They are sent when you sign in here again. Sign out now?"
    ]
    instructor.sees("1 mark waits for the network")
    instructor.complaints.clear()


def test_a_correction_counts_although_the_first_press_is_still_travelling(visit, session):
    instructor = open_roster(visit, session)
    held = []
    instructor.page.route(ROSTER, lambda it: it.continue_() if held or it.request.method == "GET" else held.append(it))
    instructor.press("Present Alpha Anna")
    instructor.page.wait_for_timeout(1500)
    instructor.press("Absent Alpha Anna")
    instructor.page.wait_for_timeout(1000)
    held[0].continue_()
    wait_for(instructor.page, lambda: marks(session) == {"Alpha": ("absent", "roster")})


def test_all_others_leaves_alone_what_a_colleague_has_marked_and_is_undone(visit, session):
    instructor = open_roster(visit, session)
    beta = Press(enrolment_of(session, "Beta").public_id, "absent")
    mark_attendance(session, [beta], by=Person.objects.get(email="teacher@example.org"))
    instructor.press("All others are present")
    instructor.sees("4 of 4 marked")
    wait_for(instructor.page, lambda: len(marks(session)) == 4)
    assert marks(session)["Beta"] == ("absent", "roster")
    instructor.press("Undo “All others are present”")
    instructor.sees("1 of 4 marked")
    wait_for(instructor.page, lambda: [mark for mark, _how in marks(session).values()].count("") == 3)


def test_all_others_of_a_roster_of_several_pages_waits_for_the_network_like_any_press(visit, session):
    for _number in range(100):
        make.EnrolmentFactory(run=session.run, person__email=None, pool=session.run.pools.get(sort="room"))
    instructor = open_roster(visit, session)
    instructor.context.set_offline(True)
    instructor.press("All others are present")
    instructor.sees("100 marks wait for the network")
    instructor.context.set_offline(False)
    wait_for(instructor.page, lambda: len(marks_of_all(session)) == 104)


def marks_of_all(session):
    return list(session.attendance.filter(mark="present"))


def enrolment_online(session):
    return session.run.enrolments.get(pool__sort="online").person.family_name


def test_without_script_a_press_is_a_plain_post(visit, session):
    instructor = visit("instructor", java_script_enabled=False, **PHONE)
    instructor.go(f"/runs/{session.run.public_id}/sessions/{session.public_id}/attendance/")
    instructor.press("Excused Gamma Anna")
    instructor.sees("On the roster,")
    assert marks(session) == {"Gamma": ("excused", "roster")}


def test_codes_are_read_and_pressed_and_somebody_joins_online(visit, session):
    instructor = visit("instructor", **PHONE)
    instructor.go(ticket_path(enrolment_of(session, "Alpha")))
    instructor.look("Alpha Anna", "Not marked yet")
    instructor.press("Late")
    instructor.look("By the person's own code,")
    instructor.go(f"/runs/{session.run.public_id}/sessions/{session.public_id}/door/")
    instructor.look("Code at the door", "Whoever comes in points their phone at it")
    student = visit(**PHONE)
    door = PATHS["courses.door"].format(signed_token("courses.door", session.public_id))
    student.go(door)
    student.look("Who are you?")
    student.go(ticket_path(enrolment_of(session, "Beta")))
    student.look("Show this code when you come in")
    student.go(door)
    student.press("I am here")
    student.look("Anna B. is here.", "By the code at the door,")
    online = visit(**PHONE)
    online.go(join_path(session, session.run.enrolments.get(pool__sort="online")))
    online.look("Join now", "Joining counts: you are marked present.")
    online.press("Join now")
    online.page.wait_for_url("**/privacy/")
    assert marks(session) == {
        "Alpha": ("late", "ticket"), "Beta": ("present", "code"), enrolment_online(session): ("present", "joined"),
    }  # fmt: skip


def test_roster_and_codes_fit_a_narrow_phone_in_russian(visit, session):
    instructor = visit("instructor", **PHONE)
    Person.objects.filter(email="instructor@example.org").update(language="ru")
    instructor.context.add_cookies([{"name": "django_language", "value": "ru", "url": instructor.portal}])
    base = f"/runs/{session.run.public_id}"
    for path in (f"{base}/attendance/", f"{base}/sessions/{session.public_id}/attendance/", "/me/"):
        instructor.go(path)
        assert instructor.cut_off() == [], path
    assert not session.attendance.exists()
