"""The mails that ask for feedback: an hour after the last session, and once more, for whoever has not given it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.timezone import now

from cluster_portal.hooks import MailKind, Reminder, WantedMail, register_mail, register_reminder
from cluster_portal.links import signed_link
from cluster_portal.models import OutboxMail
from courses.feedback import OPEN_FOR, Ending, can_give_feedback, why_no_feedback
from courses.holding import may_still_come
from courses.mails import child_named, read_by_its_own
from courses.models import Run, Session
from courses.reminders import CHUNK, with_readers

ASKED_AFTER, REMINDED_AFTER = timedelta(hours=1), timedelta(days=5)


def _reminder(template: str, after: timedelta) -> Reminder:
    """A mail that leaves so long after the end of the last session."""

    def due(since: datetime, until: datetime) -> Iterator[WantedMail]:
        runs = Run.objects.with_dates().filter(last_end__gte=since - after, last_end__lt=until - after)
        ends = {run.pk: Ending(run.last_end) for run in runs.order_by()}
        rows = can_give_feedback().filter(run__in=ends).select_related("person", "run__course")
        for enrolment, reader in with_readers(rows.order_by("pk").iterator(chunk_size=CHUNK)):
            it = ends[enrolment.run_id]
            yield WantedMail(template, enrolment, reader, it.occasion, it.at + after, it.closes_at)

    def unwanted(mails: QuerySet[OutboxMail]) -> QuerySet[OutboxMail]:
        last = Session.objects.planned().filter(run=OuterRef("run")).order_by("-ends_at").values("ends_at")[:1]
        waiting = can_give_feedback().annotate(run_ended=Subquery(last)).filter(public_id=OuterRef("about_id"))
        return mails.filter(~Exists(waiting.filter(run_ended=OuterRef("not_after") - OPEN_FOR)))

    return Reminder(template, due, unwanted)


def _is_awaited(mail: OutboxMail) -> bool:
    """Due while nobody has given this feedback, and the reader may: of a child the consent is asked again."""
    it = read_by_its_own(mail)
    return it is not None and may_still_come(it.person) and not why_no_feedback(it, now())


def _link(mail: OutboxMail) -> dict[str, str]:
    """A link for this reader: the person, or a guardian."""
    return {"feedback": signed_link("courses.feedback", f"{mail.about_id}.{mail.to.public_id}")}


def _about(wanted: WantedMail) -> dict[str, Any]:
    """The run, whose part in it this was, and until when one can answer."""
    run = wanted.about.run
    return {
        "title": run.course.title,
        "season": run.title,
        "child": child_named(wanted.about, wanted.to),
        "closes_at": wanted.not_after,
    }


ASKED, REMINDED = "courses/feedback_asked", "courses/feedback_reminder"
register_mail(*(MailKind(it, _is_awaited, secrets=_link, context=_about) for it in (ASKED, REMINDED)))
register_reminder(_reminder(ASKED, ASKED_AFTER), _reminder(REMINDED, REMINDED_AFTER))
