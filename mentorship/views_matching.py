"""What is asked of a mentor, and whom a teacher is offered: each has one page, and answers on it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, sent, tried
from cluster_portal.moves import may_move, open_moves
from mentorship import actions
from mentorship.candidates import needs_of, offers_of
from mentorship.forms_matching import DeclineForm, RefuseForm
from mentorship.matching_words import why_in_words
from mentorship.models import Mentor, Pairing
from mentorship.words import day_of, mentor_as_facts, request_as_facts


def asked(request: HttpRequest, public_id: str) -> HttpResponse:
    """What I am asked as a mentor; on POST, why I say no."""
    rows = Pairing.objects.filter(mentor__person=request.user).with_people()
    it = get_object_or_404(rows.select_related("request__initiative"), public_id=public_id)
    if it.state in Pairing.BEGUN:
        return redirect(it)
    form = DeclineForm(request.POST or None)
    if sent(request, form):
        return redirect("mentorship:mentorship" if _said_no(request, it, "decline", form) else request.path)
    shown = _shown(it, form, "accept", "decline") | {"facts": request_as_facts(it.request), "why": _why(it)}
    return render(request, "mentorship/asked.html", shown)


def agree(request: HttpRequest, public_id: str) -> HttpResponse:
    """The mentor who has said yes to what I asked for; on POST, that I would rather have another.

    Whoever comes too late, when another one is sought, learns that, and no name.
    """
    rows = Pairing.objects.filter(request__by=request.user).with_people()
    it = get_object_or_404(rows.prefetch_related("mentor__directions"), public_id=public_id)
    if it.state in Pairing.BEGUN:
        return redirect(it)
    if it.state not in Pairing.KNOWN_TO_TEACHER:
        messages.info(request, _("There is nothing to answer here any more. This page says how far your request is."))
        return redirect(it.request)
    form = RefuseForm(request.POST or None)
    if sent(request, form):
        return redirect(it.request if _said_no(request, it, "refuse", form) else request.path)
    shown = _shown(it, form, "agree", "refuse")
    shown |= {"facts": mentor_as_facts(it.mentor), "why": _why(it)}
    return render(request, "mentorship/agree.html", shown)


@require_POST
def act_on_pairing(request: HttpRequest, public_id: str) -> HttpResponse:
    """Accept as the mentor, or agree as the teacher."""
    mine = Pairing.objects.filter(Q(mentor__person=request.user) | Q(request__by=request.user))
    it = get_object_or_404(mine.with_people(), public_id=public_id)
    act(request, it, {name: actions.ACTIONS["pairing"][name] for name in ("accept", "agree")})
    it.refresh_from_db(fields=["state"])
    if it.state in Pairing.BEGUN:
        return redirect(it)
    if request.user.pk == it.mentor.person_id:
        return redirect("mentorship:asked", public_id)
    return redirect("mentorship:agree", public_id) if it.state in Pairing.KNOWN_TO_TEACHER else redirect(it.request)


def _said_no(request: HttpRequest, it: Pairing, name: str, form: Any) -> bool:
    """Whether a no was given, with its reason; a sentence says what came of it."""
    if not may_move(request.user, it, name):
        raise PermissionDenied
    done = tried(request, actions.ACTIONS["pairing"][name], it, **form.cleaned_data)
    if done:
        messages.success(request, str(Pairing.MOVES[name].done))
    return bool(done)


def _shown(it: Pairing, form: Any, yes: str, no: str) -> dict[str, Any]:
    """What both pages show: whether an answer is waited for, and until when."""
    moves = open_moves(it, yes, no)
    until = day_of(it.answer_by) if moves and it.answer_by else ""
    return {"it": it, "form": form, "yes": moves.get(yes), "no": moves.get(no), "until": until}


def _why(it: Pairing) -> str:
    """What speaks for the mentor, as the coordinator read it; how many others they have is nobody's business here."""
    mentor = Mentor.objects.with_loads().prefetch_related("directions").get(pk=it.mentor_id)
    themes = {one.slug: one.name for one in mentor.directions.all()}
    return why_in_words(needs_of([it.request])[0], offers_of([mentor])[0], themes, says_places=False)
