"""From the class list to consent on a phone, and back: the teacher asks, a guardian answers and takes it back."""

import re

import pytest

from cluster_portal.links import signed_link
from members.models import Guardianship, Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_class_is_asked_and_a_guardian_answers_on_the_phone(visit):
    teacher, guardian = visit("teacher", width=390), visit(width=390)
    teacher.go("/classes/")
    teacher.follow("7 B")
    teacher.follow("Consents")
    teacher.look("Consents of class 7 B", "Waiting for an answer", "1 child has no guardian yet")
    with teacher.page.expect_download() as download:
        teacher.page.get_by_role("link", name="Slips to print (PDF)").click()
    assert download.value.path().read_bytes()[:5] == b"%PDF-"
    teacher.press(re.compile("Remind . people by mail"))
    teacher.look("3 people are reminded.")

    link = Guardianship.objects.get(child__family_name="Antonova", guardian__given_name="Irina")
    guardian.go(signed_link("members.consent", link.public_id))
    guardian.look("Consent for Alisa A.")
    guardian.fill(birth_date=link.child.birth_date.isoformat())
    guardian.press("Read on")
    for number in (1, 2, 3):
        guardian.look(f"{number} of 3")
        guardian.press("I agree")
    guardian.look("You have answered everything. You can take it back here at any time.")

    assert lights_of(teacher, "Antonova Alisa") == ["Granted"] * 3
    teacher.look()
    guardian.press(re.compile("Take my consent back.*Publishing the name"))
    guardian.look("Your consent is taken back, from this moment on.")
    assert lights_of(teacher, "Antonova Alisa") == ["Granted", "Withdrawn", "Granted"]
    teacher.follow("Antonova Alisa")
    teacher.look("What was said", "By the mailed or printed link")


def test_a_signed_in_guardian_and_the_coordinator(visit):
    guardian, coordinator = visit("guardian", width=390), visit("coordinator")
    guardian.go("/me/children/")
    guardian.look("Gromov Ilya")
    guardian.follow("Read and answer")
    guardian.look("1 of 3", "At this age the child’s own answer counts beside yours.")
    guardian.press("I do not agree")
    guardian.look("2 of 3")
    for address in ("/desk/consent/", "/desk/consent/ages/", "/desk/consent/photo/ru/"):
        coordinator.go(address)
        coordinator.look()
    assert Person.objects.get(email="student@example.org").consent_decisions.get().decision == "refused"


def lights_of(teacher, name):
    """The states in the line of one child."""
    teacher.go("/classes/")
    teacher.follow("7 B")
    teacher.follow("Consents")
    row = teacher.page.get_by_role("row").filter(has_text=name)
    return row.locator(".state").all_inner_texts()
