from competitions.actions.authors import (
    confirm_authorship,
    decide_publishing,
    decline_authorship,
    end_authorship,
    hand_over_lead,
    invite_author,
)
from competitions.actions.entries import (
    add_file,
    begin_entry,
    remove_file,
    reopen_entry,
    save_entry,
    submit_entry,
    withdraw_entry,
)

ACTIONS = {
    "authorship": {"confirm": confirm_authorship, "decline": decline_authorship, "end": end_authorship},
    "entry": {"submit": submit_entry, "reopen": reopen_entry, "withdraw": withdraw_entry},
}

__all__ = [
    "ACTIONS",
    "add_file",
    "begin_entry",
    "confirm_authorship",
    "decide_publishing",
    "decline_authorship",
    "end_authorship",
    "hand_over_lead",
    "invite_author",
    "remove_file",
    "reopen_entry",
    "save_entry",
    "submit_entry",
    "withdraw_entry",
]
