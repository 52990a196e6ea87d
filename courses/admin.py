"""The back room of courses: shown only, because every change here concerns people and is an action."""

from django.contrib import admin

from cluster_portal.admin import ReadOnlyAdmin
from courses.models import Course, Enrolment, Pattern, Pool, Run, Session

admin.site.register([Course, Pattern, Pool, Session], ReadOnlyAdmin)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "course", "title", "state", "enrol_from", "enrol_until"]
    list_filter = ["state"]


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "run", "state", "state_since", "queued_at", "offered_until"]
    list_filter = ["state"]
