"""The mails about final works, and who may read their files."""

from typing import Any

from cluster_portal.hooks import MailKind, WantedMail, register_mail, register_upload_reader
from cluster_portal.models import OutboxMail, Upload
from courses.mails import about_enrolment, page_of_child
from courses.models import Enrolment, FinalWork
from members.consent import first_name_and_initial
from members.rules import guards_the_child


def _is_to_be_read(mail: OutboxMail) -> bool:
    """The work still waits, and its reader still teaches the run."""
    return FinalWork.objects.read_by(mail.to).to_read().filter(public_id=mail.about_id).exists()


def _while_work_is(state: str):
    """Due while the work stands so, and its reader is the author or still a guardian who decides for them."""

    def still_due(mail: OutboxMail) -> bool:
        it = Enrolment.objects.filter(public_id=mail.about_id, work__state=state).select_related("person").first()
        return it is not None and (it.person_id == mail.to_id or guards_the_child(mail.to, it.person))

    return still_due


def _about_work(wanted: WantedMail) -> dict[str, Any]:
    work = wanted.about
    run = work.enrolment.run
    return {
        "name": first_name_and_initial(work.enrolment.person),
        "run": run,
        "title": run.course.title,
        "work_page": work.get_absolute_url(),
    }


def _about_answer(wanted: WantedMail) -> dict[str, Any]:
    work = FinalWork.objects.get(enrolment=wanted.about)
    return about_enrolment(wanted) | {"note": work.note}


def may_read_work(person: Any, upload: Upload) -> bool:
    """Its author and those who decide for them, and whoever teaches or coordinates the run."""
    work = FinalWork.objects.filter(public_id=upload.about_id).select_related("enrolment__person").first()
    if work is None or not person.is_authenticated:
        return False
    own = work.enrolment.person_id == person.pk or guards_the_child(person, work.enrolment.person)
    return own or FinalWork.objects.read_by(person).filter(pk=work.pk).exists()


register_upload_reader("courses.finalwork", may_read_work)
register_mail(
    MailKind("courses/work_handed_in", _is_to_be_read, context=_about_work),
    MailKind("courses/work_returned", _while_work_is("returned"), secrets=page_of_child, context=_about_answer),
    MailKind("courses/work_accepted", _while_work_is("accepted"), secrets=page_of_child, context=_about_answer),
)
