"""Final works: handed in, returned with a note, handed in again, accepted."""

from collections.abc import Sequence

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record
from cluster_portal.hooks import WantedMail
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import cancel_mails, queue_mails
from cluster_portal.uploads import erase_uploads, keep_upload, uploads_about
from courses.actions.telling import tell
from courses.models import Enrolment, FinalWork
from members.models import Person

ANSWERS = ["courses/work_returned", "courses/work_accepted"]


@transaction.atomic
def hand_in_work(enrolment: Enrolment, by: Person, text: str = "", files: Sequence[UploadedFile] = ()) -> FinalWork:
    """Hand in a final work, or again what was returned; new files take the place of those before."""
    rows = Enrolment.objects.select_for_update(no_key=True, of=("self",)).select_related("run__course", "person")
    enrolment = rows.get(pk=enrolment.pk)
    if not enrolment.run.needs_work:
        raise Refused(_("No final work is asked for here."))
    if enrolment.state != Enrolment.State.CONFIRMED:
        raise Refused(_("A final work is handed in by those whose place is certain. The page of the run says more."))
    work = FinalWork.objects.filter(enrolment=enrolment).first()
    if work is None:
        work = FinalWork.objects.create(enrolment=enrolment, text=text)
        record("courses.finalwork.create", work, by=by, state=work.state)
    elif work.state == FinalWork.State.RETURNED:
        make_move(work, "hand_in", by=by, text=text, handed_in_at=now())
        cancel_mails(about=enrolment, templates=ANSWERS, reason=gettext_noop("the work was handed in again"))
    else:
        raise Refused(_("Your work is handed in already. The instructor can return it to you for changes."))
    _keep_files(work, files, by)
    _tell_readers(work, enrolment)
    return work


@transaction.atomic
def accept_work(work: FinalWork, by: Person, note: str = "") -> None:
    """Accept a work: it counts towards completing the run, and its author is told."""
    _answer(work, "accept", by, note)


@transaction.atomic
def return_work(work: FinalWork, by: Person, note: str = "") -> None:
    """Return a work with a note that says what to change; its author is told."""
    if not note.strip():
        raise Refused(_("Say in the note what is to be changed, then return the work."))
    _answer(work, "return", by, note)


def _answer(work: FinalWork, move: str, by: Person, note: str) -> None:
    make_move(work, move, by=by, note=note.strip() or work.note)  # what was said before stays, when nothing new is
    enrolment = Enrolment.objects.select_related("run__course", "person", "pool").get(pk=work.enrolment_id)
    cancel_mails(about=work, reason=gettext_noop("the work was read"))
    cancel_mails(about=enrolment, templates=ANSWERS, reason=gettext_noop("the work was read once more"))
    template = "courses/work_accepted" if move == "accept" else "courses/work_returned"
    tell([enrolment], template, occasion=work.state_since.isoformat())


def _keep_files(work: FinalWork, files: Sequence[UploadedFile], by: Person) -> None:
    if files:
        erase_uploads(uploads_about(work))
    for file in files:
        keep_upload(file, about=work, by=by)


def _tell_readers(work: FinalWork, enrolment: Enrolment) -> None:
    """One mail for each instructor; where a run has none, the work stands on the coordinator's desk."""
    people = enrolment.run.instructors.active().exclude(pk=enrolment.person_id)
    occasion = work.handed_in_at.isoformat()
    queue_mails(WantedMail("courses/work_handed_in", work, it, occasion) for it in people.order_by("pk") if it.address)
