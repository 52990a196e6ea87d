"""Final works: handing in for oneself or as a guardian, and reading as an instructor or coordinator."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from cluster_portal.buttons import act, outcome_in, sent
from cluster_portal.moves import available_moves
from cluster_portal.uploads import as_attachment, uploads_about
from courses import actions
from courses.forms_works import NoteForm, WorkForm
from courses.models import Enrolment, FinalWork, Run
from courses.views_attendance import led_run, show_to_keeper, trail_of
from courses.views_enrolling import childs_enrolment, enrolment_of, way_back
from members.access import for_class_keepers
from members.models import Person

PER_PAGE = 50
ANSWERS = ("accept", "return")


def hand_in(request: HttpRequest, public_id: str) -> HttpResponse:
    """My final work, or that of a child of mine: handed in, and what was said of it."""
    it = enrolment_of(request, public_id)
    return _hand_in(request, it, request.user, way_back(request, it))


@login_not_required
def hand_in_by_link(request: HttpRequest, token: str, public_id: str) -> HttpResponse:
    """The same by the link of a consent, without an account."""
    it, reader = childs_enrolment(request, token, public_id)
    return _hand_in(request, it, reader, reverse("members:consent", args=[token]), token)


@login_not_required
def work_file_by_link(request: HttpRequest, token: str, public_id: str, file_id: str) -> HttpResponse:
    """A file of such a work: who handed it in without an account opens it by the same link."""
    it, _reader = childs_enrolment(request, token, public_id)
    work = get_object_or_404(FinalWork, enrolment=it)
    return as_attachment(get_object_or_404(uploads_about(work), public_id=file_id))


def _hand_in(request: HttpRequest, it: Enrolment, by: Person, back: str, token: str = "") -> HttpResponse:
    work = FinalWork.objects.filter(enrolment=it).first()
    is_open = work is None or work.state == FinalWork.State.RETURNED
    if work is None and not (it.run.needs_work and it.state == Enrolment.State.CONFIRMED):
        raise Http404
    form = WorkForm(request.POST or None, request.FILES or None, instance=work) if is_open else None
    if form and sent(request, form) and outcome_in(form, None, actions.hand_in_work, it, by=by, **form.cleaned_data):
        messages.success(request, _("The work is handed in. A mail says when it was read."))
        return redirect(back)
    shown = {"it": it, "work": work, "form": form, "back": back, "token": token}
    return render(request, "courses/hand_in.html", shown | {"files": uploads_about(work) if work else []})


@for_class_keepers
def works(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """Final works of one run that I teach or coordinate; without one, those of all that wait to be read."""
    rows = FinalWork.objects.read_by(request.user).for_lists()
    run = led_run(request, public_id, Run.objects.public()) if public_id else None
    rows = rows.filter(enrolment__run=run) if run else rows.to_read()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    show_to_keeper([it.enrolment for it in page], request.user, "final works")
    trail: list[tuple[str, Any]] = trail_of(run) if run else []
    return render(request, "courses/works.html", {"run": run, "page": page, "trail": trail})


@for_class_keepers
def work(request: HttpRequest, public_id: str) -> HttpResponse:
    """One final work: read, accepted, or returned with a note."""
    it = get_object_or_404(FinalWork.objects.read_by(request.user).for_lists(), public_id=public_id)
    form = NoteForm(request.POST or None)
    if sent(request, form):
        answers = {name: partial(actions.ACTIONS["finalwork"][name], **form.cleaned_data) for name in ANSWERS}
        act(request, it, answers)
        return redirect("courses:works", it.enrolment.run.public_id) if it.state != "handed_in" else redirect(it)
    show_to_keeper([it.enrolment], request.user, "final work")
    run = it.enrolment.run
    trail = [*trail_of(run), (reverse("courses:works", args=[run.public_id]), _("Final works"))]
    shown = {"it": it, "form": form, "files": uploads_about(it), "moves": available_moves(request.user, it)}
    return render(request, "courses/work.html", shown | {"trail": trail})
