"""Erase me: what goes, what stays and why, and the one button."""

from datetime import timedelta
from typing import Any

from allauth.core.ratelimit import consume
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from cluster_portal import hooks
from cluster_portal.buttons import outcome, tried
from cluster_portal.links import read_link
from cluster_portal.personal import what_goes, what_stays
from members import actions
from members.forms.erasure import ErasureForm
from members.models import Person
from members.views.my_data import whose

LINK_AGE = timedelta(days=1)


def erase(request: HttpRequest, public_id: str | None = None) -> HttpResponse:
    """Erase myself, or a child for whom I decide: with my password, or by a link that is mailed to me."""
    person = whose(request, public_id)
    if request.method == "POST" and request.POST.get("answer") == "link" and public_id is None:
        return _mail_link(request)
    has_password = request.user.has_usable_password()
    form = ErasureForm(request.POST or None, person=request.user) if has_password else None
    if public_id and actions.why_not_at_once(person, request.user):
        return redirect("members:ask_child_erasure", public_id)
    if request.method == "POST" and form is not None and _may_try(request) and form.is_valid():
        return _erase(request, person)
    return render(request, "members/erase.html", {"form": form, **what_happens(person, request.user)})


@login_not_required
def erase_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed link: shows on GET, erases on POST, needs no sign-in."""
    public_id = read_link("members.erasure", token, LINK_AGE)
    person = Person.objects.active().filter(public_id=public_id).first()
    if person is None:
        return render(request, "members/erase_bad.html", status=404)
    if request.user.is_authenticated and request.user.pk != person.pk:
        problem = _("This link is for somebody else. Sign out first if it is yours.")
        return render(request, "members/consent_bad.html", {"problem": problem}, status=409)
    if request.method == "POST":
        return _erase(request, person)
    return render(request, "members/erase.html", {"by_link": True, **what_happens(person, person)})


def what_happens(person: Person, reader: Any) -> dict[str, Any]:
    """What erasing a person would delete and leave, in sentences, and what has to be handed over first."""
    tables = [table for held in hooks.personal_data.values() for table in held.tables]
    is_self = person.pk == reader.pk
    return {
        "person": person,
        "is_self": is_self,
        "goes": list(what_goes(tables, person, reader)),
        "stays": list(what_stays(tables, person, reader)),
        "problems": actions.why_not_at_once(person, by=person) if is_self else actions.why_not_erasable(person),
    }


def _may_try(request: HttpRequest) -> bool:
    """As often as allauth lets a password be asked for again."""
    if consume(request, action="reauthenticate", user=request.user):
        return True
    messages.warning(request, _("Too many tries. Wait a minute, then type your password again."))
    return False


def _erase(request: HttpRequest, person: Person) -> HttpResponse:
    by = request.user if request.user.is_authenticated else person
    if not outcome(request, actions.erase_person, person, by=by):
        return redirect(request.path)
    if by.pk == person.pk:
        logout(request)
        messages.success(request, _("You are erased. Nobody can sign in as you any more."))
        return redirect("coordination:home")
    messages.success(request, _("The child is erased."))
    return redirect("coordination:me")


def _mail_link(request: HttpRequest) -> HttpResponse:
    if tried(request, actions.ask_for_erasure, request.user):
        messages.success(request, _("A link is on its way to you. It works for one day."))
    return redirect(reverse("members:erase"))
