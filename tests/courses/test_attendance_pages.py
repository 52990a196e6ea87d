"""Rosters, codes and joining as pages: who may open them, what they say, and that reading them writes nothing."""

import io
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now
from openpyxl import load_workbook

from cluster_portal.links import PATHS, signed_token
from courses import actions
from courses.actions.attendance import Press
from courses.attendance import join_path, ticket_path
from courses.models import Attendance, Run, Session
from courses.opening import in_run_zone
from members.models import RecordView
from tests import factories as make
from tests.browsing import at, said
from tests.courses.conftest import page

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
JSON = {"headers": {"accept": "application/json"}}


def marks():
    return {it.enrolment: (it.mark, it.how) for it in Attendance.objects.select_related("enrolment")}


def door_path(session):
    return PATHS["courses.door"].format(signed_token("courses.door", session.public_id))


@pytest.mark.parametrize("name", ["session_attendance", "door_code"])
def test_the_roster_is_for_those_who_teach_or_coordinate(name, session, mine, cast, demo):
    far = make.CoordinatorFactory(region=make.RegionFactory()).person
    readers = (cast.teacher, cast.coordinator, cast.colleague, far)
    assert [at(it).get(page(name, session)).status_code for it in readers] == [200, 200, 404, 404]
    assert Client().get(page(name, session)).status_code == 302


def test_a_session_of_another_run_is_not_there(going, session, cast):
    other = make.RunFactory()
    other.instructors.add(cast.teacher)
    address = reverse("courses:session_attendance", args=[other.public_id, session.public_id])
    assert at(cast.teacher).get(address).status_code == 404


def test_an_instructor_confirms_a_new_device_first(session, cast):
    client = at(cast.teacher)
    for name in [it for it in client.cookies if it not in {"sessionid", "csrftoken"}]:
        del client.cookies[name]
    assert client.get(page("session_attendance", session))["Location"].startswith(reverse("members:confirm_device"))


def test_a_press_marks_without_javascript(session, mine, cast):
    teacher = at(cast.teacher)
    response = teacher.post(page("session_attendance", session), {"press": f"{mine.public_id}:late"}, follow=True)
    assert (marks(), response.context["lines"][0].mark) == ({mine: ("late", "roster")}, "late")


def test_all_others_are_present_at_one_press(session, mine, online, cast):
    actions.mark_attendance(session, [Press(mine.public_id, "excused")], by=cast.teacher)
    response = at(cast.teacher).post(page("session_attendance", session), {"press": "*:present"}, follow=True)
    assert (marks()[online], said(response)) == (("present", "rest"), ["1 more person is present."])


def test_kept_presses_are_answered_with_how_everybody_is_marked(session, mine, online, cast):
    kept = {"press": [f"{mine.public_id}:absent:130.5", f"{online.public_id}:present:3"]}
    answer = at(cast.teacher).post(page("session_attendance", session), kept, **JSON)
    told = json.loads(answer.content)
    assert {key: mark for key, (mark, _said) in told["marks"].items()} == {
        mine.public_id: "absent", online.public_id: "present",
    }  # fmt: skip
    assert told["said"] == []


def test_a_refusal_is_told_to_the_page_that_stays_open(session, mine, cast):
    Session.objects.update(state="cancelled")
    answer = at(cast.teacher).post(page("session_attendance", session), {"press": f"{mine.public_id}:late"}, **JSON)
    assert answer.status_code == 409
    assert json.loads(answer.content)["said"] == ["This session was cancelled, so nobody is marked."]


@pytest.mark.parametrize(
    "press", ["x", "x:flying", "x:late:y", "a:b:c:d", "*:late", "a\x00b:late", "é:late", "{}:late:1e9", "{}:late:²"]
)
def test_a_press_that_is_none_is_404(session, mine, cast, press):
    sent = {"press": press.format(mine.public_id)}
    assert at(cast.teacher).post(page("session_attendance", session), sent).status_code == 404


def test_one_press_that_cannot_be_read_loses_no_other(session, mine, cast):
    sent = {"press": ["a\x00b:present:1:1", f"{mine.public_id}:late:{'9' * 12}:7"], "device": "c" * 32}
    told = json.loads(at(cast.teacher).post(page("session_attendance", session), sent, **JSON).content)
    assert (marks(), told["said"]) == (
        {mine: ("late", "roster")}, ["A mark could not be read. Compare the list with who is here."]
    )  # fmt: skip
    it = Attendance.objects.get()
    assert (it.device, it.number, it.pressed_at < now() - timedelta(days=29)) == ("c" * 32, 7, True)


