"""Students of a pairing: added by the teacher, let in once those who decide for them have approved the mentor."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record
from cluster_portal.hooks import WantedMail
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import cancel_mails, queue_mails
from members.consent import state_of
from members.models import Cluster, Person, Purpose, Tie
from members.readers import readers_of
from members.ties import tie_together
from mentorship.actions.meetings import join_meetings, leave_meetings
from mentorship.actions.one_by_one import each
from mentorship.clock import coordinators_for
from mentorship.leaving import has_teacher
from mentorship.locks import lock_pairing, lock_with_mentor
from mentorship.models import Mentor, MentorApproval, Pairing, PairingStudent
from mentorship.readers import NO_CONSENT, is_cleared, why_not_cleared
from mentorship.students import Deciding, deciding_for, may_be_added, profile_of

State = PairingStudent.State
MOVE_TO = {State.APPROVED: "approve", State.REFUSED: "refuse", State.ASKED: "ask"}
MOST_STUDENTS = 30
ASKED, PAUSED = "mentorship/mentor_asked", "mentorship/student_paused"
PROFILE_CHANGED = "mentorship/mentor_changed"


@transaction.atomic
def add_students(pairing: Pairing, students: Collection[Person], by: Person) -> list[PairingStudent]:
    """Add students whom the teacher keeps, for the first time or again: those who decide approve the mentor first."""
    it = lock_pairing(pairing)
    _refuse_unless_open(it)
    kept = {person.pk: person for person in may_be_added(it).filter(pk__in=[person.pk for person in students])}
    if not students or len(kept) != len(set(students)):
        raise Refused(_("Choose students of your classes who are not in this pairing yet."))
    if it.students.not_left().count() + len(kept) > MOST_STUDENTS:
        raise Refused(_("A pairing has 30 students at most. Ask for another mentor for the rest."))
    return [_added(it, person, by) for person in kept.values()]


def _added(pairing: Pairing, person: Person, by: Person) -> PairingStudent:
    """A new row, or the old one: a yes from before does not count any more, a no does."""
    student = pairing.students.filter(person=person).first()
    if student is None:
        student = PairingStudent.objects.create(pairing=pairing, person=person)
        record("mentorship.pairingstudent.add", student, by=by)
        since = ""
    else:
        make_move(student, "ask", by=by, yes_counts_from=now())
        since = student.state_since.isoformat()
    student.pairing = pairing
    _refuse_who_cannot_be_asked(student)
    if not settle_student(student):
        write_to_silent(student, since)
    return student


@dataclass(frozen=True)
class Asked:
    """What came of asking: how many mails were written, and whom (by key) none reaches."""

    written: int
    unreached: set[int]


@transaction.atomic
def ask_student(student: PairingStudent, by: Person) -> Asked:
    """Write once more to those whose word is missing."""
    it = _locked(student)
    _refuse_unless_open(it.pairing)
    if it.state == State.LEFT:
        raise Refused(_("The student was taken out. Add them anew; then those who decide are asked again."))
    _refuse_who_cannot_be_asked(it)
    settle_student(it, by)
    if it.state == State.REFUSED:
        raise Refused(why_refused(it))
    if it.state == State.APPROVED:
        raise Refused(_("Everybody who decides has answered. They can change their word at any time."))
    asked = Asked(write_to_silent(it), unreached(it))
    student.refresh_from_db()
    return asked


@transaction.atomic
def ask_guardians_anew(student: PairingStudent, by: Person) -> None:
    """Let nothing that was said count any more, and ask everybody who decides.

    A coordinator does it who has talked to the family, never the teacher: a no must not be asked away.
    """
    it = _locked(student)
    _refuse_unless_open(it.pairing)
    _refuse_who_cannot_be_asked(it)
    make_move(it, "ask_anew", by=by, yes_counts_from=now(), no_counts_from=now())
    write_to_silent(it, occasion=it.state_since.isoformat())
    student.refresh_from_db()


def write_to_silent(student: PairingStudent, occasion: str = "") -> int:
    """Ask those whose word is missing, once a day; how many mails were written."""
    people = Person.objects.filter(pk__in=_deciding(student).silent).order_by("pk")
    day = occasion or Cluster.current().today().isoformat()
    return queue_mails(WantedMail(ASKED, student, it, day) for it in people)


def unreached(student: PairingStudent) -> set[int]:
    """Whose word is missing (by key), and to whom no mail finds its way."""
    people = Person.objects.filter(pk__in=_deciding(student).silent)
    return {it.pk for it in people if not it.address or it.address_failed_at is not None}


def why_refused(student: PairingStudent) -> str:
    """Why a student does not take part to whom somebody said no, and who can help."""
    said = _(
        "Somebody who decides for %(name)s has said no to this mentor. It stands until they take it back themselves, "
        "or a coordinator asks the guardians anew: %(coordinators)s."
    )
    names = [it.full_name for it in coordinators_for(student.pairing.request)]
    return said % {"name": student.person.short_name, "coordinators": ", ".join(names) or _("the cluster’s")}


def _refuse_who_cannot_be_asked(student: PairingStudent) -> None:
    """Refuse whom nobody could let in: no guardian decides, or taking part is not consented to."""
    name = {"name": student.person.short_name}
    if _deciding(student).lacks_guardian:
        said = _(
            "Nobody is entered as a guardian of %(name)s who could approve the mentor; the mentor’s own word does not "
            "count. Enter a guardian first."
        )
        raise Refused(said % name)
    if state_of(student.person, Purpose.TAKING_PART) in NO_CONSENT:
        said = _("Consent to taking part was refused or taken back for %(name)s. Talk to the guardians first.")
        raise Refused(said % name)


@transaction.atomic
def approve_student(student: PairingStudent, by: Person, seen: str = "") -> None:
    """Say that this mentor may work with the student; `seen` is what was read of the mentor (`profile_of`)."""
    _decide(student, by, granted=True, seen=seen)


@transaction.atomic
def refuse_student(student: PairingStudent, by: Person) -> None:
    """Say that this mentor may not work with the student; at once nothing is shared any more."""
    _decide(student, by, granted=False)


def _decide(student: PairingStudent, by: Person, granted: bool, seen: str = "") -> None:
    it = _locked(student, lock=lock_with_mentor)
    if it.state == State.LEFT or it.pairing.state != Pairing.State.ACTIVE:
        raise Refused(_("There is nothing to decide any more: the student was taken out, or the pairing is ended."))
    deciding, profile = _deciding(it), profile_of(it.pairing.mentor)
    if not by.is_active or by.pk not in deciding.people:
        raise Refused(_("You do not decide this today: the age or your guardianship says so. Ask the school."))
    if seen and seen != profile:
        raise Refused(_("The mentor has changed what they say of themself meanwhile. Read it again, then decide."))
    if (deciding.said.get(by.pk), deciding.profiles.get(by.pk)) != (granted, profile):
        MentorApproval.objects.create(student=it, by=by, granted=granted, profile=profile)
        record("mentorship.pairingstudent.decide", it, by=by)
    settle_student(it, by)
    student.refresh_from_db()


@transaction.atomic
def leave_student(student: PairingStudent, by: Person | None, reason: str = "") -> None:
    """Take a student out; those who decide for them are told, and their calendars."""
    it = _locked(student)
    if it.pairing.state != Pairing.State.ACTIVE:
        raise Refused(_("This pairing is ended. Who took part, and their guardians, can go on reading what is in it."))
    make_move(it, "leave", by=by, reason=reason)
    leave_meetings(it.pairing, it.person)
    _tell(it, "mentorship/student_out", it.state_since.isoformat(), but={by.pk} if by else set())
    student.refresh_from_db()


def tell_of_profile(mentor: Mentor) -> None:
    """Tell everybody who has agreed to a mentor that they say something else of themself now."""
    people = ("person", "pairing__mentor__person", "pairing__request__by", "pairing__request__affiliation__institution")
    theirs = PairingStudent.objects.unsettled().filter(pairing__mentor=mentor)
    rows = list(theirs.select_related(*people).order_by("pk"))
    deciding, profile = deciding_for(rows), profile_of(mentor)
    for it in rows:
        cancel_mails(it, [PROFILE_CHANGED], reason=gettext_noop("it was changed once more"))
        readers = Person.objects.filter(pk__in=deciding[it.pk].agreed_to(profile)).order_by("pk")
        queue_mails(WantedMail(PROFILE_CHANGED, it, one, now().isoformat()) for one in readers)


def settle_student(student: PairingStudent, by: Person | None = None) -> bool:
    """Let the state be what the words come to today; whoever it concerns hears of it. The caller holds the pairing."""
    deciding, before = _deciding(student), student.state
    wanted = deciding.state
    if before in {wanted, State.LEFT}:
        return False
    make_move(student, MOVE_TO[wanted], by=by)
    since = student.state_since.isoformat()
    if wanted == State.APPROVED:
        tie_together([student.pairing.mentor.person, student.person], Tie.Kind.MENTOR, about=student.pairing)
        join_meetings(student.pairing, student.person)
    else:
        leave_meetings(student.pairing, student.person)
    if has_teacher(student.pairing):  # who has left the school reads no names of its students
        queue_mails([WantedMail("mentorship/student_settled", student, student.pairing.request.by, since)])
    if before == State.APPROVED:
        _tell(student, PAUSED, since, but=deciding.silent | ({by.pk} if by else set()))
    if wanted == State.ASKED:
        write_to_silent(student, occasion=since)
    return True


def _tell(student: PairingStudent, template: str, occasion: str, but: Collection[int]) -> None:
    """Write to everybody who reads mail about a student, but to whom it is no news."""
    readers = readers_of([student.person])[student.person_id]
    queue_mails(WantedMail(template, student, it, occasion) for it in readers if it.pk not in but)


def settle_students(of: Person | None = None) -> int:
    """Look again at everybody, or at one student: a birthday, another guardian or a consent changes what counts.

    Each is a transaction of its own, or a part of the caller's; how many were settled.
    """
    rows = PairingStudent.objects.unsettled().select_related("pairing").order_by("pairing", "pk")
    return each(rows.filter(person=of) if of else rows, _looked_at_again)


@transaction.atomic
def _looked_at_again(student: PairingStudent) -> bool:
    it = _locked(student)
    if it.pairing.state != Pairing.State.ACTIVE:  # ended between our look and our lock: what was read stays so
        return False
    is_settled = settle_student(it)
    if it.state == State.APPROVED:
        if state_of(it.person, Purpose.TAKING_PART) not in NO_CONSENT:
            join_meetings(it.pairing, it.person)
        elif leave_meetings(it.pairing, it.person):
            _tell(it, PAUSED, now().isoformat(), but=())
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


def _locked(student: PairingStudent, lock: Callable[[Pairing], Pairing] = lock_pairing) -> PairingStudent:
    """The pairing first, then its student."""
    pairing = lock(student.pairing)
    rows = PairingStudent.objects.select_for_update(no_key=True, of=("self",)).select_related("person")
    it = rows.get(pk=student.pk)
    it.pairing = pairing
    return it
