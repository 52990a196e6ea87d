"""A student signs up for a workshop on a phone, is held, and a guardian's consent by link makes the place certain."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils.timezone import localdate

from cluster_portal.links import signed_link
from coordination.examples.people import PASSWORD
from courses.models import Enrolment, Run
from members.models import Guardianship, Institution
from tests import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = 390


@pytest.fixture
def student(portal):
    """Learns at a member school and signs in; nobody has entered a birth date or a guardian."""
    person = make.PersonFactory(
        email="timur@example.org", given_name="Timur", family_name="Ivanov", birth_date=None, language="en"
    )
    person.set_password(PASSWORD)
    person.save()
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    make.AffiliationFactory(person=person, institution=Institution.objects.get(name="School 3"), role="student")
    return person


def test_a_student_signs_up_on_a_phone_and_a_guardian_consents_by_link(visit, student):
    run = Run.objects.published().get(roles=["student"])
    coordinator, phone, other_phone = visit("coordinator"), visit("timur", width=PHONE), visit(width=PHONE)
    coordinator.go(f"/desk/runs/{run.public_id}/")
    coordinator.follow("Questions")
    coordinator.look("Nothing is asked yet")
    coordinator.fill(text="Is there food that you must not eat?")
    coordinator.page.locator("[name=is_sensitive]").check()
    coordinator.press("Add the question")
    coordinator.look("The question is added.", "sensitive")

    phone.go(run.get_absolute_url())
    phone.look("You can take part")
    phone.press("Enrol")
    phone.look("Children take part with the consent of a guardian.")
    phone.press("Enrol")
    birth_date = (localdate() - timedelta(days=12 * 366)).isoformat()
    phone.fill(birth_date=birth_date, guardian_family_name="Petrova", guardian_given_name="Anna")
    phone.fill(guardian_email="anna.petrova@example.org")
    phone.page.get_by_label("Is there food that you must not eat?").fill("Nuts")
    phone.press("Enrol")
    phone.look("A place is held for you", "waits for the answer of Anna P.")
    phone.go("/me/")
    phone.look("is held for you until")

    guardianship = Guardianship.objects.get(child=student)
    other_phone.go(signed_link("members.consent", guardianship.public_id))
    other_phone.fill(birth_date=birth_date)
    other_phone.press("Read on")
    other_phone.look("Takes part in", "waits for your answer.")
    other_phone.press("I agree")
    other_phone.look("You have answered everything.", "Confirmed")
    other_phone.follow("Change the answers")
    other_phone.look("Questions of those who organise it")
    other_phone.press("Save")
    other_phone.look("Your answers are saved.")

    phone.go(run.get_absolute_url())
    phone.look("You are in")
    coordinator.go(f"/desk/runs/{run.public_id}/roster/")
    coordinator.look("Nuts")
    assert Enrolment.objects.filter(person=student).latest("pk").state == "confirmed"


def test_a_coordinator_approves_one_and_refuses_another(visit):
    run = Run.objects.published().exclude(roles=["student"]).first()
    Run.objects.filter(pk=run.pk).update(needs_approval=True)
    for name in ("Anna", "Boris"):
        person = make.PersonFactory(given_name=name, family_name="Orlov", email=f"{name.lower()}@example.org")
        make.EnrolmentFactory(run=run, person=person, state="held")
    coordinator = visit("coordinator")
    coordinator.go("/desk/")
    coordinator.look("people wait for your approval")
    coordinator.go("/desk/courses/approvals/")
    coordinator.look("Orlov Anna")
    coordinator.go(f"/desk/runs/{run.public_id}/roster/")
    coordinator.look("A place is held")
    coordinator.follow("Refuse Orlov Boris")
    coordinator.look("Refuse Orlov Boris")
