"""The institutions of the cluster, for everybody."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from cluster_portal.moves import Refused
from cluster_portal.search import found
from members import actions
from members.forms import DirectoryFilter, JoinForm
from members.models import Affiliation, Agreement, Institution
from members.views import PER_PAGE


@login_not_required
def directory(request: HttpRequest) -> HttpResponse:
    """Every institution of the cluster, to be narrowed by name, kind and standing."""
    narrow = DirectoryFilter(request.GET)
    wanted = narrow.cleaned_data if narrow.is_valid() else {}
    rows = Institution.objects.with_standing(request.cluster.today()).select_related("region")
    for name in ("kind", "standing"):
        if wanted.get(name):
            rows = rows.filter(**{name: wanted[name]})
    page = Paginator(found(rows, wanted.get("q", "")), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "members/directory.html", {"page": page, "narrow": narrow})


@login_not_required
def institution(request: HttpRequest, slug: str) -> HttpResponse:
    """One institution: what it is, by which documents it belongs, how to join it."""
    today = request.cluster.today()
    it = get_object_or_404(Institution.objects.with_standing(today).select_related("region"), slug=slug)
    parties = it.parties.filter(agreement__in=Agreement.objects.visible_to(request.user))
    parties = parties.select_related("agreement").prefetch_related("agreement__clauses")
    mine = [own for own in _own_affiliations(request) if own.institution_id == it.pk]
    return render(request, "members/institution.html", {"it": it, "parties": parties, "mine": mine})


def _own_affiliations(request: HttpRequest) -> list[Affiliation]:
    if not request.user.is_authenticated:
        return []
    return list(request.user.affiliations.live().select_related("institution"))


def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask an institution to admit oneself."""
    it = get_object_or_404(Institution, slug=slug)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.ask_to_join(request.user, it, form.cleaned_data["role"], by=request.user)
            messages.success(
                request, _("%(institution)s was asked. You get a mail when it answers.") % {"institution": it}
            )
        except Refused as refused:
            messages.warning(request, str(refused))
        return redirect("coordination:me")
    return render(request, "members/join.html", {"it": it, "form": form})
