"""Mails that fall due by themselves: 60, 30 and 7 days before an agreement ends, to those who can renew it."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from cluster_portal.hooks import Reminder, WantedMail, register_reminder
from members.models import Agreement, Cluster, Party, Person

DAYS_AHEAD = (60, 30, 7)
AT = time(9)
EXPIRING = "members/agreement_expiring"


def readers_of_expiry(agreement: Agreement) -> list[Person]:
    """Coordinators of the cluster and heads of the parties that are bound, each once."""
    rows = Party.objects.of_family(agreement) if agreement.amends_id is None else agreement.parties.all()
    parties = rows.signed_and_staying().values("institution")
    people = Q(pk__in=Person.objects.leading(parties)) | Q(pk__in=Person.objects.coordinating_region(None))
    return list(Person.objects.active().filter(people).order_by("pk"))


def _due(since: datetime, until: datetime) -> Iterator[WantedMail]:
    zone = Cluster.current().zone
    for days in DAYS_AHEAD:
        ahead = timedelta(days=days)
        first, last = since.astimezone(zone).date() + ahead, until.astimezone(zone).date() + ahead
        for agreement in Agreement.objects.ending_between(first, last).select_related("amends"):
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


register_reminder(Reminder(EXPIRING, _due, _unwanted))
