from django.apps import AppConfig


class CoordinationConfig(AppConfig):
    name = "coordination"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from cluster_portal.hooks import register_desk_rows
        from coordination.outbox import failing_mail

        register_desk_rows(failing_mail)
