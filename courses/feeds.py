"""The dates of the programme for calendar programs: all of them, those of one run, those that stand in one's own."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Max, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cluster_portal import hooks
from cluster_portal.calendar import Series, Status, uid_of
from cluster_portal.feeds import Shown, feed, feed_response
from cluster_portal.models import AuditEntry, CalendarEntry
from courses.calendars import as_online, whole_series_of
from courses.models import Enrolment, Run, Session
from members.consent import guarded_now
from members.models import Person

# What changes what a calendar says of a run; other lines of the audit (mail that was sent) do not.
LAID_DOWN_BY = ("courses.run.publish", "courses.run.plan", "courses.run.change", "courses.run.cancel")


@dataclass(frozen=True)
class Edition:
    """When the dates of a run were last laid down, and how often until then."""

    since: datetime
    number: int = 0


@login_not_required
@require_safe
def programme_ics(request: HttpRequest) -> HttpResponse:
    """The sessions of every published run that is not over, and what other apps add. Nobody is named in it."""
    runs = with_sessions(Run.objects.published().not_over(now()))
    added = [one for dates in hooks.public_dates for one in dates()]
    return feed_response(request, feed(request.cluster.name, [*public_dates(runs), *added]), is_public=True)


@login_not_required
@require_safe
def run_ics(request: HttpRequest, public_id: str) -> HttpResponse:
    """The sessions of one public run, for whoever takes part those that are theirs. Nobody is named in it."""
    rows = with_sessions(Run.objects.public().filter(public_id=public_id))
    it = next(iter(rows), None)
    if it is None:
        raise Http404
    mine = list(_dates_in(rows, _entries([request.user]))) if request.user.is_authenticated else []
    return feed_response(request, feed(str(it), mine or public_dates(rows)), is_public=not mine)


def with_sessions(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Runs with all that a calendar says of them, in a fixed number of queries."""
    sessions = Session.objects.with_own_places().order_by("starts_at", "pk")
    return runs.select_related("course").prefetch_related(Prefetch("sessions", sessions)).order_by("pk")


def public_dates(runs: QuerySet[Run]) -> Iterator[Shown]:
    """What stands in a calendar that is nobody's. A run that was cancelled is said to be."""
    editions = _editions(runs)
    for run in runs:
        status = Status.CANCELLED if run.state == Run.State.CANCELLED else Status.CONFIRMED
        yield from _all_dates(run, editions[run.pk], "{}@cluster-portal".format, status)


def dates_of(person: Person) -> Iterator[Shown]:
    """What stands in one's own calendar: what mail has put there, under the same UIDs; what one teaches; and what
    stands in the calendars of one's children, with their first names."""
    children = {it.pk: it.given_name or it.full_name for it in guarded_now(person)}
    entries = _entries([person, *children])
    runs = with_sessions(Run.objects.filter(sessions__public_id__in={it.about_id for it in entries}).distinct())
    yield from _dates_in(runs, entries, children)
    own = [it.about_id for it in entries if it.person_id == person.pk]
    taught = with_sessions(person.instructs.held().exclude(sessions__public_id__in=own))
    editions = _editions(taught)
    for run in taught:
        yield from _all_dates(run, editions[run.pk], lambda thing: uid_of(thing, person))


def _entries(people: Sequence[Person | int]) -> list[CalendarEntry]:
    """What mail has put into the calendars of these people."""
    rows = CalendarEntry.objects.filter(person__in=people, about_model=Session._meta.label_lower)
    return list(rows.exclude(status=CalendarEntry.Status.CANCELLED).order_by("pk"))


def _all_dates(run: Run, edition: Edition, uid, status: str = Status.CONFIRMED) -> Iterator[Shown]:
    """Every session of a run."""
    series = whole_series_of(run, run.sessions.all())
    for thing, meetings in series.groups.items():
        if live := [it for it in meetings if not it.cancelled]:
            yield Shown(uid(thing), series, live, edition.since, status, edition.number)


def _dates_in(runs: QuerySet[Run], entries: list[CalendarEntry], children: dict[int, str] | None = None):
    """What these entries say of some runs: room or joining page as each takes part, a child's with its name."""
    by_person: dict[int, dict[str, CalendarEntry]] = {}
    for it in entries:
        by_person.setdefault(it.person_id, {})[it.about_id] = it
    online = Enrolment.objects.live().filter(person__in=by_person, run__in=runs, pool__sort="online")
    joining = set(online.values_list("run", "person"))
    editions = _editions(runs)
    for run in runs:
        whole = whole_series_of(run, run.sessions.all())
        for person, mine in by_person.items():
            series = as_online(run, whole) if (run.pk, person) in joining else whole
            if name := (children or {}).get(person):
                series = replace(series, title=_("%(name)s: %(what)s") % {"name": name, "what": series.title})
            yield from _own_dates(series, mine, editions[run.pk])


def _own_dates(series: Series, mine: dict[str, CalendarEntry], edition: Edition) -> Iterable[Shown]:
    for meetings in series.groups.values():
        live = [it for it in meetings if not it.cancelled and it.about.public_id in mine]
        if live:
            entry = mine[live[0].about.public_id]
            sequence = max(mine[it.about.public_id].sequence for it in live)
            yield Shown(entry.uid, series, live, edition.since, entry.status, sequence)


def _editions(runs: QuerySet[Run]) -> dict[int, Edition]:
    """When each of these runs (by key) and its sessions were last changed, and how often, as the audit has it.

    All of a run counts together: a meeting that comes over from another UID must not fall back to a lower SEQUENCE.
    """
    sessions = {it.public_id: run for run in runs for it in run.sessions.all()}
    changed = _changes(Session, Session.objects.filter(run__in=runs).order_by().values("public_id"))
    changed |= _changes(Run, runs.order_by().values("public_id"), verb__in=LAID_DOWN_BY)
    found = {run.pk: Edition(run.state_since) for run in runs}
    owners = sessions | {run.public_id: run for run in runs}
    for key, (last, number) in changed.items():
        if run := owners.get(key):
            before = found[run.pk]
            found[run.pk] = Edition(max(before.since, last), before.number + number)
    return found


def _changes(model, ids, **facts) -> dict[str, tuple[datetime, int]]:
    rows = AuditEntry.objects.filter(model=model._meta.label_lower, object_id__in=ids, **facts).order_by()
    counted = rows.values("object_id").annotate(last=Max("at"), number=Count("pk"))
    return {row["object_id"]: (row["last"], row["number"]) for row in counted}
