"""The Celery application: worker and beat.

The broker only carries beat's words. Whatever is due is found in the database by the entries below, so losing every
message in the broker loses nothing. That there is new mail or long work, each worker hears from the database itself
(nudge.py).
"""

import os
import threading

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_ready, worker_shutting_down

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
    "carry on long work": {"task": "cluster_portal.tasks.carry_on_long_work", "schedule": MINUTE, "options": EXPIRES},
    "lapse overdue": {"task": "courses.tasks.lapse_overdue", "schedule": MINUTE, "options": EXPIRES},
    "run retention": {"task": "members.tasks.run_retention", "schedule": crontab(hour=2, minute=40)},
    # A reserve and an age end with a day of the cluster's zone, whichever that is: so both every hour.
    "settle held": {"task": "courses.tasks.settle_held", "schedule": crontab(minute=33)},
    "release reserves": {"task": "courses.tasks.release_reserves", "schedule": crontab(minute=3)},
    "answer overdue": {"task": "mentorship.tasks.answer_overdue", "schedule": MINUTE, "options": EXPIRES},
    "notice departures": {"task": "mentorship.tasks.notice_departures", "schedule": crontab(minute=43)},
    "resume mentors": {"task": "mentorship.tasks.resume_due", "schedule": crontab(minute=13)},
    "recheck conflicts": {"task": "competitions.tasks.recheck_conflicts", "schedule": crontab(hour=1, minute=50)},
    "settle library": {"task": "competitions.tasks.settle_library", "schedule": crontab(hour=1, minute=20)},
    "notice stalled pairs": {"task": "mentorship.tasks.notice_stalled", "schedule": crontab(hour=5, minute=10)},
    # A birthday and a clearance end with a day of the cluster's zone too.
    "keep minors safe": {"task": "mentorship.tasks.keep_minors_safe", "schedule": crontab(minute=13)},
    "recount pools": {"task": "courses.tasks.recount_pools", "schedule": crontab(hour=2, minute=20)},
}

stopping = threading.Event()


@worker_ready.connect
def listen_for_work(**_: object) -> None:
    """Send mail and begin long work as soon as they are asked for, also while the broker is away."""
    from cluster_portal import nudge, tasks

    for channel, task in ((nudge.MAIL, tasks.deliver_due_mail), (nudge.LONG_WORK, tasks.carry_on_long_work)):
        threading.Thread(target=nudge.listen, args=(task, stopping, channel), name=channel).start()


@worker_shutting_down.connect
def stop_listening(**_: object) -> None:
    """End with the round of mail and the step of long work under way: the process waits for its threads."""
    from cluster_portal import long_work

    stopping.set()
    long_work.stopping.set()
