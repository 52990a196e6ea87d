"""Marking who was in a session. The session is locked first: several people mark at once (decision 085)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_many
from cluster_portal.moves import Refused
from courses.attendance import (
    BY_THEMSELVES,
    expected_in,
    link_of,
    why_no_door,
    why_no_roster,
    why_not_joining,
)
from courses.holding import may_still_come
from courses.models import Attendance, Enrolment, FinalWork, Session
from members.models import Person

How, Mark = Attendance.How, Attendance.Mark
LONGEST_AGO = timedelta(days=30)  # how long a press may have waited for the network


@dataclass(frozen=True)
class Press:
    """One pressed button: whom (public id of the enrolment), as what, and how many seconds ago."""

    enrolment: str
    mark: str
    ago: float = 0

    def pressed_at(self, at: datetime) -> datetime:
        """When it was pressed, by our clock: a phone says how long ago, so that its own clock may be wrong."""
        return at - min(max(timedelta(seconds=self.ago), timedelta(0)), LONGEST_AGO)


@transaction.atomic
def mark_attendance(session: Session, presses: Sequence[Press], by: Person, how: str = How.ROSTER) -> int:
    """Mark people of a session; of two presses for one person the later counts. Return how many marks changed.

    What is sent twice changes nothing. Whoever has left the run meanwhile is passed over.
    """
    session = _open_session(session)
    people = {it.public_id: it for it in expected_in(session).filter(public_id__in=[it.enrolment for it in presses])}
    if presses and not people:
        raise Refused(_("Nobody of these is in this session any more. Reload the page to see its list."))
    at = now()
    known = {it.enrolment_id: it for it in session.attendance.filter(enrolment__in=list(people.values()))}
    changed = 0
    for press in sorted(presses, key=lambda it: it.pressed_at(at)):
        if enrolment := people.get(press.enrolment):
            mark = known.get(enrolment.pk) or _new(session, enrolment)
            changed += _write(mark, press.mark, press.pressed_at(at), by, how)
            known[enrolment.pk] = mark
    return changed


@transaction.atomic
def mark_rest_present(session: Session, by: Person) -> int:
    """Mark everybody present who has no mark yet; return how many these were."""
    session, at = _open_session(session), now()
    rest = expected_in(session).exclude(attendance__session=session).order_by("pk")
    facts = {"mark": Mark.PRESENT, "how": How.ROSTER, "pressed_at": at, "noted_by": by}
    marks = Attendance.objects.bulk_create(Attendance(session=session, enrolment=it, **facts) for it in rest)
    record_many("courses.attendance.mark", marks, by=by, before="", after=Mark.PRESENT, how=How.ROSTER)
    return len(marks)


@transaction.atomic
def check_in(session: Session, enrolment: Enrolment, by: Person) -> Attendance:
    """Somebody says by the code at the door that they are there. Twice is once; a mark of the instructors stands."""
    session = _locked(session)
    if why := why_no_door(session, now()):
        raise Refused(why)
    if not expected_in(session).filter(pk=enrolment.pk).exists():
        raise Refused(_("You have no place in this session. The page of the run says what you have."))
    if not may_still_come(enrolment.person):
        raise Refused(_("Consent to taking part is missing. Talk to the instructor."))
    mark = session.attendance.filter(enrolment=enrolment).first() or _new(session, enrolment)
    if mark.pk and mark.how not in BY_THEMSELVES and mark.mark not in Attendance.ATTENDED:
        raise Refused(_("The instructor has marked you otherwise. Tell them that you are here."))
    if not mark.pk:
        _write(mark, Mark.PRESENT, now(), by, How.CODE)
    return mark


@transaction.atomic
def join_session(session: Session, enrolment: Enrolment, by: Person) -> str:
    """Let somebody join online, which marks them present where the run says so; return the link."""
    session = _locked(session)
    if why := why_not_joining(session, enrolment, now()):
        raise Refused(why)
    if not may_still_come(enrolment.person):
        raise Refused(_("Consent to taking part is missing. Talk to the instructor."))
    if session.run.joining_counts and not session.attendance.filter(enrolment=enrolment).exists():
        _write(_new(session, enrolment), Mark.PRESENT, now(), by, How.JOINED)
    return link_of(session)


@transaction.atomic
def hand_over(ends: Enrolment, stays: Enrolment) -> None:
    """Of two enrolments of one person in a run one stays: with the marks and the final work that it has not itself."""
    marked = Attendance.objects.filter(enrolment=stays).values("session")
    ends.attendance.exclude(session__in=marked).update(enrolment=stays)
    if not FinalWork.objects.filter(enrolment=stays).exists():
        FinalWork.objects.filter(enrolment=ends).update(enrolment=stays)


def _locked(session: Session) -> Session:
    """The session as it is now; all marks of it wait for each other here."""
    rows = Session.objects.select_for_update(no_key=True, of=("self",)).select_related("run")
    return rows.get(pk=session.pk)


def _open_session(session: Session) -> Session:
    session = _locked(session)
    if why := why_no_roster(session, now()):
        raise Refused(why)
    return session


def _new(session: Session, enrolment: Enrolment) -> Attendance:
    return Attendance(session=session, enrolment=enrolment)


def _write(it: Attendance, mark: str, pressed_at: datetime, by: Person, how: str) -> bool:
    """Write a mark down unless a later press has; the same mark again only says that it still holds."""
    before = it.mark
    if it.pk and it.pressed_at > pressed_at:
        return False
    it.pressed_at = pressed_at
    if it.pk and before == mark:
        it.save(update_fields=["pressed_at"])
        return False
    it.mark, it.how, it.noted_by, it.noted_at = mark, how, by, now()
    it.save()
    record("courses.attendance.mark", it, by=by, before=before, after=mark, how=how)
    return True
