from django.apps import AppConfig


class CompetitionsConfig(AppConfig):
    name = "competitions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # They fill the registries of hooks.py.
        from competitions import diplomas, entry_mails, result_mails  # noqa: F401
