"""The lines of the audit in plain words: which thing, what was done with it."""

from django.apps import apps
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# What actions write beside moves; a test finds every one in the code and fails on one without words.
DONE = {
    "assign": pgettext_lazy("audit", "assigned"),
    "declare_conflict": _("a conflict of interest declared"),
    "take_back_conflict": _("the declaration of a conflict taken back"),
    "see_others": _("what other jurors gave looked at"),
    "invite": pgettext_lazy("audit", "invited"),
    "add": pgettext_lazy("audit", "added"),
    "add_file": _("a file added"),
    "add_keeper": _("a teacher added"),
    "add_milestone": _("a milestone added"),
    "add_step": _("a course added"),
    "answer": _("questions answered"),
    "appoint": _("appointed"),
    "approve": pgettext_lazy("audit", "approved"),
    "archive": _("put away"),
    "ask": pgettext_lazy("audit", "asked for"),
    "ask_for_feedback": _("feedback asked for"),
    "ask_code": _("a code asked for"),
    "ask_erasure": _("erasure asked for"),
    "begin": _("begun"),
    "begin_loading": _("loading begun"),
    "book": _("places held for a class"),
    "change": pgettext_lazy("audit", "changed"),
    "choose_columns": _("columns chosen"),
    "claim": _("claimed by the person"),
    "clear": _("clearance for work with minors noted"),
    "confirm_device": _("confirmed by a code"),
    "copy": _("data downloaded"),
    "come_back": _("came back"),
    "correct": _("issued anew"),
    "correct_address": _("address corrected"),
    "cover": _("roll of the covered changed"),
    "create": pgettext_lazy("audit", "created"),
    "decide": _("decided"),
    "decide_publishing": _("said whether the library may publish it"),
    "lead": _("leads the entry"),
    "remove_file": _("a file removed"),
    "draft": _("drafted"),
    "end_calendar_address": _("address of the calendar taken back"),
    "end": pgettext_lazy("audit", "ended"),
    "enter": _("entered"),
    "erase": _("erased"),
    "forget_device": _("forgotten"),
    "forget_files": _("files erased"),
    "hide": pgettext_lazy("audit", "hidden"),
    "issue": _("issued"),
    "issue_certificates": _("certificates asked for"),
    "give_feedback": _("feedback given"),
    "issue_diplomas": _("diplomas asked for"),
    "join": _("joined the library"),
    "leave_coordination": _("coordination given up"),
    "load": _("loaded"),
    "mark": _("attendance marked"),
    "merge": _("merged"),
    "move": pgettext_lazy("audit", "moved"),
    "move_up": _("moved up"),
    "move_step_up": _("a course moved up"),
    "name": _("named"),
    "pick": _("recommended"),
    "place": _("a place given"),
    "plan": _("sessions planned"),
    "plan_place": _("a place planned"),
    "prolong": _("prolonged"),
    "publish": pgettext_lazy("audit", "published"),
    "propose": pgettext_lazy("audit", "proposed"),
    "queue": _("written"),
    "reach_milestone": _("a milestone reached"),
    "remind": _("reminded"),
    "remove": pgettext_lazy("audit", "removed"),
    "remove_keeper": _("a teacher removed"),
    "remove_milestone": _("a milestone removed"),
    "remove_step": _("a course taken out"),
    "remove_log": _("an entry of the log taken back"),
    "renew_calendar_address": _("address of the calendar made"),
    "reopen_milestone": _("a milestone opened again"),
    "restore": pgettext_lazy("audit", "restored"),
    "rise": _("told to the coordinator, because nobody answered in time"),
    "say_word": _("agreed or said no"),
    "send": pgettext_lazy("audit", "sent"),
    "send_again": _("sent again"),
    "set": _("laid down"),
    "sign": _("signed"),
    "stall": _("shown to the coordinator, because nobody meets"),
    "stop_mail": _("a kind of mail stopped"),
    "suspend": _("suspended"),
    "take_down_file": _("a file taken down"),
    "take_down_note": _("a note taken down"),
    "take_out": _("somebody taken out"),
    "take_over_coordination": _("coordination taken over"),
    "settle": pgettext_lazy("audit", "answered"),
    "tell": _("the coordinator told"),
    "tell_of_materials": _("those who take part told of materials"),
    "unpick": _("recommended no more"),
    "want": _("whether the library wants it changed"),
    "want_mail": _("a kind of mail wanted again"),
    "withdraw_party": _("a party withdrew"),
    "write": _("written"),
    "write_log": _("a meeting written into the log"),
    "write_progress": _("progress noted"),
}


def done(verb: str) -> str:
    """What was done: the label of a move, or the words of another action; the bare name when it has none."""
    model, _dot, name = verb.rpartition(".")
    moves = getattr(_model(model), "MOVES", {})
    return str(moves[name].label if name in moves else DONE.get(name, name))


def thing(model: str) -> str:
    """The kind of thing it was done with."""
    found = _model(model)
    return capfirst(found._meta.verbose_name) if found else model


def _model(label: str):
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None
