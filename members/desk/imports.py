"""Loading lists from spreadsheets: choose the file, say what its columns mean, look at every row, load."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import outcome, sent, tried
from cluster_portal.long_work import do_if_short
from members import actions
from members.access import importers_only
from members.actions.imports import LOAD, file_is_erased
from members.errand import errand_of
from members.forms import ColumnsForm, ImportForm, VerdictFilter
from members.imports import loading
from members.imports.fields import label_of
from members.imports.scope import kinds_for
from members.imports.verdicts import Sort
from members.models import Import
from members.views import PER_PAGE


@importers_only
def imports(request: HttpRequest) -> HttpResponse:
    """Choose a file; and the lists that I have loaded."""
    form = ImportForm(request.POST or None, request.FILES or None, by=request.user)
    if sent(request, form):
        if begun := tried(request, actions.begin_import, **form.cleaned_data):
            return redirect("members:desk_import_columns", begun.result.public_id)
        return redirect("members:desk_import")
    page = Paginator(Import.objects.visible_to(request.user).for_lists(), PER_PAGE).get_page(request.GET.get("page"))
    return _page(request, "imports", {"form": form, "page": page})


@importers_only
def columns(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say what each column means."""
    it = _import_of(request, public_id)
    opened = outcome(request, loading.opened, it)
    if not opened:
        return redirect("members:desk_import")
    table, guess = opened.result
    form = ColumnsForm(request.POST or None, it=it, table=table, guess=guess)
    if sent(request, form):
        if chosen := tried(request, actions.choose_columns, it, form.chosen(), len(table.rows)):
            do_if_short(chosen.result)
        return redirect("members:desk_import_rows", it.public_id)
    return _page(request, "import_columns", {"it": it, "form": form, "table": table})


@importers_only
def rows(request: HttpRequest, public_id: str) -> HttpResponse:
    """How far the portal has come with the rows; what would come of each; after loading, what came of them."""
    it = _import_of(request, public_id)
    if it.loaded_at:
        return _page(request, "import_done", {"it": it, "errand": errand_of(request)})
    if it.work is None:
        return redirect("members:desk_import_columns", it.public_id)
    if not it.is_judged or it.work.kind == LOAD:
        return _page(request, "import_progress", {"it": it, "loading": it.work.kind == LOAD})
    if it.file is None:
        messages.warning(request, file_is_erased())
        return redirect("members:desk_import")
    return _page(
        request, "import_rows", {"it": it, "mails": it.rows.filter(mails=True).count(), **_narrowed(request, it)}
    )


def _narrowed(request: HttpRequest, it: Import) -> dict:
    """The rows of one page with one verdict."""
    form = VerdictFilter(request.GET)
    found = it.rows.of_sort(form.cleaned_data["verdict"] if form.is_valid() else "")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.changed = [label_of(it.kind, name) for name in row.changes] if row.sort == Sort.CHANGED else []
    count = page.paginator.count
    return {
        "page": page,
        "filter": form,
        "found": ngettext("%(count)s row", "%(count)s rows", count) % {"count": count},
    }


@importers_only
@require_POST
def load(request: HttpRequest, public_id: str) -> HttpResponse:
    """Load the list: a short one at once, a long one by the workers."""
    it = _import_of(request, public_id)
    if begun := tried(request, actions.begin_loading, it, invite="invite" in request.POST):
        do_if_short(begun.result)
    return redirect("members:desk_import_rows", it.public_id)


@importers_only
@require_POST
def forget(request: HttpRequest, public_id: str) -> HttpResponse:
    """Erase the file and its rejected rows now."""
    if tried(request, actions.forget_files, _import_of(request, public_id)):
        messages.success(request, _("The file is erased. What was loaded stays."))
    return redirect("members:desk_import")


def _import_of(request: HttpRequest, public_id: str) -> Import:
    mine = Import.objects.visible_to(request.user).for_lists().filter(kind__in=kinds_for(request.user))
    it = get_object_or_404(mine, public_id=public_id)
    it.by = request.user  # who carries the roles that were looked up for this request already
    return it


def _page(request: HttpRequest, name: str, shown: dict) -> HttpResponse:
    """A page of the desk, or one without its nav for teachers, who have no desk."""
    frame = "desk.html" if request.user.has_desk else "members/import_frame.html"
    return render(request, f"members/{name}.html", shown | {"frame": frame})
