"""The desk of institutions, for coordinators."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from cluster_portal.search import found
from members import actions
from members.access import coordinators_only
from members.forms import InstitutionForm
from members.models import Institution
from members.views import PER_PAGE


@coordinators_only
def institutions(request: HttpRequest) -> HttpResponse:
    """The institutions that I keep."""
    rows = (
        Institution.objects.invitable_by(request.user).with_standing(request.cluster.today()).select_related("region")
    )
    page = Paginator(found(rows, request.GET.get("q", "")), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "members/desk_institutions.html", {"page": page, "query": request.GET.get("q", "")})


@coordinators_only
def new_institution(request: HttpRequest) -> HttpResponse:
    """Enter an institution."""
    return _institution_form(request, None)


@coordinators_only
def edit_institution(request: HttpRequest, slug: str) -> HttpResponse:
    """Correct what the portal says about an institution."""
    return _institution_form(request, get_object_or_404(Institution.objects.invitable_by(request.user), slug=slug))


def _institution_form(request: HttpRequest, it: Institution | None) -> HttpResponse:
    form = InstitutionForm(request.POST or None, instance=it, by=request.user)
    if request.method == "POST" and form.is_valid():
        kept = actions.keep_institution(form.instance, by=request.user, changed=form.changed_data)
        messages.success(request, _("%(institution)s is saved.") % {"institution": kept})
        return redirect("members:desk_institutions")
    return render(request, "members/desk_institution.html", {"form": form, "it": it})
