#!/usr/bin/env python3
"""Django's command line for the cluster portal."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cluster_portal.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    if sys.argv[1:] == ["portal"]:  # it starts the database that the settings name, so it comes before them
        from cluster_portal.launch.supervisor import main as run_portal

        sys.exit(run_portal())
    try:
        settings.INSTALLED_APPS  # noqa: B018 - some commands of Django's would bury the sentence in a traceback
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
