"""The mails that ask for feedback: an hour after the last session, and once more, for whoever has not given it."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.timezone import now

from cluster_portal.hooks import MailKind, Reminder, WantedMail, register_mail, register_reminder
from cluster_portal.links import signed_link
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.outbox import occasion_of
from courses.feedback import OPEN_FOR, Ending, can_give_feedback, why_no_feedback
from courses.holding import may_still_come
from courses.mails import read_by_its_own
from courses.models import Enrolment, Run, Session
from courses.reminders import CHUNK, with_readers
from members.readers import child_named

ASKED, REMINDED = "courses/feedback_asked", "courses/feedback_reminder"
LEAVES = [OutboxMail.State.QUEUED, OutboxMail.State.SENDING, OutboxMail.State.SENT]
ASKED_AFTER, REMINDED_AFTER = timedelta(hours=1), timedelta(days=5)


def _asking_due(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """An hour after the last session."""
    ends = _ended(since - ASKED_AFTER, until - ASKED_AFTER)
    for enrolment, reader in with_readers(_awaited_in(ends)):
        it = ends[enrolment.run_id]
        yield WantedMail(ASKED, enrolment, reader, it.occasion, it.at + ASKED_AFTER, it.closes_at)


def _reminding_due(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """Five days after the mail that asked, by itself or by hand: whoever was not asked is not reminded."""
    since, until = since - REMINDED_AFTER, until - REMINDED_AFTER
    rows = _awaited_in([*_ended(since - ASKED_AFTER, until - ASKED_AFTER), *_asked_by_hand(since, until)])
    while chunk := list(islice(rows, CHUNK)):
        awaited = {it.public_id: it for it in chunk}
        asked = OutboxMail.objects.about(*chunk).filter(template=ASKED, not_before__gte=since, not_before__lt=until)
        for mail in asked.filter(state__in=LEAVES).select_related("to").order_by("pk"):
            at = mail.not_before + REMINDED_AFTER
            if mail.not_after and at < mail.not_after:
                yield WantedMail(REMINDED, awaited[mail.about_id], mail.to, occasion_of(mail), at, mail.not_after)


def _ended(since: datetime, until: datetime) -> dict[int, Ending]:
    """The runs (by key) whose last session ended in a stretch of time, and when."""
    runs = Run.objects.with_dates().filter(last_end__gte=since, last_end__lt=until)
    return {run.pk: Ending(run.last_end) for run in runs.order_by()}


def _asked_by_hand(since: datetime, until: datetime) -> list[int]:
    """The runs (keys) whose people were asked by a press of a button in a stretch of time."""
    presses = AuditEntry.objects.filter(verb="courses.run.ask_for_feedback", at__gte=since, at__lt=until)
    return list(Run.objects.filter(public_id__in=presses.values("object_id")).values_list("pk", flat=True))


def _awaited_in(runs: Iterable[int]) -> Iterator[Enrolment]:
    """Everybody in these runs who has yet to give feedback, read in chunks."""
    rows = can_give_feedback().filter(run__in=list(runs)).select_related("person", "run__course")
    return rows.order_by("pk").iterator(chunk_size=CHUNK)


def _unwanted(mails: QuerySet[OutboxMail]) -> QuerySet[OutboxMail]:
    """Mails to who has answered meanwhile, and those of an end that was moved."""
    last = Session.objects.planned().filter(run=OuterRef("run")).order_by("-ends_at").values("ends_at")[:1]
    waiting = can_give_feedback().annotate(run_ended=Subquery(last)).filter(public_id=OuterRef("about_id"))
    return mails.filter(~Exists(waiting.filter(run_ended=OuterRef("not_after") - OPEN_FOR)))


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
        "child": child_named(wanted.about.person, wanted.to),
        "closes_at": wanted.not_after,
    }


register_mail(*(MailKind(it, _is_awaited, secrets=_link, context=_about) for it in (ASKED, REMINDED)))
register_reminder(Reminder(ASKED, _asking_due, _unwanted), Reminder(REMINDED, _reminding_due, _unwanted))
