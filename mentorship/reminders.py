"""Reminders: half-way to whoever owes an answer, once; and to mentors whose clearance for work with minors ends."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from cluster_portal.hooks import Reminder, WantedMail, register_reminder
from members.models import Cluster, Person
from mentorship.clock import coordinators_by_region, coordinators_for, half_way
from mentorship.mails import AGREEMENT_WAITS, CLEARANCE_ENDING, OPEN_WAITS, PROPOSAL_WAITS
from mentorship.models import Mentor, MentorRequest, Pairing

DAYS_AHEAD = (30, 7)
AT = time(9)
CHUNK = 1000
HALF_WAY = F("state_since") + ExpressionWrapper((F("answer_by") - F("state_since")) / 2, DurationField())


def open_waits(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """To the coordinators of requests for which a mentor is sought; of one that has risen they hear anyway."""
    rows = _half_way(MentorRequest.objects.open().filter(risen_at=None), since, until)
    known = coordinators_by_region()
    for it in rows.for_lists().order_by("pk").iterator(CHUNK):
        for coordinator in coordinators_for(it, known):
            yield _wanted(OPEN_WAITS, it, coordinator)


def _open_no_more(mails: QuerySet) -> QuerySet:
    open_ones = MentorRequest.objects.open().filter(public_id=OuterRef("about_id"), answer_by=OuterRef("not_after"))
    return mails.filter(~Exists(open_ones))


def proposal_waits(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """To mentors who were asked and have not answered."""
    for it in _pairings_half_way(Pairing.State.PROPOSED, since, until):
        yield _wanted(PROPOSAL_WAITS, it, it.mentor.person)


def agreement_waits(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """To teachers for whom a mentor has said yes."""
    for it in _pairings_half_way(Pairing.State.ACCEPTED, since, until):
        yield _wanted(AGREEMENT_WAITS, it, it.request.by)


def _half_way(rows: QuerySet, since: datetime, until: datetime) -> QuerySet:
    """Of requests or pairings those half-way through their clock: it began with their state (`clock.half_way`)."""
    return rows.annotate(half_way=HALF_WAY).filter(answer_by__gt=since, half_way__gt=since, half_way__lte=until)


def _wanted(template: str, it: Any, to: Person) -> WantedMail:
    end = it.answer_by
    return WantedMail(template, it, to, end.isoformat(), half_way(it.state_since, end), end)


def _pairings_half_way(state: str, since: datetime, until: datetime) -> Iterator[Pairing]:
    rows = _half_way(Pairing.objects.filter(state=state), since, until)
    people = rows.select_related("mentor__person", "request__by", "request__affiliation__institution")
    yield from people.order_by("pk").iterator(CHUNK)


def _answered(state: str):
    def answered(mails: QuerySet) -> QuerySet:
        waiting = Pairing.objects.filter(state=state, public_id=OuterRef("about_id"), answer_by=OuterRef("not_after"))
        return mails.filter(~Exists(waiting))

    return answered


def clearance_ending(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """To mentors, thirty days and seven days before the last day of their clearance, at nine by the cluster's clock."""
    zone = Cluster.current().zone
    for days in DAYS_AHEAD:
        ahead = timedelta(days=days)
        first, last = since.astimezone(zone).date() + ahead, until.astimezone(zone).date() + ahead
        rows = Mentor.objects.admitted().filter(clearance_until__range=(first, last))
        for it in rows.select_related("person").order_by("pk").iterator(CHUNK):
            leaves = datetime.combine(it.clearance_until - ahead, AT, zone)
            if since < leaves <= until:
                end = _over(it)
                yield WantedMail(CLEARANCE_ENDING, it, it.person, f"{it.clearance_until}:{days}", leaves, end)


def _over(mentor: Mentor) -> datetime:
    """When the last day of a clearance is over."""
    return datetime.combine(mentor.clearance_until + timedelta(days=1), time.min, Cluster.current().zone)


def _cleared_anew(mails: QuerySet) -> QuerySet:
    """Of mentors who are none any more, or whose clearance ends on another day."""
    today = Cluster.current().today()
    ending = Mentor.objects.admitted().filter(
        clearance_until__range=(today - timedelta(days=1), today + timedelta(days=max(DAYS_AHEAD) + 2))
    )
    wanted = Q(pk__in=[])
    for it in ending:
        wanted |= Q(about_id=it.public_id, not_after=_over(it))
    return mails.exclude(wanted)


register_reminder(
    Reminder(OPEN_WAITS, open_waits, _open_no_more),
    Reminder(PROPOSAL_WAITS, proposal_waits, _answered(Pairing.State.PROPOSED)),
    Reminder(AGREEMENT_WAITS, agreement_waits, _answered(Pairing.State.ACCEPTED)),
    Reminder(CLEARANCE_ENDING, clearance_ending, _cleared_anew),
)
