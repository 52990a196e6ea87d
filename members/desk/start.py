"""The first day: a coordinator is led from an empty portal to a cluster with an agreement and a course."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.buttons import outcome_in, sent
from members import actions
from members.access import cluster_coordinators_only
from members.first_day import FEWEST_INSTITUTIONS, steps_of
from members.forms import ClusterNameForm, HueForm, PlaceForm, SeveralForm
from members.models import Agreement, Institution
from members.theme import asked_hue, members_today

# From here a page leads on to the next; the names are of the urls.
NAME, ACCENT, PLACE, INSTITUTIONS, AGREEMENT = (
    f"members:desk_start_{it}" for it in ("name", "accent", "place", "institutions", "agreement")
)
HUES = (258, 200, 165, 140, 95, 65, 40, 20, 350, 320, 290)


@cluster_coordinators_only
def start(request: HttpRequest) -> HttpResponse:
    """The steps as a chain: what is done, what comes next."""
    steps = steps_of(request.user)
    next_step = next((step for step in steps if not step.is_done), None)
    links = [
        {"title": step.title, "text": step.text, "url": step.url, "status": _status(step, next_step)} for step in steps
    ]
    _note_first_day(request, lasts=next_step is not None)
    return render(request, "members/start.html", {"links": links, "next_step": next_step})


def _note_first_day(request: HttpRequest, lasts: bool) -> None:
    """Pages of other concerns lead back here as long as the first day lasts: the desk's nav shows the way."""
    if request.session.get("first_day", False) != lasts:
        request.session["first_day"] = lasts


def _status(step, next_step) -> str:
    if step.is_done:
        return "done"
    return "next" if step == next_step else "open"


@cluster_coordinators_only
def name(request: HttpRequest) -> HttpResponse:
    """What the cluster is called."""
    form = ClusterNameForm(request.POST or None, instance=request.cluster if request.cluster.is_named else None)
    if sent(request, form):
        actions.keep_cluster(by=request.user, **form.cleaned_data)
        return redirect(ACCENT)
    return _step(request, NAME, "start_form", form=form, title=_("What is your cluster called?"))


@cluster_coordinators_only
def accent(request: HttpRequest) -> HttpResponse:
    """The accent: the page shows itself in the hue that is looked at, and keeps the one that is chosen."""
    if not request.cluster.is_named:
        return _name_first(request)
    form = HueForm(request.POST or None, initial={"hue": asked_hue(request)})
    if sent(request, form):
        actions.keep_cluster(by=request.user, hue=form.cleaned_data["hue"])
        return redirect(PLACE)
    kinds = members_today(request.cluster)
    return _step(request, ACCENT, "start_accent", form=form, hue=asked_hue(request), hues=HUES, kinds=kinds)


@cluster_coordinators_only
def place(request: HttpRequest) -> HttpResponse:
    """The time zone in which the cluster's days begin, and its country."""
    if not request.cluster.is_named:
        return _name_first(request)
    form = PlaceForm(request.POST or None, instance=request.cluster)
    if sent(request, form):
        actions.keep_cluster(by=request.user, **form.cleaned_data)
        return redirect(INSTITUTIONS)
    return _step(request, PLACE, "start_form", form=form, title=_("Where is it?"))


@cluster_coordinators_only
def institutions(request: HttpRequest) -> HttpResponse:
    """Enter the institutions, several at once."""
    form = SeveralForm(request.POST or None)
    if sent(request, form) and _entered(request, form):
        return redirect(INSTITUTIONS)
    rows = Institution.objects.order_by("kind", "name")
    shown = {"institutions": rows[:60], "count": rows.count(), "fewest": FEWEST_INSTITUTIONS, "form": form}
    return _step(request, INSTITUTIONS, "start_institutions", **shown)


def _entered(request: HttpRequest, form: SeveralForm) -> bool:
    facts = form.cleaned_data
    names, region = facts["names"], facts.get("region")
    entered = outcome_in(form, "names", actions.enter_institutions, names, facts["kind"], region, by=request.user)
    if not entered:
        return False
    new = entered.result
    said = ngettext("%(n)s institution is entered.", "%(n)s institutions are entered.", len(new)) % {"n": len(new)}
    if known := len(names) - len(new):
        said += " " + ngettext("%(n)s was there already.", "%(n)s were there already.", known) % {"n": known}
    messages.success(request, said)
    return True


@cluster_coordinators_only
def agreement(request: HttpRequest) -> HttpResponse:
    """The agreement: the root of every right in the portal."""
    after = next(step for step in steps_of(request.user) if step.order > 50)
    rows = Agreement.objects.visible_to(request.user).for_lists()[:20]
    return _step(request, AGREEMENT, "start_agreement", agreements=rows, after=after)


def _name_first(request: HttpRequest) -> HttpResponse:
    messages.warning(request, _("Name the cluster first, then choose its looks and its place."))
    return redirect(NAME)


def _step(request: HttpRequest, url_name: str, template: str, **shown: Any) -> HttpResponse:
    steps, here = steps_of(request.user), reverse(url_name)
    _note_first_day(request, lasts=not all(step.is_done for step in steps))
    number = [step.url for step in steps].index(here) + 1
    return render(request, f"members/{template}.html", shown | {"number": number, "last": len(steps)})
