"""Courses and runs as search engines read them: JSON-LD in the words of schema.org. Nobody is named in it."""

from django.utils.timezone import localtime

from cluster_portal.links import absolute
from courses.models import Course, Pathway, Pool, Run
from members.models import Cluster
from members.structured import CONTEXT, Described, organization, without_gaps

MODES = {
    (True, False): ("onsite", "OfflineEventAttendanceMode"),
    (False, True): ("online", "OnlineEventAttendanceMode"),
    (True, True): ("blended", "MixedEventAttendanceMode"),
}


def course_as_data(course: Course, runs: list[Run], cluster: Cluster) -> Described:
    """A course with those of its runs that are public and have dates."""
    instances = [_instance(run, cluster) for run in runs if _is_shown(run)]
    return without_gaps({"@context": CONTEXT, **_course(course, cluster), "hasCourseInstance": instances})


def run_as_data(run: Run, cluster: Cluster) -> Described:
    """A run that is public and has dates: of a course, the course with this one instance, else an event."""
    if not _is_shown(run):
        return {}
    if run.course.kind == Course.Kind.COURSE:
        return course_as_data(run.course, [run], cluster)
    return without_gaps({"@context": CONTEXT, "@type": "Event", **_event(run, cluster)})


def pathway_as_data(pathway: Pathway, cluster: Cluster) -> Described:
    """A pathway with its courses; the vocation it leads to, and who offers it together with the cluster."""
    others = [organization(it, cluster) for it in pathway.partners.all()]
    return without_gaps(
        {
            "@context": CONTEXT,
            "@type": "EducationalOccupationalProgram",
            "name": pathway.title,
            "description": pathway.summary,
            "url": absolute(pathway.get_absolute_url()),
            "occupationalCategory": pathway.vocation,
            "provider": [organization(None, cluster), *others],
            "hasCourse": [without_gaps(_course(step.course, cluster)) for step in pathway.steps.all()],
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
    hours = f"PT{run.course.hours}H" if run.course.hours else ""
    schedule = {"@type": "Schedule", "repeatCount": run.session_count, "repeatFrequency": "Weekly"}
    facts = {"@type": "CourseInstance", "courseMode": mode, "courseWorkload": hours, **_event(run, cluster)}
    weekly = bool(getattr(run, "pattern", None))
    return without_gaps(facts | {"courseSchedule": schedule if weekly or not hours else {}})


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


def _location(run: Run) -> Described:
    """The room; a run that is online only is at its page: its joining link is for those confirmed."""
    mode, _attendance = _mode(run)
    if mode == "online":
        return {"@type": "VirtualLocation", "url": absolute(run.get_absolute_url())}
    name = run.place or (run.host.name if run.host else "")
    return {"@type": "Place", "name": name, "address": name}
