"""What this app puts on a coordinator's desk."""

from collections.abc import Iterator
from datetime import datetime, time

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.hooks import DeskRow, register_desk_rows
from courses.models import ClassBooking, Course, Enrolment, FinalWork, Run
from members.models import Cluster, Person


def drafts(person: Person) -> Iterator[DeskRow]:
    """Runs that are prepared and not published."""
    if not person.is_coordinator:
        return
    rows = (
        Run.objects.editable_by(person)
        .drafts()
        .aggregate(count=Count("pk"), since=Min("state_since"), one=Min("public_id"))
    )
    if rows["count"]:
        text = ngettext("run is prepared but not published", "runs are prepared but not published", rows["count"])
        one = rows["count"] == 1
        url = reverse("courses:desk_run", args=[rows["one"]]) if one else reverse("courses:desk_runs")
        button = _("Review the draft") if one else _("Review the drafts")
        yield DeskRow(text, rows["count"], rows["since"], url, button)


def runs_over(person: Person) -> Iterator[DeskRow]:
    """Runs whose last session is over, to be closed."""
    if not person.is_coordinator:
        return
    over = Run.objects.editable_by(person).published().with_dates().filter(last_end__lte=now())
    dates = list(over.order_by("last_end").values_list("last_end", flat=True)[:1000])
    if dates:
        text = ngettext("run is over and can be closed", "runs are over and can be closed", len(dates))
        yield DeskRow(text, len(dates), dates[0], reverse("courses:desk_runs"), _("Close"))


def due_for_review(person: Person) -> Iterator[DeskRow]:
    """Courses whose content is to be gone through again."""
    if not person.is_coordinator:
        return
    cluster = Cluster.current()
    days = list(
        Course.objects.editable_by(person).due_for_review(cluster.today()).values_list("due_on", flat=True)[:1000]
    )
    if days:
        text = ngettext("course is due for review", "courses are due for review", len(days))
        since = datetime.combine(days[0], time(), cluster.zone) if days[0] else None
        yield DeskRow(text, len(days), since, reverse("courses:desk_review"), _("Review"))


def rights_lost(person: Person) -> Iterator[DeskRow]:
    """People whose enrolment has lost its ground: nothing is cancelled by itself."""
    if not person.is_coordinator:
        return
    lost = Enrolment.objects.visible_to(person).without_right(Cluster.current().today())
    found = lost.aggregate(count=Count("pk"), since=Min("state_since"))
    if found["count"]:
        text = ngettext(
            "person is enrolled whose right has ended",
            "people are enrolled whose right has ended",
            found["count"],
        )
        yield DeskRow(text, found["count"], found["since"], reverse("courses:desk_rights_lost"), _("See who"))


def approvals(person: Person) -> Iterator[DeskRow]:
    """People who asked to take part in runs whose coordinator approves each enrolment."""
    if not person.is_coordinator:
        return
    found = Enrolment.objects.awaiting_approval_of(person).aggregate(count=Count("pk"), since=Min("state_since"))
    if found["count"]:
        text = ngettext("person waits for your approval", "people wait for your approval", found["count"])
        yield DeskRow(text, found["count"], found["since"], reverse("courses:desk_approvals"), _("Approve"))


def classes_brought(person: Person) -> Iterator[DeskRow]:
    """Classes of the institutions one answers for whose places are held and wait for consents."""
    if not person.spoken_for:
        return
    held = ClassBooking.objects.kept_by(person).held().ahead(now())
    found = held.aggregate(count=Count("pk"), since=Min("made_at"), one=Min("public_id"))
    if found["count"]:
        text = ngettext(
            "class is brought to a course and waits for consents",
            "classes are brought to courses and wait for consents",
            found["count"],
        )
        one = found["count"] == 1
        url = reverse("courses:booking", args=[found["one"]]) if one else reverse("courses:bookings")
        yield DeskRow(text, found["count"], found["since"], url, _("See who is missing"))


def works_to_read(person: Person) -> Iterator[DeskRow]:
    """Final works that nobody has read yet."""
    if not person.is_coordinator:
        return
    found = FinalWork.objects.read_by(person).to_read().aggregate(count=Count("pk"), since=Min("state_since"))
    if found["count"]:
        text = ngettext("final work waits to be read", "final works wait to be read", found["count"])
        yield DeskRow(text, found["count"], found["since"], reverse("courses:works_to_read"), _("Read the works"))


register_desk_rows(drafts)
register_desk_rows(works_to_read)
register_desk_rows(classes_brought)
register_desk_rows(approvals)
register_desk_rows(runs_over)
register_desk_rows(due_for_review)
register_desk_rows(rights_lost)
