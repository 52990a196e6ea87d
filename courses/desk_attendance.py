"""The desk of attendance: who was where, as a spreadsheet."""

from django.http import HttpRequest, HttpResponse

from courses.desk import XLSX, run_of
from courses.exports import attendance_workbook
from members.access import coordinators_only


@coordinators_only
def attendance_xlsx(request: HttpRequest, public_id: str) -> HttpResponse:
    """The people of a run and its sessions, with who completed it."""
    it = run_of(request, public_id)
    response = HttpResponse(attendance_workbook(it), content_type=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="attendance-{it.public_id}.xlsx"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
