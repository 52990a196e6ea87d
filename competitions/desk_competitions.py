"""The desk of competitions: coordinators describe, publish, change and cancel them, and hold them again."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, sent, tried
from cluster_portal.moves import available_moves
from cluster_portal.zones import zone_name
from competitions import actions
from competitions.entering import deadline_in_words
from competitions.forms_competitions import AgainForm, CompetitionForm, CriterionForm, NominationForm
from competitions.models import Competition, Criterion, Nomination
from competitions.words import phases_of, standing_of
from members.access import coordinators_only
from members.audience import audience_in_words

PER_PAGE = 50
NOT_REPEATED = {"csrfmiddlewaretoken", "confirmed"}
PARTS = {
    "nominations": (Nomination, NominationForm, actions.add_nomination, actions.change_nomination),
    "criteria": (Criterion, CriterionForm, actions.add_criterion, actions.change_criterion),
}
REMOVE = {"nominations": actions.remove_nomination, "criteria": actions.remove_criterion}


@coordinators_only
def desk_competitions(request: HttpRequest) -> HttpResponse:
    """All competitions that I keep, the latest deadline first."""
    page = Paginator(Competition.objects.kept_by(request.user), PER_PAGE).get_page(request.GET.get("page"))
    at = now()
    for it in page:
        it.standing, it.deadline = standing_of(it, at), deadline_in_words(it)
    return render(request, "competitions/desk_competitions.html", {"page": page})


@coordinators_only
def desk_new_competition(request: HttpRequest) -> HttpResponse:
    """Describe a competition; its nominations and criteria come next."""
    form = CompetitionForm(request.POST or None, zone=request.cluster.zone, by=request.user)
    if sent(request, form):
        it = actions.create_competition(by=request.user, **form.cleaned_data)
        messages.success(request, _("The draft is kept. Add nominations and criteria, then publish it."))
        return redirect("competitions:desk_competition", it.slug)
    return _form(request, form, _("New competition"))


@coordinators_only
def desk_competition(request: HttpRequest, slug: str) -> HttpResponse:
    """One competition on the desk: what it says, its parts, and what can be done with it."""
    it = competition_of(request, slug)
    shown = {"it": it, "moves": available_moves(request.user, it), "trail": [_all()]}
    shown |= {"phases": phases_of(it, now()), "standing": standing_of(it, now()), "audience": audience_in_words(it)}
    shown["decides"] = Competition.objects.decidable_by(request.user).filter(pk=it.pk).exists()
    shown["moves"].pop("conclude", None)  # the page of the results does that
    return render(request, "competitions/desk_competition.html", shown)


@coordinators_only
def desk_edit_competition(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what a competition says; when people would be told, say first whom."""
    it = competition_of(request, slug)
    form = CompetitionForm(request.POST or None, instance=competition_of(request, slug), zone=it.zone, by=request.user)
    facts = form.cleaned_data if sent(request, form) else {}
    if facts and (done := ask_or_do(request, it, _("Saved."), actions.change_competition, **facts)):
        return done
    return _form(request, form, _("Edit"), it)


