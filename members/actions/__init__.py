from members.actions.affiliations import (
    accept_invitation,
    admit_affiliation,
    ask_to_join,
    claim_person,
    decline_invitation,
    end_affiliation,
    invite_person,
    recall_invitation,
    redeem_invitation,
    refuse_affiliation,
    take_back_request,
)
from members.actions.agreements import (
    conclude_agreement,
    open_agreement,
    record_signature,
    terminate_agreement,
    withdraw_agreement,
)
from members.actions.institutions import keep_institution
from members.actions.people import change_profile, choose_language, enter_person, restore_person, suspend_person

ACTIONS = {
    "affiliation": {
        "accept": accept_invitation,
        "decline": decline_invitation,
        "admit": admit_affiliation,
        "refuse": refuse_affiliation,
        "recall": recall_invitation,
        "take_back": take_back_request,
        "end": end_affiliation,
    },
    "agreement": {
        "open": open_agreement,
        "conclude": conclude_agreement,
        "withdraw": withdraw_agreement,
        "terminate": terminate_agreement,
    },
}

__all__ = [
    "ACTIONS",
    "accept_invitation",
    "admit_affiliation",
    "ask_to_join",
    "change_profile",
    "choose_language",
    "claim_person",
    "conclude_agreement",
    "decline_invitation",
    "end_affiliation",
    "enter_person",
    "invite_person",
    "keep_institution",
    "open_agreement",
    "record_signature",
    "redeem_invitation",
    "refuse_affiliation",
    "restore_person",
    "suspend_person",
    "terminate_agreement",
    "withdraw_agreement",
]
