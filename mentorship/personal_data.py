"""What mentorship holds about people. Read by export, erasure and retention; merging is actions/merging.py."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from cluster_portal.hooks import PersonalData, register_personal_data
from cluster_portal.personal import Table, erase_tables, export_tables
from mentorship.actions.leaving import leave_mentorship
from mentorship.actions.merging import merge_in_mentorship
from mentorship.models import Mentor, MentorRequest, Pairing, PairingStudent
from mentorship.retention import empty_requests, forget_words_of

WITH_OTHERS = _("What mentor and teacher did together stays without a name: the other’s record and hours rest on it.")
ASKED_FOR = _("That a mentor was asked for, and what came of it, stays without a name and without the text of it.")
FOR_CHILDREN = _(
    "What an adult wrote or shared where students take part stays for its time, without a name: whoever may have to "
    "protect a child must be able to read it."
)
REACHED = _("What students reached stays, without a name: reports count it.")
NOBODYS_OFFER: dict[str, Any] = {
    "about": "",
    "contests": [],
    "help": [],
    "languages": [],
    "formats": [],
    "weekdays": [],
    "time_zone": "UTC",
    "clearance_until": None,
    "clearance_by": None,
    "declined_because": "",
}


def _lately(since: datetime) -> Q:
    return Q(state__in=Pairing.LIVE) | Q(state_since__gte=since)


def _busy_mentors(since: datetime) -> QuerySet:
    lately = Pairing.objects.filter(_lately(since), mentor=OuterRef("pk"))
    return Mentor.objects.filter(Q(state_since__gte=since) | Q(state=Mentor.State.OFFERED) | Exists(lately))


def _lately_asked(since: datetime) -> QuerySet:
    lately = Pairing.objects.filter(_lately(since), request=OuterRef("pk"))
    return MentorRequest.objects.filter(
        Q(state__in=MentorRequest.LIVE) | Q(state_since__gte=since) | Exists(lately)
    )  # fmt: skip


def _lately_mentored(since: datetime) -> QuerySet:
    lately = Pairing.objects.filter(_lately(since), pk=OuterRef("pairing"))
    return PairingStudent.objects.filter(Q(state_since__gte=since) | Exists(lately))


def _keeping(person: Any, path: str = "") -> Q:
    """Rows of the pairings of which somebody is, or was, the mentor or the teacher."""
    selves = person.selves
    return Q(**{f"{path}mentor__person__in": selves}) | Q(**{f"{path}request__by__in": selves})


def _parts_kept(person: Any) -> Q:
    return _keeping(person, "pairing__")


def _meetings_of(person: Any) -> Q:
    approved = PairingStudent.objects.approved().filter(person__in=person.selves)
    return _parts_kept(person) | Q(pairing__in=approved.values("pairing"))


def _reached_by(person: Any) -> Q:
    return Q(pk__in=PairingStudent.objects.filter(person__in=person.selves, outcomes__isnull=False).values("outcomes"))


TABLES = (
    Table("mentorship.Terms", plain="id answer_days stalled_weeks"),
    Table(
        "mentorship.Mentor",
        heading=_("What you offer as a mentor"),
        owners=("person",),
        named=("clearance_by",),
        shown="public_id person state state_since offered_at about contests help languages formats weekdays time_zone"
        " hours_a_month places paused_until clearance_until clearance_by declined_because",
        plain="id",
        emptied=NOBODYS_OFFER,
        why=_("That somebody mentored stays, without a name and without what they offered."),
        ties=_busy_mentors,
    ),
    Table(
        "mentorship.Mentor_directions",
        heading=_("The themes that you know about"),
        owners=("mentor__person",),
        shown="direction",
        keys="mentor",
        plain="id",
        deleted=True,
    ),
    Table(
        "mentorship.MentorRequest",
        heading=_("What you asked a mentor for"),
        owners=("by",),
        shown="public_id by affiliation state state_since asked_at answer_by risen_at title what_for contest initiative"
        " help text languages formats weekdays needed_from needed_by with_students closed_because",
        plain="id",
        emptied={"text": "", "closed_because": ""},
        why=ASKED_FOR,
        ties=_lately_asked,
    ),
    Table("mentorship.MentorRequest_directions", plain="id mentorrequest direction"),
    # The pairing and its meetings are of two: what is told of them to the one who stays must not go with the other.
    # `because` is the reason of one of them, often in confidence, and the row does not say whose: nobody is given it.
    Table(
        "mentorship.Pairing",
        heading=_("Your pairings"),
        also=_keeping,
        shown="public_id request state state_since proposed_at answer_by began_on ended_on goals nudged_at stalled_at",
        keys="mentor because",
        plain="id by_hand with_students",
        why=WITH_OTHERS,
    ),
    Table(
        "mentorship.PairingStudent",
        heading=_("Whose mentor helps you"),
        owners=("person",),
        shown="public_id person state state_since",
        keys="pairing",
        plain="id yes_counts_from no_counts_from",
        why=_("That students took part stays, without names: reports count them."),
        ties=_lately_mentored,
    ),
    Table(
        "mentorship.MentorApproval",
        heading=_("What was said of mentors"),
        owners=("by", "student__person"),
        shown="by granted at",
        keys="student",
        plain="id profile",
        why=_("Who approved a mentor stays for its time, as numbers without names: it proves that it was allowed."),
    ),
    Table(
        "mentorship.Milestone",
        heading=_("The plans of your pairings"),
        also=_parts_kept,
        shown="title due_on done_on",
        keys="pairing",
        plain="id public_id",
        why=WITH_OTHERS,
    ),
    Table(
        "mentorship.Meeting",
        heading=_("The meetings of your pairings"),
        named=("planned_by",),
        also=_meetings_of,
        shown="public_id state state_since starts_at ends_at time_zone place online_link planned_by",
        keys="pairing",
        plain="id",
        why=WITH_OTHERS,
    ),
    Table(
        "mentorship.LogEntry",
        heading=_("What you wrote into logs"),
        owners=("by",),
        shown="public_id by day minutes what coming written_at",
        keys="pairing",
        plain="id",
        why=WITH_OTHERS,
    ),
    Table(
        "mentorship.Message",
        heading=_("The messages that you wrote in pairings"),
        owners=("by",),
        shown="public_id by text sent_at",
        keys="pairing",
        plain="id",
        why=FOR_CHILDREN,
    ),
    Table(
        "mentorship.PairingFile",
        heading=_("The files that you shared in pairings"),
        owners=("by",),
        shown="public_id by added_at",
        keys="pairing upload",
        plain="id",
        why=FOR_CHILDREN,
    ),
    Table(
        "mentorship.TakenBack",
        heading=_("What you took back, changed or hid where students take part"),
        owners=("by",),
        shown="kind text by at because",
        keys="pairing message file",
        plain="id public_id",
        why=FOR_CHILDREN,
    ),
    Table(
        "mentorship.Concern",
        heading=_("What you told coordinators about pairings"),
        owners=("by",),
        shown="by text told_at settled_at",
        keys="pairing message file",
        plain="id public_id",
        why=_("What somebody told to protect a child stays for its time, without a name."),
    ),
    Table(
        "mentorship.Outcome",
        heading=_("What was reached in competitions, by you or entered by you"),
        named=("by",),
        also=_reached_by,
        shown="public_id contest level place day evidence_link by entered_at",
        keys="pairing evidence",
        plain="id",
        why=REACHED,
    ),
    Table("mentorship.Outcome_students", plain="id outcome pairingstudent"),
    Table(
        "mentorship.PairingFeedback",
        heading=_("How you said it was"),
        owners=("by",),
        shown="by helpful text given_at",
        keys="pairing",
        plain="id",
        emptied={"text": ""},
        why=_("How helpful pairings were stays as a number, without a name and without words."),
    ),
)


def export(person: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Everything that mentorship holds about a person."""
    return export_tables(TABLES, person)


def erase(person: Any) -> Iterator[str]:
    """Leave everything that is under way, so that nobody is left waiting; then what was written goes."""
    leave_mentorship(person)
    forget_words_of(person)
    never_paired = MentorRequest.objects.filter(by__in=person.selves).exclude(pairings__state__in=Pairing.BEGUN)
    empty_requests(list(never_paired), title="")
    yield from erase_tables(TABLES, person)


register_personal_data(PersonalData("mentorship", export, erase, merge_in_mentorship, TABLES))
