"""Who has not answered, institution by institution."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now

from members import actions
from members.access import desk_only
from members.models import Institution
from members.unanswered import Unanswered, unanswered_in


@desk_only
def unanswered(request: HttpRequest) -> HttpResponse:
    """The list of one institution; the first of mine unless another is chosen."""
    institutions = Institution.objects.invitable_by(request.user)
    chosen = request.GET.get("institution", "")
    it = get_object_or_404(institutions, slug=chosen) if chosen else institutions.first()
    rows = _rows(request, it) if it else []
    shown = {"it": it, "rows": rows, "institutions": institutions, "now": now()}
    return render(request, "members/desk_unanswered.html", shown)


@desk_only
def unanswered_sheet(request: HttpRequest, slug: str) -> HttpResponse:
    """The same on paper, with room for a telephone number and for what was said."""
    it = get_object_or_404(Institution.objects.invitable_by(request.user), slug=slug)
    return render(request, "members/unanswered_sheet.html", {"it": it, "rows": _rows(request, it)})


def _rows(request: HttpRequest, it: Institution) -> list[Unanswered]:
    """The lines of one institution; that its children were looked at is written down."""
    rows = unanswered_in(it, request.user)
    actions.note_views({row.child for row in rows if row.child}, request.user, "unanswered")
    return rows
