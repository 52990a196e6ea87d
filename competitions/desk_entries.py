"""The desk of entries: what was handed in is admitted to the jury or disqualified with a reason."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, sent, tried
from cluster_portal.moves import open_moves
from competitions import actions
from competitions.forms_results import DisqualifyForm
from competitions.models import Competition, Entry
from competitions.results import confirmed_authors
from members.access import coordinators_only
from members.consent import conceal_names

PER_PAGE = 50


def competition_to_decide(request: HttpRequest, slug: str) -> Competition:
    """A competition on this desk; 404 for every other, and for whoever judges blindly or competes in it."""
    return get_object_or_404(Competition.objects.decidable_by(request.user).select_related("host"), slug=slug)


def trail_of(competition: Competition) -> list[tuple[str, str]]:
    """The way to a competition's pages on the desk."""
    return [
        (reverse("competitions:desk_competitions"), _("Competitions")),
        (reverse("competitions:desk_competition", args=[competition.slug]), competition.title),
    ]


@coordinators_only
def entries(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that was handed in, what waits for an answer first."""
    it = competition_to_decide(request, slug)
    rows = Entry.objects.visible_to(request.user).filter(competition=it).exclude(state=Entry.State.DRAFT)
    authors = Prefetch("authorships", queryset=confirmed_authors())
    rows = rows.waiting_first().select_related("nomination").prefetch_related(authors)
    is_open = it.state == Competition.State.PUBLISHED
    still_written = it.takes_entries_at(now())
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    for entry in page:
        entry.competition, entry.authors = it, list(entry.authorships.all())
        entry.moves = open_moves(entry, "admit", "disqualify") if is_open else {}
        if still_written:
            entry.moves.pop("admit", None)
    conceal_names([author.person for entry in page for author in entry.authors], request.user)
    waiting = it.entries.submitted().count() if is_open else 0
    shown = {"it": it, "page": page, "waiting": waiting and not still_written, "still_written": still_written}
    return render(request, "competitions/desk_entries.html", shown | {"trail": trail_of(it)})


@coordinators_only
@require_POST
def admit_all(request: HttpRequest, slug: str) -> HttpResponse:
    """Admit every entry that waits."""
    it = competition_to_decide(request, slug)
    if done := tried(request, actions.admit_all, it):
        n = done.result
        messages.success(request, ngettext("%(n)d entry is admitted.", "%(n)d entries are admitted.", n) % {"n": n})
    return redirect("competitions:desk_entries", slug)


@coordinators_only
@require_POST
def act_on_entry(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """Admit one entry."""
    it = _entry_of(request, slug, public_id)
    act(request, it, {"admit": actions.admit_entry})
    return redirect("competitions:desk_entries", slug)


@coordinators_only
def disqualify(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """Take an entry out of the competition, with a reason that its authors read."""
    it = _entry_of(request, slug, public_id)
    form = DisqualifyForm(request.POST or None)
    is_open = it.competition.state == Competition.State.PUBLISHED
    if not is_open or not open_moves(it, "disqualify"):
        messages.warning(
            request,
            _("This entry cannot be disqualified now: it is withdrawn or out, or the results are out."),
        )
        return redirect("competitions:desk_entries", slug)
    if sent(request, form) and tried(request, actions.disqualify_entry, it, **form.cleaned_data):
        messages.success(request, str(it.MOVES["disqualify"].done))
        return redirect("competitions:desk_entries", slug)
    people = it.authorships.confirmed().count()
    return render(
        request,
        "competitions/desk_disqualify.html",
        {"it": it, "form": form, "people": people, "trail": trail_of(it.competition)},
    )


def _entry_of(request: HttpRequest, slug: str, public_id: str) -> Entry:
    competition = competition_to_decide(request, slug)
    it = get_object_or_404(Entry.objects.visible_to(request.user).filter(competition=competition), public_id=public_id)
    it.competition = competition
    return it
