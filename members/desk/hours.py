"""The hours of one's people: heads and contacts see those of their institution, coordinators those they keep."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from cluster_portal.sheets import XLSX, file_response
from members.access import desk_only
from members.hours import hours_workbook, staff_with_hours, years_in
from members.models import Institution
from members.views import PER_PAGE


@desk_only
def hours(request: HttpRequest) -> HttpResponse:
    """Professional development of one institution in one year; whoever keeps several chooses."""
    kept = Institution.objects.invitable_by(request.user)
    institution = _chosen(request)
    if institution is None:
        return render(request, "members/desk_hours.html")
    years = years_in(institution, request.cluster.today())
    year = _year(request, years)
    rows = staff_with_hours(institution, year)
    shown = {"kept": kept, "institution": institution, "years": years, "year": year}
    shown["page"] = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    shown["xlsx"] = f"{reverse('members:desk_hours_xlsx')}?institution={institution.slug}&year={year}"
    return render(request, "members/desk_hours.html", shown)


@desk_only
def hours_xlsx(request: HttpRequest) -> HttpResponse:
    """The same as a spreadsheet."""
    institution = _chosen(request)
    if institution is None:
        raise Http404
    year = _year(request, years_in(institution, request.cluster.today()))
    book = hours_workbook(staff_with_hours(institution, year), institution, year)
    return file_response(book, XLSX, f"hours-{institution.slug}-{year}.xlsx")


def _chosen(request: HttpRequest) -> Institution | None:
    """The institution of the address, 404 for one of others; without any, the first of mine."""
    kept, slug = Institution.objects.invitable_by(request.user), request.GET.get("institution", "")
    return get_object_or_404(kept, slug=slug) if slug else kept.first()


def _year(request: HttpRequest, years: list[int]) -> int:
    return next((year for year in years if str(year) == request.GET.get("year")), years[0])
