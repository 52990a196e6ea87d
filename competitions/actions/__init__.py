from competitions.actions.authors import (
    STILL_WRITTEN,
    confirm_authorship,
    decide_publishing,
    decline_authorship,
    end_authorship,
    hand_over_lead,
    invite_author,
)
from competitions.actions.competitions import (
    cancel_competition,
    change_competition,
    create_competition,
    hold_competition_again,
    publish_competition,
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
from competitions.actions.foreseeing import mailed_by
from competitions.actions.results import (
    admit_all,
    admit_entry,
    conclude_competition,
    disqualify_entry,
    plan_places,
    propose_places,
    whom_results_tell,
)
from competitions.actions.rubric import (
    add_criterion,
    add_nomination,
    change_criterion,
    change_nomination,
    move_up,
    remove_criterion,
    remove_nomination,
)

ACTIONS = {
    "authorship": {"confirm": confirm_authorship, "decline": decline_authorship, "end": end_authorship},
    "competition": {"publish": publish_competition, "cancel": cancel_competition, "conclude": conclude_competition},
    "entry": {"submit": submit_entry, "reopen": reopen_entry, "withdraw": withdraw_entry, "admit": admit_entry},
}

__all__ = [
    "ACTIONS",
    "STILL_WRITTEN",
    "add_criterion",
    "add_file",
    "add_nomination",
    "admit_all",
    "admit_entry",
    "begin_diplomas",
    "begin_entry",
    "cancel_competition",
    "change_competition",
    "change_criterion",
    "change_nomination",
    "conclude_competition",
    "confirm_authorship",
    "create_competition",
    "decide_publishing",
    "decline_authorship",
    "disqualify_entry",
    "end_authorship",
    "hand_over_lead",
    "hold_competition_again",
    "invite_author",
    "mailed_by",
    "move_up",
    "plan_places",
    "propose_places",
    "publish_competition",
    "remove_criterion",
    "remove_file",
    "remove_nomination",
    "reopen_entry",
    "save_entry",
    "submit_entry",
    "whom_results_tell",
    "withdraw_entry",
]