def test_all_others_is_undone_at_one_press(session, mine, online, cast):
    teacher, address = at(cast.teacher), page("session_attendance", session)
    assert "data-undo hidden" in teacher.get(address).content.decode()
    after = teacher.post(address, {"press": "*:present"}, follow=True).content.decode()
    assert ("data-undo hidden" in after, "2 of 2 marked" in after) == (False, True)
    assert said(teacher.post(address, {"press": "*:"}, follow=True)) == ["2 marks are taken back."]
    assert marks() == {mine: ("", "roster"), online: ("", "roster")}


def test_a_mark_that_stands_can_be_taken_back(session, mine, online, cast):
    teacher, address = at(cast.teacher), page("session_attendance", session)
    teacher.post(address, {"press": f"{mine.public_id}:absent"})
    teacher.post(address, {"press": f"{mine.public_id}:"})
    assert marks() == {mine: ("", "roster")}


def test_who_opens_a_roster_with_children_is_written_down_and_asking_for_marks_is_not(going, session, cast, text):
    child = make.ChildFactory()
    make.GuardianshipFactory(child=child)
    make.EnrolmentFactory(run=going, person=child)
    teacher = at(cast.teacher)
    teacher.get(page("session_attendance", session))
    teacher.get(page("session_attendance", session), **JSON)
    views = RecordView.objects.filter(page="attendance", child=child)
    assert list(views.values_list("viewer", flat=True)) == [cast.teacher.public_id]


def test_as_many_queries_for_thirty_as_for_three(going, session, cast):
    client, counts = at(cast.teacher), []
    for size in (3, 27):
        for _number in range(size):
            it = make.EnrolmentFactory(run=going, person=make.AffiliationFactory(institution=cast.school).person)
            for mark in ("absent", "late"):
                actions.mark_attendance(session, [Press(it.public_id, mark)], by=cast.coordinator)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page("session_attendance", session)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 25


def test_the_sessions_of_a_run_say_how_many_came(going, session, mine, online, cast):
    make.SessionFactory(run=going)
    presses = [Press(mine.public_id, "present"), Press(online.public_id, "absent")]
    actions.mark_attendance(session, presses, by=cast.teacher)
    response = at(cast.teacher).get(reverse("courses:attendance", args=[going.public_id]))
    rows = [(it.counted.came, it.counted.expected, it.is_open) for it in response.context["sessions"]]
    assert rows == [(1, 2, True), (0, 2, False)]


def test_who_left_is_counted_nowhere_and_a_chosen_session_expects_who_chose_it(going, session, mine, online, cast):
    chosen = make.SessionFactory(run=going)
    make.SeatFactory(enrolment=online, session=chosen, pool=make.PoolFactory(run=None, session=chosen))
    presses = [Press(it.public_id, "present") for it in (mine, online)]
    actions.mark_attendance(session, presses, by=cast.teacher)
    going.pools.update(taken=1)
    actions.cancel_enrolment(mine, by=mine.person)
    page_of_run = at(cast.teacher).get(reverse("courses:attendance", args=[going.public_id]))
    assert [(it.counted.came, it.counted.expected) for it in page_of_run.context["sessions"]] == [(1, 1), (0, 1)]
    assert at(cast.teacher).get(page("session_attendance", session)).context["marked"] == 1


def test_the_code_at_the_door_is_offered_until_the_end(going, session, cast):
    address = reverse("courses:attendance", args=[going.public_id])
    assert page("door_code", session) in at(cast.teacher).get(address).content.decode()
    Session.objects.update(starts_at=now() - 3 * HOUR, ends_at=now() - HOUR)
    for one in (address, page("session_attendance", session)):
        assert page("door_code", session) not in at(cast.teacher).get(one).content.decode()


def test_what_i_teach_today_stands_on_my_page(going, session, cast):
    shown = [at(it).get(reverse("coordination:me")) for it in (cast.teacher, cast.colleague)]
    assert [it.context["today"] for it in shown] == [[session], []]
    assert page("session_attendance", session) in shown[0].content.decode()


def test_a_person_shows_their_code_and_the_instructor_reads_it(session, mine, cast):
    path = ticket_path(mine)
    own, anybody, teacher = at(mine.person).get(path), Client().get(path), at(cast.teacher).get(path)
    templates = [it.templates[0].name for it in (own, anybody, teacher)]
    assert templates == ["courses/ticket.html", "courses/ticket.html", "courses/ticket_read.html"]
    assert mine.person.family_name not in anybody.content.decode()
    assert marks() == {}


