"""The programme, for everybody: as a list of runs, as a week, as a timetable of four weeks; what was on; on paper."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import get_current_timezone_name, now

from courses.forms import ProgrammeFilter
from courses.materials import note_materials
from courses.models import Run, Session
from courses.opened import FIRST, first_ahead
from courses.timetable import Stretch, days_of, week_of, weeks_from
from members.audience import for_stages, open_to

BY_DAY = ("week", "timetable")
MOST_ON_PAPER = 500
MOST_SESSIONS = 400  # of a stretch of days: whoever has more narrows the programme
COURSE_FACTS = ("kind", "direction", "level", "language", "host")


@login_not_required
def programme(request: HttpRequest) -> HttpResponse:
    """What is on, to be narrowed: the runs ahead, the next first, or their sessions by day and hour."""
    narrow = ProgrammeFilter(request.GET, reader=request.user)
    wanted = narrow.wanted()
    rows = _asked_for(request, wanted)
    view, on_paper = wanted.get("view", ""), "paper" in request.GET
    shown = {"narrow": narrow, "view": view, "views": ProgrammeFilter.VIEWS, "now": now()}
    if view in BY_DAY:
        shown |= _by_day(request, view, rows, wanted.get("on"))
    else:
        per_page = MOST_ON_PAPER if on_paper else FIRST
        listed = _listed(rows, view) if wanted else AllAhead(now())
        shown |= {"page": Paginator(listed, per_page).get_page(request.GET.get("page")), "most": per_page}
        note_materials(shown["page"], request.user)
    return render(request, "courses/programme_paper.html" if on_paper else "courses/programme.html", shown)


class AllAhead:
    """The runs ahead for a paginator, where nothing narrows them: what most readers see, and how many there are."""

    ordered = True

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.first, self.number = first_ahead(at)

    def count(self) -> int:
        return self.number

    def __getitem__(self, part: slice) -> Iterable[Run]:
        if part.stop <= FIRST:
            return self.first[part]
        return _ahead(Run.objects.public(), self.at)[part]


def _asked_for(request: HttpRequest, wanted: dict) -> QuerySet[Run]:
    """The public runs that were asked for."""
    rows = Run.objects.public().matching(wanted.get("q", ""))
    rows = rows.like(**{name: value for name, value in wanted.items() if name in COURSE_FACTS})
    if role := wanted.get("role"):
        rows = rows.filter(Q(roles=[]) | Q(roles__contains=[role]))
    if stage := wanted.get("stage"):
        rows = rows.filter(for_stages({stage}))
    if region := wanted.get("region"):
        rows = rows.filter(pk__in=Run.objects.filter(Q(regions=None) | Q(regions__slug=region)).order_by().values("pk"))
    if wanted.get("open"):
        rows = rows.filter(pk__in=Run.objects.open_on(now()))
    if wanted.get("mine"):
        rows = open_to(rows, request.user, request.cluster.today())
    return rows


def _listed(rows: QuerySet[Run], view: str) -> QuerySet[Run]:
    """What is ahead, the next first; or what was on, the latest first."""
    if view == "past":
        return rows.over_at(now()).for_lists().order_by("-last_end", "-pk")
    return _ahead(rows, now())


def _ahead(rows: QuerySet[Run], at: datetime) -> QuerySet[Run]:
    return rows.not_over(at).for_lists().order_by("first_start", "pk")


def _by_day(request: HttpRequest, view: str, rows: QuerySet[Run], on) -> dict:
    """What the week and the timetable show."""
    cluster = request.cluster
    day = on or cluster.today()
    stretch: Stretch = week_of(day, cluster.zone) if view == "week" else weeks_from(day, cluster.zone)
    found = Session.objects.in_programme(rows.held(), stretch.since, stretch.until, now())
    sessions = list(found[: MOST_SESSIONS + 1])
    days, hours = days_of(stretch, sessions[:MOST_SESSIONS], cluster.today())
    return {
        "stretch": stretch,
        "days": days,
        "hours": hours,
        "count": min(len(sessions), MOST_SESSIONS),
        "is_cut": len(sessions) > MOST_SESSIONS,
        "is_elsewhere": get_current_timezone_name() != cluster.zone.key,
        "today": cluster.today(),
    }
