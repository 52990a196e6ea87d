"""The WSGI application that granian serves."""

import os
import signal

from django.core.wsgi import get_wsgi_application

from cluster_portal.launch.guard import die_with_parent
from cluster_portal.requests import mask_access_log

if os.environ.get("PORTAL_SUPERVISED") == "1":
    die_with_parent(signal.SIGKILL)  # a worker of granian must not outlive it

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cluster_portal.settings")

application = get_wsgi_application()
mask_access_log()
