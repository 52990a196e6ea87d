"""The Celery application: worker and beat.

The broker only nudges. Whatever is due is found in the database by the beat entries below, so losing every message
in the broker loses nothing.
"""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cluster_portal.settings")

app = Celery("cluster_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Every task finds its work in the database and may run twice at once, so two beats do no harm.
MINUTE, EXPIRES = 60.0, {"expires": 55}
app.conf.beat_schedule = {
    "deliver due mail": {"task": "cluster_portal.tasks.deliver_due_mail", "schedule": MINUTE, "options": EXPIRES},
    "return stuck mail": {"task": "cluster_portal.tasks.return_stuck_mail", "schedule": MINUTE, "options": EXPIRES},
    "queue reminders": {"task": "cluster_portal.tasks.queue_due_reminders", "schedule": MINUTE, "options": EXPIRES},
    "lapse offers": {"task": "courses.tasks.lapse_offers", "schedule": MINUTE, "options": EXPIRES},
    "erase old mail": {"task": "cluster_portal.tasks.erase_old_mail_text", "schedule": crontab(hour=2, minute=10)},
    "recount pools": {"task": "courses.tasks.recount_pools", "schedule": crontab(hour=2, minute=20)},
}
