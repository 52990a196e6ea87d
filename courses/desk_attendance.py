"""The desk of attendance: who was where, as a spreadsheet."""

from django.http import HttpRequest, HttpResponse

from cluster_portal.sheets import XLSX, file_response
from courses.desk import run_of
from courses.exports import attendance_workbook
from members.access import coordinators_only
from members.actions import note_children


@coordinators_only
def attendance_xlsx(request: HttpRequest, public_id: str) -> HttpResponse:
    """The people of a run and its sessions, with who completed it."""
    it = run_of(request, public_id)
    note_children(it.enrolments.confirmed().values_list("person", flat=True), request.user, "attendance")
    return file_response(attendance_workbook(it), XLSX, f"attendance-{it.public_id}.xlsx")
