"""Read Django's settings and say in one sentence what is missing: python -m cluster_portal.launch.check"""

import sys

from django.core.exceptions import ImproperlyConfigured

if __name__ == "__main__":
    try:
        import cluster_portal.settings  # noqa: F401
    except ImproperlyConfigured as error:
        sys.exit(str(error))
