"""A certificate: issued at the desk, fetched by its link on a phone, verified by a stranger by its code."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from cluster_portal.links import signed_link
from courses.models import Attendance
from members.certificates import link_for
from members.models import Certificate, Person
from tests import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def run(portal):
    """A run that is over, and that the teacher completed."""
    run = make.RunFactory(course__title="AI for teachers", course__hours=36, gives_certificate=True)
    session = make.SessionFactory(run=run, starts_at=now() - timedelta(days=2))
    enrolment = make.EnrolmentFactory(run=run, person=Person.objects.get(email="teacher@example.org"))
    Attendance.objects.create(session=session, enrolment=enrolment, mark="present", how="roster", pressed_at=now())
    return run


def test_issued_fetched_and_verified(visit, run):
    coordinator = visit("coordinator")
    coordinator.go(f"/desk/runs/{run.public_id}/certificates/")
    coordinator.look("1 of 1 session, 1 needed")
    coordinator.press("Issue 1 certificate")
    coordinator.look("1 person will get a mail about this.")
    coordinator.press("Save and send")
    coordinator.look("Valid")
    it = Certificate.objects.get(about_id=run.public_id)
    reader = visit(width=390)
    reader.go(signed_link("members.certificate", link_for(it, it.person)))
    reader.look("AI for teachers")
    with reader.page.expect_download() as paper:
        reader.follow("Download (PDF)")
    assert paper.value.suggested_filename == f"{it.number}.pdf"
    stranger = visit(width=390, locale="ru-RU")
    stranger.go("/verify/")
    stranger.page.get_by_role("textbox").fill(it.public_id.upper())
    stranger.page.keyboard.press("Enter")
    stranger.page.wait_for_url(f"**/verify/{it.public_id}/")
    stranger.look(it.name_printed)
    coordinator.follow(it.person.full_name)
    coordinator.look("Correct the name")
    coordinator.fill(reason="A mistake.")
    coordinator.press("Revoke", exact=True)
    stranger.page.reload()
    stranger.sees(it.number)
    assert Certificate.objects.get(pk=it.pk).state == "revoked"
    contact = visit("contact", width=390)
    contact.go("/desk/hours/")
    contact.look("Hours of professional development")
