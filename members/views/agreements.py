"""The agreements that bind the cluster, for everybody."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from cluster_portal.buttons import sent, tried
from cluster_portal.moves import may_move
from members import actions
from members.access import second_factor_first
from members.forms.agreements import SignForm
from members.models import Agreement, Party
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
        rows.prefetch_related(Prefetch("parties", parties), "clauses__agreement", "addenda"), public_id=public_id
    )
    in_force = it.is_in_force_on(request.cluster.today())
    asked = it.parties.to_ask().select_related("institution") if it.is_open else []
    mine = any(may_move(request.user, party, "sign") for party in asked)
    return render(request, "members/agreement.html", {"it": it, "in_force": in_force, "to_sign": mine})


@second_factor_first
def sign(request: HttpRequest, public_id: str) -> HttpResponse:
    """A head reads an open agreement and signs it for their institution, by typing their name."""
    it = get_object_or_404(
        Agreement.objects.visible_to(request.user).select_related("text", "amends").prefetch_related("clauses"),
        public_id=public_id,
    )
    parties = [party for party in it.parties.select_related("institution") if may_move(request.user, party, "sign")]
    if not parties:
        raise PermissionDenied
    asked = set(it.parties.to_ask().values_list("pk", flat=True))
    waiting = [party for party in parties if party.pk in asked]
    form = SignForm(request.POST or None, initial={"sha256": it.text.sha256 if it.text else ""})
    if sent(request, form) and tried(request, actions.sign_for_parties, waiting, **form.cleaned_data):
        messages.success(request, _("You have signed. The coordinator concludes the agreement when all have."))
        return redirect("members:sign", public_id)
    shown = {"it": it, "parties": parties, "waiting": waiting, "form": form, "left": len(asked)}
    return render(request, "members/sign.html", shown)
