"""What the institutions undertake together, for everybody."""

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from cluster_portal.models import Upload
from members.forms import InitiativeFilter
from members.models import Initiative
from members.views import PER_PAGE
from members.words import milestones_as_timeline


@login_not_required
def initiatives(request: HttpRequest) -> HttpResponse:
    """Projects and commitments, to be narrowed by state, theme and institution."""
    narrow = InitiativeFilter(request.GET)
    wanted = narrow.cleaned_data if narrow.is_valid() else {}
    rows = Initiative.objects.public().for_lists(request.cluster.today())
    if wanted.get("state"):
        rows = rows.filter(state=wanted["state"])
    if wanted.get("direction"):
        rows = rows.filter(directions=wanted["direction"])
    if wanted.get("institution"):
        rows = rows.of_institution(wanted["institution"])
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "members/initiatives.html", {"page": page, "narrow": narrow})


@login_not_required
def initiative(request: HttpRequest, public_id: str) -> HttpResponse:
    """One initiative: who answers for it, by which clause, how far it has come, what shows it, what came of it."""
    today = request.cluster.today()
    rows = Initiative.objects.visible_to(request.user).for_lists(today).with_parts()
    it = get_object_or_404(rows, public_id=public_id)
    notes = list(it.notes.all())
    give_evidence(notes)
    keeps = request.user.is_authenticated and Initiative.objects.editable_by(request.user).filter(pk=it.pk).exists()
    milestones = milestones_as_timeline(it, today)
    shown = {"it": it, "notes": notes, "milestones": milestones, "keeps": keeps}
    return render(request, "members/initiative.html", shown)


def give_evidence(notes: list) -> None:
    """Give each note its files, all fetched at once."""
    files = Upload.objects.filter(about_model="members.progressnote", about_id__in=[it.public_id for it in notes])
    by_note = {}
    for file in files.order_by("pk"):
        by_note.setdefault(file.about_id, []).append(file)
    for note in notes:
        note.evidence = by_note.get(note.public_id, [])
