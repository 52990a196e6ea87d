from django.apps import AppConfig


class CoursesConfig(AppConfig):
    name = "courses"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # They fill the registries of hooks.py.
        from courses import (  # noqa: F401
            certificates,
            child_afterwards,
            child_parts,
            consent,
            desk_rows,
            feedback_mails,
            first_day,
            institution_parts,
            issuing,
            mails,
            materials,
            pathway_parts,
            personal_data,
            reminders,
            retention,
            session_mails,
            unanswered,
            work_mails,
        )
