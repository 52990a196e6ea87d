"""The agreements that bind the cluster, for everybody."""

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act
from cluster_portal.moves import available_moves
from members import actions
from members.access import coordinators_only
from members.models import Agreement, Institution, Party
from members.views import PER_PAGE


@login_not_required
def agreements(request: HttpRequest) -> HttpResponse:
    """The agreements that bind the cluster."""
    rows = Agreement.objects.visible_to(request.user).for_lists()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "members/agreements.html", {"page": page})


@login_not_required
def agreement(request: HttpRequest, public_id: str) -> HttpResponse:
    """One agreement: its parties, clauses and coverage, and the hash of its text."""
    parties = Party.objects.select_related("institution").prefetch_related("coverages__institution")
    rows = Agreement.objects.visible_to(request.user).select_related("text", "amends")
    it = get_object_or_404(
        rows.prefetch_related(Prefetch("parties", parties), "clauses", "addenda"), public_id=public_id
    )
    moves = available_moves(request.user, it) if request.user.is_authenticated else {}
    in_force = it.is_in_force_on(request.cluster.today())
    return render(request, "members/agreement.html", {"it": it, "moves": moves, "in_force": in_force})


@coordinators_only
@require_POST
def act_on_agreement(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make one move with an agreement; what ends it is asked twice."""
    it = get_object_or_404(Agreement.objects.visible_to(request.user), public_id=public_id)
    move = request.POST.get("move", "")
    if move in {"terminate", "withdraw"} and request.POST.get("confirmed") != "yes":
        members = Institution.objects.members_on(request.cluster.today()).count()
        return render(request, "members/agreement_confirm.html", {"it": it, "move": move, "members": members})
    act(request, it, actions.ACTIONS["agreement"])
    return redirect(it)
