"""An institution applies, is accepted, and its head sees it: on a phone, and at the desk."""

import re

import pytest

from members import actions
from members.models import Agreement, Application, Cluster, Institution
from tests.journeys.test_teacher import mailed_link

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FACTS = {
    "name": "School 14", "kind": "School", "website": "school14.example.org", "family_name": "Orlova",
    "given_name": "Vera", "email": "head14@example.org", "why": "Our teachers want to learn with yours.",
}  # fmt: skip


def test_an_institution_applies_and_its_head_sees_it(visit):
    coordinator, head = visit("coordinator"), visit(width=390)
    head.go("/members/")
    head.follow("Apply to join")
    head.look("Apply to join")
    head.fill(**FACTS)
    head.page.wait_for_timeout(3000)  # whoever is faster is taken for a machine
    head.press("Send me the mail")
    head.look("Look into your mail")

    coordinator.go("/desk/applications/")
    coordinator.look("Nobody has applied yet")
    page = mailed_link(coordinator, re.compile("Confirm the application of School 14"))
    head.go(page)
    head.look("Please look it through", "Our teachers want to learn with yours.")
    head.press("Send the application")
    head.look("The coordinator has it.")

    ask_and_answer(coordinator, head, page)
    coordinator.follow("Accept")
    coordinator.look("is invited as the head")
    coordinator.press("Accept")
    coordinator.look("the addendum is prepared, the head invited", "Accession of School 14")
    head.go(page)
    head.look("The addendum is being prepared.")

    head.go(mailed_link(coordinator, re.compile("Accept the invitation to join School 14")))
    head.look("School 14 invites you", "Orlova Vera")
    head.fill(birth_date="1975-02-01", password="a long enough secret")
    head.press("Accept")
    head.look("Orlova Vera", "School 14")
    head.go(Application.objects.get().institution.get_absolute_url())
    head.look("School 14", "Head")
    accede(coordinator, head)


def accede(coordinator, head):
    """The addendum is opened, signed by the lead on paper and by the head on the phone, and concluded."""
    it = Agreement.objects.get(title__startswith="Accession of School 14")
    assert standing() == "candidate"
    coordinator.go(f"/desk/agreements/{it.public_id}/text/")
    file = {"name": "Accession.txt", "mimeType": "text/plain", "buffer": b"School 14 joins."}
    coordinator.page.set_input_files("[name=text]", files=[file])
    coordinator.press("Save")
    coordinator.press("Open it for signature")
    coordinator.look("have not signed")
    for party in it.parties.leads():
        actions.record_signature(party, Cluster.current().today(), "Head of the lead", by=None)
    head.go(f"/agreements/{it.public_id}/sign/")
    head.fill(name="Orlova Vera")
    head.press("Sign")
    head.look("You have signed.")
    assert standing() == "candidate"
    coordinator.page.reload()
    coordinator.press("Conclude")
    coordinator.look("Concluded")
    assert standing() == "member"
    head.go("/members/standing/")
    head.look("School 14")


def standing():
    return Institution.objects.with_standing(Cluster.current().today()).get(name="School 14").standing


def ask_and_answer(coordinator, head, page):
    coordinator.go("/desk/")
    coordinator.look("institution asks to join the cluster")
    coordinator.go("/desk/applications/")
    coordinator.follow("School 14")
    coordinator.look("What the applicant wrote", "Orlova Vera")
    coordinator.follow("Ask back")
    coordinator.look()
    coordinator.fill(text="How many teachers would come?")
    coordinator.press("Ask back")
    coordinator.look("The applicant gets your question.")
    head.go(page)
    head.look("How many teachers would come?")
    head.fill(text="Twelve.")
    head.press("Answer")
    head.look("Twelve.")
    coordinator.page.reload()
    coordinator.look("Twelve.")
