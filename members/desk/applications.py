"""The desk of applications: coordinators ask back, decline with a reason, accept; in their region only."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from cluster_portal.buttons import sent, tried
from cluster_portal.moves import available_moves, may_move
from members import actions
from members.access import coordinators_only
from members.forms import AcceptForm, NoteForm
from members.models import Agreement, Application
from members.views import PER_PAGE
from members.words import story_of_application


@coordinators_only
def applications(request: HttpRequest) -> HttpResponse:
    """Who asks to join: first those that wait for an answer."""
    kept = Application.objects.visible_to(request.user)
    page = Paginator(kept.for_lists(), PER_PAGE).get_page(request.GET.get("page"))
    kept.mark_doubles(page)
    return render(request, "members/desk_applications.html", {"page": page})


@coordinators_only
def application(request: HttpRequest, public_id: str) -> HttpResponse:
    """One application: what it says, what was asked and answered, who else is called like that."""
    kept = Application.objects.visible_to(request.user)
    it = _application_of(request, public_id)
    kept.mark_doubles([it])
    addendum = Agreement.objects.visible_to(request.user).filter(pk=it.addendum_id).first()
    shown = {
        "it": it,
        "addendum": addendum,
        "moves": available_moves(request.user, it),
        "same": it.same_institutions() if it.is_open else [],
        "story": _story(it),
    }
    return render(request, "members/desk_application.html", shown)


@coordinators_only
def decide_application(request: HttpRequest, public_id: str, name: str) -> HttpResponse:
    """Ask back, decline or accept: each with what it needs to say."""
    it = _application_of(request, public_id)
    if name not in {"ask_back", "decline", "accept"}:
        raise Http404
    if not may_move(request.user, it, name):
        raise PermissionDenied
    form = _form_of(request, it, name)
    if sent(request, form):
        if tried(request, actions.ACTIONS["application"][name], it, **form.cleaned_data):
            messages.success(request, str(it.MOVES[name].done))
        return redirect("members:desk_application", it.public_id)
    shown = {"it": it, "form": form, "name": name, "label": it.MOVES[name].label, "story": _story(it)}
    return render(request, "members/desk_application_decide.html", shown)


def _application_of(request: HttpRequest, public_id: str) -> Application:
    rows = Application.objects.visible_to(request.user).select_related("applicant", "region", "institution")
    return get_object_or_404(rows, public_id=public_id)


def _story(it: Application) -> list[dict]:
    return story_of_application(it, it.notes.select_related("by").order_by("pk"))


def _form_of(request: HttpRequest, it: Application, name: str) -> Form:
    given = request.POST or None
    if name == "accept":
        return AcceptForm(given, application=it, by=request.user)
    if name == "decline":
        said = _("The applicant reads it in the mail and on their page.")
        return NoteForm(given, label=_("Why not"), help_text=said)
    said = _("A mail brings it to the applicant; they answer on their page.")
    return NoteForm(given, label=_("Your question"), help_text=said)
