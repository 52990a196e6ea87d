"""An example of each kind of mail about mentorship, with all that its text may mention."""

from datetime import timedelta

from django.utils.timezone import localdate, now

from cluster_portal.hooks import WantedMail
from tests.mentorship import factories as pair

ABOUT_MENTOR = {
    "admitted": "active",
    "clearance_ending": "active",
    "clearance_noted": "active",
    "ended": "ended",
    "offer_declined": "declined",
    "proposed": "active",
    "resumed": "active",
}
ABOUT_REQUEST = {"open_waits": "open", "request_rose": "open", "request_reopened": "open", "request_closed": "closed"}
TO_MENTOR = {"proposal_waits": "proposed", "request_withdrawn": "withdrawn", "not_agreed": "refused"}
TO_MENTOR |= {"teacher_left": "dissolved"}
TO_TEACHER = {"agreement_waits": "accepted", "mentor_found": "accepted", "mentor_gone": "withdrawn", "paired": "active"}
TO_TEACHER |= {
    "mentor_left": "dissolved",
    "lapsed": "lapsed",
    "nudge": "active",
    "not_cleared": "active",
    "pairing_ended": "completed",
    "feedback_asked": "completed",
    "feedback_reminder": "dissolved",
    "sought_again": "declined",
}
TITLE = "Mentor wanted"


def concern_of(pairing, to):
    return pair.ConcernFactory(message=pair.MessageFactory(pairing=pairing), by=to)


ABOUT_PARTS = {
    "message": lambda pairing, to: pair.MessageFactory(pairing=pairing),
    "file_shared": lambda pairing, to: pair.PairingFileFactory(pairing=pairing),
    "hidden": lambda pairing, to: pair.TakenBackFactory(pairing=pairing, because="Не сюда."),
    "concern": concern_of,
    "concern_settled": concern_of,
}


def example_of_mentorship(template, to):
    """A mail of this kind to somebody who is the mentor, the teacher, or decides for a student."""
    name = template.partition("/")[2]
    if state := ABOUT_MENTOR.get(name):
        return WantedMail(template, example_mentor(to, state), to)
    if state := ABOUT_REQUEST.get(name):
        facts = {"closed_because": "Niemand."} if state == "closed" else {}
        return WantedMail(template, pair.MentorRequestFactory(state=state, title=TITLE, **facts), to)
    if name.startswith("meeting_"):
        meeting = pair.MeetingFactory(pairing=example_pairing(to, "active"), starts_at=now() + timedelta(days=1))
        return WantedMail(template, meeting, to, meeting.starts_at.isoformat())
    if name in ABOUT_PARTS:
        return WantedMail(template, ABOUT_PARTS[name](example_pairing(to, "active"), to), to)
    if name == "left_alone":
        return WantedMail(template, alone_pairing(to), to, "teacher")
    if name.startswith("student_") or name in {"mentor_asked", "mentor_changed"}:
        student = pair.PairingStudentFactory(pairing=example_pairing(to, "active"))
        return WantedMail(template, student, to, student.state_since.isoformat())
    if state := TO_MENTOR.get(name):
        return WantedMail(template, pair.PairingFactory(state=state, mentor__person=to, request__title=TITLE), to)
    return WantedMail(template, example_pairing(to, TO_TEACHER[name]), to)


def example_mentor(to, state):
    """A mentor who is asked about something, too."""
    mentor = pair.MentorFactory(person=to, state=state, declined_because="Сначала справка.")
    pair.PairingFactory(state="proposed", mentor=mentor, request__title=TITLE)
    return mentor


def example_pairing(to, state):
    """A pairing of the reader, who teaches."""
    request = {"declined": "open", "lapsed": "open", "withdrawn": "open"}.get(state)
    facts = {"request__state": request} if request else {}
    return pair.PairingFactory(
        state=state, because="Нет времени.", request__by=to, request__affiliation__person=to, request__title=TITLE,
        **facts,
    )  # fmt: skip


def alone_pairing(to):
    """A pairing of which the teacher works somewhere else by now."""
    pairing = example_pairing(to, "active")
    type(pairing.request.affiliation).objects.update(state="ended", ends_on=localdate())
    return pairing
