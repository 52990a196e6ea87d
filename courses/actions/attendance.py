"""Marking who was in a session. The session is locked first: several people mark at once (decision 085)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record_many
from cluster_portal.moves import Refused
from courses.attendance import (
    BY_THEMSELVES,
    expected_in,
    link_of,
    why_no_door,
    why_no_roster,
    why_not_by_the_door,
    why_not_joining,
)
from courses.holding import may_still_come
from courses.models import Attendance, Enrolment, Session
from members.models import Person

How, Mark = Attendance.How, Attendance.Mark
LONGEST_AGO = timedelta(days=30)  # how long a press may have waited for the network
EVERYBODY = "*"  # whom "All others are present" is about
UNLESS_MARKED = (*BY_THEMSELVES, How.REST)  # a mark that an instructor gives one person comes before these


@dataclass(frozen=True)
class Press:
    """One pressed button: whom (public id of the enrolment, or everybody), as what, and how many seconds ago.

    An empty mark takes back what was marked; for everybody, what the reader marked with all others. `number` is which
    press of its device it was: a press that travels for long would else seem to be the later one.
    """

    enrolment: str
    mark: str
    ago: float = 0
    device: str = ""
    number: int | None = None

    def pressed_at(self, at: datetime) -> datetime:
        """When it was pressed, by our clock: a phone says how long ago, so that its own clock may be wrong."""
        return at - min(max(timedelta(seconds=self.ago), timedelta(0)), LONGEST_AGO)


@transaction.atomic
def mark_attendance(session: Session, presses: Sequence[Press], by: Person, how: str = How.ROSTER) -> int:
    """Mark people of a session; of two presses for one person the later counts. Return how many marks changed.

    What is sent twice changes nothing. Whoever has left the run meanwhile is passed over, and so is oneself.
    """
    session, at = _open_session(session), now()
    presses = sorted(presses, key=lambda it: (it.number or 0, it.pressed_at(at)))
    single = [it for it in presses if it.enrolment != EVERYBODY]
    people = _people_of(session, single, by)
    known = {it.enrolment_id: it for it in session.attendance.filter(enrolment__in=list(people.values()))}
    changed = 0
    for press in single:
        if enrolment := people.get(press.enrolment):
            mark = known.setdefault(enrolment.pk, _new(session, enrolment))
            changed += _write(mark, press, at, by, how)
    return changed + sum(_mark_rest(session, it, at, by) for it in presses if it.enrolment == EVERYBODY)


def _people_of(session: Session, presses: Sequence[Press], by: Person) -> dict[str, Enrolment]:
    """Whom these presses are about, of those who are in the session; raises Refused where that is nobody."""
    asked = expected_in(session).filter(public_id__in=[it.enrolment for it in presses])
    people = {it.public_id: it for it in asked if it.person_id != by.pk}
    if presses and not people and asked:
        raise Refused(_("Nobody marks themself. Another leader of the run marks you, or its coordinator."))
    if presses and not people:
        raise Refused(_("Nobody of these is in this session any more. Reload the page to see its list."))
    return people


def _mark_rest(session: Session, press: Press, at: datetime, by: Person) -> int:
    """Mark everybody present who has no mark, or take that back; return how many these were."""
    if not press.mark:
        return _take_rest_back(session, press, at, by)
    others = expected_in(session).exclude(person=by)
    facts = {"mark": Mark.PRESENT, "how": How.REST, "pressed_at": press.pressed_at(at), "noted_by": by}
    facts |= {"device": press.device, "number": press.number}
    unmarked = session.attendance.filter(mark="", enrolment__in=others)
    again = [it for it in unmarked if _comes_after(press, it, at, How.REST)]
    session.attendance.filter(pk__in=[it.pk for it in again]).update(noted_at=at, **facts)
    rest = others.exclude(attendance__session=session).order_by("pk")
    new = Attendance.objects.bulk_create(Attendance(session=session, enrolment=it, **facts) for it in rest)
    _record([*again, *new], by, "", Mark.PRESENT, How.REST, press.pressed_at(at))
    return len(again) + len(new)


def _take_rest_back(session: Session, press: Press, at: datetime, by: Person) -> int:
    """Of what this person marked with all others, take back what nobody has changed since."""
    rows = session.attendance.marked().filter(how=How.REST, noted_by=by)
    gone = [it for it in rows if _comes_after(press, it, at, How.REST)]
    facts = {"mark": "", "how": How.ROSTER, "pressed_at": press.pressed_at(at), "noted_at": at}
    facts |= {"device": press.device, "number": press.number}
    session.attendance.filter(pk__in=[it.pk for it in gone]).update(**facts)
    _record(gone, by, Mark.PRESENT, "", How.ROSTER, press.pressed_at(at))
    return len(gone)


@transaction.atomic
def check_in(session: Session, enrolment: Enrolment, by: Person) -> Attendance:
    """Somebody says by the code at the door that they are there. Twice is once; a mark of the instructors stands."""
    session = _locked(session)
    if why := why_no_door(session, now()):
        raise Refused(why)
    if not expected_in(session).filter(pk=enrolment.pk).exists():
        raise Refused(_("You have no place in this session. The page of the run says what you have."))
    if why := why_not_by_the_door(enrolment):
        raise Refused(why)
    if not may_still_come(enrolment.person):
        raise Refused(_("Consent to taking part is missing. Talk to the instructor."))
    mark = session.attendance.filter(enrolment=enrolment).first() or _new(session, enrolment)
    if mark.mark and mark.mark not in Attendance.ATTENDED:
        raise Refused(_("The instructor has marked you otherwise. Tell them that you are here."))
    if not mark.mark:
        _write(mark, Press(enrolment.public_id, Mark.PRESENT), now(), by, How.CODE)
    return mark


@transaction.atomic
def join_session(session: Session, enrolment: Enrolment, by: Person) -> str:
    """Let somebody join online, which marks them present where the run says so; return the link."""
    session = _locked(session)
    if why := why_not_joining(session, enrolment, now()):
        raise Refused(why)
    if not may_still_come(enrolment.person):
        raise Refused(_("Consent to taking part is missing. Talk to the instructor."))
    mark = session.attendance.filter(enrolment=enrolment).first() or _new(session, enrolment)
    if session.run.joining_counts and not mark.mark:
        _write(mark, Press(enrolment.public_id, Mark.PRESENT), now(), by, How.JOINED)
    return link_of(session)


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


def _comes_after(press: Press, it: Attendance, at: datetime, how: str) -> bool:
    """Whether a press counts against a mark that stands.

    What an instructor says of one person comes before what the person said, and before "all others". Presses of one
    device come in its own order, those of different devices by the time at which they were pressed.
    """
    if it.how in UNLESS_MARKED and how not in UNLESS_MARKED:
        return True
    if press.number is not None and it.number is not None and press.device == it.device:
        return press.number > it.number
    return press.pressed_at(at) >= it.pressed_at


def _write(it: Attendance, press: Press, at: datetime, by: Person, how: str) -> bool:
    """Write a mark down unless a later press has; the same mark again only says that it still holds."""
    before, is_known = it.mark, it.pk is not None
    if is_known and not _comes_after(press, it, at, how):
        return False
    it.pressed_at, it.device, it.number = press.pressed_at(at), press.device, press.number
    if is_known and before == press.mark and it.how not in UNLESS_MARKED:
        it.save(update_fields=["pressed_at", "device", "number"])
        return False
    it.mark, it.how, it.noted_by, it.noted_at = press.mark, how, by, at
    it.save()
    if before != press.mark:
        _record([it], by, before, press.mark, how, it.pressed_at)
    return before != press.mark


def _record(marks: Iterable[Attendance], by: Person, before: str, after: str, how: str, pressed_at: datetime) -> None:
    """One line of the audit for each mark: what it was, what it is, by what, and when that was pressed."""
    facts = {"before": before, "after": after, "how": how, "pressed_at": pressed_at.isoformat()}
    record_many("courses.attendance.mark", marks, by=by, **facts)
