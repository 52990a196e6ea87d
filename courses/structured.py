"""Courses and runs as search engines read them: JSON-LD in the words of schema.org. Nobody is named in it."""

from collections.abc import Container
from datetime import datetime, timedelta

from django.db.models import prefetch_related_objects
from django.utils.timezone import localtime

from cluster_portal.links import absolute
from courses.models import Course, Pathway, Pattern, Pool, Run, Session
from members.models import Cluster
from members.structured import CONTEXT, Described, organization, without_gaps

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MODES = {
    (True, False): ("onsite", "OfflineEventAttendanceMode"),
    (False, True): ("online", "OnlineEventAttendanceMode"),
    (True, True): ("blended", "MixedEventAttendanceMode"),
}


def course_as_data(course: Course, runs: list[Run], cluster: Cluster) -> Described:
    """A course with those of its runs that are public and have dates."""
    shown = [run for run in runs if _is_shown(run)]
    prefetch_related_objects([run for run in shown if not (_pattern(run) or course.hours)], "sessions")
    instances = [_instance(run, cluster) for run in shown]
    return without_gaps({"@context": CONTEXT, **_course(course, cluster), "hasCourseInstance": instances})


def run_as_data(run: Run, cluster: Cluster) -> Described:
    """A run that is public and has dates: of a course, the course with this one instance, else an event."""
    if not _is_shown(run):
        return {}
    if run.course.kind == Course.Kind.COURSE:
        return course_as_data(run.course, [run], cluster)
    return without_gaps({"@context": CONTEXT, "@type": "Event", **_event(run, cluster)})


def pathway_as_data(pathway: Pathway, public: Container[int], cluster: Cluster) -> Described:
    """A pathway with those of its courses (keys) that everybody may see; its vocation, and who offers it together."""
    others = [organization(it, cluster) for it in pathway.partners.all()]
    steps = [step for step in pathway.steps.all() if step.course_id in public]
    return without_gaps(
        {
            "@context": CONTEXT,
            "@type": "EducationalOccupationalProgram",
            "name": pathway.title,
            "description": pathway.summary,
            "url": absolute(pathway.get_absolute_url()),
            "occupationalCategory": pathway.vocation,
            "provider": [organization(None, cluster), *others],
            "hasCourse": [without_gaps(_course(step.course, cluster)) for step in steps],
        }
    )


def _is_shown(run: Run) -> bool:
    return run.state != Run.State.DRAFT and bool(run.session_count)


def _course(course: Course, cluster: Cluster) -> Described:
    return {
        "@type": "Course",
        "name": course.title,
        "description": course.summary,
        "url": absolute(course.get_absolute_url()),
        "inLanguage": course.language,
        "educationalLevel": course.get_level_display(),
        "provider": {"@type": "Organization", "name": cluster.name, "url": absolute("/")},
    }


def _instance(run: Run, cluster: Cluster) -> Described:
    mode, _attendance = _mode(run)
    pattern = _pattern(run)
    facts = {"@type": "CourseInstance", "courseMode": mode, **_event(run, cluster)}
    facts |= {"courseWorkload": _workload(run), "courseSchedule": _schedule(run, pattern) if pattern else {}}
    return without_gaps(facts)


def _pattern(run: Run) -> Pattern | None:
    return getattr(run, "pattern", None)


def _workload(run: Run) -> str:
    """The hours of the course; without them, where no weekly pattern says enough, the time that its sessions take."""
    if run.course.hours:
        return f"PT{run.course.hours}H"
    if _pattern(run):
        return ""
    minutes, until = 0, run.first_start
    for it in sorted(run.sessions.all(), key=lambda one: one.starts_at):
        if it.state == Session.State.PLANNED and it.ends_at > until:  # of those side by side one is in one
            minutes += int((it.ends_at - max(it.starts_at, until)).total_seconds() // 60)
            until = it.ends_at
    return f"PT{minutes // 60}H{minutes % 60}M"


def _schedule(run: Run, pattern: Pattern) -> Described:
    """The weekly pattern, by the wall clock of the run."""
    begins = datetime.combine(pattern.first_day, pattern.start_time)
    return {
        "@type": "Schedule",
        "repeatFrequency": "Weekly",
        "repeatCount": run.session_count,
        "byDay": [f"{CONTEXT}/{DAYS[day]}" for day in sorted(pattern.weekdays)],
        "startDate": pattern.first_day.isoformat(),
        "endDate": pattern.last_day.isoformat(),
        "startTime": pattern.start_time.isoformat(),
        "endTime": (begins + timedelta(minutes=pattern.minutes)).time().isoformat(),
        "scheduleTimezone": run.time_zone,
    }


def _event(run: Run, cluster: Cluster) -> Described:
    _word, attendance = _mode(run)
    state = "EventCancelled" if run.state == Run.State.CANCELLED else "EventScheduled"
    return {
        "name": str(run),
        "description": run.course.summary,
        "url": absolute(run.get_absolute_url()),
        "startDate": localtime(run.first_start, run.zone).isoformat(),
        "endDate": localtime(run.last_end, run.zone).isoformat(),
        "eventStatus": f"{CONTEXT}/{state}",
        "eventAttendanceMode": f"{CONTEXT}/{attendance}",
        "location": _location(run),
        "organizer": organization(run.host, cluster),
        "inLanguage": run.course.language,
        "maximumAttendeeCapacity": run.total("places"),
    }


def _mode(run: Run) -> tuple[str, str]:
    sorts = {pool.sort for pool in run.pools.all()}
    online = Pool.Sort.ONLINE in sorts
    return MODES[Pool.Sort.ROOM in sorts or not online, online]


def _location(run: Run) -> Described | list[Described]:
    """The room, or the run's page, because the joining link is for those confirmed; both, where there are both.

    We know no streets: the address is the host and its region, never the number of a room.
    """
    mode, _attendance = _mode(run)
    online = {"@type": "VirtualLocation", "url": absolute(run.get_absolute_url())}
    if mode == "online":
        return online
    host = run.host
    known = [host.name, host.region.name if host.region else ""] if host else []
    address = ", ".join(filter(None, known)) or run.place
    room = {"@type": "Place", "name": run.place or address, "address": address}
    if not address:
        return online if mode == "blended" else {}
    return [room, online] if mode == "blended" else room
