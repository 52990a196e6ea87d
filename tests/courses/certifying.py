"""What the tests of certificates share: a run that is over, and people who completed it."""

from datetime import UTC, datetime, timedelta

from django.urls import reverse

from courses.models import Attendance
from tests import factories as make

OVER = datetime(2027, 5, 3, 10, tzinfo=UTC)


def run_that_is_over(cast):
    """A run of four sessions that is over, of which three are needed."""
    region = make.RegionFactory()
    cast.school.region = region
    cast.school.save()
    course = make.CourseFactory(title="AI Tools in Teaching", hours=36, language="ru")
    run = make.RunFactory(course=course, host=cast.school, gives_certificate=True)
    for week in range(4):
        make.SessionFactory(run=run, starts_at=OVER - timedelta(weeks=5 - week))
    return run


def completed(run, person=None, sessions=3, **facts):
    """Somebody who came to so many sessions."""
    it = make.EnrolmentFactory(run=run, person=person or make.PersonFactory(), **facts)
    for session in run.sessions.all()[:sessions]:
        Attendance.objects.create(session=session, enrolment=it, mark="present", how="roster", pressed_at=OVER)
    return it


def address(name, *args):
    return reverse(f"courses:{name}", args=args)
