"""The deadlines of competitions for calendar programs. Nobody is named in them, and no time is blocked by them."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cluster_portal.calendar import Occurrence, Series
from cluster_portal.feeds import Shown, feed, feed_response
from cluster_portal.hooks import register_public_dates
from cluster_portal.links import absolute
from competitions.models import Competition, Entry
from members.models import Person

LAST_MINUTE = timedelta(minutes=1)  # an event needs a length; so it stands on the last day, and not on the day after


@login_not_required
@require_safe
def competition_ics(request: HttpRequest, slug: str) -> HttpResponse:
    """The deadline of one public competition; nothing when it was cancelled."""
    it = get_object_or_404(Competition.objects.public(), slug=slug)
    shown = [deadline_of(it)] if it.state != Competition.State.CANCELLED else []
    return feed_response(request, feed(str(it), shown), is_public=True)


def deadline_of(it: Competition) -> Shown:
    """The last minute in which entries are taken, said in the language of the competition."""
    with translation.override(it.language):
        title = _("Entries until now: %(title)s") % {"title": it.title}
    meeting = Occurrence(it, it.closes_at - LAST_MINUTE, it.closes_at)
    series = Series(it, title, it.zone, (meeting,), absolute(it.get_absolute_url()), is_busy=False)
    return Shown(f"{it.public_id}@cluster-portal", series, (meeting,), it.state_since)


def public_deadlines() -> Iterator[Shown]:
    """The deadlines ahead of what is published."""
    return map(deadline_of, _ahead().order_by("pk"))


def deadlines_of(person: Person) -> Iterable[Shown]:
    """The deadlines ahead of what somebody writes, or is asked to."""
    entries = Entry.objects.counted().written_by(person)
    return map(deadline_of, _ahead().filter(pk__in=entries.values("competition")).order_by("pk"))


def _ahead():
    return Competition.objects.filter(state=Competition.State.PUBLISHED, closes_at__gt=now())


register_public_dates(public_deadlines)
