"""The desk of initiatives: coordinators, and those who answer for the responsible institution."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, sent, tried
from cluster_portal.moves import available_moves, may_move
from members import actions
from members.access import desk_only
from members.forms import InitiativeForm, MilestoneForm, OutcomeForm, ProgressForm, ReachedForm
from members.models import Initiative, Milestone
from members.views import PER_PAGE

ENDS = {"complete": gettext_lazy("What came of it"), "abandon": gettext_lazy("Why it is given up")}


@desk_only
def initiatives(request: HttpRequest) -> HttpResponse:
    """The initiatives that I keep: drafts first, then those under way."""
    rows = Initiative.objects.editable_by(request.user).for_lists(request.cluster.today())
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "members/desk_initiatives.html", {"page": page})


@desk_only
def new_initiative(request: HttpRequest) -> HttpResponse:
    """Write an initiative down."""
    form = InitiativeForm(request.POST or None, by=request.user)
    if sent(request, form):
        it = actions.draft_initiative(by=request.user, **form.cleaned_data)
        messages.success(request, _("The draft is kept. Add its milestones, then publish it."))
        return redirect("members:desk_initiative", it.public_id)
    return render(request, "members/desk_initiative_form.html", {"form": form, "title": _("New initiative")})


@desk_only
def edit_initiative(request: HttpRequest, public_id: str) -> HttpResponse:
    """Correct what an initiative says."""
    it = _kept(request, public_id)
    form = InitiativeForm(request.POST or None, instance=_kept(request, public_id), by=request.user)
    if sent(request, form):
        if tried(request, actions.change_initiative, it, **form.cleaned_data):
            messages.success(request, _("Saved."))
        return redirect("members:desk_initiative", it.public_id)
    return render(request, "members/desk_initiative_form.html", {"form": form, "title": it.title, "it": it})


@desk_only
def initiative(request: HttpRequest, public_id: str) -> HttpResponse:
    """One initiative on the desk: its milestones, and a note about progress; a POST adds a milestone."""
    it = _kept(request, public_id)
    form = MilestoneForm(request.POST or None)
    if sent(request, form):
        if tried(request, actions.add_milestone, it, **form.cleaned_data):
            messages.success(request, _("Added."))
        return redirect("members:desk_initiative", it.public_id)
    today = request.cluster.today()
    milestones = list(it.milestones.all())
    for milestone in milestones:
        milestone.is_late = milestone.is_overdue_on(today)
    moves = available_moves(request.user, it)
    shown = {
        "it": it,
        "form": form,
        "milestones": milestones,
        "ends": {name: moves[name] for name in ENDS if name in moves},
        "moves": {name: label for name, label in moves.items() if name not in ENDS},
    }
    return render(request, "members/desk_initiative.html", shown)


@desk_only
@require_POST
def act_on_initiative(request: HttpRequest, public_id: str) -> HttpResponse:
    """Publish or resume."""
    act(request, _kept(request, public_id), actions.ACTIONS["initiative"])
    return redirect("members:desk_initiative", public_id)


@desk_only
def end_initiative(request: HttpRequest, public_id: str, name: str) -> HttpResponse:
    """Complete it with its outcome, or give it up with the reason."""
    if name not in ENDS:
        raise Http404
    it = _kept(request, public_id)
    if not may_move(request.user, it, name):
        raise PermissionDenied
    form = OutcomeForm(request.POST or None, initial={"outcome": it.outcome}, label=ENDS[name])
    if sent(request, form):
        if tried(request, actions.ACTIONS["initiative"][name], it, **form.cleaned_data):
            messages.success(request, str(it.MOVES[name].done))
        return redirect("members:desk_initiative", public_id)
    missing = it.milestones.not_reached().count()
    shown = {"it": it, "form": form, "title": it.MOVES[name].label, "missing": missing}
    return render(request, "members/desk_initiative_form.html", shown)


@desk_only
def write_progress(request: HttpRequest, public_id: str) -> HttpResponse:
    """Note what was done, with the files that show it."""
    it = _kept(request, public_id)
    form = ProgressForm(request.POST or None, request.FILES or None, initiative=it)
    if sent(request, form) and tried(request, actions.write_progress, it, **form.cleaned_data):
        messages.success(request, _("Noted. It is shown on the page of the initiative."))
        return redirect("members:desk_initiative", public_id)
    shown = {"it": it, "form": form, "title": _("What was done"), "files": True}
    return render(request, "members/desk_initiative_form.html", shown)


@desk_only
def reach_milestone(request: HttpRequest, public_id: str) -> HttpResponse:
    """Note on which day a milestone was reached."""
    milestone = _kept_milestone(request, public_id)
    it, form = milestone.initiative, ReachedForm(request.POST or None)
    if sent(request, form):
        if tried(request, actions.reach_milestone, milestone, **form.cleaned_data):
            messages.success(request, _("Marked as reached."))
        return redirect("members:desk_initiative", it.public_id)
    shown = {"it": it, "form": form, "title": milestone.title}
    return render(request, "members/desk_initiative_form.html", shown)


@desk_only
@require_POST
def act_on_milestone(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a milestone away, or mark it as not reached."""
    milestone = _kept_milestone(request, public_id)
    acts = {"remove": actions.remove_milestone, "reopen": actions.reopen_milestone}
    action = acts.get(request.POST.get("act", ""))
    if action is None:
        raise Http404
    if tried(request, action, milestone):
        messages.success(request, _("Done."))
    return redirect("members:desk_initiative", milestone.initiative.public_id)


def _kept(request: HttpRequest, public_id: str) -> Initiative:
    rows = Initiative.objects.editable_by(request.user).select_related("responsible", "agreement", "clause")
    return get_object_or_404(rows, public_id=public_id)


def _kept_milestone(request: HttpRequest, public_id: str) -> Milestone:
    kept = Initiative.objects.editable_by(request.user)
    rows = Milestone.objects.filter(initiative__in=kept).select_related("initiative__responsible")
    return get_object_or_404(rows, public_id=public_id)
