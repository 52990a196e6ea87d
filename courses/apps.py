from django.apps import AppConfig


class CoursesConfig(AppConfig):
    name = "courses"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from courses import desk_rows, mails, reminders  # noqa: F401  (they fill the registries of hooks.py)
