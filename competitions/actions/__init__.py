from competitions.actions.authors import (
    confirm_authorship,
    decide_publishing,
    decline_authorship,
    end_authorship,
    hand_over_lead,
    invite_author,
)
from competitions.actions.diplomas import begin_diplomas
from competitions.actions.entries import (
    add_file,
    begin_entry,
    remove_file,
    reopen_entry,
    save_entry,
    submit_entry,
    withdraw_entry,
)
from competitions.actions.results import (
    admit_all,
    admit_entry,
    conclude_competition,
    disqualify_entry,
    plan_places,
    propose_places,
    whom_results_tell,
)

ACTIONS = {
    "authorship": {"confirm": confirm_authorship, "decline": decline_authorship, "end": end_authorship},
    "entry": {"submit": submit_entry, "reopen": reopen_entry, "withdraw": withdraw_entry, "admit": admit_entry},
}

__all__ = [
    "ACTIONS",
    "add_file",
    "admit_all",
    "admit_entry",
    "begin_diplomas",
    "begin_entry",
    "conclude_competition",
    "confirm_authorship",
    "decide_publishing",
    "decline_authorship",
    "disqualify_entry",
    "end_authorship",
    "hand_over_lead",
    "invite_author",
    "plan_places",
    "propose_places",
    "remove_file",
    "reopen_entry",
    "save_entry",
    "submit_entry",
    "whom_results_tell",
    "withdraw_entry",
]
