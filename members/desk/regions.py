"""Regions, themes and coordinators: what the coordinator of the whole cluster keeps."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import outcome_in, tried
from members import actions
from members.access import cluster_coordinators_only
from members.forms import AppointForm, DirectionForm, RegionForm
from members.models import Coordinator, Direction, Region


@cluster_coordinators_only
def regions(request: HttpRequest) -> HttpResponse:
    """The regions, and who coordinates each; first, who coordinates everything. A new region is added here."""
    form = RegionForm(request.POST or None)
    if request.method == "POST" and _kept(form, actions.keep_region, request):
        messages.success(request, _("%(region)s is added.") % {"region": form.instance})
        return redirect("members:desk_regions")
    return _regions_page(request, region_form=form)


@cluster_coordinators_only
def edit_region(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a region another name."""
    it = get_object_or_404(Region, slug=slug)
    form = RegionForm(request.POST or None, instance=it)
    if request.method == "POST" and _kept(form, actions.keep_region, request):
        messages.success(request, _("%(region)s is saved.") % {"region": form.instance})
        return redirect("members:desk_regions")
    return render(request, "members/desk_region.html", {"form": form, "it": Region.objects.get(pk=it.pk)})


@cluster_coordinators_only
@require_POST
def appoint(request: HttpRequest) -> HttpResponse:
    """Let somebody coordinate a region, or the whole cluster."""
    form = AppointForm(request.POST)
    if form.is_valid():
        email, region = form.cleaned_data["email"], form.region()
        if appointed := outcome_in(form, "email", actions.appoint_coordinator, email, region, by=request.user):
            messages.success(request, _("%(name)s is appointed.") % {"name": appointed.result.person.full_name})
            return redirect("members:desk_regions")
    return _regions_page(request, appoint_form=form)


@cluster_coordinators_only
@require_POST
def end_role(request: HttpRequest, public_id: str) -> HttpResponse:
    """End somebody's role as coordinator of one part."""
    roles = Coordinator.objects.now().select_related("person", "region").filter(person__public_id=public_id)
    part = request.POST.get("region", "")
    role = get_object_or_404(roles, **({"region__slug": part} if part else {"region": None}))
    if tried(request, actions.end_coordinator, role):
        messages.success(request, _("%(name)s does not coordinate that any more.") % {"name": role.person.full_name})
    return redirect("members:desk_regions" if role.person_id != request.user.pk else "coordination:me")


@cluster_coordinators_only
def directions(request: HttpRequest) -> HttpResponse:
    """The themes that institutions work on together; a new one is added here."""
    form = DirectionForm(request.POST or None)
    if request.method == "POST" and _kept(form, actions.keep_direction, request):
        messages.success(request, _("%(theme)s is added.") % {"theme": form.instance})
        return redirect("members:desk_directions")
    return render(request, "members/desk_directions.html", {"form": form, "rows": Direction.objects.with_counts()})


@cluster_coordinators_only
def edit_direction(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a theme another name."""
    it = get_object_or_404(Direction, slug=slug)
    form = DirectionForm(request.POST or None, instance=it)
    if request.method == "POST" and _kept(form, actions.keep_direction, request):
        messages.success(request, _("%(theme)s is saved.") % {"theme": form.instance})
        return redirect("members:desk_directions")
    return render(request, "members/desk_direction.html", {"form": form, "it": Direction.objects.get(pk=it.pk)})


def _kept(form, action, request: HttpRequest) -> bool:
    """Let the action keep what the form holds; what it refuses is said beside the name."""
    return form.is_valid() and bool(outcome_in(form, "name", action, form.instance, by=request.user))


def _regions_page(request: HttpRequest, **forms) -> HttpResponse:
    shown = {
        "everything": Coordinator.objects.now().filter(region=None).select_related("person").order_by("pk"),
        "rows": Region.objects.with_coordinators(),
        "region_form": RegionForm(),
        "appoint_form": AppointForm(),
    }
    return render(request, "members/desk_regions.html", shown | forms)