@coordinators_only
@require_POST
def desk_act_on_competition(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish or cancel; a published one is cancelled after whom it mails has been seen."""
    it = competition_of(request, slug)
    if request.POST.get("move") == "conclude":
        raise Http404
    if request.POST.get("move") == "cancel" and it.state == Competition.State.PUBLISHED and not _confirmed(request):
        foreseen = tried(request, actions.mailed_by, it, actions.cancel_competition, competition_of(request, slug))
        if foreseen:
            return _ask_before_mailing(request, it, foreseen.result, _("Nobody can hand in or judge any more."))
        return redirect("competitions:desk_competition", slug)
    act(request, it, actions.ACTIONS["competition"])
    return redirect("competitions:desk_competition", slug)


@coordinators_only
def desk_hold_again(request: HttpRequest, slug: str) -> HttpResponse:
    """Prepare last year's competition again, on this year's days."""
    it = competition_of(request, slug)
    form = AgainForm(request.POST or None, initial={"title": it.title})
    if sent(request, form) and (again := tried(request, actions.hold_competition_again, it, **form.cleaned_data)):
        messages.success(request, _("The draft is prepared. Look through its dates, then publish it."))
        return redirect("competitions:desk_competition", again.result.slug)
    return render(request, "competitions/desk_again.html", {"form": form, "it": it})


@coordinators_only
def desk_new_part(request: HttpRequest, slug: str, part: str) -> HttpResponse:
    """Add a nomination, or a criterion."""
    it = competition_of(request, slug)
    model, form_class, add, _change = PARTS[part]
    form = form_class(request.POST or None)
    if sent(request, form) and (added := tried(request, add, it, **_facts(form))):
        if model is Criterion:
            messages.success(request, _("The criterion is added. Now say what its levels look like."))
            return redirect("competitions:desk_part", slug, part, added.result.public_id)
        messages.success(request, _("The nomination is added."))
        return redirect("competitions:desk_competition", slug)
    title = _("New criterion") if model is Criterion else _("New nomination")
    return _form(request, form, title, it)


@coordinators_only
def desk_part(request: HttpRequest, slug: str, part: str, public_id: str) -> HttpResponse:
    """Correct a nomination, or a criterion and the examples of its levels."""
    it = competition_of(request, slug)
    model, form_class, _add, change = PARTS[part]
    row = get_object_or_404(model, competition=it, public_id=public_id)
    form = form_class(request.POST or None, instance=get_object_or_404(model, pk=row.pk))
    if sent(request, form) and tried(request, change, row, **_facts(form)):
        messages.success(request, _("Saved."))
        return redirect("competitions:desk_competition", slug)
    return _form(request, form, row.title, it)


@coordinators_only
@require_POST
def desk_act_on_part(request: HttpRequest, slug: str, part: str, public_id: str) -> HttpResponse:
    """Move a nomination or a criterion up, or remove it."""
    it = competition_of(request, slug)
    row = get_object_or_404(PARTS[part][0], competition=it, public_id=public_id)
    action = {"up": actions.move_up, "remove": REMOVE[part]}.get(request.POST.get("move", ""))
    if action is None:
        raise Http404
    if tried(request, action, row):
        messages.success(request, _("Saved."))
    return redirect("competitions:desk_competition", slug)


def competition_of(request: HttpRequest, slug: str) -> Competition:
    """A competition on this person's desk: 404 for any other."""
    it = get_object_or_404(Competition.objects.kept_by(request.user).with_parts(), slug=slug)
    if not request.user.has_perm("competitions.change_competition", it):
        raise PermissionDenied
    return it


def ask_or_do(request: HttpRequest, it: Competition, said: str, action: Callable, **facts: Any) -> HttpResponse | None:
    """Let an action happen; ask first when it would mail anybody. None when it was refused, with a sentence."""
    if not _confirmed(request):
        foreseen = tried(request, actions.mailed_by, it, action, it, **facts)
        if not foreseen:
            return None
        if foreseen.result:
            return _ask_before_mailing(request, it, foreseen.result)
    if not tried(request, action, it, **facts):
        return None
    messages.success(request, said)
    return redirect("competitions:desk_competition", it.slug)


def _ask_before_mailing(
    request: HttpRequest, it: Competition, people: list[tuple[str, int]], warning: str = ""
) -> HttpResponse:
    """Whom a change would mail, and a form that comes back with all that was entered."""
    hidden = [(name, value) for name, values in request.POST.lists() for value in values if name not in NOT_REPEATED]
    shown = {"it": it, "hidden": hidden, "people": people, "total": sum(count for _who, count in people)}
    return render(request, "competitions/desk_confirm.html", shown | {"warning": warning})


def _confirmed(request: HttpRequest) -> bool:
    return request.POST.get("confirmed") == "yes"


def _facts(form) -> dict:
    return form.facts() if isinstance(form, CriterionForm) else form.cleaned_data


def _form(request: HttpRequest, form, title: str, it: Competition | None = None) -> HttpResponse:
    zone = zone_name(request.cluster.zone) if isinstance(form, CompetitionForm) else ""
    return render(request, "competitions/desk_form.html", {"form": form, "title": title, "it": it, "zone": zone})


def _all() -> tuple[str, str]:
    """Where the trail of a competition's pages on the desk begins."""
    return reverse("competitions:desk_competitions"), _("Competitions")
