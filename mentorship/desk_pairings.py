"""The pairings of a coordinator's part of the cluster: those that do not meet first."""

from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from members.access import coordinators_only
from mentorship.desk_mentors import trail_begin
from mentorship.models import Pairing

PER_PAGE = 40


@coordinators_only
def pairings(request: HttpRequest) -> HttpResponse:
    """Every pairing under way: who, since when, when they met last; whoever does not meet stands on top."""
    rows = Pairing.objects.active().kept_by(request.user).with_people().with_last_meeting()
    rows = rows.order_by(F("stalled_at").asc(nulls_last=True), F("nudged_at").asc(nulls_last=True), "began_on", "pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "mentorship/desk_pairings.html", {"page": page, "trail": [trail_begin()]})
