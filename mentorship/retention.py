"""How long mentorship keeps what nobody needs any more: lines of the table in members/retention.py. Decision 127."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from cluster_portal.hooks import register_periods
from cluster_portal.models import Upload
from cluster_portal.uploads import erase_uploads
from members.models import Cluster
from members.retention import Period
from mentorship.channels import ENDED
from mentorship.models import (
    Concern,
    LogEntry,
    Meeting,
    Mentor,
    MentorApproval,
    MentorRequest,
    Message,
    Milestone,
    Outcome,
    Pairing,
    PairingFeedback,
    PairingFile,
    PairingStudent,
    TakenBack,
)

# Among adults a year is enough to look something up. Where children take part, what went wrong is often said late:
# three years, as long as who was in a class is known.
AMONG_ADULTS_DAYS, WITH_CHILDREN_DAYS, RECORD_DAYS = 365, 1095, 1095
REQUEST_DAYS, REASON_DAYS, OFFER_DAYS, FEEDBACK_DAYS = 365, 365, 365, 730
NO_OFFER: dict[str, Any] = {"about": "", "contests": [], "declined_because": "", "clearance_until": None}


def periods() -> Iterator[Period]:
    """What was said in pairings, why somebody said no, what was asked for and offered, and who approved a mentor."""
    yield from _periods_of_pairings()
    yield Period(
        "mentor_requests",
        _("What teachers wrote when they asked for a mentor, after the search or the pairing ended"),
        _("The text is deleted; what it was about in one sentence stays, because results and hours refer to it."),
        days=REQUEST_DAYS,
        overdue=_old_requests,
        end=empty_requests,
    )
    yield Period(
        "mentors",
        _("What somebody offered as a mentor, after they stopped or were not admitted"),
        _("Their words are deleted, and until when they were cleared for work with minors."),
        days=OFFER_DAYS,
        overdue=_old_offers,
        end=lambda rows: _update(rows, clearance_by=None, **NO_OFFER),
    )
    yield Period(
        "pairing_reasons",
        _("Why a mentor or a teacher said no, or ended a pairing"),
        _("It is deleted."),
        days=REASON_DAYS,
        overdue=lambda before: Pairing.objects.exclude(because="").filter(_over(before)),
        end=lambda rows: _update(rows, because=""),
    )


def _periods_of_pairings() -> Iterator[Period]:
    yield Period(
        "pairing_words",
        _("Messages and files that mentor and teacher exchanged by themselves, after the pairing ended"),
        _("They are deleted; a file that shows a result stays with it."),
        days=AMONG_ADULTS_DAYS,
        overdue=lambda before: _with_words(before).exclude(_watched()),
        end=_delete_words,
    )
    yield Period(
        "pairing_words_with_students",
        _("Messages, files and what was taken back in pairings in which students could take part, after they ended"),
        _("They are deleted: until then they can be read if a child has to be protected."),
        days=WITH_CHILDREN_DAYS,
        overdue=lambda before: _with_words(before).filter(_watched()),
        end=_delete_words,
    )
    yield Period(
        "pairing_logs",
        _("Goals, plan, places of meetings and the words of the log, after the pairing ended"),
        _("They are deleted; days and hours stay in the mentor’s record."),
        days=RECORD_DAYS,
        overdue=_with_records,
        end=_delete_records,
    )
    yield Period(
        "mentor_approvals",
        _("Who approved a mentor for a student, after the pairing ended"),
        _("It is deleted, with the messages that it allowed."),
        days=WITH_CHILDREN_DAYS,
        overdue=lambda before: MentorApproval.objects.filter(student__pairing__in=_ended(before)),
        end=_delete,
    )
    yield Period(
        "pairing_feedback",
        _("What mentor and teacher wrote about how it was, after the pairing ended"),
        _("It is deleted; the number stays."),
        days=FEEDBACK_DAYS,
        overdue=lambda before: PairingFeedback.objects.exclude(text="").filter(pairing__in=_ended(before)),
        end=lambda rows: _update(rows, text=""),
    )


def _ended(before: datetime) -> QuerySet[Pairing]:
    """Pairings that ended on a day before that of an instant, by the clock of the cluster."""
    day = localtime(before, Cluster.current().zone).date()
    return Pairing.objects.filter(state__in=ENDED, ended_on__lt=day)


def _watched() -> Q:
    """Whether students take part, or could have."""
    return Q(with_students=True) | Exists(PairingStudent.objects.filter(pairing=OuterRef("pk")))


def _is_evidence() -> Exists:
    return Exists(Outcome.objects.filter(evidence=OuterRef("pk")))


def _with_words(before: datetime) -> QuerySet[Pairing]:
    messages = Message.objects.filter(pairing=OuterRef("pk"))
    files = PairingFile.objects.filter(~_is_evidence(), pairing=OuterRef("pk"))
    words = TakenBack.objects.filter(file=None, message=None, pairing=OuterRef("pk"))
    concerns, hides = Concern.objects.filter(pairing=OuterRef("pk")), _reasons().filter(pairing=OuterRef("pk"))
    return _ended(before).filter(Exists(messages) | Exists(files) | Exists(words) | Exists(concerns) | Exists(hides))


def _reasons() -> QuerySet[TakenBack]:
    """Why something was hidden: words too, also of a file that stays as the evidence of a result."""
    return TakenBack.objects.exclude(because="")


def _delete_words(pairings: list[Pairing]) -> None:
    keys = [it.pk for it in pairings]
    Concern.objects.filter(pairing__in=keys).delete()
    TakenBack.objects.filter(file=None, message=None, pairing__in=keys).delete()
    Message.objects.filter(pairing__in=keys).delete()  # with that it was hidden, as of files
    erase_files(PairingFile.objects.filter(~_is_evidence(), pairing__in=keys))
    _reasons().filter(pairing__in=keys).update(because="")


def erase_files(files: QuerySet[PairingFile]) -> None:
    """Delete files of pairings for good; an outcome that one of them shows is shown by it no more."""
    uploads = list(files.values_list("upload", flat=True))
    files.delete()
    erase_uploads(Upload.objects.filter(pk__in=uploads))


def _with_records(before: datetime) -> QuerySet[Pairing]:
    steps, log = Milestone.objects.filter(pairing=OuterRef("pk")), LogEntry.objects.filter(pairing=OuterRef("pk"))
    meetings = Meeting.objects.filter(pairing=OuterRef("pk")).exclude(place="", online_link="")
    said = ~Q(goals="") | Exists(steps) | Exists(log.exclude(what="", coming="")) | Exists(meetings)
    return _ended(before).filter(said)


def _delete_records(pairings: list[Pairing]) -> None:
    keys = [it.pk for it in pairings]
    Milestone.objects.filter(pairing__in=keys).delete()
    Meeting.objects.filter(pairing__in=keys).update(place="", online_link="")
    LogEntry.objects.filter(pairing__in=keys).update(what="", coming="")
    _update(pairings, goals="")


def _over(before: datetime) -> Q:
    """Of pairings that are neither asked about nor under way, since before an instant."""
    return ~Q(state__in=Pairing.LIVE) & Q(state_since__lt=before)


def _old_requests(before: datetime) -> QuerySet[MentorRequest]:
    says = MentorRequest.objects.exclude(text="", closed_because="")
    lately = Pairing.objects.filter(Q(state__in=Pairing.LIVE) | Q(state_since__gte=before), request=OuterRef("pk"))
    return says.exclude(state__in=MentorRequest.LIVE).filter(~Exists(lately), state_since__lt=before)


def empty_requests(requests: list[MentorRequest], **also: str) -> None:
    """Delete what these requests say in their own words; `also` names more."""
    _update(requests, text="", closed_because="", **also)


def _old_offers(before: datetime) -> QuerySet[Mentor]:
    over = Mentor.objects.filter(state__in=[Mentor.State.DECLINED, Mentor.State.ENDED], state_since__lt=before)
    return over.exclude(**NO_OFFER)


def forget_words_of(person: Any) -> None:
    """Delete what an erased person wrote and shared, and results' evidence that names them.

    What an adult wrote where students take part stays for its time: nobody erases themself out of a child's record.
    """
    selves = person.selves
    own = PairingStudent.objects.filter(person__in=selves)
    watched = Pairing.objects.filter(_watched()).exclude(pk__in=own.values("pairing"))
    Message.objects.filter(by__in=selves).exclude(pairing__in=watched).delete()
    reached = Outcome.objects.filter(students__in=own).values("pk")
    shows_them = PairingFile.objects.filter(pk__in=Outcome.objects.filter(pk__in=reached).values("evidence"))
    mine = PairingFile.objects.filter(by__in=selves).exclude(pairing__in=watched)
    files = [*mine.filter(~_is_evidence()).values_list("pk", flat=True), *shows_them.values_list("pk", flat=True)]
    erase_files(PairingFile.objects.filter(pk__in=files))
    Outcome.objects.filter(pk__in=list(reached.values_list("pk", flat=True))).update(evidence_link="")
    said = Pairing.objects.filter(Q(mentor__person__in=selves) | Q(request__by__in=selves)).exclude(because="")
    said.update(because="")


def _update(rows: list[Any], **facts: Any) -> None:
    if rows:
        type(rows[0])._base_manager.filter(pk__in=[it.pk for it in rows]).update(**facts)


def _delete(rows: list[Any]) -> None:
    type(rows[0])._base_manager.filter(pk__in=[it.pk for it in rows]).delete()


register_periods(periods)
