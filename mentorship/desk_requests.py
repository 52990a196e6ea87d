"""The desk of requests: what waits for whom, what is closed; and what is agreed."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.buttons import sent, tried
from cluster_portal.moves import may_move, open_moves
from members.access import cluster_coordinators_only, coordinators_only
from mentorship import actions
from mentorship.desk_mentors import trail_begin
from mentorship.forms_mentors import ReasonForm
from mentorship.forms_requests import RequestFilter, TermsForm
from mentorship.models import MentorRequest, Terms
from mentorship.words import owes_in_a_word

PER_PAGE = 50


@coordinators_only
def requests(request: HttpRequest) -> HttpResponse:
    """Requests to which somebody owes an answer, who has waited longest first; or those in one state."""
    narrow = RequestFilter(request.GET)
    state = narrow.cleaned_data["state"] if narrow.is_valid() else ""
    kept = MentorRequest.objects.kept_by(request.user)
    rows = kept.filter(state=state) if state else kept.live()
    page = Paginator(rows.for_lists().oldest_first(), PER_PAGE).get_page(request.GET.get("page"))
    at = now()
    for it in page:
        it.moves, it.owes = open_moves(it, "close"), owes_in_a_word(it)
        it.is_late = it.is_late_at(at)
    shown = {"page": page, "narrow": narrow, "trail": [trail_begin()]}
    return render(request, "mentorship/desk_requests.html", shown)


@coordinators_only
def close(request: HttpRequest, public_id: str) -> HttpResponse:
    """End a search with a reason that the teacher reads."""
    it = get_object_or_404(MentorRequest.objects.kept_by(request.user).for_lists(), public_id=public_id)
    if not may_move(request.user, it, "close"):
        raise PermissionDenied
    if not open_moves(it, "close"):
        messages.info(request, _("This request is not open now. This page says how far it has come."))
        return redirect(it)
    help_text = _("The teacher reads it in a mail. Say what helps: other dates, another language, a course.")
    form = ReasonForm(request.POST or None, help_text=help_text)
    if sent(request, form) and tried(request, actions.close_request, it, **form.cleaned_data):
        messages.success(request, str(MentorRequest.MOVES["close"].done))
        return redirect("mentorship:desk_requests")
    shown: dict[str, Any] = {"form": form, "title": _("Close a request"), "tag": it.title, "trail": [trail_begin()]}
    return render(request, "mentorship/desk_reason.html", shown | {"submit": MentorRequest.MOVES["close"].label})


@cluster_coordinators_only
def terms(request: HttpRequest) -> HttpResponse:
    """How many days everybody has to answer, and after how many weeks somebody asks after a pairing."""
    stored = Terms.objects.filter(pk=1).first()
    form = TermsForm(request.POST or None, instance=stored, initial=None if stored else _usual())
    if sent(request, form) and tried(request, actions.change_terms, **form.cleaned_data):
        messages.success(request, _("Saved. It counts for whatever is asked from now on."))
        return redirect("mentorship:desk_mentorship")
    return render(request, "mentorship/desk_terms.html", {"form": form, "trail": [trail_begin()]})


def _usual() -> dict[str, int]:
    it = Terms.current()
    return {"answer_days": it.answer_days, "stalled_weeks": it.stalled_weeks}
