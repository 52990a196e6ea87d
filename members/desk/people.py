"""The desk of people: for coordinators, and for heads and contacts in their institution."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act
from cluster_portal.moves import Refused, available_moves
from members import actions
from members.access import desk_only
from members.forms import InviteForm
from members.models import Affiliation
from members.views import PER_PAGE


@desk_only
def people(request: HttpRequest) -> HttpResponse:
    """Who belongs to my institutions: first those who wait for an answer."""
    rows = Affiliation.objects.decidable_by(request.user).for_lists(request.GET.get("q", ""))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    for it in page:
        it.moves = available_moves(request.user, it)
    return render(request, "members/desk_people.html", {"page": page, "query": request.GET.get("q", "")})


@desk_only
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody into one of my institutions."""
    form = InviteForm(request.POST or None, by=request.user)
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        try:
            actions.invite_person(
                facts.pop("institution"), facts.pop("email"), facts.pop("role"), request.user, **facts
            )
        except Refused as refused:
            messages.warning(request, str(refused))
        else:
            messages.success(
                request, _("The invitation is on its way to %(email)s.") % {"email": form.cleaned_data["email"]}
            )
        return redirect("members:desk_people")
    return render(request, "members/desk_invite.html", {"form": form})


@desk_only
@require_POST
def act_on_affiliation(request: HttpRequest, public_id: str) -> HttpResponse:
    """Admit, refuse or end."""
    rows = Affiliation.objects.decidable_by(request.user).select_related("institution", "person")
    act(request, get_object_or_404(rows, public_id=public_id), actions.ACTIONS["affiliation"])
    return redirect("members:desk_people")
