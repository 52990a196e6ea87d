"""A coordinator: from an empty form to a course that people enrol in, and the mail around it."""

import io
from datetime import timedelta

import pytest
from django.utils.timezone import localtime
from openpyxl import load_workbook

from cluster_portal.models import OutboxMail
from courses.models import Run, Session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def plan(visitor, first, last, off):
    """Fill in "Tuesdays and Thursdays 16:00, not on …"."""
    visitor.fill(weekdays=["1", "3"], start_time="16:00", minutes="90")
    visitor.fill(first_day=first.isoformat(), last_day=last.isoformat(), days_off=off.isoformat())


def next_tuesday(weeks):
    day = localtime().date() + timedelta(weeks=weeks)
    return day + timedelta(days=(1 - day.weekday()) % 7)


def test_a_coordinator_prepares_plans_and_publishes_a_run(visit):
    coordinator = visit("coordinator")
    coordinator.go("/desk/")
    coordinator.look("What needs me", "asks to join an institution", "is prepared but not published")
    coordinator.go("/desk/courses/")
    coordinator.look()
    coordinator.follow("New course")
    coordinator.press("Save")  # bad input is said beside the field
    coordinator.look("New course")
    coordinator.fill(title="Statistics without fear", kind="Course", summary="Numbers, honestly.", hours="20")
    coordinator.press("Save")
    coordinator.look("Now prepare its first run.")
    first = next_tuesday(weeks=6)
    opens, closes = localtime() - timedelta(days=1), localtime() + timedelta(weeks=5)
    coordinator.fill(title="by hand", host="School 3", place="Room 5", room_places="20")
    coordinator.fill(enrol_from=f"{opens:%Y-%m-%dT%H:%M}", enrol_until=f"{closes:%Y-%m-%dT%H:%M}")
    coordinator.press("Save")
    coordinator.look("The run is prepared. Plan its sessions next.")

    off = first + timedelta(days=7)
    plan(coordinator, first, first + timedelta(days=16), off)
    coordinator.press("Show the dates")
    coordinator.look("Tuesdays and Thursdays 16:00", f"not on {off.day} {off:%B}")
    assert coordinator.page.locator("#preview li").count() == 5
    coordinator.press("Plan these 5 sessions")
    coordinator.look("5 sessions are planned.")
    coordinator.press("Publish")
    coordinator.look("The run is published: everybody sees it now.")
    coordinator.follow("Public page")
    coordinator.look("Statistics without fear")
    assert Run.objects.get(title="by hand").state == "published"


def test_a_live_session_says_whom_it_mails_before_it_moves(visit):
    coordinator = visit("coordinator")
    run = Run.objects.get(course__title="AI Tools in Teaching")
    session = run.sessions.first()
    coordinator.go(f"/desk/runs/{run.public_id}/")
    coordinator.look("Sessions", "24 of 30 taken")
    coordinator.follow("Edit Tue")
    coordinator.look()
    later = localtime(session.starts_at, run.zone) + timedelta(hours=1)
    coordinator.fill(starts_at=f"{later:%Y-%m-%dT%H:%M}", ends_at=f"{later + timedelta(minutes=90):%Y-%m-%dT%H:%M}")
    coordinator.press("Save")
    coordinator.look("24 people will get a mail about this.", "Confirmed: 24")
    assert Session.objects.get(pk=session.pk).starts_at == session.starts_at
    coordinator.press("Save and send")
    coordinator.look("The session is saved.", "17:00")
    coordinator.press("Cancel Thu")
    coordinator.look("24 people will get a mail about this.")
    coordinator.press("Save and send")
    coordinator.look("The session is cancelled.")


def test_the_roster_is_seen_taken_as_a_spreadsheet_and_printed(visit):
    coordinator = visit("coordinator")
    run = Run.objects.get(course__title__startswith="Asking well")
    coordinator.go(f"/desk/runs/{run.public_id}/")
    coordinator.follow("Roster")
    coordinator.look("Full: all 12 places are taken", "3 people in the queue")
    with coordinator.page.expect_download() as download:
        coordinator.follow("Spreadsheet (XLSX)")
    sheet = load_workbook(io.BytesIO(download.value.path().read_bytes())).active
    assert sheet.max_row == 1 + 12 + 3
    coordinator.follow("Print attendance sheet")
    coordinator.look("Signature")
    assert coordinator.page.locator("tbody tr").count() == 12


def test_mail_is_held_released_and_filtered(visit):
    coordinator = visit("coordinator")
    coordinator.go("/desk/outbox/")
    coordinator.look(f"{OutboxMail.objects.count()} mails")
    coordinator.page.get_by_label("State").select_option(value="queued")
    coordinator.page.wait_for_url("**state=queued*")
    coordinator.look("Waiting to leave")
    coordinator.follow("Note the dates")
    coordinator.press("Hold")
    coordinator.look("Release")
    coordinator.press("Release")
    coordinator.look("The mail leaves within a minute.")
    coordinator.go("/desk/outbox/?state=failed")
    coordinator.look("No mail here")
    coordinator.go("/desk/audit/")
    coordinator.look("Audit")
