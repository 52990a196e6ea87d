"""The pairings of a coordinator's part of the cluster: those that lost somebody, then those that do not meet."""

from django.core.paginator import Paginator
from django.db.models import Exists, F, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from members.access import coordinators_only
from mentorship.desk_mentors import trail_begin
from mentorship.models import Pairing

PER_PAGE = 40


@coordinators_only
def pairings(request: HttpRequest) -> HttpResponse:
    """Every pairing under way: who, since when, when they met last; what needs somebody stands on top."""
    rows = Pairing.objects.active().kept_by(request.user).with_people().with_last_meeting()
    rows = rows.annotate(is_alone=Exists(Pairing.objects.left_alone().filter(pk=OuterRef("pk"))))
    silent = (F("stalled_at").asc(nulls_last=True), F("nudged_at").asc(nulls_last=True))
    rows = rows.order_by("-is_alone", *silent, "began_on", "pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "mentorship/desk_pairings.html", {"page": page, "trail": [trail_begin()]})
