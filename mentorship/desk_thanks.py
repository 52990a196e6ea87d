"""The desk of ended pairings: what both sides say of them, what came of them, and thanks to their mentors."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import sent, tried
from cluster_portal.long_work import do_if_short
from cluster_portal.moves import available_moves, may_move
from cluster_portal.pdf import pdf_response
from members.access import coordinators_only
from members.actions import revoke_certificate
from members.certificates import certificates_pdf
from mentorship import actions
from mentorship.desk_mentors import trail_begin
from mentorship.forms_mentors import ReasonForm
from mentorship.forms_outcomes import ThanksForm
from mentorship.models import Pairing
from mentorship.thanks import Line, ended_for, lines_of, work_of

PER_PAGE = 40


@coordinators_only
def thanks(request: HttpRequest) -> HttpResponse:
    """Ended pairings, the latest first; on POST the mentors of those that were chosen get a letter of thanks."""
    rows = ended_for(request.user)
    form = ThanksForm(request.POST if request.method == "POST" else None, among=rows)
    if sent(request, form):
        if begun := tried(request, actions.begin_thanks, pairings=list(form.cleaned_data["pairings"])):
            do_if_short(begun.result)
        return redirect("mentorship:desk_thanks")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = lines_of(list(page.object_list), request.user)
    shown: dict[str, Any] = {"page": page, "form": form, "work": work_of(request.user), "trail": [trail_begin()]}
    shown["due"] = sum(line.is_due for line in page.object_list)
    return render(request, "mentorship/desk_thanks.html", shown)


@coordinators_only
def ended(request: HttpRequest, public_id: str) -> HttpResponse:
    """One ended pairing: what both sides say, and the letter of its mentor."""
    return _page(request, _line_of(request, public_id), ReasonForm(help_text=_reason_help()))


@coordinators_only
@require_POST
def thank(request: HttpRequest, public_id: str) -> HttpResponse:
    """Thank the mentor of one pairing; also anew, after a letter was revoked."""
    line = _line_of(request, public_id)
    if tried(request, actions.thank_mentor, line.pairing):
        messages.success(request, _("The letter of thanks is issued; a mail with it is on its way to the mentor."))
    return redirect("mentorship:desk_ended", public_id)


@coordinators_only
def paper(request: HttpRequest, public_id: str) -> HttpResponse:
    """The letter, to print it."""
    it = _line_of(request, public_id).certificate
    if it is None or not it.can_be_printed:
        raise Http404
    return pdf_response(certificates_pdf([it]), f"{it.number}.pdf")


@coordinators_only
@require_POST
def revoke(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a letter back; whoever has it is told why."""
    line = _line_of(request, public_id)
    if line.certificate is None or not may_move(request.user, line.certificate, "revoke"):
        raise Http404
    form = ReasonForm(request.POST, help_text=_reason_help())
    if sent(request, form) and tried(request, revoke_certificate, line.certificate, **form.cleaned_data):
        messages.success(request, str(line.certificate.MOVES["revoke"].done))
        return redirect("mentorship:desk_ended", public_id)
    return _page(request, line, form)


def _line_of(request: HttpRequest, public_id: str) -> Line:
    """An ended pairing on this desk; 404 for every other."""
    it: Pairing = get_object_or_404(ended_for(request.user), public_id=public_id)
    return lines_of([it], request.user)[0]


def _page(request: HttpRequest, line: Line, form: ReasonForm) -> HttpResponse:
    letter = line.certificate
    moves = available_moves(request.user, letter) if letter else {}
    holds = letter is not None and letter.state == letter.State.ISSUED
    trail = [trail_begin(), (reverse("mentorship:desk_thanks"), _("Feedback and thanks"))]
    shown = {"line": line, "it": line.pairing, "letter": letter, "holds": holds, "moves": moves, "form": form}
    return render(request, "mentorship/desk_ended.html", shown | {"trail": trail})


def _reason_help() -> str:
    return _("Only who has the letter reads it.")
