from django.apps import AppConfig


class CompetitionsConfig(AppConfig):
    name = "competitions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # They fill the registries of hooks.py.
        from competitions import (  # noqa: F401
            announcing_mails,
            bonds,
            child_parts,
            consent,
            desk_rows,
            diplomas,
            entry_mails,
            feeds,
            hidden,
            institution_parts,
            jury_mails,
            personal_data,
            reminders,
            result_mails,
            retention,
        )
