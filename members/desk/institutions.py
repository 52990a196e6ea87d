"""The desk of institutions: all of them or a region's for coordinators, their own for heads and contacts."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import sent, tried
from cluster_portal.search import found
from members import actions
from members.access import coordinators_only, desk_only
from members.forms import InstitutionForm, LinkForm, LogoForm
from members.models import Institution
from members.views import PER_PAGE


@desk_only
def institutions(request: HttpRequest) -> HttpResponse:
    """The institutions that I keep."""
    rows = Institution.objects.invitable_by(request.user).for_directory(request.cluster.today())
    page = Paginator(found(rows, request.GET.get("q", "")), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "members/desk_institutions.html", {"page": page, "query": request.GET.get("q", "")})


@coordinators_only
def new_institution(request: HttpRequest) -> HttpResponse:
    """Enter an institution."""
    form = InstitutionForm(request.POST or None, by=request.user)
    if sent(request, form):
        kept = form.keep(by=request.user)
        messages.success(request, _("%(institution)s is saved.") % {"institution": kept})
        return redirect("members:desk_edit_institution", kept.slug)
    return render(request, "members/desk_institution.html", {"form": form, "it": None})


@desk_only
def edit_institution(request: HttpRequest, slug: str) -> HttpResponse:
    """Correct what the portal says about an institution; its name, kind and region are its coordinator's."""
    it = _kept(request, slug)
    form = InstitutionForm(request.POST or None, instance=it, by=request.user)
    if sent(request, form):
        kept = form.keep(by=request.user)
        messages.success(request, _("%(institution)s is saved.") % {"institution": kept})
        return redirect("members:desk_institutions")
    return _page(request, it, form=form)


@desk_only
@require_POST
def change_logo(request: HttpRequest, slug: str) -> HttpResponse:
    """Show another picture, or none."""
    it = _kept(request, slug)
    if "remove" in request.POST:
        actions.remove_logo(it, by=request.user)
        messages.success(request, _("The logo is removed."))
        return redirect("members:desk_edit_institution", slug)
    form = LogoForm(request.POST, request.FILES, institution=it, by=request.user)
    if form.is_valid():
        form.keep()
    if form.errors:
        return _page(request, _kept(request, slug), logo_form=form)
    messages.success(request, _("The logo is on the institution’s page."))
    return redirect("members:desk_edit_institution", slug)


@desk_only
@require_POST
def add_link(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one more address on the institution's page."""
    it = _kept(request, slug)
    form = LinkForm(request.POST)
    if not form.is_valid():
        return _page(request, it, link_form=form)
    if tried(request, actions.add_link, it, **form.cleaned_data):
        messages.success(request, _("The link is on the institution’s page."))
    return redirect("members:desk_edit_institution", slug)


@desk_only
@require_POST
def remove_link(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an address no more."""
    links = _kept(request, slug).links.select_related("institution")
    actions.remove_link(get_object_or_404(links, pk=_number(request.POST.get("link"))), by=request.user)
    messages.success(request, _("The link is removed."))
    return redirect("members:desk_edit_institution", slug)


def _kept(request: HttpRequest, slug: str) -> Institution:
    rows = Institution.objects.invitable_by(request.user).select_related("logo", "region")
    return get_object_or_404(rows, slug=slug)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0


def _page(request: HttpRequest, it: Institution, **forms) -> HttpResponse:
    shown = {
        "it": it,
        "form": InstitutionForm(instance=it, by=request.user),
        "logo_form": LogoForm(institution=it, by=request.user),
        "link_form": LinkForm(),
        "links": it.links.all(),
    }
    return render(request, "members/desk_institution.html", shown | forms)
