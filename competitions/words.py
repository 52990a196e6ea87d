"""A competition in words: where it stands, its phases, how long is left."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.formats import date_format
from django.utils.timesince import timeuntil
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cluster_portal.zones import zone_name
from competitions.entering import deadline_in_words, said_instant
from competitions.models import Competition

DAY = "j E"
DAY_AND_YEAR = "j E Y"
Phase = Competition.Phase


@dataclass(frozen=True)
class Standing:
    """How a competition stands: a word and its tone."""

    word: str
    tone: str


@dataclass(frozen=True)
class PhaseShown:
    """One phase on a page. `status`: done, next (it is now), open (later)."""

    name: str
    when: str
    status: str


@dataclass(frozen=True)
class Countdown:
    """What comes next: `at` in the zone of the competition, named; in the reader's own where that is another."""

    said: str
    at: datetime
    left: str
    now: datetime
    here: str = ""


def standing_of(it: Competition, at: datetime) -> Standing:
    """Draft, announced, open until, judged, decided, cancelled."""
    if it.state in {Competition.State.DRAFT, Competition.State.CANCELLED}:
        return Standing(str(it.get_state_display()), "bad" if it.state == Competition.State.CANCELLED else "neutral")
    match it.phase_at(at):
        case Phase.ANNOUNCED:
            return Standing(pgettext("competition", "Opens %(day)s") % {"day": _day(it, it.opens_at)}, "waiting")
        case Phase.OPEN:
            return Standing(_("Open until %(day)s") % {"day": _day(it, it.last_second)}, "good")
        case Phase.JUDGING:
            return Standing(str(Phase.JUDGING.label), "neutral")
    return Standing(_("Results are out"), "good")


def phases_of(it: Competition, at: datetime) -> list[PhaseShown]:
    """The four phases with their dates, as they follow each other; of a cancelled competition none is now."""
    now = None if it.state == Competition.State.CANCELLED else it.phase_at(at)
    order = list(Phase)
    reached = order.index(now) if now else len(order)
    whens = {
        Phase.ANNOUNCED: _("until %(day)s") % {"day": _day(it, it.opens_at)},
        Phase.OPEN: _span(it, it.opens_at, it.last_second),
        Phase.JUDGING: _span(it, it.closes_at, it.judged_until - timedelta(seconds=1)),
        Phase.RESULTS: _on(it, now),
    }
    return [PhaseShown(str(one.label), whens[one], _status(number, reached)) for number, one in enumerate(order)]


def countdown_of(it: Competition, at: datetime) -> Countdown | None:
    """The next moment that authors wait for, while there is one."""
    if it.state != Competition.State.PUBLISHED:
        return None
    if at < it.opens_at:
        said = _("Entries from %(when)s") % {"when": said_instant(it, it.opens_at)}
        return Countdown(said, it.opens_at, timeuntil(it.opens_at, at), at, _here(it, it.opens_at))
    if at < it.closes_at:
        said = _("Entries until %(when)s") % {"when": deadline_in_words(it)}
        return Countdown(said, it.closes_at, timeuntil(it.closes_at, at), at, _here(it, it.last_second))
    return None


def _here(it: Competition, at: datetime) -> str:
    """The same moment by the reader's own clock, where it shows another time."""
    zone = get_current_timezone()
    if localtime(at, zone).replace(tzinfo=None) == localtime(at, it.zone).replace(tzinfo=None):
        return ""
    return f"{date_format(localtime(at, zone), 'j E Y, H:i')}, {zone_name(zone)}"


def _on(it: Competition, now: Competition.Phase | None) -> str:
    if now == Phase.RESULTS:
        return _("since %(day)s") % {"day": _day(it, it.state_since)}
    return _("planned for %(day)s") % {"day": date_format(it.results_on, DAY_AND_YEAR)}


def _status(number: int, reached: int) -> str:
    if number == reached and number != list(Phase).index(Phase.RESULTS):
        return "next"
    return "done" if number <= reached else "open"


def _span(it: Competition, first: datetime, last: datetime) -> str:
    start, end = localtime(first, it.zone).date(), localtime(last, it.zone).date()
    return _("%(first)s to %(last)s") % {"first": _brief(start, end), "last": date_format(end, DAY_AND_YEAR)}


def _brief(start: date, end: date) -> str:
    return date_format(start, DAY if start.year == end.year else DAY_AND_YEAR)


def _day(it: Competition, at: datetime) -> str:
    return date_format(localtime(at, it.zone), DAY_AND_YEAR)
