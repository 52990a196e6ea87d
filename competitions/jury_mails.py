"""The mails to the jury, and those that fall due by themselves. None says anything of an entry: not even its title.

Reminders: of an invitation that nobody answered for five days, once; of what is still to be read seven and two days
before reviews are due.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from cluster_portal.hooks import MailKind, Reminder, WantedMail, register_mail, register_reminder
from cluster_portal.links import signed_link
from cluster_portal.models import OutboxMail
from competitions.entering import judging_end_in_words, said_instant
from competitions.models import Competition, Juror, Review

State = Juror.State
ASKED, ASKED_AGAIN, OUT = "competitions/juror_asked", "competitions/juror_waits", "competitions/juror_out"
ASSIGNED, WAITING, DUE = (
    "competitions/reviews_assigned",
    "competitions/reviews_waiting",
    "competitions/reviews_due",
)
UNANSWERED_FOR, DAYS_BEFORE = timedelta(days=5), (7, 2)
CHUNK = 1000


def _own(mail: OutboxMail) -> QuerySet[Juror]:
    rows = Juror.objects.filter(public_id=mail.about_id, person=mail.to_id)
    return rows.filter(competition__in=Competition.objects.undecided())


def _is_asked(mail: OutboxMail) -> bool:
    return _own(mail).invited().exists()


def _is_out(mail: OutboxMail) -> bool:
    return Juror.objects.filter(public_id=mail.about_id, person=mail.to_id, state=State.ENDED).exists()


def _has_to_read(mail: OutboxMail) -> bool:
    return _own(mail).active().filter(reviews__state=Review.State.ASSIGNED).exists()


def _claim_link(mail: OutboxMail) -> dict[str, str]:
    """For whoever is new: the link by which they set a password. It came to the address they will sign in with."""
    return {"claim": signed_link("members.claim", mail.to.public_id)}


def _about_juror(wanted: WantedMail) -> dict[str, Any]:
    juror = wanted.about
    return {
        "competition": juror.competition,
        "juror_page": juror.get_absolute_url(),
        "until": judging_end_in_words(juror.competition),
        "closes": said_instant(juror.competition, juror.competition.last_second),
        "is_new": not wanted.to.has_claimed,
        "waiting": juror.reviews.assigned().count(),
    }


def _unanswered(since: datetime, until: datetime) -> Iterator[WantedMail]:
    rows = Juror.objects.invited().filter(
        invited_at__range=(since - UNANSWERED_FOR, until - UNANSWERED_FOR),
        competition__in=Competition.objects.undecided(),
    )
    for it in rows.select_related("person", "competition").order_by("pk").iterator(CHUNK):
        leaves = it.invited_at + UNANSWERED_FOR
        yield WantedMail(ASKED_AGAIN, it, it.person, not_before=leaves, not_after=it.competition.judged_until)


def _answered(mails: QuerySet) -> QuerySet:
    return mails.filter(~Exists(Juror.objects.invited().filter(public_id=OuterRef("about_id"), person=OuterRef("to"))))


def _due(since: datetime, until: datetime) -> Iterator[WantedMail]:
    for days in DAYS_BEFORE:
        ahead = timedelta(days=days)
        ending = Competition.objects.filter(
            state=Competition.State.PUBLISHED, judged_until__range=(since + ahead, until + ahead)
        )
        rows = Juror.objects.active().filter(competition__in=ending, reviews__state=Review.State.ASSIGNED).distinct()
        for it in rows.select_related("person", "competition").order_by("pk").iterator(CHUNK):
            end = it.competition.judged_until
            yield WantedMail(DUE, it, it.person, f"{end.isoformat()}:{days}", end - ahead, end)


def _not_due(mails: QuerySet) -> QuerySet:
    wanted = Juror.objects.active().filter(
        public_id=OuterRef("about_id"),
        person=OuterRef("to"),
        competition__state=Competition.State.PUBLISHED,
        competition__judged_until=OuterRef("not_after"),
        reviews__state=Review.State.ASSIGNED,
    )
    return mails.filter(~Exists(wanted))


register_mail(
    MailKind(ASKED, _is_asked, secrets=_claim_link, context=_about_juror),
    MailKind(ASKED_AGAIN, _is_asked, secrets=_claim_link, context=_about_juror),
    MailKind(OUT, _is_out, context=_about_juror),
    MailKind(ASSIGNED, _has_to_read, context=_about_juror),
    MailKind(WAITING, _has_to_read, context=_about_juror),
    MailKind(DUE, _has_to_read, context=_about_juror),
)
register_reminder(Reminder(ASKED_AGAIN, _unanswered, _answered), Reminder(DUE, _due, _not_due))
