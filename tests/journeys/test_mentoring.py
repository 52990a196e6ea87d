"""Mentorship in the browser: from the request to what came of it, a guardian on the phone, and every page under axe."""

import os
import re
from datetime import timedelta

import pytest
from django.utils.timezone import localdate

from cluster_portal.links import signed_link
from cluster_portal.models import OutboxMail
from members.models import Guardianship
from mentorship import actions
from mentorship.models import Mentor, MentorRequest, Pairing
from mentorship.readers import channel_of

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
    outcome = team.outcomes.get().public_id
    parts = [
        "", "outcomes/", f"outcomes/{outcome}/", "log/", "plan/", "meetings/", f"meetings/{meeting}/", "messages/",
        "files/", "end/", "students/",
    ]  # fmt: skip
    concern, message = told_and_taken_back(team)
    parts += [f"tell/message/{message.public_id}/"]
    lists = ("", "mentors/", "requests/", "pairings/", "intake/", "terms/", "institutions/", "unserved/", "thanks/",
             "concerns/", f"concerns/{concern.public_id}/")  # fmt: skip
    desk = [*(f"/desk/mentorship/{part}" for part in lists), f"/desk/mentorship/thanks/{over.public_id}/"]
    of_one = [f"/desk/mentorship/mentors/{one.public_id}/" for one in (mentor, offered)]
    of_one += [f"/desk/mentorship/mentors/{offered.public_id}/decline/"]
    of_one += [f"/desk/mentorship/requests/{one.public_id}/match/" for one in (risen, seeking, asked.request)]
    of_one += [f"/desk/mentorship/requests/{risen.public_id}/close/", risen.get_absolute_url()]
    ways = [f"/mentorship/ask/{way}" for way in ("", *(f"?for={way}" for way in MentorRequest.For.values))]
    own = ["/me/", "/mentorship/", team.request.get_absolute_url(), mentor.get_absolute_url(), "/mentorship/offer/"]
    return {
        "": ["/mentorship/", "/mentorship/outcomes/"],
        "teacher": [*own, *ways, *(f"{it}{part}" for part in parts)],
        "teacher2": [
            "/mentorship/",
            agreeing.request.get_absolute_url(),
            f"/mentorship/asked/{agreeing.public_id}/agree/",
        ],
        "instructor": [over.request.get_absolute_url(), over.get_absolute_url(), f"{over.get_absolute_url()}feedback/"],
        "mentor": [*own[:2], "/mentorship/offer/", "/mentorship/hours/", f"/mentorship/asked/{asked.public_id}/", it],
        "guardian": ["/me/children/", f"/mentorship/students/{student.public_id}/mentor/"],
        "student": [f"/mentorship/students/{student.public_id}/mentor/"],
        "coordinator": [
            *desk,
            *of_one,
            asked.request.get_absolute_url(),
            it,
            f"{it}messages/",
            f"{it}hide/message/{message.public_id}/",
            "/desk/",
        ],
    }


def told_and_taken_back(team):
    """The teacher tells the coordinator of a message, and has written the goals anew."""
    message = team.messages.filter(by=team.mentor.person).first()
    actions.write_goals(team, team.request.by, "The final of the city.")
    return actions.tell_coordinator(message, team.request.by, "This is not for the whole class."), message


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


def test_from_the_request_to_what_came_of_it(visit):
    """A teacher asks on the phone, is matched, meets, and says what came of it; the other side goes along."""
    teacher, coordinator, mentor = visit("teacher", width=390), visit("coordinator"), visit("instructor", width=390)
    it = asked_and_answered(teacher, coordinator, mentor)
    meet_and_write_down(mentor, teacher, it)
    teacher.go(it.get_absolute_url())
    teacher.follow("Enter an outcome")
    teacher.look("Enter an outcome")
    teacher.fill(level="City or region", place="Second place", evidence_link="https://robots.example.org/results")
    teacher.press("Enter it")
    teacher.look("Congratulations to all who took part.", "Robots of the North", "Second place")
    teacher.follow("Finish, or end it")
    teacher.look("Finish, or end it")
    teacher.press("We have finished")
    teacher.look("Completed")
    mentor.go(f"{it.get_absolute_url()}feedback/")
    mentor.fill(helpful="5", text="They asked better and better.")
    mentor.press("Give feedback")
    mentor.look("Thank you. The coordinator reads what you said, and nobody else.")
    coordinator.go(f"/desk/mentorship/thanks/{it.public_id}/")
    coordinator.look("They asked better and better.")