def test_the_read_code_marks_by_a_press_twice_without_harm(session, mine, cast):
    teacher, press = at(cast.teacher), {"session": session.public_id, "mark": "late"}
    for _time in range(2):
        assert teacher.post(ticket_path(mine), press).status_code == 302
    assert marks() == {mine: ("late", "ticket")}


def test_nobody_marks_themself_by_their_own_code(session, mine, going):
    assert at(mine.person).post(ticket_path(mine), {"session": session.public_id, "mark": "late"}).status_code == 200
    going.instructors.add(mine.person)
    at(mine.person).post(ticket_path(mine), {"session": session.public_id, "mark": "late"})
    assert marks() == {}


@pytest.mark.parametrize("press", [{"session": "x", "mark": "late"}, {"mark": "absent"}])
def test_only_what_the_page_offers_is_pressed(session, mine, cast, press):
    press = {"session": session.public_id, **press}
    assert at(cast.teacher).post(ticket_path(mine), press).status_code == 404


def test_the_code_of_somebody_who_left_works_no_more(mine):
    path = ticket_path(mine)
    mine.run.pools.update(taken=1)
    actions.cancel_enrolment(mine, by=mine.person)
    assert Client().get(path).status_code == 404


@pytest.mark.parametrize("kind", ["ticket", "door", "join"])
def test_forged_codes_do_not_work(kind):
    assert Client().get(f"/{kind}/forged:token/").status_code == 404


def test_the_code_at_the_door_is_read_and_a_press_marks(session, mine):
    phone = at(mine.person)
    assert phone.get(door_path(session)).status_code == 200
    assert marks() == {}
    for _time in range(2):
        response = phone.post(door_path(session), {"person": mine.public_id}, follow=True)
        assert said(response) == [f"Anna {mine.person.family_name[0]}. is here."]
    assert marks() == {mine: ("present", "code")}


def test_a_child_without_login_comes_in_with_their_own_code_opened(session, going):
    child = make.EnrolmentFactory(run=going, person=make.PersonFactory(email=None, given_name="Ilya"))
    phone = Client()
    assert phone.get(door_path(session)).context["lines"] == []
    assert phone.post(door_path(session), {"person": child.public_id}).status_code == 404
    phone.get(ticket_path(child))
    phone.post(door_path(session), {"person": child.public_id})
    assert marks() == {child: ("present", "code")}


def test_a_guardian_checks_a_child_in(session, going):
    it = make.GuardianshipFactory()
    enrolment = make.EnrolmentFactory(run=going, person=it.child)
    phone = at(it.guardian)
    assert [line.enrolment for _name, line, _why in phone.get(door_path(session)).context["lines"]] == [enrolment]


def test_nobody_checks_a_stranger_in(session, mine, cast):
    assert at(cast.outsider).post(door_path(session), {"person": mine.public_id}).status_code == 404


def test_a_suspended_person_comes_in_by_no_code(session, mine, online):
    phone = Client()
    phone.get(ticket_path(mine))
    for it in (mine, online):
        it.person.suspended_at = now()
        it.person.save()
    assert phone.get(ticket_path(mine)).status_code == 404
    assert phone.get(door_path(session)).context["lines"] == []
    assert phone.get(join_path(session, online)).status_code == 404


def test_joining_marks_and_leads_on(session, online):
    Run.objects.update(joining_counts=True)
    phone, path = at(online.person), join_path(session, online)
    assert "meet.example.net" not in phone.get(path).content.decode()
    assert marks() == {}
    answer = phone.post(path)
    assert (answer.status_code, answer["Refresh"]) == (200, "0; url=https://meet.example.net/1")
    assert marks() == {online: ("present", "joined")}


def test_before_its_time_the_page_says_when_and_leads_nowhere(session, online):
    Session.objects.update(starts_at=now() + HOUR, ends_at=now() + 2 * HOUR)
    phone = at(online.person)
    assert phone.get(join_path(session, online)).context["why"].startswith("You can join from")
    assert phone.post(join_path(session, online)).status_code == 302


def test_the_page_of_another_is_not_for_who_is_signed_in(session, online, cast):
    assert at(cast.outsider).get(join_path(session, online)).status_code == 404


def test_the_link_stands_in_no_page(session, online, mine, going):
    seen = [at(it.person).get(going.get_absolute_url()).content.decode() for it in (online, mine)]
    assert ["meet.example.net" in it for it in seen] == [False, False]
    assert ["Join online" in it for it in seen] == [True, False]


