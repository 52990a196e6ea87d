from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # They fill the registries of hooks.py.
        from members import desk_rows, first_day, institution_parts, mails, upload_readers  # noqa: F401
