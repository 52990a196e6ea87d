"""The desk of places: how many there are in the room and online, and which are kept for an institution."""

from django.contrib import messages
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import sent, tried
from courses import actions
from courses.desk import ask_or_do, run_of
from courses.forms_places import NewPlacesForm, NewReserveForm, PlacesForm, ReserveForm
from courses.models import Pool, Reserve, Run
from members.access import coordinators_only


@coordinators_only
def places(request: HttpRequest, public_id: str, pool_id: str) -> HttpResponse:
    """Change how many places there are."""
    it = run_of(request, public_id)
    pool = get_object_or_404(Pool.objects.filter(run=it), public_id=pool_id)
    form = PlacesForm(request.POST or None, instance=pool)
    if sent(request, form):
        done = ask_or_do(request, it, _("The places are saved."), actions.change_places, pool, **form.cleaned_data)
        if done is not None:
            return done
    return _form(request, it, form, _("Places"))


@coordinators_only
def new_places(request: HttpRequest, public_id: str) -> HttpResponse:
    """Add places of a sort that the run does not have yet."""
    it = run_of(request, public_id)
    if not it.missing_sorts:
        return redirect("courses:desk_run", public_id)
    form = NewPlacesForm(request.POST or None, missing=it.missing_sorts)
    if sent(request, form) and tried(request, actions.add_places, it, **form.cleaned_data):
        messages.success(request, _("The places are saved."))
        return redirect("courses:desk_run", public_id)
    return _form(request, it, form, _("New places"))


@coordinators_only
def new_reserve(request: HttpRequest, public_id: str, pool_id: str) -> HttpResponse:
    """Keep places for an institution until a day."""
    it = run_of(request, public_id)
    pool = get_object_or_404(Pool.objects.filter(run=it), public_id=pool_id)
    form = NewReserveForm(request.POST or None)
    if sent(request, form) and tried(request, actions.add_reserve, pool, **form.cleaned_data):
        messages.success(request, _("The places are kept."))
        return redirect("courses:desk_run", public_id)
    return _form(request, it, form, _("Keep places for an institution"))


@coordinators_only
def reserve(request: HttpRequest, public_id: str, reserve_id: str) -> HttpResponse:
    """Keep more places or fewer, or until another day."""
    it = run_of(request, public_id)
    kept = _reserve_of(it, reserve_id)
    form = ReserveForm(request.POST or None, instance=kept)
    if sent(request, form):
        done = ask_or_do(request, it, _("The places are kept."), actions.change_reserve, kept, **form.cleaned_data)
        if done is not None:
            return done
    return _form(request, it, form, _("Places kept for %(institution)s") % {"institution": kept.institution})


@coordinators_only
@require_POST
def remove_reserve(request: HttpRequest, public_id: str, reserve_id: str) -> HttpResponse:
    """Keep no places for an institution any more."""
    it = run_of(request, public_id)
    kept = _reserve_of(it, reserve_id)
    done = ask_or_do(request, it, _("These places are free for all now."), actions.remove_reserve, kept)
    return done or redirect("courses:desk_run", public_id)


def _reserve_of(it: Run, reserve_id: str) -> Reserve:
    rows = Reserve.objects.filter(pool__run=it).select_related("pool__run", "institution")
    return get_object_or_404(rows, public_id=reserve_id)


def _form(request: HttpRequest, it: Run, form: ModelForm, title: str) -> HttpResponse:
    return render(request, "courses/desk_form.html", {"form": form, "title": title, "run": it})
