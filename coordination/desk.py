"""The desk: what needs me today, a line each, the oldest first."""

from itertools import chain

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal import hooks
from cluster_portal.models import AuditEntry
from courses.models import Run
from members.access import coordinators_only, desk_only
from members.models import Person

PER_PAGE = 100


@desk_only
def today(request: HttpRequest) -> HttpResponse:
    """Who waits for me, and how the runs ahead fill."""
    rows = sorted(chain.from_iterable(rows(request.user) for rows in hooks.desk_rows), key=_oldest_first)
    runs = Run.objects.none()
    if request.user.is_coordinator:
        runs = Run.objects.editable_by(request.user).not_over(now()).for_lists().order_by("first_start", "pk")[:20]
    return render(request, "coordination/desk.html", {"rows": rows, "runs": runs, "now": now()})


def _oldest_first(row: hooks.DeskRow):
    return (row.since is None, row.since or now())


@coordinators_only
def audit(request: HttpRequest) -> HttpResponse:
    """Who did what: the audit, newest first."""
    page = Paginator(AuditEntry.objects.visible_to(request.user), PER_PAGE).get_page(request.GET.get("page"))
    actors = {it.public_id: it for it in Person.objects.filter(public_id__in={entry.actor for entry in page})}
    for entry in page:
        entry.by = _actor(entry.actor, actors.get(entry.actor))
    return render(request, "coordination/audit.html", {"page": page})


def _actor(public_id: str, person: Person | None) -> str:
    """Who acted, by the name they have now: the audit itself holds no name."""
    if not public_id:
        return _("the portal")
    return person.full_name if person and person.full_name else public_id
