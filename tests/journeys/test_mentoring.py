"""Mentorship in the browser: from the request to what came of it, a guardian on the phone, and every page under axe."""

import os
import re

import pytest

from cluster_portal.links import signed_link
from members.models import Guardianship
from mentorship.models import Mentor, MentorRequest, Pairing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def pages_of_mentorship():
    """Every page of mentorship, by whoever has it."""
    team, over = Pairing.objects.active().get(), Pairing.objects.get(state="completed")
    asked, agreeing = Pairing.objects.get(state="proposed"), Pairing.objects.get(state="accepted")
    risen = MentorRequest.objects.risen().get()
    seeking = MentorRequest.objects.open().get(risen_at=None)
    mentor, offered = team.mentor, Mentor.objects.get(state="offered")
    student = team.students.get(state="asked")
    it, meeting = team.get_absolute_url(), team.meetings.get().public_id
    parts = ["", "log/", "plan/", "meetings/", f"meetings/{meeting}/", "messages/", "files/", "end/", "students/"]
    desk = [f"/desk/mentorship/{part}" for part in ("", "mentors/", "requests/", "pairings/", "intake/", "terms/")]
    of_one = [f"/desk/mentorship/mentors/{one.public_id}/" for one in (mentor, offered)]
    of_one += [f"/desk/mentorship/mentors/{offered.public_id}/decline/"]
    of_one += [f"/desk/mentorship/requests/{one.public_id}/match/" for one in (risen, seeking, asked.request)]
    of_one += [f"/desk/mentorship/requests/{risen.public_id}/close/", risen.get_absolute_url()]
    ways = [f"/mentorship/ask/{way}" for way in ("", *(f"?for={way}" for way in MentorRequest.For.values))]
    own = ["/me/", "/mentorship/", team.request.get_absolute_url(), mentor.get_absolute_url(), "/mentorship/offer/"]
    return {
        "": ["/mentorship/"],
        "teacher": [*own, *ways, *(f"{it}{part}" for part in parts)],
        "teacher2": [agreeing.request.get_absolute_url(), f"/mentorship/asked/{agreeing.public_id}/agree/"]
        + ["/mentorship/", over.request.get_absolute_url(), over.get_absolute_url()],
        "mentor": ["/me/", "/mentorship/", "/mentorship/offer/", f"/mentorship/asked/{asked.public_id}/", it],
        "guardian": ["/me/children/", f"/mentorship/students/{student.public_id}/mentor/"],
        "student": [f"/mentorship/students/{student.public_id}/mentor/"],
        "coordinator": [*desk, *of_one, asked.request.get_absolute_url(), it, "/desk/"],
    }


def picture(visitor, scheme, reader, address):
    """For whoever wants to look: PICTURES=folder makes pictures of the pages that this passes."""
    if folder := os.environ.get("PICTURES"):
        name = re.sub(r"[^a-z0-9]+", "-", address.strip("/") or "home")
        visitor.page.screenshot(
            path=f"{folder}/{reader or 'nobody'}-{name}-{visitor.width}-{scheme}.png", full_page=True
        )


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 390), ("light", 1280), ("dark", 1280)])
def test_every_page_of_mentorship_is_clean_for_axe(visit, scheme, width):
    wrong = []
    for reader, read in pages_of_mentorship().items():
        visitor = visit(reader, color_scheme=scheme, width=width)
        for address in read:
            if visitor.go(address).status != 200:
                wrong.append(f"{reader} {address}: no page")
                continue
            picture(visitor, scheme, reader, address)
            try:
                visitor.look()
            except AssertionError as found:
                wrong.append(str(found))
    assert wrong == []


def test_a_guardian_reads_who_the_mentor_is_and_decides_by_the_mailed_link(visit):
    phone = visit(width=390)
    link = Guardianship.objects.get(child__family_name="Danilova")
    phone.go(signed_link("members.consent", link.public_id))
    phone.fill(birth_date=link.child.birth_date.isoformat())
    phone.press("Read on")
    phone.look("Mentors")
    phone.follow("What they write and plan")
    phone.look("City olympiad", "Collect 200 pictures of leaves.", "an argument about ferns")
