"""The Celery application: worker and beat.

The broker only nudges. Whatever is due is found in the database by the beat entries below, so losing every message
in the broker loses nothing.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cluster_portal.settings")

app = Celery("cluster_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
