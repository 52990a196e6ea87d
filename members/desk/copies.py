"""A coordinator takes a copy of what is held about somebody who asked by letter."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.hidden import hidden_from
from members import actions
from members.access import coordinators_only
from members.models import Person
from members.views.my_data import file_about, private, sheet_about


@coordinators_only
def copy(request: HttpRequest, public_id: str) -> HttpResponse:
    """What can be taken, on GET; on POST all of it on one page, to print and to send."""
    return _copy(request, _person(request, public_id))


@reauthentication_required
def _copy(request: HttpRequest, person: Person) -> HttpResponse:
    actions.note_children([person.pk], request.user, "copy")
    if request.method == "POST":
        if hidden_from(request.user):
            return _ask_another(request, person)
        return sheet_about(request, person, reverse("members:desk_copy", args=[person.public_id]))
    return private(render(request, "members/desk_copy.html", {"person": person}))


@coordinators_only
@require_POST
def copy_json(request: HttpRequest, public_id: str) -> HttpResponse:
    """All of it as a file that other programs can read."""
    return _copy_json(request, _person(request, public_id))


@reauthentication_required
def _copy_json(request: HttpRequest, person: Person) -> HttpResponse:
    if hidden_from(request.user):
        return _ask_another(request, person)
    actions.note_children([person.pk], request.user, "copy")
    return file_about(request, person)


def _ask_another(request: HttpRequest, person: Person) -> HttpResponse:
    """Whoever must not know something now is not given whole copies, whether or not it stands in this one."""
    messages.warning(
        request, _("While you judge, you take no copies of what is held about others. Ask another coordinator.")
    )
    return redirect("members:desk_copy", person.public_id)


def _person(request: HttpRequest, public_id: str) -> Person:
    """Whom this coordinator may erase: asked before the fresh sign-in, so that anybody else is 404 at once."""
    return get_object_or_404(Person.objects.erasable_by(request.user), public_id=public_id)
