"""The desk of the library: what could stand there and does not, what was taken out, what teachers wrote lately."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import tried
from competitions import actions
from competitions.models import Entry, UsageNote
from members.access import cluster_coordinators_only
from members.consent import conceal_names

PER_PAGE, NOTES = 50, 20


@cluster_coordinators_only
def desk_library(request: HttpRequest) -> HttpResponse:
    """Plans that their authors let the library have and that do not stand there, the newest results first."""
    page = Paginator(Entry.objects.to_put_into_library(), PER_PAGE).get_page(request.GET.get("page"))
    notes = list(UsageNote.objects.shown().select_related("plan__entry", "person").order_by("-at", "-pk")[:NOTES])
    conceal_names([one.person for one in notes], request.user)
    return render(request, "competitions/desk_library.html", {"page": page, "notes": notes})


@cluster_coordinators_only
@require_POST
def put_into_library(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let one of them stand in the library."""
    it = get_object_or_404(Entry.objects.to_put_into_library(), public_id=public_id)
    if done := tried(request, actions.put_into_library, it):
        messages.success(request, _("“%(title)s” stands in the library.") % {"title": done.result.entry.title})
    return redirect("competitions:desk_library")
