"""A person in every table of mentorship that can point to a person, each text a marker of its own."""

from datetime import date

from django.core.files.base import ContentFile

from cluster_portal.uploads import keep_upload
from members.models import Direction
from mentorship.models import PairingFile
from tests.mentorship import factories as pair

GONE = {
    "offer": "Markeroffer",
    "known contest": "Markerknown",
    "why not admitted": "Markernotadmitted",
    "asked": "Markerasked",
    "asked title": "Markerforever",
    "why closed": "Markerclosed",
    "message": "Markermessage",
    "pairing file": "Markerpairingfile",
    "mentor feedback": "Markerhelpful",
    "evidence": "markerevidence",
}
# What the other's record rests on, and what an adult wrote where students take part.
KEPT = {
    "paired title": "Markerteam",
    "goals": "Markergoals",
    "step": "Markermilestone",
    "mentor log": "Markermentoring",
    "next": "Markernext",
    "place": "Markerroom",
    "to students": "Markerthread",
    "written over": "Markergoalsbefore",
    "told": "Markerconcern",
    "outcome": "Markerolympiad",
}


def in_mentorship(person, other):
    """Mentor of ended pairings; teacher of one that ended and of a search that found nobody; student; guardian."""
    mentor = pair.MentorFactory(
        person=person,
        about=GONE["offer"],
        contests=[GONE["known contest"]],
        declined_because=GONE["why not admitted"],
        directions=[Direction.objects.create(name="Robots", slug="robots")],
        clearance_by=person,
    )
    _mentored(person, mentor)
    pair.MentorRequestFactory(
        by=person, state="closed", title=GONE["asked title"], text=GONE["asked"], closed_because=GONE["why closed"]
    )
    pair.PairingFactory(state="completed", request__by=person, mentor__person=other, request__title="Of a teacher")
    reached = pair.PairingStudentFactory(person=person, pairing__state="completed")
    link = f"https://example.org/{GONE['evidence']}"
    pair.OutcomeFactory(pairing=reached.pairing, contest=KEPT["outcome"], evidence_link=link).students.add(reached)
    pair.MentorApprovalFactory(by=person)


def _mentored(person, mentor):
    ended = pair.PairingFactory(
        state="dissolved", mentor=mentor, request__title=KEPT["paired title"], goals=KEPT["goals"]
    )  # fmt: skip
    pair.MilestoneFactory(pairing=ended, title=KEPT["step"])
    pair.LogEntryFactory(pairing=ended, by=person, day=date(2026, 3, 3), what=KEPT["mentor log"], coming=KEPT["next"])
    pair.MeetingFactory(pairing=ended, planned_by=person, place=KEPT["place"])
    pair.MessageFactory(pairing=ended, by=person, text=GONE["message"])
    file = PairingFile(pairing=ended, by=person)
    file.upload = keep_upload(ContentFile(b"A text.", name=f"{GONE['pairing file']}.txt"), about=file, by=person)
    file.save()
    pair.PairingFeedbackFactory(pairing=ended, by=person, text=GONE["mentor feedback"])
    watched = pair.PairingFactory(state="dissolved", mentor=mentor, request__with_students=True)
    message = pair.MessageFactory(pairing=watched, by=person, text=KEPT["to students"])
    pair.TakenBackFactory(pairing=watched, by=person, text=KEPT["written over"])
    pair.ConcernFactory(message=message, by=person, text=KEPT["told"])