def test_the_chain_says_how_far_one_is(going, session, mine, cast):
    Run.objects.update(attendance_needed=50, needs_work=True)
    make.SessionFactory(run=going)
    actions.mark_attendance(session, [Press(mine.public_id, "present")], by=cast.teacher)
    chain = at(mine.person).get(going.get_absolute_url()).context["chain"]
    assert [(it["title"], it["text"], it["status"]) for it in chain if "needed" in it["title"]] == [
        ("1 of 2 sessions, 1 needed", "The final work is not handed in yet", "next")
    ]
    Run.objects.update(needs_work=False)
    chain = at(mine.person).get(going.get_absolute_url()).context["chain"]
    assert [it["status"] for it in chain if it["title"] == "Completed: 1 of 2 sessions, 1 needed"] == ["done"]


def test_the_public_page_says_what_completing_asks_for(going):
    Run.objects.update(needs_work=True, needs_feedback=True)
    assert "75 % of the sessions, a final work that is accepted and feedback at the end" in (
        Client().get(going.get_absolute_url()).content.decode()
    )


def test_the_spreadsheet_says_who_was_where(going, session, mine, online, cast, demo):
    actions.mark_attendance(session, [Press(mine.public_id, "late")], by=cast.teacher)
    address = reverse("courses:desk_attendance_xlsx", args=[going.public_id])
    sheet = load_workbook(io.BytesIO(at(cast.coordinator).get(address).content)).active
    rows = [[cell.value for cell in row] for row in sheet.rows]
    assert {row[0]: row[5:] for row in rows[1:]} == {
        mine.person.family_name: ["Late", 1, 1, 1, "Yes"],
        online.person.family_name: [None, 0, 1, 1, "No"],
    }
    assert at(cast.teacher).get(address).status_code == 403


def test_the_desk_sets_what_completing_asks_for(going, cast, demo):
    make.SessionFactory(run=going)
    coordinator, address = at(cast.coordinator), reverse("courses:desk_edit_run", args=[going.public_id])
    form = coordinator.get(address).context["form"]
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    sent |= {"enrol_from": "2026-01-01T10:00", "enrol_until": "2030-01-01T10:00", "place": going.place}
    sent |= {"attendance_needed": "60", "needs_work": "on", "joining_counts": "on"}
    response = coordinator.post(address, sent)
    going.refresh_from_db()
    assert response.status_code == 302, response.context and response.context["form"].errors
    assert (going.attendance_needed, going.needs_work, going.joining_counts) == (60, True, True)
    coordinator.post(address, sent | {"attendance_needed": "", "seen": ""})
    going.refresh_from_db()
    assert going.attendance_needed == 75


def test_the_chain_says_which_session_is_under_way(going, session, mine):
    chain = at(mine.person).get(going.get_absolute_url()).context["chain"]
    began = in_run_zone(going, session.starts_at)
    assert [it["title"] for it in chain if "session" in it["title"]][-1] == (
        f"Under way: the session that began {began}"
    )


def test_a_person_reads_how_each_session_was_marked(going, session, mine, cast):
    make.SessionFactory(run=going, title="Later")
    actions.mark_attendance(session, [Press(mine.public_id, "excused")], by=cast.teacher)
    address = reverse("courses:marks_of_mine", args=[mine.public_id])
    own = at(mine.person)
    assert address in own.get(going.get_absolute_url()).content.decode()
    lines = own.get(address).context["lines"]
    assert [(one.title, mark and mark.mark) for one, mark in lines] == [("Agents", "excused"), ("Later", None)]
    assert [at(it).get(address).status_code for it in (cast.outsider, cast.teacher)] == [404, 404]
    type(mine).objects.update(state="cancelled")
    assert own.get(address).status_code == 404


def test_as_many_queries_for_three_sessions_of_mine_as_for_one(going, session, mine):
    counts = []
    for size in (1, 2):
        for _number in range(size):
            make.PoolFactory(run=None, session=make.SessionFactory(run=going))
        with CaptureQueriesContext(connection) as queries:
            at(mine.person).get(reverse("courses:marks_of_mine", args=[mine.public_id]))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_who_takes_part_online_is_told_at_the_door_of_the_room_where_to_join(session, online):
    phone = at(online.person)
    why = "You take part online: join there. If you are in the room today, tell the instructor, who marks you."
    (line,) = phone.get(door_path(session)).context["lines"]
    response = phone.post(door_path(session), {"person": online.public_id}, follow=True)
    assert (line[2], said(response), marks()) == (why, [why], {})
