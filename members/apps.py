from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from members import desk_rows, mails, upload_readers  # noqa: F401  (they fill the registries of hooks.py)
