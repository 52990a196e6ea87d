"""The programme by list, week and timetable, one's own calendar, and a coordinator who keeps courses up to date."""

import json
import re

import pytest
from playwright.sync_api import expect

from courses.models import Course, Run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [390, 1280])
def test_the_programme_is_narrowed_and_seen_by_week_and_timetable(visit, width):
    reader = visit(width=width)
    reader.go("/courses/")
    reader.look("4 to choose from")
    reader.page.get_by_text("Theme, level, audience, host").click()
    reader.page.get_by_label("For", exact=True).select_option(label="Students")
    reader.page.wait_for_url("**role=student*")
    reader.look("2 to choose from", "AI foundations: how machines see")
    reader.go("/courses/")
    first = Run.objects.get(course__title="AI Tools in Teaching").sessions.first().starts_at
    reader.follow("Week", exact=True)
    reader.look("Earlier")
    reader.go(f"/courses/?view=week&on={first.date().isoformat()}")
    reader.look("AI Tools in Teaching", "Times: Moscow time.")
    reader.follow("Timetable", exact=True)
    reader.go(f"/courses/?view=timetable&on={first.date().isoformat()}")
    reader.look("AI Tools in Teaching")
    reader.follow("Print")
    reader.look("Programme")


def test_hours_of_the_week_stand_in_one_line_on_a_desk_and_in_a_list_on_a_phone(visit):
    first, second = Run.objects.get(course__title="AI Tools in Teaching").sessions.all()[:2]
    assert first.starts_at.isocalendar()[:2] == second.starts_at.isocalendar()[:2]
    address = f"/courses/?view=week&on={first.starts_at.date().isoformat()}"
    at = "() => [...document.querySelectorAll('.entry')].map(it => Math.round(it.getBoundingClientRect().top))"
    desk, phone = visit(width=1280), visit(width=390)
    for reader in (desk, phone):
        reader.go(address)
    one, other = desk.page.evaluate(at)[:2]
    assert one == other
    one, other = phone.page.evaluate(at)[:2]
    assert one < other


def test_data_for_search_engines_passes_the_policy_and_a_script_would_not(visit):
    reader = visit()
    run = Run.objects.get(course__title="AI Tools in Teaching")
    for address in (run.get_absolute_url(), run.course.get_absolute_url()):
        reader.go(address)
        data = reader.page.locator('script[type="application/ld+json"]').text_content()
        assert json.loads(data)["@type"] == "Course"
        reader.look("AI Tools in Teaching")
    assert reader.complaints == []
    reader.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: '1'}))")
    assert ["Content Security Policy" in it for it in reader.complaints] == [True]
    reader.complaints.clear()


def test_my_calendar_gets_an_address_a_new_one_and_none(visit):
    teacher = visit("teacher", width=390)
    teacher.follow("My calendar")
    teacher.look("Your secret address")
    teacher.press("Make the address")
    teacher.look("This address works from now on.")
    old = teacher.page.get_by_label("Address", exact=True).input_value()
    assert teacher.page.request.get(old).headers["content-type"] == "text/calendar; charset=utf-8"
    teacher.context.grant_permissions(["clipboard-read", "clipboard-write"])
    teacher.press("Copy the address")
    teacher.sees("Copied")
    assert teacher.page.evaluate("navigator.clipboard.readText()") == old
    teacher.press("Make a new address")
    expect(teacher.page.get_by_label("Address", exact=True)).not_to_have_value(old)
    assert teacher.page.request.get(old).status == 404
    teacher.press("Have no address")
    teacher.look("The address does not work any more.")


def test_a_course_that_is_due_is_found_on_the_desk_and_noted(visit):
    coordinator = visit("coordinator")
    Course.objects.filter(title="AI Tools in Teaching").update(reviewed_on="2020-01-01")
    coordinator.go("/desk/")
    coordinator.look("course is due for review")
    coordinator.follow(re.compile("^Review.*course is due"))
    coordinator.look("AI Tools in Teaching")
    coordinator.press("Reviewed today")
    coordinator.look("is noted as reviewed today.", "Nothing is due")


def test_a_workshop_is_given_again(visit):
    coordinator = visit("coordinator", width=390)
    run = Run.objects.get(course__title__startswith="Asking well")
    coordinator.go(f"/desk/runs/{run.public_id}/")
    coordinator.follow("Give it again")
    coordinator.look()
    coordinator.fill(title="next time", first_day="2099-10-24")
    coordinator.press("Prepare it")
    coordinator.look("The run is prepared on its new days.", "12 places free")


def test_the_long_form_of_a_run_is_walked_group_by_group(visit):
    coordinator = visit("coordinator", width=390)
    course = Course.objects.get(title="AI Tools in Teaching")
    coordinator.go(f"/desk/courses/{course.slug}/new-run/")
    coordinator.look("When one can enrol")
    coordinator.page.get_by_text("Only for some institutions or years").click()
    coordinator.look("Kinds of institution")
    facts = {"title": "autumn", "enrol_from": "2040-01-10T09:00", "enrol_until": "2040-03-01T18:00", "room_places": "9"}
    coordinator.fill(**facts, kinds=["school"], stage_from="9", stage_until="5")
    coordinator.press("Save")
    coordinator.look("The last year is before the first one.")
    coordinator.fill(stage_until="11")
    coordinator.press("Save")
    coordinator.look("Plan its sessions next.")
    run = Run.objects.get(title="autumn")
    assert (run.kinds, run.stage_from, run.stage_until) == (["school"], 9, 11)
