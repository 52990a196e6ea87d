from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # They fill the registries of hooks.py.
        from members import (  # noqa: F401
            certificate_mails,
            child_parts,
            desk_rows,
            first_day,
            institution_parts,
            mails,
            personal_data,
            reminders,
            upload_readers,
        )
        from members.imports import background  # noqa: F401
