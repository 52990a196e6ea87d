"""Reminders: half-way to whoever owes an answer, once; and to mentors whose clearance for work with minors ends."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from cluster_portal.hooks import Reminder, WantedMail, register_reminder
from members.models import Cluster
from mentorship.clock import coordinators_by_region, coordinators_for, half_of_the_time
from mentorship.mails import AGREEMENT_WAITS, CLEARANCE_ENDING, OPEN_WAITS, PROPOSAL_WAITS
from mentorship.models import Mentor, MentorRequest, Pairing

DAYS_AHEAD = (30, 7)
AT = time(9)
CHUNK = 1000


def open_waits(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """To the coordinators of requests for which a mentor is sought; of one that has risen they hear anyway."""
    half = half_of_the_time()
    rows = MentorRequest.objects.open().filter(risen_at=None, answer_by__gt=since + half, answer_by__lte=until + half)
    known = coordinators_by_region()
    for it in rows.for_lists().order_by("pk").iterator(CHUNK):
        for coordinator in coordinators_for(it, known):
            end = it.answer_by
            yield WantedMail(OPEN_WAITS, it, coordinator, end.isoformat(), end - half, end)


def _open_no_more(mails: QuerySet) -> QuerySet:
    open_ones = MentorRequest.objects.open().filter(public_id=OuterRef("about_id"), answer_by=OuterRef("not_after"))
    return mails.filter(~Exists(open_ones))


def proposal_waits(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """To mentors who were asked and have not answered."""
    half = half_of_the_time()
    for it in _half_way(Pairing.State.PROPOSED, since + half, until + half):
        end = it.answer_by
        yield WantedMail(PROPOSAL_WAITS, it, it.mentor.person, end.isoformat(), end - half, end)


def agreement_waits(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """To teachers for whom a mentor has said yes."""
    half = half_of_the_time()
    for it in _half_way(Pairing.State.ACCEPTED, since + half, until + half):
        end = it.answer_by
        yield WantedMail(AGREEMENT_WAITS, it, it.request.by, end.isoformat(), end - half, end)


def _half_way(state: str, since: datetime, until: datetime) -> Iterator[Pairing]:
    rows = Pairing.objects.filter(state=state, answer_by__gt=since, answer_by__lte=until)
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
