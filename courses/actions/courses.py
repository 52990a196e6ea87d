from typing import Any

from django.db import transaction

from cluster_portal.audit import record, record_changes
from cluster_portal.tied import apart, tie
from courses.models import Course
from members.models import Cluster, Person


@transaction.atomic
def create_course(by: Person | None, **facts: Any) -> Course:
    """Describe a new course; what is written today counts as reviewed today, unless another day is said."""
    plain, tied = apart(Course, {"reviewed_on": Cluster.current().today(), **facts})
    course = Course.objects.create(**plain)
    tie(course, tied)
    record("courses.course.create", course, by=by)
    return course


@transaction.atomic
def change_course(course: Course, by: Person, **changes: Any) -> list[str]:
    """Change the description of a course; return the names of the changed fields."""
    plain, tied = apart(Course, changes)
    changed = [name for name, value in plain.items() if getattr(course, name) != value]
    for name in changed:
        setattr(course, name, plain[name])
    if changed:
        course.save()
    changed += tie(course, tied)
    if changed:
        record_changes("courses.course.change", course, by=by, changed=changed)
    return changed


def review_course(course: Course, by: Person) -> None:
    """Note that the content of a course was gone through today."""
    change_course(course, by=by, reviewed_on=Cluster.current().today())
