"""What people change about their own portal, across its rooms."""

from django.db import transaction
from django.utils.timezone import now

from cluster_portal.audit import record
from cluster_portal.models import CalendarFeed, new_feed_token
from members.models import Person


@transaction.atomic
def renew_calendar_address(person: Person, by: Person) -> CalendarFeed:
    """Give a person's calendar a new secret address; the one it had stops working at once."""
    feed, _made = CalendarFeed.objects.update_or_create(
        person=person, defaults={"token": new_feed_token(), "made_at": now()}
    )
    record("members.person.renew_calendar_address", person, by=by)
    return feed


@transaction.atomic
def end_calendar_address(person: Person, by: Person) -> None:
    """Let nobody read a person's calendar any more."""
    ended, _rows = CalendarFeed.objects.filter(person=person).delete()
    if ended:
        record("members.person.end_calendar_address", person, by=by)
