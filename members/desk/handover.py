"""A coordinator leaves, and names who takes over."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from cluster_portal.buttons import sent, tried
from members import actions
from members.access import coordinators_only
from members.forms.people import LeaveCoordinationForm
from members.models import Person


@coordinators_only
def leave_coordination(request: HttpRequest, public_id: str) -> HttpResponse:
    """Oneself, or for somebody else by who coordinates the whole cluster."""
    it = get_object_or_404(Person.objects.coordinators(), public_id=public_id)
    if it.pk != request.user.pk and not request.user.coordinates_whole_cluster:
        raise PermissionDenied
    form = LeaveCoordinationForm(request.POST if request.method == "POST" else None)
    if sent(request, form) and tried(request, actions.leave_coordination, it, to=form.successor()):
        messages.success(request, _("%(name)s does not coordinate any more.") % {"name": it.full_name})
        return redirect("coordination:me" if it.pk == request.user.pk else "members:desk_people")
    return render(request, "members/desk_handover.html", {"it": it, "form": form})
