"""What courses holds about people. Read by export, erasure and retention; merging two people stands here too."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cluster_portal.hooks import PersonalData, register_personal_data
from cluster_portal.models import Upload
from cluster_portal.personal import Table, erase_tables, export_tables
from cluster_portal.uploads import erase_uploads
from courses.actions.enrolments import cancel_enrolment, end_double
from courses.actions.handing_over import take_over_earlier
from courses.models import Attendance, ClassBooking, Enrolment, FinalWork, Material, Run, Session

State = Enrolment.State
RANK = [State.CONFIRMED, State.HELD, State.OFFERED, State.WAITING, State.ASKED]


def _recent_enrolments(since: datetime):
    return Enrolment.objects.filter(Q(state__in=Enrolment.LIVE) | Q(state_since__gte=since))


def _recently_taught(since: datetime):
    coming = Session.objects.planned().filter(ends_at__gte=since)
    return Run.instructors.through.objects.filter(run__in=coming.values("run"))


STAYS = _("That somebody took part stays, without a name: the reports count people.")
OF_THE_PERSON = ("enrolment__person",)

TABLES = (
    Table(
        "courses.Course",
        plain="id public_id slug title kind summary description hours language level reviewed_on review_months words",
    ),
    Table("courses.Course_directions", plain="id course direction"),
    Table(
        "courses.Run",
        plain="id public_id course title state state_since host place online_link time_zone enrol_from enrol_until"
        " admits roles kinds stage_from stage_until offer_hours needs_approval institution_limit hold_days"
        " joining_counts attendance_needed needs_work needs_feedback gives_certificate",
    ),
    Table(
        "courses.Run_instructors",
        heading=_("What you teach"),
        owners=("person",),
        shown="run person",
        plain="id",
        deleted=True,
        ties=_recently_taught,
    ),
    Table("courses.Run_partners", plain="id run institution"),
    Table("courses.Run_regions", plain="id run region"),
    Table("courses.Pattern", plain="id run weekdays start_time minutes first_day last_day days_off"),
    Table(
        "courses.Session",
        plain="id public_id run state state_since title place speakers online_link starts_at ends_at slot",
    ),
    Table("courses.Pool", plain="id public_id run session sort places taken"),
    Table("courses.Reserve", plain="id public_id pool institution places release_on"),
    Table(
        "courses.ClassBooking",
        heading=_("The classes that you brought"),
        owners=("by",),
        shown="public_id run pool group by state state_since held_until made_at",
        plain="id",
        why=STAYS,
    ),
    Table(
        "courses.Enrolment",
        heading=_("What you enrolled in"),
        owners=("person",),
        shown="public_id run pool person affiliation clause booking state state_since asked_at queued_at offered_until"
        " held_until approved_at refusal feedback_on",
        plain="id",
        emptied={"refusal": ""},
        why=STAYS,
        ties=_recent_enrolments,
    ),
    Table("courses.Question", plain="id public_id run position text kind choices is_required is_sensitive"),
    Table(
        "courses.Answer",
        heading=_("What you answered when enrolling"),
        owners=OF_THE_PERSON,
        shown="question text",
        keys="enrolment",
        plain="id",
        deleted=True,
    ),
    Table(
        "courses.Seat",
        heading=_("The sessions that you chose"),
        owners=OF_THE_PERSON,
        shown="public_id session pool state state_since queued_at",
        keys="enrolment",
        plain="id",
        why=STAYS,
    ),
    Table(
        "courses.Attendance",
        heading=_("Your attendance"),
        owners=OF_THE_PERSON,
        named=("noted_by",),
        shown="public_id session mark how pressed_at noted_at noted_by",
        keys="enrolment",
        plain="id device number",
        why=STAYS,
    ),
    Table(
        "courses.FinalWork",
        heading=_("Your final works"),
        owners=OF_THE_PERSON,
        shown="public_id text note state state_since handed_in_at",
        keys="enrolment",
        plain="id",
        emptied={"text": "", "note": ""},
        why=STAYS,
    ),
    Table(
        "courses.Material",
        heading=_("The materials that you added"),
        named=("added_by",),
        shown="title added_by added_at",
        plain="id public_id run session kind upload url shown is_public announced_at",
        why=_("Materials stay with the course that they belong to."),
    ),
    Table("courses.FeedbackQuestion", plain="id public_id run position text kind"),
    Table("courses.FeedbackAnswer", plain="id question number text is_shown"),
    Table(
        "courses.Pathway",
        plain="id public_id slug title summary description vocation is_ordered state state_since words",
    ),
    Table("courses.Pathway_partners", plain="id pathway institution"),
    Table("courses.PathwayStep", plain="id pathway course position"),
)


def export(person: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Everything that courses holds about a person."""
    return export_tables(TABLES, person)


def erase(person: Any) -> Iterator[str]:
    """Give back every place that the person holds or waits for; the enrolments stay as numbers."""
    for enrolment in person.enrolments.live().select_related("run").order_by("run_id", "pk"):
        if not enrolment.run.is_over_at(now()):
            cancel_enrolment(enrolment, by=None, reason=gettext_noop("the person was erased"))
    works = FinalWork.objects.filter(enrolment__person__in=person.selves).values("public_id")
    erase_uploads(Upload.objects.filter(about_model=FinalWork._meta.label_lower, about_id__in=works))
    yield from erase_tables(TABLES, person)


def merge(kept: Any, gone: Any) -> None:
    """Whatever `gone` took part in or taught belongs to `kept`; of two live enrolments in a run the better stays."""
    for it in _double_enrolments(kept, gone):
        end_double(it)
    runs = list(gone.enrolments.values_list("run", flat=True))
    Enrolment.objects.filter(person=gone).update(person=kept)
    take_over_earlier(list(kept.enrolments.live().filter(run__in=runs)))
    ClassBooking.objects.filter(by=gone).update(by=kept)
    Attendance.objects.filter(noted_by=gone).update(noted_by=kept)
    Material.objects.filter(added_by=gone).update(added_by=kept)
    for run in Run.objects.filter(instructors=gone):
        run.instructors.add(kept)
        run.instructors.remove(gone)


def _double_enrolments(kept: Any, gone: Any) -> list[Enrolment]:
    """Of each run where both are: the enrolment that holds no place or came later, and does not stay."""
    live = Enrolment.objects.live().filter(person__in=[kept, gone]).select_related("run")
    found: dict[int, list[Enrolment]] = {}
    for it in sorted(live, key=lambda it: (it.run_id, RANK.index(it.state), it.queued_at or it.asked_at, it.pk)):
        found.setdefault(it.run_id, []).append(it)
    return [it for _stays, *others in found.values() for it in others]


register_personal_data(PersonalData("courses", export, erase, merge, TABLES))
