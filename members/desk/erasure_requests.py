"""The desk of requests to erase: who asks, what the others say, and the coordinator's answer."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from cluster_portal.buttons import tried
from cluster_portal.moves import available_moves
from members import actions
from members.access import coordinators_only
from members.forms import NoteForm
from members.forms.erasure import SpokenForm
from members.models import ErasureRequest
from members.views import PER_PAGE


@coordinators_only
def erasure_requests(request: HttpRequest) -> HttpResponse:
    """Who asks to have whom erased: those that wait first."""
    rows = ErasureRequest.objects.decidable_by(request.user).for_lists()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    actions.note_children([it.person_id for it in page], request.user, "erasure request")
    return render(request, "members/desk_erasure_requests.html", {"page": page})


@coordinators_only
def erasure_request(request: HttpRequest, public_id: str) -> HttpResponse:
    """One request: who asks and why, who said what, what must be handed over first; then erase, or decline."""
    rows = ErasureRequest.objects.decidable_by(request.user).select_related("person", "asked_by")
    it = get_object_or_404(rows, public_id=public_id)
    words = actions.words_about(it) if it.is_open else []
    spoken, declined = _forms(request, missing=not all(word.agrees for word in words))
    if request.method == "POST" and _decided(request, it, spoken, declined):
        return redirect("members:desk_erasure_requests")
    actions.note_children([it.person_id], request.user, "erasure request")
    shown = {
        "it": it,
        "words": words,
        "moves": available_moves(request.user, it),
        "problems": actions.why_not_erasable(it.person) if it.is_open else [],
        "spoken": spoken,
        "declined": declined,
    }
    return render(request, "members/desk_erasure_request.html", shown)


def _forms(request: HttpRequest, missing: bool) -> tuple[Form, NoteForm]:
    """Each reads what was sent only when its own button was pressed; nothing is to be ticked when all agree."""
    sent = {request.POST.get("move"): request.POST}
    spoken = SpokenForm(sent.get("grant")) if missing else Form(sent.get("grant"))
    said = _("Whoever asked reads it in the mail and on their page.")
    return spoken, NoteForm(sent.get("decline"), label=_("Why not"), help_text=said)


def _decided(request: HttpRequest, it: ErasureRequest, spoken: Form, declined: NoteForm) -> bool:
    """Whether the pressed button went through; what was wrong stands on the page."""
    match request.POST.get("move"):
        case "grant":
            facts = spoken.cleaned_data if spoken.is_valid() else None
            action = actions.grant_erasure
        case "decline":
            facts = {"answer": declined.cleaned_data["text"]} if declined.is_valid() else None
            action = actions.decline_erasure
        case _:
            raise Http404
    if facts is None or not tried(request, action, it, **facts):
        return False
    messages.success(request, str(it.MOVES[request.POST["move"]].done))
    return True
