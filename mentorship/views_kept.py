"""Telling the coordinator about a message or a file; the coordinator looks, and hides it with a reason."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from cluster_portal.buttons import outcome_in, sent, tried
from members.access import coordinators_only, for_class_keepers
from members.actions import note_views
from members.models import Person
from mentorship import actions
from mentorship.actions.kept import Part, kind_of
from mentorship.channels import Access
from mentorship.desk_mentors import trail_begin
from mentorship.forms_mentors import ReasonForm
from mentorship.forms_pairing import TellForm
from mentorship.kept import address_of
from mentorship.models import Concern, Pairing, TakenBack
from mentorship.readers import Channel, channel_of
from mentorship.rules import judges_the_pairing
from mentorship.views_pairing import names_for, opened

MOST = 200
WHY = gettext_lazy("Whoever wrote or shared it reads this in a mail.")


def part_of(channel: Channel, kind: str, part_id: str) -> Part:
    """A message or a file that those in the pairing read; 404 for every other."""
    rows = {"message": channel.pairing.messages, "file": channel.pairing.files}.get(kind)
    if rows is None:
        raise Http404
    part = get_object_or_404(rows.shown().select_related("by"), public_id=part_id)
    part.pairing = channel.pairing
    return part


@for_class_keepers
def tell(request: HttpRequest, public_id: str, kind: str, part_id: str) -> HttpResponse:
    """Whoever reads a message or a file tells the coordinator what is wrong with it."""
    channel = opened(request, public_id, Access.WRITE)
    back = reverse(f"mentorship:pairing_{'thread' if kind == 'message' else 'files'}", args=[public_id])
    return told_page(request, part_of(channel, kind, part_id), channel, request.user, back)


def told_page(request: HttpRequest, part: Part, channel: Channel, reader: Person, back: str) -> HttpResponse:
    """What is told the coordinator of a message or a file, by whoever reads it."""
    form = TellForm(request.POST or None)
    if sent(request, form) and outcome_in(form, None, actions.tell_coordinator, part, by=reader, **form.cleaned_data):
        messages.success(request, _("The coordinator is told, and answers you. Nobody in the pairing learns of it."))
        return redirect(back)
    shown = {"it": channel.pairing, "form": form, "back": back, "part": names_for(channel, [part], reader)[0]}
    return render(request, "mentorship/pairing_tell.html", shown | {"kind": kind_of(part)})


@coordinators_only
def hide(request: HttpRequest, public_id: str, kind: str, part_id: str) -> HttpResponse:
    """Hide a message or a file with a reason: those in the pairing read it no more."""
    pairing = get_object_or_404(Pairing.objects.held().around(request.user).with_people(), public_id=public_id)
    channel = channel_of(pairing)
    part = part_of(channel, kind, part_id)
    told = Concern.objects.kept_by(request.user).filter(**{kind_of(part): part})
    if not judges_the_pairing(request.user, pairing) or not (channel.may(request.user, Access.TALK) or told.exists()):
        raise Http404
    form = ReasonForm(request.POST or None, help_text=WHY)
    because = form.cleaned_data["reason"] if sent(request, form) else ""
    if because and tried(request, actions.hide_part, part, because=because):
        messages.success(request, _("Hidden. Whoever wrote it is told why; who watches over the students reads it on."))
        return redirect("mentorship:desk_concerns")
    title = _("Hide a message") if kind == "message" else _("Hide a file")
    shown: dict[str, Any] = {"form": form, "title": title, "tag": pairing.request.title, "trail": [trail_begin()]}
    return render(request, "mentorship/desk_reason.html", shown | {"submit": _("Hide it")})


@coordinators_only
def concerns(request: HttpRequest) -> HttpResponse:
    """What coordinators were told about messages and files, what waits first."""
    rows = _told(request)
    open_rows, answered = rows.open(), rows.exclude(settled_at=None).order_by("-settled_at", "-pk")[:MOST]
    shown = {"rows": [*open_rows[:MOST], *answered], "trail": [trail_begin()]}
    return render(request, "mentorship/desk_concerns.html", shown)


@coordinators_only
def concern(request: HttpRequest, public_id: str) -> HttpResponse:
    """What somebody told, and the message or file that it is about."""
    it = get_object_or_404(_told(request), public_id=public_id)
    channel, part = channel_of(it.pairing), it.message or it.file
    part.pairing = it.pairing
    note_views(channel.facts.minors, request.user, "pairing")
    shown = {
        "it": it,
        "part": names_for(channel, [part], request.user)[0],
        "teller": channel.name_of(it.by, request.user),
        "hidden": TakenBack.objects.filter(**{kind_of(part): part}).first(),
        "hide": address_of("hide_part", part),
        "may_read": channel.may(request.user, Access.TALK),
        "trail": [trail_begin(), (reverse("mentorship:desk_concerns"), _("What you were told"))],
    }
    return render(request, "mentorship/desk_concern.html", shown)


@coordinators_only
@require_POST
def settle(request: HttpRequest, public_id: str) -> HttpResponse:
    """Answer without hiding anything."""
    it = get_object_or_404(_told(request), public_id=public_id)
    if tried(request, actions.settle_concern, it):
        messages.success(request, _("Answered: whoever told you reads that you have looked."))
    return redirect("mentorship:desk_concerns")


def _told(request: HttpRequest) -> Any:
    people = ("pairing__mentor__person", "pairing__request__by", "pairing__request__affiliation__institution")
    rows = Concern.objects.kept_by(request.user).select_related(
        "by", "message__by", "file__by", "file__upload", *people
    )
    return rows.order_by("told_at", "pk")
