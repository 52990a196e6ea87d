"""The back room, for superusers: it shows everything, and changes only what has no life of its own."""

from django.contrib import admin

from cluster_portal.hidden import seen_by
from cluster_portal.models import AuditEntry, CalendarEntry, OutboxMail, Upload


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shows rows; whatever has a state is changed by its actions alone. What is hidden elsewhere is hidden here."""

    def get_queryset(self, request):
        return seen_by(super().get_queryset(request), request.user)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor", "verb", "object_id", "reason"]
    search_fields = ["actor", "object_id", "verb"]


@admin.register(OutboxMail)
class OutboxMailAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "template", "state", "not_before", "attempts", "error_code"]
    list_filter = ["state", "template"]
    exclude = ["body_text", "subject", "calendar", "address"]


@admin.register(CalendarEntry)
class CalendarEntryAdmin(ReadOnlyAdmin):
    list_display = ["uid", "sequence", "status", "starts_at"]


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "about_model", "content_type", "size", "uploaded_at"]
    exclude = ["file"]
