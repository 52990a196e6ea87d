from django.apps import AppConfig


class MentorshipConfig(AppConfig):
    name = "mentorship"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # They fill the registries of hooks.py.
        from mentorship import (  # noqa: F401
            arranging,
            child_parts,
            concerns,
            consent,
            desk_rows,
            devices,
            feedback,
            hidden,
            initiative_parts,
            institution_parts,
            kept_mails,
            leaving,
            mails,
            matching_mails,
            meeting_mails,
            pairing_mails,
            pairing_reminders,
            personal_data,
            reminders,
            retention,
            stalled,
            student_mails,
            thanks,
            unanswered,
        )
