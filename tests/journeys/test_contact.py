"""A contact invites somebody, who claims their account by the mailed link."""

import re

import pytest

from tests.journeys.test_teacher import mailed_link

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_contact_invites_and_the_invited_lands_on_their_page(visit):
    coordinator, contact, invited = visit("coordinator"), visit("contact"), visit(width=390)
    contact.go("/desk/people/")
    contact.look("Who asks to join comes first.")
    contact.follow("Invite somebody")
    contact.look()
    contact.fill(role="Teacher", email="invited@example.org", family_name="Lukina", given_name="Rita")
    contact.press("Send the invitation")
    contact.look("The invitation is on its way to invited@example.org.")

    link = mailed_link(coordinator, re.compile("School 1"))
    invited.go(link)
    invited.look("School 1 invites you", "Lukina Rita")
    invited.fill(birth_date="1988-02-01", password="a long enough secret")
    invited.press("Accept")
    invited.look("Lukina Rita", "School 1")
    invited.go(link)
    invited.look("answered already")


def test_a_contact_finds_a_person_while_typing(visit):
    contact = visit("contact")
    contact.go("/desk/people/")
    contact.page.get_by_role("main").get_by_role("searchbox").press_sequentially("Zimi")
    contact.page.wait_for_url("**/desk/people/?q=Zimi")
    assert contact.page.locator("#results tbody tr").count() == 1
    contact.look("Zimina Polina")
