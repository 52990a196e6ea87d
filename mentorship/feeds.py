"""Meetings for one's own calendar program: those that mail has put there, and those of one's children."""

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import Max

from cluster_portal.calendar import uid_of
from cluster_portal.feeds import Shown
from cluster_portal.models import AuditEntry, CalendarEntry
from members.consent import guarded_now
from members.models import Person
from mentorship.calendars import series_of
from mentorship.models import Meeting


def meetings_of(person: Person) -> Iterator[Shown]:
    """What stands in one's own calendar, and in those of one's children with their first names."""
    names = {it.pk: it.given_name or it.full_name for it in guarded_now(person)}
    rows = CalendarEntry.objects.filter(person__in=[person.pk, *names], about_model=Meeting._meta.label_lower)
    entries = list(rows.exclude(status=CalendarEntry.Status.CANCELLED).select_related("person").order_by("pk"))
    planned = Meeting.objects.planned().select_related("pairing__request")
    meetings = {it.public_id: it for it in planned.filter(public_id__in={it.about_id for it in entries})}
    moved = _moved_last(meetings)
    for entry in entries:
        if it := meetings.get(entry.about_id):
            series = series_of(it, names.get(entry.person_id, ""))
            uid = uid_of(it.public_id, entry.person)
            since = max(it.state_since, moved.get(it.public_id, it.state_since))
            yield Shown(uid, series, series.occurrences, since, entry.status, entry.sequence)


def _moved_last(ids: Collection[str]) -> dict[str, datetime]:
    """When meetings (by public id) were moved last, as the audit has it."""
    moves = AuditEntry.objects.filter(
        model=Meeting._meta.label_lower, object_id__in=ids, verb="mentorship.meeting.move"
    )
    return dict(moves.order_by().values_list("object_id").annotate(Max("at")))
