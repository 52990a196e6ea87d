"""A mentor's own record: the time they gave, by year; on the page, on paper, as a spreadsheet."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from cluster_portal.pdf import pdf_response
from cluster_portal.sheets import XLSX, file_response
from mentorship.hours import hours_pdf, hours_workbook, years_of
from mentorship.models import Mentor


def hours(request: HttpRequest) -> HttpResponse:
    """My meetings and hours as a mentor, by year and pairing."""
    get_object_or_404(Mentor, person=request.user)
    return render(request, "mentorship/hours.html", {"years": years_of(request.user)})


def hours_paper(request: HttpRequest) -> HttpResponse:
    """The same as a PDF."""
    get_object_or_404(Mentor, person=request.user)
    return pdf_response(hours_pdf(request.user, years_of(request.user)), "hours.pdf")


def hours_xlsx(request: HttpRequest) -> HttpResponse:
    """The same as a spreadsheet."""
    get_object_or_404(Mentor, person=request.user)
    return file_response(hours_workbook(years_of(request.user)), XLSX, "hours.xlsx")