def asked_and_answered(teacher, coordinator, mentor):
    """The request becomes a pairing: everybody answers on their own page."""
    teacher.go("/mentorship/")
    teacher.follow("Ask", exact=True)
    teacher.look("What for?")
    teacher.follow("A named competition or olympiad")
    teacher.fill(title="A robot that finds its way", contest="Robots of the North", text="We have a robot, and a wall.")
    teacher.fill(help=["prepare"], needed_by=(localdate() + timedelta(days=90)).isoformat())
    teacher.press("Ask", exact=True)
    teacher.look("This page says at any time who owes you the next answer.", "A mentor is sought")
    coordinator.go("/desk/mentorship/requests/")
    coordinator.follow("A robot that finds its way")
    coordinator.follow("Find a mentor")
    coordinator.look("Who fits")
    coordinator.press("Ask this mentor Filatova Inna")
    coordinator.look("Filatova Inna is asked by mail.")
    mentor.go("/mentorship/")
    mentor.follow("A robot that finds its way")
    mentor.look("Do you take it?", "Why you")
    mentor.press("Accept")
    mentor.look("You have said yes. The teacher answers next")
    teacher.page.reload()
    teacher.look("A mentor has said yes")
    teacher.follow("You agree")
    teacher.look("Do you agree?", "Filatova Inna")
    teacher.press("Agree")
    teacher.look("You have a mentor. Plan the first meeting.")
    return Pairing.objects.active().get(request__title="A robot that finds its way")


def meet_and_write_down(mentor, teacher, it):
    """The mentor plans a meeting, the teacher has it in the calendar; what they did takes one form on one page."""
    day = (localdate() + timedelta(days=5)).isoformat()
    mentor.go(it.get_absolute_url())
    mentor.follow("Plan a meeting")
    mentor.fill(starts_at=f"{day}T16:00", ends_at=f"{day}T17:00", place="Room 5")
    mentor.press("Plan it and invite everybody")
    mentor.look("Planned.", "Room 5")
    invited = OutboxMail.objects.filter(template="mentorship/meeting_planned", about_id=it.meetings.get().public_id)
    assert {mail.to for mail in invited} == {it.request.by, it.mentor.person}
    mentor.fill(what="The robot found the wall.", coming="And then the door.")
    mentor.press("Write it down")
    mentor.look("Written into the log.", "The robot found the wall.")
    teacher.go(f"{it.get_absolute_url()}messages/")
    teacher.fill(text="It has found the door, too.")
    teacher.press("Send to everybody")
    teacher.look("Sent to everybody in this pairing.", "It has found the door, too.")
    teacher.go("/me/")
    teacher.look("My mentoring", "Meet next")


def test_a_guardian_follows_and_decides_by_the_mailed_link_on_the_phone(visit):
    phone = visit(width=390)
    link = Guardianship.objects.get(child__family_name="Danilova")
    phone.go(signed_link("members.consent", link.public_id))
    phone.fill(birth_date=link.child.birth_date.isoformat())
    phone.press("Read on")
    phone.look("Mentors", "Tarasov Gleb")
    phone.follow("What they write and plan")
    phone.look("Collect 200 pictures of leaves.", "an argument about ferns", "Third place")
    phone.page.go_back()
    phone.follow("The mentor, and your word")
    phone.look("A mentor for Sofia", "I teach machine learning")
    phone.press("I take that back")
    phone.look("Not approved")
    team = Pairing.objects.active().get()
    assert link.child not in channel_of(team).learners
    phone.go(phone.page.url.replace("/mentors/", "/pairings/"))
    assert phone.page.get_by_text("ferns").count() == 0
    teacher = visit("teacher", width=390)
    teacher.go(f"{team.get_absolute_url()}students/")
    teacher.look("Not approved")
