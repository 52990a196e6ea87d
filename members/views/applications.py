"""Asking to join the cluster: the public form, and the page behind the signed link by which one follows it."""

from datetime import timedelta

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from cluster_portal.buttons import outcome, sent
from cluster_portal.links import read_link
from cluster_portal.moves import available_moves
from members import actions
from members.forms import ApplicationForm, NoteForm
from members.models import Application
from members.words import story_of_application

LINK_AGE = timedelta(days=90)
BY_LINK = {
    "confirm": actions.confirm_application,
    "withdraw": actions.withdraw_application,
    "answer": actions.answer_question,
}


@login_not_required
def apply(request: HttpRequest) -> HttpResponse:
    """The public form. What follows is the same for everybody, known here or not."""
    form = ApplicationForm(request.POST or None)
    if sent(request, form):
        facts = form.application()
        if ratelimit.consume(request, action="apply_to_join", key=facts["email"].lower()):
            actions.apply_to_join(facts.pop("email"), request.LANGUAGE_CODE, facts.pop("names"), **facts)
            return redirect("members:application_sent")
        form.too_many()
    return render(request, "members/apply.html", {"form": form})


@login_not_required
def application_sent(request: HttpRequest) -> HttpResponse:
    """What to do next: open the mail."""
    return render(request, "members/application_sent.html")


@login_not_required
def application(request: HttpRequest, token: str) -> HttpResponse:
    """The applicant's page: shows on GET; confirms, answers and withdraws on POST."""
    rows = Application.objects.select_related("applicant", "region", "institution")
    it = rows.filter(public_id=read_link("members.application", token, LINK_AGE)).first()
    if it is None or not it.applicant.is_active:
        return render(request, "members/application_bad.html", status=404)
    form = NoteForm(request.POST if request.POST.get("move") == "answer" else None, label=_("Your answer"))
    if request.method == "POST":
        if not _act(request, it, form):
            return _page(request, it, form)
        return redirect(request.path)
    return _page(request, it, form)


def _page(request: HttpRequest, it: Application, form: NoteForm) -> HttpResponse:
    notes = list(it.notes.order_by("pk"))
    moves = available_moves(it.applicant, it)
    shown = {"it": it, "form": form, "moves": moves, "last": notes[-1] if notes else None}
    return render(request, "members/application.html", shown | {"story": story_of_application(it, notes)})


def _act(request: HttpRequest, it: Application, form: NoteForm) -> bool:
    """Make the applicant's move; False when the answer is not well formed. The link itself shows who they are."""
    move = request.POST.get("move", "")
    if move not in BY_LINK:
        raise Http404
    if form.is_bound and not form.is_valid():
        return False
    facts = form.cleaned_data if form.is_bound else {}
    if outcome(request, BY_LINK[move], it, by=it.applicant, **facts):
        messages.success(request, str(it.MOVES[move].done))
    return True
