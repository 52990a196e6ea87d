from courses.actions.attendance import check_in, join_session, mark_attendance
from courses.actions.bookings import add_to_booking, book_class, release_booking
from courses.actions.certificates import begin_issuing, issue_to
from courses.actions.courses import change_course, create_course, review_course
from courses.actions.enrolments import (
    accept_offer,
    approve_enrolment,
    cancel_enrolment,
    decline_offer,
    enrol,
    lapse_enrolment,
    lapse_overdue,
    refuse_enrolment,
    settle_all_held,
    settle_for,
)
from courses.actions.feedback import (
    add_feedback_question,
    ask_for_feedback,
    ask_standard_questions,
    change_feedback_question,
    give_feedback,
    move_feedback_question_up,
    remove_feedback_question,
)
from courses.actions.foreseeing import mailed_by
from courses.actions.handing_over import hand_over
from courses.actions.materials import add_material, change_material, remove_material, tell_of_materials
from courses.actions.pathways import (
    add_step,
    change_pathway,
    create_pathway,
    move_step_up,
    publish_pathway,
    remove_step,
    retire_pathway,
)
from courses.actions.places import offer_free_places
from courses.actions.pools import add_places, change_places, recount_pools
from courses.actions.questions import add_question, change_answers, change_question, move_question_up, remove_question
from courses.actions.repeating import repeat_run
from courses.actions.reserves import add_reserve, change_reserve, release_reserves, remove_reserve
from courses.actions.runs import cancel_run, change_run, close_run, create_run, publish_run
from courses.actions.seats import choose_seat, give_up_seat, swap_seat, wish
from courses.actions.session_places import set_session_places
from courses.actions.sessions import add_session, cancel_session, move_session, plan_sessions
from courses.actions.settling import settle_booking
from courses.actions.signing_up import sign_up
from courses.actions.works import accept_work, hand_in_work, return_work

ACTIONS = {
    "enrolment": {
        "confirm": enrol,
        "hold": enrol,
        "wait": enrol,
        "offer": offer_free_places,
        "accept": accept_offer,
        "decline": decline_offer,
        "refuse": refuse_enrolment,
        "lapse": lapse_enrolment,
        "cancel": cancel_enrolment,
    },
    "classbooking": {"settle": settle_booking, "reopen": add_to_booking, "release": release_booking},
    "pathway": {"publish": publish_pathway, "retire": retire_pathway},
    "finalwork": {"accept": accept_work, "return": return_work, "hand_in": hand_in_work},
    "run": {"publish": publish_run, "cancel": cancel_run, "close": close_run},
    "seat": {"confirm": choose_seat, "wait": wish, "cancel": give_up_seat},
    "session": {"cancel": cancel_session},
}

__all__ = [
    "ACTIONS",
    "accept_offer",
    "accept_work",
    "add_feedback_question",
    "add_material",
    "add_places",
    "add_question",
    "add_reserve",
    "add_session",
    "add_step",
    "add_to_booking",
    "approve_enrolment",
    "ask_for_feedback",
    "ask_standard_questions",
    "begin_issuing",
    "book_class",
    "cancel_enrolment",
    "cancel_run",
    "cancel_session",
    "change_answers",
    "change_course",
    "change_feedback_question",
    "change_material",
    "change_pathway",
    "change_places",
    "change_question",
    "change_reserve",
    "change_run",
    "check_in",
    "choose_seat",
    "close_run",
    "create_course",
    "create_pathway",
    "create_run",
    "decline_offer",
    "enrol",
    "give_feedback",
    "give_up_seat",
    "hand_in_work",
    "hand_over",
    "issue_to",
    "join_session",
    "lapse_enrolment",
    "lapse_overdue",
    "mailed_by",
    "mark_attendance",
    "move_feedback_question_up",
    "move_question_up",
    "move_session",
    "move_step_up",
    "offer_free_places",
    "plan_sessions",
    "publish_pathway",
    "publish_run",
    "recount_pools",
    "refuse_enrolment",
    "release_booking",
    "release_reserves",
    "remove_feedback_question",
    "remove_material",
    "remove_question",
    "remove_reserve",
    "remove_step",
    "repeat_run",
    "retire_pathway",
    "return_work",
    "review_course",
    "set_session_places",
    "settle_all_held",
    "settle_for",
    "sign_up",
    "swap_seat",
    "tell_of_materials",
    "wish",
]
