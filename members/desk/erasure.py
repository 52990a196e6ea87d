"""A coordinator erases somebody who asked by letter."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.buttons import sent, tried
from members import actions
from members.access import coordinators_only
from members.forms.erasure import LetterForm
from members.models import Person
from members.views.erasure import what_happens


@coordinators_only
def erase(request: HttpRequest, public_id: str) -> HttpResponse:
    """What would go and what would stay; then it is done for good."""
    person = get_object_or_404(Person.objects.erasable_by(request.user), public_id=public_id)
    form = LetterForm(request.POST or None)
    if sent(request, form) and tried(request, actions.erase_person, person, reason=gettext_noop("asked by letter")):
        messages.success(request, _("Erased. Nothing here names this person any more."))
        return redirect("members:desk_people")
    actions.note_children([person.pk], request.user, "erase")
    return render(request, "members/desk_erase.html", {"form": form, **what_happens(person, request.user)})
