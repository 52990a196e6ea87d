from typing import Any

from django.db import transaction

from cluster_portal.audit import record, record_changes
from courses.models import Course
from members.models import Person


@transaction.atomic
def create_course(by: Person | None, **facts: Any) -> Course:
    """Describe a new course."""
    course = Course.objects.create(**facts)
    record("courses.course.create", course, by=by)
    return course


@transaction.atomic
def change_course(course: Course, by: Person, **changes: Any) -> list[str]:
    """Change the description of a course; return the names of the changed fields."""
    changed = [name for name, value in changes.items() if getattr(course, name) != value]
    for name in changed:
        setattr(course, name, changes[name])
    if changed:
        course.save()
        record_changes("courses.course.change", course, by=by, changed=changed)
    return changed
