"""What an example has of runs that are over: who was in them and came, and what people said afterwards.

Everything bears the dates of then. Nobody is written to about it but those who have their certificates.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from itertools import cycle

from django.utils.timezone import now

from cluster_portal.moves import make_move
from courses import actions as courses
from courses.feedback import why_no_feedback
from courses.models import Attendance, Enrolment, FeedbackQuestion, Material, Pool, Run
from members.models import Affiliation, Agreement, Clause, Person

LONG_BEFORE = timedelta(days=10)
NUMBERS = (5, 4, 5, 3, 4)


def one_in_eight(number: int, nth: int) -> bool:
    """Whether somebody was not in a session: one in eight missed all but the first."""
    return number % 8 == 7 and nth > 0


def hold_run(
    run: Run,
    by: Person | None,
    people_in: Sequence[tuple[Person, str]],
    right: str,
    missed: Callable[[int, int], bool] = one_in_eight,
) -> list[Enrolment]:
    """Publish a run that was and put people into it, each into places of a sort, by a right of the network.

    `missed(number, nth)`: whether that person was not in that session.
    """
    make_move(run, "publish", by=by)
    pools = {pool.sort: pool for pool in run.pools.all()}
    homes = {it.person_id: it for it in Affiliation.objects.active().filter(person__in=[it for it, _sort in people_in])}
    clause = Clause.objects.get(agreement__kind=Agreement.Kind.NETWORK, right=right)
    then = run.sessions.order_by("starts_at")[0].starts_at - LONG_BEFORE
    enrolments = Enrolment.objects.bulk_create(
        Enrolment(
            run=run,
            pool=pools[sort],
            person=person,
            affiliation=homes[person.pk],
            clause=clause,
            state=Enrolment.State.CONFIRMED,
            asked_at=then,
            state_since=then,
        )
        for person, sort in people_in
    )
    for pool in pools.values():
        Pool.objects.filter(pk=pool.pk).update(taken=sum(it.pool_id == pool.pk for it in enrolments))
    _mark(run, enrolments, missed)
    return enrolments


def _mark(run: Run, enrolments: list[Enrolment], missed: Callable[[int, int], bool]) -> None:
    How, Mark = Attendance.How, Attendance.Mark
    Attendance.objects.bulk_create(
        Attendance(
            session=session,
            enrolment=it,
            mark=Mark.ABSENT if missed(number, nth) else Mark.PRESENT,
            how=How.JOINED if it.is_online else How.ROSTER,
            pressed_at=session.starts_at,
        )
        for nth, session in enumerate(run.sessions.all())
        for number, it in enumerate(enrolments)
    )


def say_how_it_was(enrolments: Iterable[Enrolment], texts: Iterable[str]) -> None:
    """Let people answer what their run asks: numbers, and these texts one after the other."""
    said, numbers = cycle(texts), cycle(NUMBERS)
    for it in enrolments:
        if why_no_feedback(it, now()):  # the example is loaded as of a day so long ago that nobody is asked any more
            return
        answers = {
            question.public_id: next(numbers) if question.kind == FeedbackQuestion.Kind.SCALE else next(said)
            for question in it.run.feedback_questions.all()
        }
        courses.give_feedback(it, by=it.person, answers=answers)


def close_run(run: Run, by: Person | None) -> None:
    """Close a run on the day after its end, on which its materials were added."""
    make_move(run, "close", by=by)
    then = run.sessions.latest("ends_at").ends_at + timedelta(days=1)
    Run.objects.filter(pk=run.pk).update(state_since=then)
    Material.objects.filter(run=run).update(added_at=then)
