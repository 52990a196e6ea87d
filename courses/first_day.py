"""The last step of a cluster's first day: a course that everybody sees in the programme."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from cluster_portal.hooks import FirstStep, register_first_steps
from courses.models import Course, Run
from members.models import Person


def first_course(person: Person) -> Iterator[FirstStep]:
    """Describe a course, prepare its run, plan its sessions, publish it: the link leads to what comes next of these."""
    run = Run.objects.public().first() or Run.objects.drafts().order_by("pk").first()
    course = run.course if run else Course.objects.order_by("pk").first()
    is_done = run is not None and run.state != Run.State.DRAFT
    title = _("First course")
    if is_done:
        yield FirstStep(60, title, str(course), run.get_absolute_url(), True)
    elif course is None:
        yield FirstStep(60, title, _("Describe it"), reverse("courses:desk_new_course"), False)
    elif run is None:
        yield FirstStep(60, title, _("Prepare its run"), reverse("courses:desk_new_run", args=[course.slug]), False)
    elif not run.sessions.exists():
        yield FirstStep(60, title, _("Plan its sessions"), reverse("courses:desk_pattern", args=[run.public_id]), False)
    else:
        yield FirstStep(60, title, _("Publish it"), reverse("courses:desk_run", args=[run.public_id]), False)


register_first_steps(first_course)
