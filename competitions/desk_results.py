"""The desk of results: how the jury judged, which places are planned, what publishing them would mail."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import sent, tried
from cluster_portal.long_work import do_if_short
from cluster_portal.pdf import pdf_response
from cluster_portal.sheets import XLSX, file_response
from competitions import actions
from competitions.conflicts import given_in_conflict
from competitions.desk_entries import competition_to_decide, trail_of
from competitions.diplomas import lines_of, work_of
from competitions.exports import results_workbook
from competitions.forms_results import PlacesForm
from competitions.models import Competition, Entry
from competitions.protocol import protocol_pdf, tied_in_words
from competitions.results import Results, results_of, what_is_missing
from members.access import coordinators_only
from members.consent import conceal_names


@coordinators_only
def results(request: HttpRequest, slug: str) -> HttpResponse:
    """Raw and adjusted scores side by side, with the places that are planned; on POST these are saved."""
    it = competition_to_decide(request, slug)
    found = results_of(it)
    form = PlacesForm(request.POST or None, entries=[line.entry for line in found.lines])
    if sent(request, form) and (done := tried(request, actions.plan_places, it, form.places())):
        return _said_how_many(request, it, done.result)
    conceal_names(_authors(found), request.user)
    shown = {"it": it, "found": found, "form": form, "lines": _lines(found, form)}
    shown["is_open"] = it.state == Competition.State.PUBLISHED
    shown["flagged"] = len(given_in_conflict(it)) if shown["is_open"] else 0
    shown["tied"] = [tied_in_words(*places) for places in found.tied]
    return render(request, "competitions/desk_results.html", shown | {"trail": trail_of(it)})


def _lines(found: Results, form: PlacesForm) -> list[dict[str, Any]]:
    ordered = found.by_rank(found.adjusted)
    unread = [line for line in found.lines if not line.is_judged]
    return [{"line": line, "field": form[line.entry.public_id]} for line in [*ordered, *unread]]


def _authors(found: Results) -> list[Any]:
    return [author.person for line in found.lines for author in line.entry.authors]


def _said_how_many(request: HttpRequest, it: Competition, n: int) -> HttpResponse:
    said = ngettext("%(n)d place is changed. Nobody is told yet.", "%(n)d places are changed. Nobody is told yet.", n)
    messages.success(request, said % {"n": n})
    return redirect("competitions:desk_results", it.slug)


@coordinators_only
@require_POST
def propose(request: HttpRequest, slug: str) -> HttpResponse:
    """Plan the places that follow from the means, or from the adjusted scores."""
    it = competition_to_decide(request, slug)
    if done := tried(request, actions.propose_places, it, adjusted=request.POST.get("by") == "adjusted"):
        return _said_how_many(request, it, done.result)
    return redirect("competitions:desk_results", slug)


@coordinators_only
@require_POST
def second_opinion(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """Ask one more juror to read an entry."""
    it = competition_to_decide(request, slug)
    entry = get_object_or_404(it.entries.admitted(), public_id=public_id)
    if tried(request, actions.ask_second_opinion, entry):
        messages.success(request, _("One more juror is asked to read “%(title)s”.") % {"title": entry.title})
    return redirect("competitions:desk_results", slug)


@coordinators_only
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """What everybody would see, whom it would mail and what; on POST the results are out."""
    it = competition_to_decide(request, slug)
    if request.method == "POST" and tried(request, actions.conclude_competition, it):
        messages.success(request, str(it.MOVES["conclude"].done))
        return redirect("competitions:desk_diplomas", slug)
    if it.state != Competition.State.PUBLISHED:
        return redirect("competitions:desk_results", slug)
    found = results_of(it)
    conceal_names(_authors(found))
    places = [(label, [line.entry for line in found.lines if line.entry.planned_place == place])
              for place, label in Entry.Place.choices]  # fmt: skip
    shown = {"it": it, "flagged": len(given_in_conflict(it)), "places": places, "missing": what_is_missing(found)}
    if not shown["missing"]:
        shown["foretold"] = actions.results_foretold(it)
        conceal_names(shown["foretold"].silent, request.user)
    trail = [*trail_of(it), (reverse("competitions:desk_results", args=[slug]), _("Results"))]
    return render(request, "competitions/desk_publish.html", shown | {"trail": trail})


@coordinators_only
def results_xlsx(request: HttpRequest, slug: str) -> HttpResponse:
    """The results as a spreadsheet."""
    it = competition_to_decide(request, slug)
    return file_response(results_workbook(results_of(it)), XLSX, f"results-{it.slug}.xlsx")


@coordinators_only
def protocol(request: HttpRequest, slug: str) -> HttpResponse:
    """The protocol of the jury, to be signed."""
    it = competition_to_decide(request, slug)
    return pdf_response(protocol_pdf(results_of(it)), f"protocol-{it.slug}.pdf")


@coordinators_only
def diplomas(request: HttpRequest, slug: str) -> HttpResponse:
    """Who has a diploma or a letter of thanks, and who is to have one; on POST all of these get theirs."""
    it = competition_to_decide(request, slug)
    if request.method == "POST":
        if begun := tried(request, actions.begin_diplomas, it):
            do_if_short(begun.result)
        return redirect("competitions:desk_diplomas", slug)
    lines = lines_of(it)
    shown = {"it": it, "lines": lines, "due": sum(line.is_due for line in lines), "work": work_of(it)}
    conceal_names([line.person for line in lines], request.user)
    return render(request, "competitions/desk_diplomas.html", shown | {"trail": trail_of(it)})
