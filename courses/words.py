"""A run in words: when it takes place, and how it stands."""

import zoneinfo
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache

from django.utils import formats
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from cluster_portal.zones import zone_name
from courses.models import Course, Enrolment, Question, Run, Session
from courses.patterns import WeeklyPattern

DAY, DAY_AND_YEAR, CLOCK = "j E", "j E Y", "H:i"
WEEKDAYS = {
    0: gettext_lazy("Mondays"), 1: gettext_lazy("Tuesdays"), 2: gettext_lazy("Wednesdays"),
    3: gettext_lazy("Thursdays"), 4: gettext_lazy("Fridays"), 5: gettext_lazy("Saturdays"), 6: gettext_lazy("Sundays"),
}  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """How a run stands for somebody who thinks of enrolling: a word and its tone."""

    word: str
    tone: str


def when(run: Run) -> str:
    """When a run takes place, by the wall clock of its zone, from what `for_lists` has fetched."""
    if not run.session_count:
        return _("No dates yet")
    first, last = localtime(run.first_start, run.zone), localtime(run.last_end, run.zone)
    if first.date() == last.date():
        times = f"{date_format(first, 'D')} {date_format(first, DAY_AND_YEAR)}, {_span(first, last)}"
        return f"{times}, {zone_name(run.zone)}"
    dates = _dates(first.date(), last.date())
    pattern = getattr(run, "pattern", None)
    if pattern is None:
        count = ngettext("%(count)s session", "%(count)s sessions", run.session_count) % {"count": run.session_count}
        return ", ".join([count, _("%(first)s to %(last)s") % dates])
    days = _and([str(WEEKDAYS[day]) for day in sorted(pattern.weekdays)])
    clock = date_format(pattern.start_time, CLOCK)
    said = _("%(days)s %(clock)s, %(first)s to %(last)s") % {"days": days, "clock": clock, **dates}
    return f"{said}, {zone_name(run.zone)}"


def when_briefly(run: Run) -> str:
    """When a run takes place, for a line of a table: its days, and the clock of a single session."""
    if not run.session_count:
        return _("No dates yet")
    first, last = localtime(run.first_start, run.zone), localtime(run.last_end, run.zone)
    if first.date() == last.date():
        return f"{date_format(first, 'D')} {date_format(first, DAY_AND_YEAR)}, {date_format(first, CLOCK)}"
    return _("%(first)s to %(last)s") % _dates(first.date(), last.date())


def _dates(first: date, last: date) -> dict[str, str]:
    """Two days in words; the first has its year only when the last has another."""
    brief = DAY if first.year == last.year else DAY_AND_YEAR
    return {"first": date_format(first, brief), "last": date_format(last, DAY_AND_YEAR)}


def pattern_in_words(pattern: WeeklyPattern) -> str:
    """A weekly pattern as one says it: "Tuesdays and Thursdays 16:00, 3 March to 28 April 2027, not on 8 March"."""
    said = _("%(days)s %(clock)s, %(first)s to %(last)s") % {
        "days": _and([str(WEEKDAYS[day]) for day in sorted(pattern.weekdays)]),
        "clock": date_format(pattern.start_time, CLOCK),
        **_dates(pattern.first_day, pattern.last_day),
    }
    if not pattern.days_off:
        return said
    off = _and([date_format(day, DAY) for day in sorted(pattern.days_off)])
    return _("%(pattern)s, not on %(days)s") % {"pattern": said, "days": off}


def completing(run: Run) -> str:
    """What completing a run asks for, as everybody reads it before they enrol."""
    asked = []
    if run.attendance_needed:
        asked.append(_("%(share)s %% of the sessions") % {"share": run.attendance_needed})
    if run.needs_work:
        asked.append(_("a final work that is accepted"))
    if run.needs_feedback:
        asked.append(_("feedback at the end"))
    return _and(asked) if asked else _("Nothing but a place in it")


def has_no_places(run: Run, at: datetime) -> bool:
    """Whether there is nothing left to take part in: it is over, or was cancelled."""
    return run.state == Run.State.CANCELLED or run.is_over_at(at)


def standing(run: Run, at: datetime) -> Standing:
    """Open, full, not open yet, closed or over, as of an instant."""
    if not run.is_live:
        return Standing(run.get_state_display(), "bad" if run.state == Run.State.CANCELLED else "neutral")
    if run.is_over_at(at):
        return Standing(_("Over"), "neutral")
    if at < run.enrol_from:
        return Standing(_("Opens %(day)s") % {"day": date_format(localtime(run.enrol_from, run.zone), DAY)}, "waiting")
    if at >= run.enrol_until:
        return Standing(_("Enrolment closed"), "neutral")
    if run.has_place:
        return Standing(pgettext("enrolment", "Open"), "good")
    return Standing(_("Full, queue open"), "attention")


def standing_on_card(run: Run, at: datetime) -> Standing | None:
    """How a run stands, where its places are drawn beside it: these say themselves that it is full."""
    open_now = run.is_live and run.enrol_from <= at < run.enrol_until and not run.is_over_at(at)
    return None if open_now and not run.has_place else standing(run, at)


def answer_to(question: Question, enrolment: Enrolment) -> str:
    """What somebody answered to a question, in words; nothing when they did not."""
    said = next((it.text for it in enrolment.answers.all() if it.question_id == question.pk), "")
    if question.kind == Question.Kind.YES_NO and said:
        return _("Yes") if said == Question.YES else _("No")
    return said


def opening(run: Run) -> str:
    """What the button says that leads to a run."""
    match run.course.kind:
        case Course.Kind.WORKSHOP:
            return _("Open the workshop")
        case Course.Kind.EVENT:
            return _("Open the event")
    return _("Open the course")


def closing(run: Run, at: datetime) -> str:
    """Until when one can enrol, while one can."""
    if not run.is_live or not run.enrol_from <= at < run.enrol_until or run.is_over_at(at):
        return ""
    said = _("Enrolment until %(day)s") if run.has_place else _("The queue is open until %(day)s")
    return said % {"day": date_format(localtime(run.enrol_until, run.zone), DAY)}


def kind_and_title(run: Run) -> str:
    """What a run is, and which: "Course · spring 2027"."""
    return f"{run.course.get_kind_display()} · {run.title}"


def session_time(session: Session) -> str:
    """When a session takes place for the reader, in their zone, with the zone named."""
    return _session_time(session.starts_at, session.ends_at, get_current_timezone(), get_language())


@lru_cache(maxsize=10_000)
def _session_time(starts_at: datetime, ends_at: datetime, zone: zoneinfo.ZoneInfo, _language: str | None) -> str:
    start, end = localtime(starts_at, zone), localtime(ends_at, zone)
    return f"{date_format(start, 'D')} {date_format(start, DAY_AND_YEAR)}, {_span(start, end)}"


def date_format(at: date | time, form: str) -> str:
    """A day or a clock time in the reader's words. Remembered, because a programme says the same ones all day."""
    wall_clock = at.replace(tzinfo=None) if isinstance(at, datetime) else at
    return _date_format(wall_clock, form, get_language())


@lru_cache(maxsize=10_000)
def _date_format(at: date | time, form: str, _language: str | None) -> str:
    return formats.date_format(at, form)


def _span(start: datetime, end: datetime) -> str:
    return f"{date_format(start, CLOCK)}–{date_format(end, CLOCK)}"


def _and(words: list[str]) -> str:
    *most, last = words
    return _("%(most)s and %(last)s") % {"most": ", ".join(most), "last": last} if most else last
