"""The dates of the programme for calendar programs: all of them, those of one run, those that stand in one's own."""

from collections.abc import Iterable, Iterator

from django.contrib.auth.decorators import login_not_required
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from cluster_portal import hooks
from cluster_portal.feeds import Shown, feed, feed_response
from cluster_portal.models import CalendarEntry
from courses.calendars import whole_series_of
from courses.models import Run, Session
from members.models import Person


@login_not_required
@require_safe
def programme_ics(request: HttpRequest) -> HttpResponse:
    """The sessions of every published run that is not over, and what other apps add. Nobody is named in it."""
    runs = with_sessions(Run.objects.published().not_over(now()))
    shown = [one for run in runs for one in public_dates(run)]
    shown += [one for dates in hooks.public_dates for one in dates()]
    return feed_response(request, feed(request.cluster.name, shown), is_public=True)


@login_not_required
@require_safe
def run_ics(request: HttpRequest, public_id: str) -> HttpResponse:
    """The sessions of one public run; none when it was cancelled. Nobody is named in it."""
    it = get_object_or_404(with_sessions(Run.objects.public()), public_id=public_id)
    shown = public_dates(it) if it.state != Run.State.CANCELLED else []
    return feed_response(request, feed(str(it), shown), is_public=True)


def with_sessions(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Runs with all that a calendar says of them, in a fixed number of queries."""
    sessions = Session.objects.with_own_places().order_by("starts_at", "pk")
    return runs.select_related("course").prefetch_related(Prefetch("sessions", sessions)).order_by("pk")


def public_dates(run: Run) -> Iterator[Shown]:
    """What stands in a calendar that is nobody's."""
    series = whole_series_of(run, run.sessions.all())
    for thing, meetings in series.groups.items():
        if live := [it for it in meetings if not it.cancelled]:
            yield Shown(f"{thing}@cluster-portal", series, live, run.state_since)


def dates_of(person: Person) -> Iterator[Shown]:
    """What stands in one's own calendar: just what mail has put there, under the same UIDs."""
    entries = person.calendar_entries.exclude(status=CalendarEntry.Status.CANCELLED)
    mine = {it.about_id: it for it in entries.filter(about_model=Session._meta.label_lower)}
    runs = Run.objects.filter(pk__in=Session.objects.filter(public_id__in=mine).order_by().values("run"))
    for run in with_sessions(runs):
        yield from _own_dates(run, mine)


def _own_dates(run: Run, mine: dict[str, CalendarEntry]) -> Iterable[Shown]:
    series = whole_series_of(run, run.sessions.all())
    for meetings in series.groups.values():
        live = [it for it in meetings if not it.cancelled and it.about.public_id in mine]
        if live:
            entry = mine[live[0].about.public_id]
            sequence = max(mine[it.about.public_id].sequence for it in live)
            yield Shown(entry.uid, series, live, run.state_since, entry.status, sequence)
