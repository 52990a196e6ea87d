"""The institutions of the cluster, for everybody."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cluster_portal import hooks
from cluster_portal.buttons import sent, tried
from cluster_portal.search import found
from cluster_portal.sheets import CSV, XLSX, file_response
from cluster_portal.uploads import IMAGES
from members import actions
from members.documents import documents_of
from members.exports import DirectorySheet
from members.forms import DirectoryFilter, JoinForm
from members.models import Affiliation, Agreement, Institution
from members.views import PER_PAGE


@login_not_required
def directory(request: HttpRequest) -> HttpResponse:
    """Every institution of the cluster, to be narrowed by name, kind, region, theme and standing."""
    narrow = DirectoryFilter(request.GET)
    page = Paginator(_asked_for(request, narrow), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "members/directory.html", {"page": page, "narrow": narrow, "filter": _filter_of(request)})


@login_not_required
@require_safe
def directory_xlsx(request: HttpRequest) -> HttpResponse:
    """The directory, narrowed as the page is, as a spreadsheet."""
    sheet = DirectorySheet(_asked_for(request, DirectoryFilter(request.GET)))
    return file_response(sheet.xlsx(), XLSX, "members.xlsx")


@login_not_required
@require_safe
def directory_csv(request: HttpRequest) -> HttpResponse:
    """The directory, narrowed as the page is, as plain columns."""
    sheet = DirectorySheet(_asked_for(request, DirectoryFilter(request.GET)))
    return file_response(sheet.csv(), CSV, "members.csv")


@login_not_required
@require_safe
def directory_print(request: HttpRequest) -> HttpResponse:
    """The directory, narrowed as the page is, on paper: every line of it."""
    narrow = DirectoryFilter(request.GET)
    shown = {"institutions": list(_asked_for(request, narrow)), "filter": _filter_of(request), "said": _said(narrow)}
    return render(request, "members/directory_print.html", shown | {"today": request.cluster.today()})


def _asked_for(request: HttpRequest, narrow: DirectoryFilter) -> QuerySet[Institution]:
    rows = Institution.objects.for_directory(request.cluster.today()).narrowed(**narrow.wanted())
    return found(rows, narrow.query())


def _filter_of(request: HttpRequest) -> str:
    """The filter of the address, for links to the same list in another dress."""
    kept = request.GET.copy()
    kept.pop("page", None)
    return f"?{kept.urlencode()}" if kept else ""


def _said(narrow: DirectoryFilter) -> str:
    """What the list is narrowed to, in words."""
    wanted = narrow.wanted()
    labels = [str(dict(narrow.fields[name].choices)[value]) for name, value in wanted.items()]
    return ", ".join([*([f"“{narrow.query()}”"] if narrow.query() else []), *labels])


@login_not_required
def institution(request: HttpRequest, slug: str) -> HttpResponse:
    """One institution: what it is, by which documents it belongs, what it offers, who answers, how to join it."""
    today = request.cluster.today()
    it = get_object_or_404(Institution.objects.for_page(today), slug=slug)
    shown = {
        "it": it,
        "documents": documents_of(it, Agreement.objects.visible_to(request.user), today),
        "mine": [own for own in _own_affiliations(request) if own.institution_id == it.pk],
        "parts": [part for parts in hooks.institution_parts for part in parts(it, request.user)],
        "speakers": it.speakers() if _knows_people(request.user) else [],
        "may_edit": request.user.has_perm("members.change_institution", it),
    }
    return render(request, "members/institution.html", shown)


@login_not_required
@require_safe
def institution_logo(request: HttpRequest, slug: str) -> HttpResponse:
    """An institution's logo, shown to everybody: a picture that we have drawn anew (uploads.py), and nothing else."""
    it = get_object_or_404(Institution.objects.select_related("logo").filter(logo__isnull=False), slug=slug)
    if it.logo.content_type not in IMAGES:
        raise Http404
    response = FileResponse(it.logo.file.open("rb"), content_type=it.logo.content_type)
    response.headers["Content-Disposition"] = "inline"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    # The address names the file (?v=), so a new logo has a new address.
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if "v" in request.GET else "no-cache"
    return response


def _knows_people(reader) -> bool:
    """Names of those who answer are for people of the cluster, not for everybody (decision 049)."""
    return reader.is_authenticated and (reader.is_coordinator or bool(reader.active_affiliations))


def _own_affiliations(request: HttpRequest) -> list[Affiliation]:
    if not request.user.is_authenticated:
        return []
    return list(request.user.affiliations.live().select_related("institution"))


def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask an institution to admit oneself."""
    it = get_object_or_404(Institution, slug=slug)
    form = JoinForm(request.POST or None)
    if sent(request, form):
        if tried(request, actions.ask_to_join, request.user, it, form.cleaned_data["role"]):
            said = _("%(institution)s was asked. You get a mail when it answers.")
            messages.success(request, said % {"institution": it})
        return redirect("coordination:me")
    return render(request, "members/join.html", {"it": it, "form": form})
