"""What the institutions undertake together, for everybody."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal import hooks
from cluster_portal.buttons import tried
from cluster_portal.models import Upload
from cluster_portal.uploads import uploads_about
from members import actions
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
    for note in notes:
        note.may_take_down = keeps or note.by_id == request.user.pk
    shown = {"it": it, "notes": notes, "milestones": milestones, "keeps": keeps}
    shown["parts"] = [part for parts in hooks.initiative_parts for part in parts(it, request.user)]
    return render(request, "members/initiative.html", shown)


@require_POST
def take_down(request: HttpRequest, public_id: str, note_id: str) -> HttpResponse:
    """Take a note down, or one of its files: whoever wrote it, and who keeps the initiative."""
    it = get_object_or_404(Initiative.objects.visible_to(request.user), public_id=public_id)
    note = get_object_or_404(it.notes.select_related("initiative__responsible"), public_id=note_id)
    if not request.user.has_perm("members.take_down_progressnote", note):
        raise PermissionDenied
    if file_id := request.POST.get("file"):
        file = get_object_or_404(uploads_about(note), public_id=file_id)
        if tried(request, actions.take_down_file, note, file):
            messages.success(request, _("The file is taken down. Nobody can open it any more."))
    elif tried(request, actions.take_down_note, note):
        messages.success(request, _("The note is taken down, with its files. Nobody can open them any more."))
    return redirect(it)


def give_evidence(notes: list) -> None:
    """Give each note its files, all fetched at once."""
    files = Upload.objects.filter(about_model="members.progressnote", about_id__in=[it.public_id for it in notes])
    by_note = {}
    for file in files.order_by("pk"):
        by_note.setdefault(file.about_id, []).append(file)
    for note in notes:
        note.evidence = by_note.get(note.public_id, [])
