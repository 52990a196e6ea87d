"""Mails that fall due by themselves: before an agreement or a line of a roll ends, and when a consent lapses.

An agreement, a roll: 60, 30 and 7 days before, to those who can renew it and to whoever loses by it. A consent: 30
days before its months are over (the next morning, when it was written down later than that), or on the birthday on
which others decide, once, to those whose word is then missing.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from cluster_portal.hooks import Reminder, WantedMail, register_reminder
from members.consent import Awaited
from members.expiry import readers_of_rolls, rolls_ending_on
from members.lapsing import DAYS_AHEAD as DAYS_OF_CONSENT
from members.lapsing import entered_late, to_be_asked
from members.models import Agreement, Cluster, Coverage, Party, Person

DAYS_AHEAD = (60, 30, 7)
AT = time(9)
EXPIRING, ROLL_ENDING = "members/agreement_expiring", "members/roll_ending"
LAPSING = "members/consent_lapsing"


def readers_of_expiry(agreement: Agreement) -> list[Person]:
    """Coordinators of the cluster, heads of the parties that are bound and of whom these cover, each once."""
    parties = Party.objects.of_family(agreement).signed_and_staying().values("institution")
    covered = Coverage.objects.lapsing_with(agreement).values("institution")
    people = Q(pk__in=Person.objects.coordinating_region(None))
    for institutions in (parties, covered):
        people |= Q(pk__in=Person.objects.leading(institutions))
    return list(Person.objects.active().filter(people).order_by("pk"))


def _due(since: datetime, until: datetime) -> Iterator[WantedMail]:
    zone = Cluster.current().zone
    for days in DAYS_AHEAD:
        ahead = timedelta(days=days)
        first, last = since.astimezone(zone).date() + ahead, until.astimezone(zone).date() + ahead
        for agreement in Agreement.objects.ending_between(first, last):
            leaves = datetime.combine(agreement.last_day - ahead, AT, zone)
            if since <= leaves <= until:
                yield from _notices(agreement, days, leaves)


def _notices(agreement: Agreement, days: int, leaves: datetime) -> Iterator[WantedMail]:
    occasion = f"{agreement.last_day.isoformat()}:{days}"
    for reader in readers_of_expiry(agreement):
        yield WantedMail(EXPIRING, agreement, reader, occasion, leaves, _over(agreement.last_day))


def _over(last_day: date) -> datetime:
    """The moment at which the last day is over in the cluster's zone: later no notice helps."""
    return datetime.combine(last_day + timedelta(days=1), time.min, Cluster.current().zone)


def _unwanted(mails: QuerySet) -> QuerySet:
    """Notices of a last day that is not the last any more: prolonged, or terminated before."""
    today = Cluster.current().today()
    ending = Agreement.objects.ending_between(today, today + timedelta(days=max(DAYS_AHEAD) + 2))
    wanted = Q(pk__in=[])
    for agreement in ending:
        wanted |= Q(about_id=agreement.public_id, not_after=_over(agreement.last_day))
    return mails.exclude(wanted)


def mornings(since: datetime, until: datetime) -> Iterator[datetime]:
    """The hours of a window at which the notices of a day leave."""
    zone = Cluster.current().zone
    day = since.astimezone(zone).date()
    while day <= until.astimezone(zone).date():
        leaves = datetime.combine(day, AT, zone)
        if since <= leaves <= until:
            yield leaves
        day += timedelta(days=1)


def _ending_rolls(since: datetime, until: datetime) -> Iterator[WantedMail]:
    notices = [(leaves, ahead) for leaves in mornings(since, until) for ahead in DAYS_AHEAD]
    last_days = Coverage.objects.last_days_among(leaves.date() + timedelta(days=ahead) for leaves, ahead in notices)
    for leaves, ahead in notices:
        last_day = leaves.date() + timedelta(days=ahead)
        if last_day in last_days:
            yield from _notices_of_rolls(last_day, ahead, leaves)


def _notices_of_rolls(last_day: date, days: int, leaves: datetime) -> Iterator[WantedMail]:
    occasion = f"{last_day.isoformat()}:{days}"
    for agreement, lines in rolls_ending_on(last_day).items():
        for reader, theirs in readers_of_rolls(lines).items():
            yield WantedMail(ROLL_ENDING, agreement, reader, occasion, leaves, _over(last_day), ground=theirs)


def _lapsing_consents(since: datetime, until: datetime) -> Iterator[WantedMail]:
    for leaves in mornings(since, until):
        day = leaves.date()
        ahead = day + timedelta(days=DAYS_OF_CONSENT)
        yield from _asked_anew(to_be_asked(ahead, renewed=True), ahead, leaves)
        yield from _asked_anew(to_be_asked(day, renewed=False), day, leaves)
        for lapse, awaited in entered_late(day):
            yield from _asked_anew(awaited, lapse, leaves, entered=f":{day.isoformat()}")


def _asked_anew(awaited: list[Awaited], lapse: date, leaves: datetime, entered: str = "") -> Iterator[WantedMail]:
    """One mail to each reader, with all the children about whom their word is missing from that day on."""
    children = Person.objects.in_bulk({it.child for it in awaited})
    by_reader: dict[Person, list[Person]] = {}
    for it in awaited:
        by_reader.setdefault(it.reader, []).append(children[it.child])
    for reader, theirs in by_reader.items():
        ordered = sorted(theirs, key=lambda child: child.sort_name)
        yield WantedMail(LAPSING, reader, reader, lapse.isoformat() + entered, leaves, ground=ordered)


register_reminder(Reminder(EXPIRING, _due, _unwanted))
# Who stays on a roll after all, or has answered meanwhile, is not written to: `still_due` asks at sending, and mails
# wait a day at most.
register_reminder(Reminder(ROLL_ENDING, _ending_rolls, lambda mails: mails.none()))
register_reminder(Reminder(LAPSING, _lapsing_consents, lambda mails: mails.none()))
