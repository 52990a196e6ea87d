"""A competition as search engines read it: an event of the time in which it takes entries. Nobody is named in it."""

from django.utils.timezone import localtime

from cluster_portal.formatted import plain
from cluster_portal.links import absolute
from competitions.models import Competition
from members.models import Cluster
from members.structured import CONTEXT, Described, organization, without_gaps


def competition_as_data(it: Competition, cluster: Cluster) -> Described:
    """A public competition as an EducationEvent that takes place at its page."""
    if it.state == Competition.State.DRAFT:
        return {}
    url = absolute(it.get_absolute_url())
    state = "EventCancelled" if it.state == Competition.State.CANCELLED else "EventScheduled"
    return without_gaps(
        {
            "@context": CONTEXT,
            "@type": "EducationEvent",
            "name": it.title,
            "description": it.summary or plain(it.about)[:300],
            "url": url,
            "startDate": localtime(it.opens_at, it.zone).isoformat(),
            "endDate": localtime(it.last_second, it.zone).isoformat(),
            "eventStatus": f"{CONTEXT}/{state}",
            "eventAttendanceMode": f"{CONTEXT}/OnlineEventAttendanceMode",
            "location": {"@type": "VirtualLocation", "url": url},
            "organizer": organization(it.host, cluster),
            "inLanguage": it.language,
            "about": [nomination.title for nomination in it.nominations.all()],
        }
    )
