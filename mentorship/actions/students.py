"""Students of a pairing: added by the teacher, let in once those who decide for them have approved the mentor."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.hooks import WantedMail
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import queue_mails
from members.consent import state_of
from members.models import Cluster, Person, Purpose, Tie
from members.readers import readers_of
from members.ties import tie_together
from mentorship.actions.meetings import join_meetings, leave_meetings
from mentorship.locks import lock_pairing
from mentorship.models import MentorApproval, Pairing, PairingStudent
from mentorship.readers import NO_CONSENT, is_cleared, why_not_cleared
from mentorship.students import Deciding, deciding_for, may_be_added

State = PairingStudent.State
MOVE_TO = {State.APPROVED: "approve", State.REFUSED: "refuse", State.ASKED: "ask"}
MOST_STUDENTS = 30


@transaction.atomic
def add_students(pairing: Pairing, students: Collection[Person], by: Person) -> list[PairingStudent]:
    """Add students whom the teacher keeps; those who decide for each approve the mentor first, or do not."""
    it = lock_pairing(pairing)
    _refuse_unless_open(it)
    kept = {person.pk: person for person in may_be_added(it).filter(pk__in=[person.pk for person in students])}
    if not students or len(kept) != len(set(students)):
        raise Refused(_("Choose students of your classes who are not in this pairing yet."))
    if it.students.not_left().count() + len(kept) > MOST_STUDENTS:
        raise Refused(_("A pairing has 30 students at most. Ask for another mentor for the rest."))
    return [_added(it, person, by) for person in kept.values()]


def _added(pairing: Pairing, person: Person, by: Person) -> PairingStudent:
    student = pairing.students.filter(person=person).first()
    if student is None:
        student = PairingStudent.objects.create(pairing=pairing, person=person)
        record("mentorship.pairingstudent.add", student, by=by)
    else:
        make_move(student, "ask", by=by)
    student.pairing = pairing
    _ask(student)
    return student


@transaction.atomic
def ask_student(student: PairingStudent, by: Person) -> None:
    """Ask once more: of somebody who was taken out, or to whom somebody said no."""
    it = _locked(student)
    _refuse_unless_open(it.pairing)
    # What was said stands; only who was taken out, or whose word is missing, can be asked about.
    if it.state == State.LEFT:
        make_move(it, "ask", by=by)
    elif it.state != State.ASKED:
        raise Refused(_("Everybody who decides has answered. They can change their word at any time."))
    _ask(it)
    student.refresh_from_db()


def _ask(student: PairingStudent) -> None:
    """Ask those whose word is missing; who has approved this mentor before is in at once."""
    deciding = _deciding(student)
    if deciding.deciders.guardians and not deciding.guardians:
        said = _("Nobody is entered as a guardian of %(name)s, so nobody can approve the mentor. Enter one first.")
        raise Refused(said % {"name": student.person.short_name})
    if state_of(student.person, Purpose.TAKING_PART) in NO_CONSENT:
        said = _("Consent to taking part was refused or taken back for %(name)s. Talk to the guardians first.")
        raise Refused(said % {"name": student.person.short_name})
    settle_student(student)
    if student.state == State.ASKED:
        people = Person.objects.filter(pk__in=deciding.silent).order_by("pk")
        day = Cluster.current().today().isoformat()
        queue_mails(WantedMail("mentorship/mentor_asked", student, it, day) for it in people)


@transaction.atomic
def approve_student(student: PairingStudent, by: Person) -> None:
    """Say that this mentor may work with the student."""
    _decide(student, by, granted=True)


@transaction.atomic
def refuse_student(student: PairingStudent, by: Person) -> None:
    """Say that this mentor may not work with the student; at once nothing is shared any more."""
    _decide(student, by, granted=False)


def _decide(student: PairingStudent, by: Person, granted: bool) -> None:
    it = _locked(student)
    if it.state == State.LEFT or it.pairing.state != Pairing.State.ACTIVE:
        raise Refused(_("There is nothing to decide any more: the student was taken out, or the pairing is ended."))
    deciding = _deciding(it)
    if not by.is_active or by.pk not in deciding.people:
        raise Refused(_("You do not decide this today: the age or your guardianship says so. Ask the school."))
    if deciding.said.get(by.pk) != granted:
        MentorApproval.objects.create(student=it, by=by, granted=granted)
        record("mentorship.pairingstudent.decide", it, by=by)
    settle_student(it, by)
    student.refresh_from_db()


@transaction.atomic
def leave_student(student: PairingStudent, by: Person | None, reason: str = "") -> None:
    """Take a student out; those who decide for them are told, and their calendars."""
    it = _locked(student)
    make_move(it, "leave", by=by, reason=reason)
    leave_meetings(it.pairing, it.person)
    readers = readers_of([it.person])[it.person_id]
    queue_mails(
        WantedMail("mentorship/student_out", it, reader, it.state_since.isoformat())
        for reader in readers
        if by is None or reader.pk != by.pk
    )
    student.refresh_from_db()


def settle_student(student: PairingStudent, by: Person | None = None) -> bool:
    """Let the state be what the words come to today; the teacher hears of it. The caller holds the pairing.

    The portal by itself lifts no no: ending the guardianship of whoever said it would be a way around it.
    """
    wanted = _deciding(student).state
    if student.state in {wanted, State.LEFT} or (by is None and student.state == State.REFUSED):
        return False
    make_move(student, MOVE_TO[wanted], by=by)
    if wanted == State.APPROVED:
        tie_together([student.pairing.mentor.person, student.person], Tie.Kind.MENTOR, about=student.pairing)
        join_meetings(student.pairing, student.person)
    else:
        leave_meetings(student.pairing, student.person)
    teacher, since = student.pairing.request.by, student.state_since.isoformat()
    queue_mails([WantedMail("mentorship/student_settled", student, teacher, since)])
    return True


def settle_students(of: Person | None = None) -> int:
    """Look again at everybody, or at one student: a birthday, another guardian or a consent changes what counts.

    Each is a transaction of its own, or a part of the caller's; how many were settled.
    """
    rows = PairingStudent.objects.unsettled().select_related("pairing")
    return sum(_looked_at_again(it) for it in (rows.filter(person=of) if of else rows).order_by("pairing", "pk"))


@transaction.atomic
def _looked_at_again(student: PairingStudent) -> bool:
    it = _locked(student)
    is_settled = settle_student(it)
    if it.state == State.APPROVED:
        has_consent = state_of(it.person, Purpose.TAKING_PART) not in NO_CONSENT
        (join_meetings if has_consent else leave_meetings)(it.pairing, it.person)
    return is_settled


def _refuse_unless_open(pairing: Pairing) -> None:
    if pairing.state != Pairing.State.ACTIVE:
        raise Refused(_("Students join while the pairing is under way. This one is not."))
    if not pairing.with_students:
        raise Refused(
            _("The mentor was asked to help you alone. Ask for a mentor once more, and mark that students take part.")
        )
    if not is_cleared(pairing):
        raise Refused(why_not_cleared(pairing))


def _deciding(student: PairingStudent) -> Deciding:
    return deciding_for([student])[student.pk]


def _locked(student: PairingStudent) -> PairingStudent:
    """The pairing first, then its student."""
    pairing = lock_pairing(student.pairing)
    rows = PairingStudent.objects.select_for_update(no_key=True, of=("self",)).select_related("person")
    it = rows.get(pk=student.pk)
    it.pairing = pairing
    return it
