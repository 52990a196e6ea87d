"""Addresses that fail: a list with who can correct each, and the form that does."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from cluster_portal.buttons import sent, tried
from members import actions
from members.access import desk_only, for_class_keepers
from members.addresses import correctable_by, who_can_correct
from members.forms.people import AddressForm
from members.views import PER_PAGE


@desk_only
def addresses(request: HttpRequest) -> HttpResponse:
    """Whose mail came back, and who can correct the address."""
    rows = correctable_by(request.user).with_failed_address()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    correctors = who_can_correct(page)
    for it in page:
        it.correctors = correctors[it.pk]
    actions.note_children([it.pk for it in page], request.user, "address")
    return render(request, "members/desk_addresses_people.html", {"page": page})


@for_class_keepers
def address(request: HttpRequest, public_id: str) -> HttpResponse:
    """Correct one address: a teacher too, for the students of their classes and their guardians."""
    it = get_object_or_404(correctable_by(request.user), public_id=public_id)
    form = AddressForm(request.POST or None, initial={"email": it.address})
    if sent(request, form) and tried(request, actions.correct_address, it, **form.cleaned_data):
        messages.success(request, _("The address is corrected. Mail goes there from now on."))
        return redirect("members:desk_addresses" if request.user.has_desk else "members:classes")
    actions.note_children([it.pk], request.user, "address")
    return render(request, "members/people_address.html", {"form": form, "it": it, "shown": _shown(request, it)})


def _shown(request: HttpRequest, person) -> str:
    """Who is meant: of somebody who has only been invited, the address alone."""
    only_invited = person.has_claimed and not person.affiliations.visible_to(request.user).known().exists()
    teaches = person.group_memberships.now().exists() or person.guards.now().exists()
    return person.address if only_invited and not teaches else person.full_name or person.address
