"""Feedback: what a run asks those who took part, and answers that belong to nobody (decision 089)."""

import random
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max
from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record, record_changes
from cluster_portal.moves import Refused
from courses.actions.locks import lock_run
from courses.actions.questions import put_before
from courses.actions.telling import tell, with_their_run, yet_to_be_told
from courses.feedback import FEWEST, asks_in_vain, ends_at, why_no_feedback, why_not_asked
from courses.models import Enrolment, FeedbackAnswer, FeedbackQuestion, Run
from members.models import Cluster, Person
from members.readers import readers_of

Kind = FeedbackQuestion.Kind
STANDARD = (
    (gettext_noop("I learned something that I can use."), Kind.SCALE),
    (gettext_noop("What was said and shown was clear."), Kind.SCALE),
    (gettext_noop("Everything was well organised."), Kind.SCALE),
    (gettext_noop("I would recommend it to others."), Kind.SCALE),
    (gettext_noop("What helped you most?"), Kind.TEXT),
    (gettext_noop("What should be different next time?"), Kind.TEXT),
)


@transaction.atomic
def ask_standard_questions(run: Run, by: Person | None) -> None:
    """Let a run that asks nothing yet ask the standard questions, in the language in which it is taught."""
    run = lock_run(run)
    if run.feedback_questions.exists():
        raise Refused(_("Questions are there already. Change them, or add one."))
    known = dict(settings.LANGUAGES)
    with translation.override(run.course.language if run.course.language in known else translation.get_language()):
        for position, (text, kind) in enumerate(STANDARD, 1):
            question = FeedbackQuestion.objects.create(run=run, position=position, text=_(text), kind=kind)
            record("courses.feedbackquestion.add", question, by=by)


def ask_where_needed(run: Run, by: Person | None) -> None:
    """A run that cannot be completed without feedback asks for it: the standard questions, where it has none."""
    if run.needs_feedback and not run.feedback_questions.exists():
        ask_standard_questions(run, by)


@transaction.atomic
def add_feedback_question(run: Run, by: Person, **facts: Any) -> FeedbackQuestion:
    """Ask one more thing; it stands last."""
    run = _unanswered(run)
    last = run.feedback_questions.aggregate(last=Max("position"))["last"] or 0
    question = FeedbackQuestion.objects.create(run=run, position=last + 1, **facts)
    record("courses.feedbackquestion.add", question, by=by)
    return question


@transaction.atomic
def change_feedback_question(question: FeedbackQuestion, by: Person, **facts: Any) -> None:
    """Correct a question."""
    _unanswered(question.run)
    changed = [name for name, value in facts.items() if getattr(question, name) != value]
    for name in changed:
        setattr(question, name, facts[name])
    if changed:
        question.save(update_fields=changed)
        record_changes("courses.feedbackquestion.change", question, by=by, changed=changed)


@transaction.atomic
def move_feedback_question_up(question: FeedbackQuestion, by: Person) -> None:
    """Let a question change places with the one before it."""
    run = _unanswered(question.run)
    put_before(run.feedback_questions, question)
    record("courses.feedbackquestion.move_up", question, by=by)


@transaction.atomic
def remove_feedback_question(question: FeedbackQuestion, by: Person) -> None:
    """Ask this no more. The last one stays while the run cannot be completed without feedback."""
    run = _unanswered(question.run)
    if run.needs_feedback and run.feedback_questions.count() == 1:
        raise Refused(_("Feedback is needed to complete this run, so something has to be asked. Change the question."))
    record("courses.feedbackquestion.remove", question, by=by)
    run.feedback_questions.filter(position__gt=question.position).update(position=F("position") - 1)
    question.delete()


def is_answered(run: Run) -> bool:
    """Whether anybody has given feedback."""
    return FeedbackAnswer.objects.filter(question__run=run).exists()


def _unanswered(run: Run) -> Run:
    """The run, locked, while nobody has answered: answers to other questions could be told apart."""
    run = lock_run(run)
    if is_answered(run):
        raise Refused(_("Somebody has answered already, so the questions stay as they are."))
    return run


@transaction.atomic
def give_feedback(enrolment: Enrolment, by: Person, answers: Mapping[str, Any]) -> None:
    """Keep what somebody says of a run (public id of the question → number or text), by nobody and of no time.

    Nothing is written down about `by`, and no line of the audit: its time would say whose the answers are. The
    enrolment keeps the day, so that feedback is given once and counts for completion.
    """
    run = lock_run(enrolment.run)
    current = Enrolment.objects.select_for_update(no_key=True).get(pk=enrolment.pk)
    current.run = run
    if why := why_no_feedback(current, now()):
        raise Refused(why)
    FeedbackAnswer.objects.bulk_create(
        _answer(question, answers.get(question.public_id)) for question in run.feedback_questions.all()
    )
    Enrolment.objects.filter(pk=current.pk).update(feedback_on=Cluster.current().today())
    _show_together(run)


def _answer(question: FeedbackQuestion, said: Any) -> FeedbackAnswer:
    """One answer. Raises Refused for a number that is missing, or is none of one to five."""
    if question.kind == Kind.TEXT:
        return FeedbackAnswer(question=question, text=str(said or "").strip())
    if said not in range(1, 6):
        raise Refused(_("“%(question)s” has to be answered. Choose one to five.") % {"question": question})
    return FeedbackAnswer(question=question, number=said)


def _show_together(run: Run) -> None:
    """Show what five people or more have said since the last time, all at once, as new rows in a random order.

    New, because the old ones were written one person after the other, each with their enrolment.
    """
    waiting = FeedbackAnswer.objects.filter(question__run=run, is_shown=False)
    rows = list(waiting)
    if len(rows) < FEWEST * run.feedback_questions.count():
        return
    random.SystemRandom().shuffle(rows)
    waiting.delete()
    FeedbackAnswer.objects.bulk_create(
        FeedbackAnswer(question_id=it.question_id, number=it.number, text=it.text, is_shown=True) for it in rows
    )


def asked_now(run: Run) -> list[Enrolment]:
    """Who can still give feedback: those whose place is certain, who have not, and who do not lead the run."""
    return with_their_run(run, run.enrolments.asked_how_it_was().filter(feedback_on=None))


def mails_to_ask(run: Run) -> int:
    """How many mails would leave if those who were not asked were asked now."""
    ending = ends_at(run)
    if ending is None or asks_in_vain(run):
        return 0
    asked = asked_now(run)
    readers = readers_of([it.person for it in asked])
    return yet_to_be_told(asked, readers, "courses/feedback_asked", ending.occasion)


@transaction.atomic
def ask_for_feedback(run: Run, by: Person) -> int:
    """Write now to those who were not asked yet: the questions came when the run was over. How many mails."""
    run = lock_run(run)
    ending, why = ends_at(run), why_not_asked(run, now())
    if why or ending is None:
        raise Refused(why)
    if asks_in_vain(run):
        raise Refused(_("Fewer than five took part, so nobody could read their answers. Ask them in person."))
    told = tell(asked_now(run), "courses/feedback_asked", occasion=ending.occasion, not_after=ending.closes_at)
    if not told:
        raise Refused(_("Everybody who can be reached was asked already, and is reminded once."))
    record("courses.run.ask_for_feedback", run, by=by)
    return told
