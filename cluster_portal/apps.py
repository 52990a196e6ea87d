from django.apps import AppConfig


class ClusterPortalConfig(AppConfig):
    name = "cluster_portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from cluster_portal import personal_data  # noqa: F401  (it fills a registry of hooks.py)
