from django.apps import AppConfig


class ClusterPortalConfig(AppConfig):
    name = "cluster_portal"
    default_auto_field = "django.db.models.BigAutoField"
