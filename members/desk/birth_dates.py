"""A coordinator enters a birth date by which others decide than before."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from cluster_portal.buttons import outcome_in, sent
from members import actions
from members.access import coordinators_only
from members.forms.people import BornForm
from members.models import Person


@coordinators_only
def birth_date(request: HttpRequest, public_id: str) -> HttpResponse:
    """The birth date of one person, whoever keeps it; the guardians are told."""
    it = get_object_or_404(Person.objects.active(), public_id=public_id)
    if not request.user.has_perm("members.overrule_guardian", it):
        raise Http404
    actions.note_view(it, request.user, "birth date")
    form = BornForm(request.POST or None, instance=Person.objects.get(pk=it.pk))
    if sent(request, form):
        born = form.cleaned_data["birth_date"]
        if outcome_in(form, "birth_date", actions.change_profile, it, by=request.user, birth_date=born):
            messages.success(request, _("The birth date of %(name)s is entered.") % {"name": it.full_name})
            return redirect("members:desk_people")
    return render(request, "members/desk_birth_date.html", {"form": form, "it": it})
