"""Institutions and applications in words: how many of each kind, what happened."""

from collections.abc import Iterable
from datetime import date
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from members.models import Application, ApplicationNote, Initiative, Institution, Milestone, Purpose

Kind = Institution.Kind
COUNTED = {
    Kind.UNIVERSITY: lambda n: ngettext("%(n)s university", "%(n)s universities", n),
    Kind.METHODOLOGY_CENTRE: lambda n: ngettext("%(n)s methodology centre", "%(n)s methodology centres", n),
    Kind.SCHOOL: lambda n: ngettext("%(n)s school", "%(n)s schools", n),
    Kind.KINDERGARTEN: lambda n: ngettext("%(n)s kindergarten", "%(n)s kindergartens", n),
    Kind.COLLEGE: lambda n: ngettext("%(n)s college", "%(n)s colleges", n),
    Kind.SUPPLEMENTARY: lambda n: ngettext(
        "%(n)s centre of supplementary education", "%(n)s centres of supplementary education", n
    ),
    Kind.COMPANY: lambda n: ngettext("%(n)s company", "%(n)s companies", n),
    Kind.AUTHORITY: lambda n: ngettext("%(n)s public authority", "%(n)s public authorities", n),
    Kind.ASSOCIATION: lambda n: ngettext("%(n)s association", "%(n)s associations", n),
}


def counted(kind: str, number: int) -> str:
    """So many institutions of a kind: "7 schools"."""
    return COUNTED[Kind(kind)](number) % {"n": number}


def by_kind(institutions: Iterable[Institution]) -> list[dict]:
    """Institutions in groups of one kind, in the order in which the kinds are declared; each group with its words."""
    order = list(Kind)
    ordered = sorted(institutions, key=lambda it: order.index(Kind(it.kind)))
    groups = [(kind, list(rows)) for kind, rows in groupby(ordered, lambda it: it.kind)]
    return [{"kind": kind, "words": counted(kind, len(rows)), "institutions": rows} for kind, rows in groups]


def story_of_application(application: Application, notes: Iterable[ApplicationNote]) -> list[dict]:
    """What happened with an application, for `timeline`: sent, asked, answered, decided."""
    entries = [{"at": application.received_at, "text": _("Sent on the public form"), "by": ""}]
    for note in notes:
        by_applicant = note.by_id == application.applicant_id
        entries.append(
            {"at": note.at, "text": note.text, "by": _("The applicant") if by_applicant else _("The coordinator")}
        )
    if not application.is_open and application.state != Application.State.UNCONFIRMED:
        entries.append({"at": application.state_since, "text": application.get_state_display(), "by": ""})
    return entries


def milestones_as_timeline(initiative: Initiative, today: date) -> list[dict]:
    """Its milestones in the order of the calendar, for `timeline`: reached, overdue or ahead."""
    return [
        {"day": it.reached_on or it.due_on, "text": it.title, **_milestone_state(it, initiative, today)}
        for it in sorted(initiative.milestones.all(), key=lambda it: (it.reached_on or it.due_on, it.pk))
    ]


def _milestone_state(milestone: Milestone, initiative: Initiative, today: date) -> dict[str, str]:
    if milestone.reached_on:
        return {"word": _("reached"), "tone": "good"}
    if initiative.is_over:
        return {"word": _("not reached"), "tone": "neutral"}
    if milestone.is_overdue_on(today):
        return {"word": _("overdue"), "tone": "attention"}
    return {"word": _("due"), "tone": "neutral"}


# What happens when a consent is taken back: no more than the portal does (docs/decisions/071).
TAKEN_BACK = {
    Purpose.TAKING_PART: gettext_lazy(
        "A place that is held is free for others at once, and no reminder of a course leaves. Where a place is "
        "certain, your teacher and the coordinator see it at once; leave the course to end it."
    ),
    Purpose.NAME: gettext_lazy(
        "Rosters and attendance sheets show no name from now on. What was printed before stays as it is."
    ),
    Purpose.PHOTO: gettext_lazy(
        "Your teacher and the coordinator see it at once. The portal does not know who is on a photo: tell them which "
        "ones, and they take them down."
    ),
    Purpose.WORK: gettext_lazy(
        "Your teacher and the coordinator see it at once. The portal does not know whose work is where: tell them "
        "which, and they take it down."
    ),
    Purpose.MESSAGES: gettext_lazy(
        "Your teacher and the coordinator see it at once. Mail about consents and places still comes."
    ),
}
