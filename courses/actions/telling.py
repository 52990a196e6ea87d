"""Who is written to about an enrolment: the person, and the guardians of a child."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet, prefetch_related_objects

from cluster_portal.calendar import Messages
from cluster_portal.hooks import WantedMail
from cluster_portal.models import OutboxMail
from cluster_portal.outbox import key_of, queue_mails
from courses.models import ClassBooking, Enrolment, Run
from courses.opened import keep_sessions
from courses.rules import coordinates_the_run
from members.models import Person
from members.readers import readers_of


def with_their_run(run: Run, enrolments: QuerySet[Enrolment]) -> list[Enrolment]:
    """Some enrolments of a run with what mail to their people needs, each knowing the run that was read already."""
    rows = list(enrolments.select_related("person", "pool").order_by("pk"))
    for it in rows:
        it.run = run
    return rows


def mail_of_taking_out(booking: ClassBooking | None, by: Person) -> str:
    """The mail for whom somebody took out of a run: it says whether its organisers did, or who brought the class.

    A coordinator keeps every class too: only the one that they brought themselves counts as theirs.
    """
    if booking is None or (booking.by_id != by.pk and coordinates_the_run(by, booking.run)):
        return "courses/taken_out"
    return "courses/taken_out_of_class"


def tell(
    enrolments: Sequence[Enrolment],
    template: str,
    calendar: Mapping[int, Messages] | None = None,
    occasion: str = "",
    not_after: datetime | None = None,
) -> int:
    """Queue one mail for each reader of enrolments of one run, in batches; the calendar goes to the person only.

    `calendar` holds the news of each enrolment (its key → messages). Returns how many mails were new.
    """
    if not enrolments:
        return 0
    know_sessions(enrolments[0].run, enrolments)
    readers = readers_of([it.person for it in enrolments])
    news = calendar or {}
    return queue_mails(
        WantedMail(
            template,
            it,
            reader,
            occasion,
            not_after=not_after,
            calendar=news.get(it.pk, ()) if reader.pk == it.person_id else (),
        )
        for it in enrolments
        for reader in readers[it.person_id]
    )


def know_sessions(run: Run, enrolments: Sequence[Enrolment]) -> None:
    """Let enrolments of one run know, in two queries, which of its sessions are for each."""
    if any(it.has_own_places for it in keep_sessions(run)):
        prefetch_related_objects(enrolments, "seats")
    for enrolment in enrolments:
        enrolment.run = run


def yet_to_be_told(
    enrolments: Sequence[Enrolment], readers: Mapping[int, Sequence[Person]], template: str, occasion: str
) -> int:
    """How many mails `tell` would add to these readers: those that the outbox has not got yet."""
    keys = [key_of(WantedMail(template, it, reader, occasion)) for it in enrolments for reader in readers[it.person_id]]
    return len(keys) - OutboxMail.objects.exclude(state=OutboxMail.State.CANCELLED).filter(key__in=keys).count()
