"""Feedback: who can give it and until when, and what those who lead a run read of it (decision 089)."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from courses.models import Attendance, Enrolment, FeedbackAnswer, FeedbackQuestion, Run, Session

FEWEST = 5  # people whose answers are shown together
OPEN_FOR = timedelta(days=90)  # after the last session
ASKED_IN = [Run.State.PUBLISHED, Run.State.CLOSED]
NUMBERS = (5, 4, 3, 2, 1)


@dataclass(frozen=True)
class Ending:
    """When the last session of a run ends: feedback is asked from then on."""

    at: datetime

    @property
    def closes_at(self) -> datetime:
        return self.at + OPEN_FOR

    @property
    def occasion(self) -> str:
        """What makes a mail another one: a later end, when sessions were added."""
        return self.at.isoformat()


def ends_at(run: Run) -> Ending | None:
    """The end of the last session, from sessions that may have been fetched; None: there are none."""
    planned = [it.ends_at for it in run.sessions.all() if it.state == Session.State.PLANNED]
    return Ending(max(planned)) if planned else None


def why_not_asked(run: Run, at: datetime) -> str:
    """The sentence that says why nobody can give feedback about a run at an instant; nothing when they can."""
    ending = ends_at(run)
    if run.state not in ASKED_IN or ending is None or at < ending.at:
        return _("Feedback is given when the last session is over. A mail says so then.")
    if at >= ending.closes_at:
        closed = date_format(localtime(ending.closes_at, run.zone), "j E Y")
        return _("Feedback could be given until %(day)s.") % {"day": closed}
    return "" if run.feedback_questions.all() else _("Nothing is asked about this run.")


def asks_in_vain(run: Run) -> bool:
    """Whether so few took part that nobody would ever read what they say, and completing the run does not need it."""
    asked = run.enrolments.asked_how_it_was().filter(took_part())
    return not run.needs_feedback and asked[:FEWEST].count() < FEWEST


def why_no_feedback(enrolment: Enrolment, at: datetime) -> str:
    """The same for one person: those who took part, and do not lead the run, give it once."""
    if enrolment.feedback_on is not None:
        return _("Feedback is given. Thank you.")
    not_theirs = _("Feedback is for those who took part.")
    if enrolment.state != Enrolment.State.CONFIRMED:
        return not_theirs
    if why := why_not_asked(enrolment.run, at):
        return why
    if enrolment.person.has_perm("courses.lead_run", enrolment.run):
        return _("You lead this run and read what the others say, so you are not asked yourself.")
    return "" if Enrolment.objects.filter(took_part(), pk=enrolment.pk).exists() else not_theirs


def took_part() -> Q:
    """Enrolments of those who came to a session at least; of everybody, where no attendance was marked."""
    marked = Attendance.objects.of_those_in().filter(session__run=OuterRef("run"))
    came = Attendance.objects.filter(enrolment=OuterRef("pk"), mark__in=Attendance.ATTENDED)
    return Q(~Exists(marked)) | Q(Exists(came))


def _had_a_word() -> Q:
    """Enrolments of those who took part, and of those who gave feedback before they left."""
    return Q(state=Enrolment.State.CONFIRMED) & took_part() | Q(feedback_on__isnull=False)


def can_give_feedback() -> QuerySet[Enrolment]:
    """Everybody who has yet to give feedback about a run that asks for it, and not in vain; whether it is over, its
    sessions say."""
    asks = Exists(FeedbackQuestion.objects.filter(run=OuterRef("run")))
    asked = Enrolment.objects.asked_how_it_was().filter(took_part())
    rows = asked.filter(asks, feedback_on=None, run__state__in=ASKED_IN)
    people = asked.filter(run=OuterRef("run")).order_by().values("run")
    enough = Subquery(people.annotate(number=Count("pk")).values("number"))
    rows = rows.annotate(people=enough).filter(Q(run__needs_feedback=True) | Q(people__gte=FEWEST))
    return rows.filter(person__suspended_at=None)


@dataclass(frozen=True)
class Result:
    """What was said to one question: how many chose each number, or the texts in no order."""

    question: FeedbackQuestion
    counts: list[tuple[int, int]]
    texts: list[str]

    @property
    def mean(self) -> float | None:
        """The mean of the numbers."""
        people = sum(count for _number, count in self.counts)
        return sum(number * count for number, count in self.counts) / people if people else None


@dataclass(frozen=True)
class Results:
    """What those who lead a run read: how many gave feedback, how many of these are shown, and what they said."""

    asked: int
    given: int
    shown: int
    of_each: list[Result]

    @property
    def scales(self) -> list[Result]:
        """What was said by a number."""
        return [it for it in self.of_each if it.question.kind == FeedbackQuestion.Kind.SCALE]

    @property
    def open(self) -> list[Result]:
        """What was said in words."""
        return [it for it in self.of_each if it.question.kind == FeedbackQuestion.Kind.TEXT]

    @property
    def waiting(self) -> int:
        """People whose answers wait until they are five together."""
        return self.given - self.shown


def results_of(run: Run) -> Results:
    """The results of a run, in a fixed number of queries. Answers that are not shown yet are counted, never read."""
    questions = list(run.feedback_questions.all())
    answers = FeedbackAnswer.objects.filter(question__in=questions)
    shown = list(answers.filter(is_shown=True).order_by("pk"))  # by a random key: in no order
    each = max(len(questions), 1)  # whoever gives feedback leaves one answer to each question
    return Results(
        asked=run.enrolments.filter(_had_a_word()).count(),
        given=answers.count() // each,
        shown=len(shown) // each,
        of_each=[_result(it, [answer for answer in shown if answer.question_id == it.pk]) for it in questions],
    )


def _result(question: FeedbackQuestion, answers: list[FeedbackAnswer]) -> Result:
    if question.kind == FeedbackQuestion.Kind.TEXT:
        return Result(question, [], [it.text for it in answers if it.text])
    counted = Counter(it.number for it in answers)
    return Result(question, [(number, counted[number]) for number in NUMBERS] if answers else [], [])
