"""The desk of people: for coordinators, and for heads and contacts in their institution."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, sent, tried
from cluster_portal.moves import available_moves
from members import actions
from members.access import desk_only
from members.forms.people import HandOverForm, InviteForm, InviteListForm, MoveForm, RoleForm
from members.inviting import judge_list
from members.models import Affiliation
from members.views import PER_PAGE


@desk_only
def people(request: HttpRequest) -> HttpResponse:
    """Who belongs to my institutions: first those who wait for an answer."""
    rows = Affiliation.objects.decidable_by(request.user).for_lists(request.GET.get("q", ""))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    for it in page:
        it.moves = available_moves(request.user, it)
        it.sends_again = _may_send_again(request, it)
    actions.note_children([it.person_id for it in page], request.user, "desk people")
    return render(request, "members/desk_people.html", {"page": page, "query": request.GET.get("q", "")})


@desk_only
def person(request: HttpRequest, public_id: str) -> HttpResponse:
    """One person at one institution: what they are there, what they were, and what can be done."""
    it = _affiliation_of(request, public_id)
    history = it.person.affiliations.visible_to(request.user).select_related("institution").order_by("-pk")
    shown = {
        "it": it,
        "history": history if it.state in {"asked", "active", "ended"} else [it],
        "moves": available_moves(request.user, it),
        "sends_again": _may_send_again(request, it),
        "moving_to": it.replaced_by.invited().visible_to(request.user).select_related("institution").first(),
        "moving_from": _seen(request).active().filter(replaced_by=it).first() if it.state == "invited" else None,
        "may_change": it.state == "active" and request.user.has_perm("members.change_role_affiliation", it),
        "hands_over": it.state == "active" and request.user.has_perm("members.hand_over_affiliation", it),
    }
    actions.note_children([it.person_id], request.user, "desk person")
    return render(request, "members/desk_person.html", shown)


@desk_only
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody into one of my institutions."""
    form = InviteForm(request.POST or None, by=request.user)
    if sent(request, form) and tried(request, actions.invite_person, **form.cleaned_data):
        said = _("The invitation is on its way to %(email)s.")
        messages.success(request, said % {"email": form.cleaned_data["email"]})
        return redirect("members:desk_people")
    return render(request, "members/desk_invite.html", {"form": form})


@desk_only
def invite_list(request: HttpRequest) -> HttpResponse:
    """Invite a pasted list: a verdict for each line, then all that are well; what is not stays to be corrected."""
    form = InviteListForm(request.POST or None, by=request.user)
    lines = []
    if sent(request, form):
        facts = form.cleaned_data
        lines = judge_list(facts["people"], facts["institution"], facts["role"])
        if request.POST.get("step") == "send" and (left := _send_list(request, facts, lines)) is not None:
            if not left:
                return redirect("members:desk_people")
            form = InviteListForm(
                {**request.POST.dict(), "people": "\n".join(it.said.text for it in left)}, by=request.user
            )
            lines = left
    shown = {"form": form, "lines": lines, "well": sum(it.well for it in lines)}
    return render(request, "members/desk_invite_list.html", shown)


def _send_list(request: HttpRequest, facts: dict, lines: list) -> list | None:
    """Invite those who can be; return the lines that wait for a correction, None when nothing could happen."""
    people = [it.said for it in lines if it.well]
    invited = tried(request, actions.invite_people, facts["institution"], facts["role"], people)
    if not invited:
        return None
    count = len(invited.result)
    said = ngettext("%(count)s invitation is on its way.", "%(count)s invitations are on their way.", count)
    messages.success(request, said % {"count": count})
    return [it for it in lines if not it.well]


@desk_only
def change_role(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give somebody another role at their institution."""
    it = _changeable(request, public_id, "members.change_role_affiliation")
    form = RoleForm(request.POST or None, initial={"role": it.role})
    if sent(request, form) and tried(request, actions.change_role, it, **form.cleaned_data):
        messages.success(request, _("The role is changed. A mail says so."))
        return redirect("members:desk_people")
    return _form(request, it, form, _("Change the role"), _("The old role ends today and stays in the history."))


@desk_only
def move(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let somebody go to another institution."""
    it = _changeable(request, public_id, "members.move_affiliation")
    form = MoveForm(request.POST or None, by=request.user, initial={"role": it.role})
    if sent(request, form) and (moved := tried(request, actions.move_person, it, **form.cleaned_data)):
        invited = moved.result.state == Affiliation.State.INVITED
        at_once = _("Moved. What was before stays in the history.")
        messages.success(request, _("Invited. Here it ends when they accept.") if invited else at_once)
        return redirect("members:desk_people")
    said = _("If you coordinate both, they move today. Else they are invited: here it ends when they accept.")
    return _form(request, it, form, _("Move to another institution"), said)


@desk_only
def hand_over(request: HttpRequest, public_id: str) -> HttpResponse:
    """Somebody who answers for an institution leaves, and names who takes over."""
    it = _affiliation_of(request, public_id)
    if it.state != Affiliation.State.ACTIVE or not request.user.has_perm("members.hand_over_affiliation", it):
        raise PermissionDenied
    form = HandOverForm(request.POST or None, affiliation=it)
    if sent(request, form) and tried(request, actions.hand_over, it, **form.cleaned_data):
        messages.success(request, _("Handed over. %(name)s is told.") % {"name": form.cleaned_data["to"].full_name})
        return redirect("coordination:me" if it.person_id == request.user.pk else "members:desk_people")
    said = _("Whoever takes over has the role, the open requests and the classes from today. The old role ends.")
    return _form(request, it, form, _("Hand over"), said)


@desk_only
@require_POST
def act_on_affiliation(request: HttpRequest, public_id: str) -> HttpResponse:
    """Admit, refuse or end."""
    rows = Affiliation.objects.decidable_by(request.user).select_related("institution", "person")
    act(request, get_object_or_404(rows, public_id=public_id), actions.ACTIONS["affiliation"])
    return redirect("members:desk_people")


@desk_only
@require_POST
def send_again(request: HttpRequest, public_id: str) -> HttpResponse:
    """Mail an invitation once more."""
    it = _affiliation_of(request, public_id)
    if not request.user.has_perm("members.send_again_affiliation", it):
        raise PermissionDenied
    if tried(request, actions.send_again, it):
        messages.success(request, _("The invitation is on its way again."))
    return redirect("members:desk_people")


def _may_send_again(request: HttpRequest, it: Affiliation) -> bool:
    return it.state == Affiliation.State.INVITED and request.user.has_perm("members.send_again_affiliation", it)


def _form(request: HttpRequest, it: Affiliation, form, title: str, said: str) -> HttpResponse:
    actions.note_children([it.person_id], request.user, "desk person")
    return render(request, "members/desk_person_form.html", {"it": it, "form": form, "title": title, "said": said})


def _affiliation_of(request: HttpRequest, public_id: str) -> Affiliation:
    """An affiliation that one sees at the desk, one's own too."""
    return get_object_or_404(_seen(request), public_id=public_id)


def _seen(request: HttpRequest) -> QuerySet:
    return Affiliation.objects.visible_to(request.user).select_related("institution", "person")


def _changeable(request: HttpRequest, public_id: str, permission: str) -> Affiliation:
    it = _affiliation_of(request, public_id)
    if it.state != Affiliation.State.ACTIVE or not request.user.has_perm(permission, it):
        raise PermissionDenied
    return it
