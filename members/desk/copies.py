"""A coordinator takes a copy of what is held about somebody who asked by letter."""

from allauth.account.decorators import reauthentication_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from members import actions
from members.access import coordinators_only
from members.models import Person
from members.views.my_data import file_about, private, sheet_about


@coordinators_only
@reauthentication_required
def copy(request: HttpRequest, public_id: str) -> HttpResponse:
    """What can be taken, on GET; on POST all of it on one page, to print and to send."""
    person = _person(request, public_id)
    if request.method == "POST":
        return sheet_about(request, person, reverse("members:desk_copy", args=[public_id]))
    return private(render(request, "members/desk_copy.html", {"person": person}))


@coordinators_only
@require_POST
@reauthentication_required
def copy_json(request: HttpRequest, public_id: str) -> HttpResponse:
    """All of it as a file that other programs can read."""
    return file_about(request, _person(request, public_id))


def _person(request: HttpRequest, public_id: str) -> Person:
    """Whom this coordinator may erase; anybody else is 404. That a child was looked at is noted."""
    person = get_object_or_404(Person.objects.erasable_by(request.user), public_id=public_id)
    actions.note_children([person.pk], request.user, "copy")
    return person
