"""Who belonged to the cluster on a day, and by which document."""

from datetime import date

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from members.forms.agreements import StandingForm
from members.models import Agreement, Coverage, Institution, Party
from members.views import PER_PAGE

Standing = Institution.Standing


@login_not_required
def standing(request: HttpRequest) -> HttpResponse:
    """Every institution that belonged on a day, as the documents say: ?on=2026-11-21, or today."""
    form = StandingForm(request.GET if "on" in request.GET else None, initial={"on": request.cluster.today()})
    day = form.cleaned_data["on"] if form.is_valid() else request.cluster.today()
    rows = Institution.objects.with_standing(day).exclude(standing=Standing.NONE).select_related("region")
    page = Paginator(rows.in_order_of_standing(), PER_PAGE).get_page(request.GET.get("page"))
    _with_documents(list(page), day)
    return render(request, "members/standing.html", {"form": form, "day": day, "page": page})


def _with_documents(institutions: list[Institution], day: date) -> None:
    """Give each institution the agreement by which it belongs on the day, with two questions for all."""
    by_party: dict[int, Agreement] = {}
    by_roll: dict[int, Coverage] = {}
    for network in (False, True):
        parties = Party.objects.binding_on(day, network).filter(institution__in=institutions)
        by_party |= {it.institution_id: it.agreement for it in parties.select_related("agreement").order_by("-pk")}
    rolls = Coverage.objects.in_force_on(day).filter(institution__in=institutions)
    for roll in rolls.select_related("party__agreement", "party__institution").order_by("-pk"):
        by_roll[roll.institution_id] = roll
    for it in institutions:
        it.document = by_party.get(it.pk) if it.standing in {Standing.MEMBER, Standing.PARTNER} else None
        it.roll = by_roll.get(it.pk) if it.standing == Standing.COVERED else None
