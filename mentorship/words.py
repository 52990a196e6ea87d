"""Mentors and requests in words: how somebody helps, when and how one meets, who owes the next answer."""

from datetime import datetime
from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.languages import language_name
from mentorship.clock import Owes, owner_of
from mentorship.models import Format, Help, Mentor, MentorRequest

Fact = tuple[str, str]


def days_in_words(days: list[int], none: str) -> str:
    """Weekdays by name, in their order."""
    return ", ".join(str(WEEKDAYS[day]) for day in sorted(days)) or none


def languages_in_words(codes: list[str]) -> str:
    """Languages as the reader calls them."""
    return ", ".join(language_name(code) for code in codes)


def help_in_words(kinds: list[str]) -> list[str]:
    """Kinds of help, in the order in which they are declared."""
    return [str(kind.label) for kind in Help if kind in kinds]


def formats_in_words(formats: list[str]) -> str:
    """How one meets."""
    return ", ".join(str(it.label) for it in Format if it in formats)


def places_in_words(mentor: Any) -> str:
    """How many more pairings a mentor (`with_loads`, or as matching sees them) takes."""
    if mentor.free <= 0:
        return _("no place free")
    return ngettext("%(n)d place free", "%(n)d places free", mentor.free) % {"n": mentor.free}


def load_in_words(mentor: Mentor) -> str:
    """How many pairings a mentor (`with_loads`) has, of how many."""
    return _("%(taken)d of %(places)d") % {"taken": mentor.taken, "places": mentor.places}


def mentor_as_facts(mentor: Mentor) -> list[Fact]:
    """What a mentor offers, for whoever may read it. How they are reached is not among it."""
    hours = ngettext("%(n)d hour", "%(n)d hours", mentor.hours_a_month) % {"n": mentor.hours_a_month}
    return [
        (_("Helps with"), "; ".join(help_in_words(mentor.help))),
        (_("Competitions and olympiads"), "; ".join(mentor.contests)),
        (_("Themes"), ", ".join(it.name for it in mentor.directions.all())),
        (_("Languages"), languages_in_words(mentor.languages)),
        (_("Meets"), formats_in_words(mentor.formats)),
        (_("Days"), days_in_words(mentor.weekdays, _("it depends"))),
        (_("Time a month"), hours),
    ]


def request_as_facts(request: MentorRequest) -> list[Fact]:
    """What is asked for."""
    period = _("%(first)s to %(last)s") % {
        "first": date_format(request.needed_from),
        "last": date_format(request.needed_by),
    }
    return [
        (_("What for"), str(request.get_what_for_display())),
        (_("Competition or olympiad"), request.contest),
        (_("Initiative"), request.initiative.title if request.initiative else ""),
        (_("Kinds of help"), "; ".join(help_in_words(request.help))),
        (_("Themes"), ", ".join(it.name for it in request.directions.all())),
        (_("Languages"), languages_in_words(request.languages)),
        (_("We meet"), formats_in_words(request.formats)),
        (_("Days"), days_in_words(request.weekdays, _("any"))),
        (_("When it matters"), period),
        (_("Students"), _("take part") if request.with_students else _("do not take part")),
    ]


def day_of(at: datetime) -> str:
    """The day of an instant, by the reader's clock."""
    return date_format(localtime(at))


def owed_in_words(request: MentorRequest, own: bool = False) -> str:
    """Who owes the next answer and until when; `own`: the reader is who asked."""
    until = {"day": day_of(request.answer_by)}
    match owner_of(request):
        case Owes.COORDINATOR if request.risen_at is not None:
            return _("The coordinator has been told again, and answers until %(day)s.") % until
        case Owes.COORDINATOR:
            return _("The coordinator answers until %(day)s.") % until
        case Owes.MENTOR:
            return _("A mentor answers until %(day)s.") % until
        case Owes.TEACHER if own:
            return _("You answer until %(day)s.") % until
        case Owes.TEACHER:
            return _("The teacher answers until %(day)s.") % until
    return ""


def owes_in_a_word(request: MentorRequest) -> str:
    """Who owes the next answer, as a column shows it."""
    names = {Owes.COORDINATOR: _("coordinator"), Owes.MENTOR: _("mentor"), Owes.TEACHER: _("teacher")}
    owner = owner_of(request)
    return capfirst(names[owner]) if owner else ""
