"""The back room of members: the cluster, its regions and coordinators can be set here; all else is shown only."""

from django.contrib import admin, messages
from django.utils.translation import gettext_lazy as _

from cluster_portal.admin import ReadOnlyAdmin
from cluster_portal.moves import Refused
from members.actions import restore_person, suspend_person
from members.models import (
    Affiliation,
    Agreement,
    Clause,
    Cluster,
    Coordinator,
    Coverage,
    Institution,
    Party,
    Person,
    Region,
)


def each(request, people, action) -> None:
    """Let an action happen to each of the chosen people, and say what was refused."""
    for person in people:
        try:
            action(person, by=request.user)
        except Refused as refused:  # by hand, because the sentence has to say which of them it is about
            messages.warning(request, f"{person.public_id}: {refused}")


@admin.register(Cluster)
class ClusterAdmin(admin.ModelAdmin):
    def has_add_permission(self, request):
        return not Cluster.objects.exists()

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Region)
class RegionAdmin(admin.ModelAdmin):
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Coordinator)
class CoordinatorAdmin(admin.ModelAdmin):
    list_display = ["person", "region", "since", "until"]
    autocomplete_fields = ["person"]


@admin.register(Person)
class PersonAdmin(ReadOnlyAdmin):
    actions = ["suspend", "restore"]

    @admin.action(description=_("Suspend: keep out on every path"))
    def suspend(self, request, people):
        each(request, people, suspend_person)

    @admin.action(description=_("Restore: let in again"))
    def restore(self, request, people):
        each(request, people, restore_person)

    list_display = ["public_id", "sort_name", "joined_at", "suspended_at"]
    search_fields = ["words", "public_id"]
    exclude = ["password", "words"]


@admin.register(Affiliation)
class AffiliationAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "institution", "role", "state", "starts_on", "ends_on"]
    list_filter = ["state", "role"]


@admin.register(Agreement)
class AgreementAdmin(ReadOnlyAdmin):
    list_display = ["title", "kind", "state", "valid_from", "valid_until"]


admin.site.register([Clause, Coverage, Institution, Party], ReadOnlyAdmin)
