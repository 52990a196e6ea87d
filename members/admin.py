"""The back room of members: the cluster, its regions and coordinators can be set here; all else is shown only."""

from django.contrib import admin

from cluster_portal.admin import ReadOnlyAdmin
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
