"""What can be done in mentorship: each action is one transaction, in the module of its concern."""

from mentorship.actions.mentors import (
    admit_mentor,
    change_mentor,
    decline_mentor,
    end_mentor,
    lock_mentor,
    note_clearance,
    offer_mentoring,
    pause_mentor,
    resume_mentor,
)
from mentorship.actions.requests import (
    ask_for_mentor,
    change_request,
    change_terms,
    close_request,
    lock_request,
    reopen,
    reopen_request,
    take_back_proposal,
    withdraw_request,
)

ACTIONS: dict[str, dict] = {
    "mentor": {
        "offer": offer_mentoring,
        "admit": admit_mentor,
        "decline": decline_mentor,
        "pause": pause_mentor,
        "resume": resume_mentor,
        "end": end_mentor,
    },
    "mentorrequest": {
        "reopen": reopen_request,
        "withdraw": withdraw_request,
        "close": close_request,
    },
}

__all__ = [
    "ACTIONS",
    "admit_mentor",
    "ask_for_mentor",
    "change_mentor",
    "change_request",
    "change_terms",
    "close_request",
    "decline_mentor",
    "end_mentor",
    "lock_mentor",
    "lock_request",
    "note_clearance",
    "offer_mentoring",
    "pause_mentor",
    "reopen",
    "reopen_request",
    "resume_mentor",
    "take_back_proposal",
    "withdraw_request",
]
