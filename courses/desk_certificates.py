"""The desk of certificates: issue them for a run, correct a name, revoke."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import sent, tried
from cluster_portal.long_work import do_if_short
from cluster_portal.moves import available_moves, may_move
from cluster_portal.pdf import pdf_response
from courses import actions
from courses.certificates import Line, lines_of, passed_over, whom_it_mails, why_not_issued_yet, work_of
from courses.desk import ask_before_mailing, confirmed, run_of
from courses.forms_certificates import CorrectNameForm, RevokeForm
from courses.roster import PER_PAGE
from members.access import coordinators_only
from members.actions import correct_certificate, note_children, revoke_certificate, send_certificate_again
from members.certificates import can_be_mailed, certificates_pdf, facts_of, reader_of
from members.models import Certificate


@coordinators_only
def certificates(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who completed a run and has a certificate, who is still without; on POST all of these get theirs."""
    it = run_of(request, public_id)
    work = work_of(it)
    if request.method == "GET" and work and work.is_under_way:
        # Asked for again and again by itself: without names, or each time would be a look at every child.
        return render(request, "courses/desk_certificates.html", {"run": it, "work": work, "trail": _trail(it)})
    lines = lines_of(it)
    if request.method == "POST":
        return _issue_all(request, it, [line for line in lines if line.is_due])
    page = _page_of(request, lines)
    issued, why_none = passed_over(work, lines)
    shown = {
        "run": it,
        "page": page,
        "issued": issued,
        "why_none": why_none,
        "printable": sum(line.can_be_printed for line in page),
        "papers": f"{reverse('courses:desk_certificate_papers', args=[public_id])}?page={page.number}",
        "due": sum(line.is_due for line in lines),
        "why_not": why_not_issued_yet(it),
        "work": work,
        "trail": _trail(it),
    }
    return render(request, "courses/desk_certificates.html", shown)


@coordinators_only
def papers(request: HttpRequest, public_id: str) -> HttpResponse:
    """The papers of one page of the list in one file, to print them."""
    it = run_of(request, public_id)
    rows = [line.certificate for line in _page_of(request, lines_of(it)) if line.can_be_printed]
    if not rows:
        raise Http404
    return pdf_response(certificates_pdf(rows, str(it)), f"certificates-{public_id}.pdf")


def _page_of(request: HttpRequest, lines: list[Line]) -> Page:
    page = Paginator(lines, PER_PAGE).get_page(request.GET.get("page"))
    note_children([line.enrolment.person_id for line in page], request.user, "certificates")
    return page


def _issue_all(request: HttpRequest, it, lines: list[Line]) -> HttpResponse:
    if lines and not confirmed(request) and not why_not_issued_yet(it):
        return ask_before_mailing(request, it, *whom_it_mails(lines))
    if begun := tried(request, actions.begin_issuing, it):
        do_if_short(begun.result)
    return redirect("courses:desk_certificates", it.public_id)


@coordinators_only
@require_POST
def issue(request: HttpRequest, public_id: str, enrolment_id: str) -> HttpResponse:
    """Issue the certificate of one person, who is told."""
    it = run_of(request, public_id)
    enrolment = get_object_or_404(it.enrolments.select_related("person", "pool"), public_id=enrolment_id)
    enrolment.run = it
    mine = [line for line in lines_of(it) if line.enrolment == enrolment and line.can_have_one]
    if mine and not confirmed(request) and not why_not_issued_yet(it):
        return ask_before_mailing(request, it, *whom_it_mails(mine))
    if tried(request, actions.issue_to, enrolment):
        messages.success(request, _("The certificate of %(name)s is issued.") % {"name": enrolment.person.full_name})
    return redirect("courses:desk_certificates", public_id)


@coordinators_only
def certificate(request: HttpRequest, public_id: str, certificate_id: str) -> HttpResponse:
    """One certificate: what it says, and the ways to correct its name and to revoke it."""
    run, it = _certificate_of(request, public_id, certificate_id)
    return _page(request, run, it, CorrectNameForm(initial={"name": it.name_printed}), RevokeForm())


@coordinators_only
def paper(request: HttpRequest, public_id: str, certificate_id: str) -> HttpResponse:
    """The paper of one certificate, to print it for whom no link reaches."""
    _run, it = _certificate_of(request, public_id, certificate_id)
    if not it.can_be_printed:
        raise Http404
    note_children([it.person_id], request.user, "certificates")
    return pdf_response(certificates_pdf([it]), f"{it.number}.pdf")


@coordinators_only
@require_POST
def send_link(request: HttpRequest, public_id: str, certificate_id: str) -> HttpResponse:
    """Mail the link to a certificate once more."""
    _run, it = _certificate_of(request, public_id, certificate_id)
    if done := tried(request, send_certificate_again, it):
        messages.success(request, _("The link is on its way to %(name)s.") % {"name": done.result.full_name})
    return redirect("courses:desk_certificate", public_id, certificate_id)


@coordinators_only
@require_POST
def correct(request: HttpRequest, public_id: str, certificate_id: str) -> HttpResponse:
    """Issue a certificate anew with the right name."""
    run, it = _certificate_of(request, public_id, certificate_id, "supersede")
    form = CorrectNameForm(request.POST)
    if sent(request, form) and (done := tried(request, correct_certificate, it, **form.cleaned_data)):
        messages.success(request, _("The corrected certificate is issued; its number is %(n)s.") % {"n": done.result})
        return redirect("courses:desk_certificate", public_id, done.result.public_id)
    return _page(request, run, it, form, RevokeForm())


@coordinators_only
@require_POST
def revoke(request: HttpRequest, public_id: str, certificate_id: str) -> HttpResponse:
    """Take a certificate back; whoever has it is told why."""
    run, it = _certificate_of(request, public_id, certificate_id, "revoke")
    form = RevokeForm(request.POST)
    if sent(request, form) and tried(request, revoke_certificate, it, **form.cleaned_data):
        messages.success(request, str(it.MOVES["revoke"].done))
        return redirect("courses:desk_certificate", public_id, certificate_id)
    return _page(request, run, it, CorrectNameForm(initial={"name": it.name_printed}), form)


def _certificate_of(request: HttpRequest, public_id: str, certificate_id: str, move: str = ""):
    """A run on this desk and a certificate of it; 404 for any other, 403 for a move that is not one's own."""
    run = run_of(request, public_id)
    rows = Certificate.objects.about(run).select_related("person", "issued_to", "superseded_by")
    it = get_object_or_404(rows, public_id=certificate_id)
    if move and not may_move(request.user, it, move):
        raise PermissionDenied
    return run, it


def _page(request: HttpRequest, run, it: Certificate, correct_form, revoke_form) -> HttpResponse:
    shown = {"run": run, "it": it, "facts": facts_of(it), "correct_form": correct_form, "revoke_form": revoke_form}
    trail = [*_trail(run), (reverse("courses:desk_certificates", args=[run.public_id]), _("Certificates"))]
    moves = available_moves(request.user, it)
    note_children([it.person_id], request.user, "certificates")
    shown |= {"trail": trail, "moves": moves, "newer": getattr(it, "superseded_by", None)}
    shown["reachable"] = can_be_mailed(reader_of(it))
    return render(request, "courses/desk_certificate.html", shown)


def _trail(run) -> list[tuple[str, str]]:
    return [
        (reverse("courses:desk_runs"), _("Manage programme")),
        (reverse("courses:desk_run", args=[run.public_id]), run),
    ]
