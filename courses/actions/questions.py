from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Manager, Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.audit import record, record_changes
from cluster_portal.moves import Refused
from courses.actions.locks import lock_enrolment, lock_run
from courses.models import Answer, Enrolment, Question, Run
from courses.opened import questions_of
from members.models import Person

MEANING = {"text", "kind", "choices"}  # what an answer that is there would not fit any more


@transaction.atomic
def add_question(run: Run, by: Person, **facts: Any) -> Question:
    """Ask one more thing of everybody who enrols from now on; it stands last."""
    run = lock_run(run)
    last = run.questions.aggregate(last=Max("position"))["last"] or 0
    question = Question.objects.create(run=run, position=last + 1, **facts)
    record("courses.question.add", question, by=by)
    return question


@transaction.atomic
def change_question(question: Question, by: Person, **facts: Any) -> None:
    """Correct a question. Once somebody has answered, what is asked stays, and so does that it is sensitive."""
    lock_run(question.run)
    current = Question.objects.get(pk=question.pk)
    changed = [name for name, value in facts.items() if getattr(current, name) != value]
    if changed and current.answers.exists():
        _refuse_another_meaning(current, changed)
    for name in changed:
        setattr(current, name, facts[name])
    if changed:
        current.save(update_fields=changed)
        record_changes("courses.question.change", current, by=by, changed=changed)


def _refuse_another_meaning(question: Question, changed: list[str]) -> None:
    """Nobody's answer becomes one to something else, or is kept longer than they were told."""
    if MEANING & set(changed):
        raise Refused(_("People have answered already, so the question stays as it is. Ask another one instead."))
    if question.is_sensitive and "is_sensitive" in changed:
        raise Refused(
            _("Whoever answered was told that it is erased soon, so this stays sensitive. Ask another one instead.")
        )


@transaction.atomic
def move_question_up(question: Question, by: Person) -> None:
    """Let a question change places with the one before it."""
    lock_run(question.run)
    put_before(question.run.questions, question)
    record("courses.question.move_up", question, by=by)


def put_before(questions: Manager[Any], question: Any) -> None:
    """Let one of these questions change places with the one before it; the caller holds the lock of the run."""
    rows = list(questions.all())
    at = rows.index(question)
    if at == 0:
        raise Refused(_("This question is the first already."))
    rows[at - 1 : at + 1] = [rows[at], rows[at - 1]]
    for position, it in enumerate(rows, 1):
        questions.filter(pk=it.pk).update(position=position)


@transaction.atomic
def remove_question(question: Question, by: Person) -> None:
    """Ask this no more. Raises Refused where answers would go with it that are not sensitive ones."""
    run = lock_run(question.run)
    count = question.answers.count()
    if count and not question.is_sensitive:
        said = ngettext(
            "%(count)s person has answered this already. Make it optional instead, or mark it as sensitive first.",
            "%(count)s people have answered this already. Make it optional instead, or mark it as sensitive first.",
            count,
        )
        raise Refused(said % {"count": count})
    record("courses.question.remove", question, by=by)
    run.questions.filter(position__gt=question.position).update(position=F("position") - 1)
    question.delete()


@transaction.atomic
def change_answers(enrolment: Enrolment, by: Person, answers: Mapping[str, str]) -> None:
    """Answer the questions of a run that somebody is in, or answer them anew."""
    enrolment, _pool = lock_enrolment(enrolment)
    if not enrolment.is_live:
        raise Refused(_("This enrolment has ended, so nothing is asked any more."))
    write_answers(enrolment, answers)
    record("courses.enrolment.answer", enrolment, by=by)


def write_answers(enrolment: Enrolment, answers: Mapping[str, str]) -> None:
    """Keep what was answered (public id of the question → what was said); the caller holds the lock of the run."""
    said = {it: str(answers.get(it.public_id) or "").strip() for it in questions_of(enrolment.run)}
    for question, text in said.items():
        _check(question, text)
    if not said:  # no question, no answer: those to a question go with it
        return
    enrolment.answers.all().delete()
    Answer.objects.bulk_create(
        Answer(enrolment=enrolment, question=question, text=text) for question, text in said.items() if text
    )


def _check(question: Question, text: str) -> None:
    """Raise Refused for an answer that is missing, or is none of those offered."""
    if not text and question.is_required:
        raise Refused(_("“%(question)s” has to be answered. Enter an answer, then enrol.") % {"question": question})
    offered = {Question.Kind.CHOICE: question.choices, Question.Kind.YES_NO: [Question.YES, Question.NO]}.get(
        Question.Kind(question.kind)
    )
    if text and offered is not None and text not in offered:
        raise Refused(_("The answers to “%(question)s” have changed. Choose one of them.") % {"question": question})
