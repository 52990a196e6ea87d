"""Lists that leave the portal as spreadsheets."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cluster_portal.sheets import as_xlsx
from courses.completion import completions_of
from courses.feedback import Results
from courses.models import Attendance, Enrolment, Run, Seat, Session
from courses.words import answer_to, date_format
from members.consent import conceal_names


class Roster:
    """The people of a run, a line each. `columns` pairs each heading with what it shows of an enrolment."""

    def __init__(self, run: Run):
        self.run, self.questions = run, list(run.questions.all())

    def columns(self) -> list[tuple[str, Any]]:
        return [
            (_("Family name"), lambda it: it.person.family_name),
            (_("Given name"), lambda it: it.person.given_name),
            (_("Patronymic"), lambda it: it.person.patronymic),
            (_("Institution"), lambda it: str(it.affiliation.institution) if it.affiliation else ""),
            (_("Role"), lambda it: it.affiliation.get_role_display() if it.affiliation else ""),
            (_("E-mail"), lambda it: it.person.address),
            (_("Room or online"), lambda it: it.pool.get_sort_display()),
            (_("State"), lambda it: it.get_state_display()),
            *((question.text, partial(answer_to, question)) for question in self.questions),
        ]

    def rows(self):
        """The lines; children whose name may not be published stand without it."""
        columns, enrolments = self.columns(), list(self.run.enrolments.for_roster())
        conceal_names(it.person for it in enrolments)
        for enrolment in enrolments:
            yield [value(enrolment) for _heading, value in columns]


def roster_workbook(run: Run) -> bytes:
    """The roster of a run as the bytes of an XLSX file."""
    roster = Roster(run)
    return as_xlsx(_("Roster"), [heading for heading, _value in roster.columns()], roster.rows())


def session_workbook(session: Session) -> bytes:
    """Who chose a session, and who waits for it, as the bytes of an XLSX file."""
    seats = list(session.seats.for_roster())
    conceal_names(it.enrolment.person for it in seats)
    return as_xlsx(_("Roster"), [heading for heading, _value in SEAT_COLUMNS], (_line(seat) for seat in seats))


def attendance_workbook(run: Run) -> bytes:
    """Who was in which session of a run, and who has completed it, as the bytes of an XLSX file."""
    sessions = list(run.sessions.planned())
    enrolments = list(run.enrolments.confirmed().for_roster())
    conceal_names(it.person for it in enrolments)
    headings = [str(heading) for heading, _value in PERSON_COLUMNS]
    headings += [_day(session, run) for session in sessions]
    headings += [_("Attended"), _("Sessions that count"), _("Needed"), _("Completed the run")]
    return as_xlsx(_("Attendance"), headings, _attendance_lines(run, sessions, enrolments))


def _attendance_lines(run: Run, sessions: list[Session], enrolments: list[Enrolment]) -> Iterator[list[Any]]:
    marks = {
        (enrolment, session): Attendance.Mark(mark).label
        for enrolment, session, mark in Attendance.objects.marked()
        .filter(session__in=sessions)
        .order_by()
        .values_list("enrolment", "session", "mark")
    }
    done = completions_of(enrolments)
    for it in enrolments:
        how = done[it.pk]
        line: list[Any] = [value(it) for _heading, value in PERSON_COLUMNS]
        line += [str(marks.get((it.pk, session.pk), "")) for session in sessions]
        yield [*line, how.attended, how.total, how.needed, _("Yes") if how.is_complete else _("No")]


def _day(session: Session, run: Run) -> str:
    """A session as the head of a column: its day and time by the clock of the run."""
    start = session.starts_at.astimezone(run.zone)
    return f"{date_format(start, 'j E Y')} {date_format(start, 'H:i')}"


PERSON_COLUMNS = (
    (gettext_lazy("Family name"), lambda it: it.person.family_name),
    (gettext_lazy("Given name"), lambda it: it.person.given_name),
    (gettext_lazy("Patronymic"), lambda it: it.person.patronymic),
    (gettext_lazy("Institution"), lambda it: str(it.affiliation.institution) if it.affiliation else ""),
    (gettext_lazy("Room or online"), lambda it: it.pool.get_sort_display()),
)


def _line(seat: Seat) -> list[str]:
    return [value(seat) for _heading, value in SEAT_COLUMNS]


SEAT_COLUMNS = (
    (gettext_lazy("Family name"), lambda it: it.enrolment.person.family_name),
    (gettext_lazy("Given name"), lambda it: it.enrolment.person.given_name),
    (gettext_lazy("Patronymic"), lambda it: it.enrolment.person.patronymic),
    (
        gettext_lazy("Institution"),
        lambda it: str(it.enrolment.affiliation.institution) if it.enrolment.affiliation else "",
    ),
    (gettext_lazy("E-mail"), lambda it: it.enrolment.person.address),
    (gettext_lazy("Room or online"), lambda it: it.pool.get_sort_display()),
    (gettext_lazy("State"), lambda it: it.get_state_display()),
)


def feedback_workbook(results: Results) -> bytes:
    """What is shown of the feedback about a run: a line for each number of a question, and for each text."""
    headings = [_("Question"), _("Answer"), _("People")]
    return as_xlsx(_("Feedback"), headings, _said_in(results))


def _said_in(results: Results) -> Iterator[list[Any]]:
    for it in results.of_each:
        yield from ([it.question.text, number, count] for number, count in it.counts)
        yield from ([it.question.text, text, ""] for text in it.texts)
