"""How far somebody is in a run: the one answer to "11 of 16, 12 needed" for pages, certificates and pathways.

The rule is the run's own: a share of the sessions that are for this person, a final work, feedback (decision 086).
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.prepared import AnyOf, prepared, together
from courses.models import Attendance, Enrolment, FinalWork, Run, Seat, Session

Mark = Attendance.Mark


@dataclass(frozen=True)
class Part:
    """One thing that completing a run asks for: whether it is done, and how it stands in words."""

    done: bool
    said: str


@dataclass(frozen=True)
class Completion:
    """How far one person is. Excused sessions leave the total; `is_in`: their place in the run is certain."""

    attended: int
    total: int
    needed: int
    is_in: bool
    parts: list[Part]

    @property
    def is_complete(self) -> bool:
        """Whether everything that the run asks for is done."""
        return self.is_in and all(part.done for part in self.parts)

    def missing_of(self, enrolment: Enrolment) -> str:
        """Why this person has not completed the run, in a sentence."""
        missing = "; ".join(part.said for part in self.parts if not part.done) or enrolment.get_state_display()
        said = {"name": enrolment.person.full_name, "missing": missing}
        return _("%(name)s has not completed the run: %(missing)s.") % said

    @property
    def counted(self) -> str:
        """The sessions in words."""
        return self.parts[0].said


def completion_of(enrolment: Enrolment) -> Completion:
    """How far one person is in their run."""
    return completions_of([enrolment])[enrolment.pk]


def completions_of(enrolments: Collection[Enrolment]) -> dict[int, Completion]:
    """How far each of these is in their run, by key: a fixed number of queries for any number of people and runs."""
    sessions_in, marks_among = together(
        _sessions_in.asked(runs=list({it.run_id for it in enrolments})),
        _marks_among.asked(enrolments=[it.pk for it in enrolments]),
    )
    last_ends: dict[int, datetime] = {}
    sessions = _sessions_of_each(enrolments, sessions_in, last_ends)
    marks = _marks_of_each(marks_among)
    works, leading = _works_of(enrolments), _leading(enrolments)
    for it in enrolments:
        it.run.last_end = last_ends.get(it.run_id)  # as `with_dates` asks for it
    return {
        it.pk: _completion(it.run, it, sessions[it.pk], marks[it.pk], works.get(it.pk), it.pk not in leading)
        for it in enrolments
    }


def _sessions_of_each(
    enrolments: Collection[Enrolment], rows: list[tuple], last_ends: dict[int, datetime]
) -> dict[int, set[int]]:
    """The keys of the sessions that are for each person: those for everybody, and those they chose.

    Of each run (by key) it also notes when its last session ends.
    """
    plenary: dict[int, set[int]] = defaultdict(set)
    chosen = set()
    for key, run, has_own_places, end in rows:
        last_ends[run] = max(end, last_ends.get(run, end))
        if has_own_places:
            chosen.add(key)
        else:
            plenary[run].add(key)
    found = {it.pk: set(plenary[it.run_id]) for it in enrolments}
    if chosen:
        seats = Seat.objects.confirmed().filter(session__in=chosen, enrolment__in=list(found))
        for enrolment, session in seats.values_list("enrolment", "session"):
            found[enrolment].add(session)
    return found


def _marks_of_each(rows: list[tuple]) -> dict[int, dict[int, str]]:
    """For each enrolment the mark of every session that was marked."""
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for enrolment, session, mark in rows:
        found[enrolment][session] = mark
    return found


def _works_of(enrolments: Collection[Enrolment]) -> dict[int, str]:
    """The state of each final work, where a run asks for one."""
    asked = [it.pk for it in enrolments if it.run.needs_work]
    if not asked:
        return {}
    rows = FinalWork.objects.filter(enrolment__in=asked).order_by()
    return dict(rows.values_list("enrolment", "state"))


def _leading(enrolments: Collection[Enrolment]) -> set[int]:
    """Who leads the run and is not asked for feedback, where a run asks for some (decision 089)."""
    asked = [it.pk for it in enrolments if it.run.needs_feedback]
    return set(Enrolment.objects.filter(pk__in=asked).leading().values_list("pk", flat=True)) if asked else set()


def _completion(
    run: Run, it: Enrolment, sessions: set[int], marks: dict[int, str], work: str | None, is_asked: bool
) -> Completion:
    counted = Counter(mark for session, mark in marks.items() if session in sessions)
    attended = sum(counted[mark] for mark in Attendance.ATTENDED)
    total = len(sessions) - counted[Mark.EXCUSED]
    needed = -(-total * run.attendance_needed // 100)
    parts = [_attendance(run, attended, total, needed, is_excused=bool(sessions) and not total)]
    if run.needs_work:
        parts.append(_work(work))
    if run.needs_feedback and is_asked:
        given = it.feedback_on is not None
        parts.append(Part(given, _("Feedback is given") if given else _("Feedback is not given yet")))
    return Completion(attended, total, needed, it.state == Enrolment.State.CONFIRMED, parts)


def _attendance(run: Run, attended: int, total: int, needed: int, is_excused: bool) -> Part:
    """Whether enough sessions are attended. Where any are needed, who came to none has not completed the run.

    What asks for nothing at all is completed when it is over, not when somebody has a place in it (decision 090).
    """
    if not run.attendance_needed:
        said = ngettext("%(attended)s of %(total)s session", "%(attended)s of %(total)s sessions", total)
        asks_more = run.needs_work or run.needs_feedback
        return Part(asks_more or run.is_over_at(now()), said % {"attended": attended, "total": total})
    if is_excused:
        return Part(False, _("Excused from every session; one has to be attended"))
    if not total:
        return Part(False, _("No session is planned yet"))
    said = ngettext(
        "%(attended)s of %(total)s session, %(needed)s needed",
        "%(attended)s of %(total)s sessions, %(needed)s needed",
        total,
    )
    done = attended >= max(needed, 1)
    return Part(done, said % {"attended": attended, "total": total, "needed": needed})


WORK_SAID = {
    FinalWork.State.HANDED_IN: lambda: _("The final work is handed in and not read yet"),
    FinalWork.State.RETURNED: lambda: _("The final work is to be revised"),
    FinalWork.State.ACCEPTED: lambda: _("The final work is accepted"),
}


def _work(state: str | None) -> Part:
    if state is None:
        return Part(False, _("The final work is not handed in yet"))
    return Part(state == FinalWork.State.ACCEPTED, WORK_SAID[FinalWork.State(state)]())


@prepared
def _sessions_in(runs):
    rows = Session.objects.planned().filter(AnyOf("run", runs)).with_own_places().order_by()
    return rows.values_list("pk", "run", "has_own_places", "ends_at")


@prepared
def _marks_among(enrolments):
    rows = Attendance.objects.filter(AnyOf("enrolment", enrolments)).order_by()
    return rows.values_list("enrolment", "session", "mark")
