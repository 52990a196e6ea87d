"""Mentors, what teachers ask of them, and what comes of it."""

from mentorship.models.kept import Concern, TakenBack
from mentorship.models.mentors import Format, Help, Mentor
from mentorship.models.outcomes import Outcome, PairingFeedback
from mentorship.models.pairings import (
    LogEntry,
    Meeting,
    MentorApproval,
    Message,
    Milestone,
    Pairing,
    PairingFile,
    PairingStudent,
)
from mentorship.models.requests import MentorRequest, Terms

__all__ = [
    "Concern",
    "Format",
    "Help",
    "LogEntry",
    "Meeting",
    "Mentor",
    "MentorApproval",
    "MentorRequest",
    "Message",
    "Milestone",
    "Outcome",
    "Pairing",
    "PairingFeedback",
    "PairingFile",
    "PairingStudent",
    "TakenBack",
    "Terms",
]
