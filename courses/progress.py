"""How far somebody is on a pathway: which of its courses are done or under way, and which one comes next.

A course is done when one of its runs was completed (completion.py), or a valid certificate says so (decision 090).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.completion import Completion, completions_of
from courses.models import Course, Enrolment, Pathway, PathwayStep, Run
from courses.words import Standing
from members.audience import open_to
from members.models import Certificate, Cluster, Person


@dataclass(frozen=True)
class Taken:
    """What somebody has of a course: done, under way, or a place in a run that is ahead; and that in words."""

    done: bool
    said: str
    begun: bool = True


TakenBy = dict[int, dict[int, Taken]]


@dataclass(frozen=True)
class Stop:
    """A course of a pathway as one reader sees it: its number, how they stand in it, its next run."""

    step: PathwayStep
    number: int
    taken: Taken | None = None
    run: Run | None = None
    is_next: bool = False

    @property
    def course(self) -> Course:
        return self.step.course

    @property
    def is_done(self) -> bool:
        return self.taken is not None and self.taken.done

    @property
    def standing(self) -> Standing | None:
        """The word beside it, where there is one to say."""
        if self.is_done:
            return Standing(_("Done"), "good")
        if self.taken:
            return Standing(_("Under way") if self.taken.begun else _("Enrolled"), "waiting")
        return Standing(_("Next step"), "attention") if self.is_next else None


@dataclass(frozen=True)
class Progress:
    """How far one person is on a pathway."""

    stops: list[Stop]

    @property
    def done(self) -> int:
        return sum(it.is_done for it in self.stops)

    @property
    def has_begun(self) -> bool:
        """Whether any of its courses is done or under way."""
        return any(it.taken for it in self.stops)

    @property
    def is_complete(self) -> bool:
        """Whether every course is done."""
        return bool(self.stops) and all(it.is_done for it in self.stops)

    @property
    def next(self) -> Stop | None:
        """The course to go on with."""
        return next((it for it in self.stops if it.is_next), None)

    @property
    def said(self) -> str:
        """How far it is, in words."""
        total = len(self.stops)
        words = ngettext("%(done)s of %(total)s course done", "%(done)s of %(total)s courses done", total)
        return words % {"done": self.done, "total": total}


def progress_on(pathway: Pathway, taken: dict[int, Taken] | None, runs: dict[int, Run]) -> Progress:
    """How far one person is on a pathway that was fetched `with_steps`, by what they have of its courses; None: of a
    reader who is nobody to us, and has no next step."""
    steps = list(pathway.steps.all())
    coming = None if taken is None else _next_step(pathway, steps, taken, runs)
    taken = taken or {}
    return Progress(
        [
            Stop(it, number, taken.get(it.course_id), runs.get(it.course_id), it == coming)
            for number, it in enumerate(steps, 1)
        ]
    )


def _next_step(
    pathway: Pathway, steps: list[PathwayStep], taken: dict[int, Taken], runs: dict[int, Run]
) -> PathwayStep | None:
    """Of ordered courses the first that is not done; of free ones what is under way, or has a run ahead."""
    ahead = [it for it in steps if not (it.course_id in taken and taken[it.course_id].done)]
    if not pathway.is_ordered:
        ahead.sort(key=lambda it: (it.course_id not in taken, it.course_id not in runs))
    return ahead[0] if ahead else None


def next_runs(courses: Iterable[int], person: Person | None = None) -> dict[int, Run]:
    """The published run of each of these courses (their keys) that comes next: one for which enrolment is open, or
    opens later, and that is for this person, before others; one that nobody can enter any more comes last."""
    at = now()
    rows = Run.objects.published().not_over(at).filter(course__in=courses)
    fitting = None
    if person is not None:
        fitting = set(open_to(rows, person, Cluster.current().today()).values_list("pk", flat=True))
    found: dict[int, Run] = {}
    runs = rows.for_lists().order_by("first_start", "pk")
    for run in sorted(runs, key=lambda it: _how_far_off(it, at, fitting is None or it.pk in fitting)):
        found.setdefault(run.course_id, run)
    return found


def _how_far_off(run: Run, at: datetime, fits: bool) -> tuple[bool, bool, bool]:
    return (at >= run.enrol_until, not fits, at < run.enrol_from)


def taken_by(people: Collection[Person], courses: Iterable[int]) -> TakenBy:
    """For each person (by key) what they have of these courses (keys): what is done counts before what is under way."""
    found: TakenBy = defaultdict(dict)
    rows = Enrolment.objects.confirmed().filter(person__in=people, run__course__in=courses).order_by("pk")
    for it, completion, at_end in _with_completion(rows):
        known = found[it.person_id].get(it.run.course_id)
        if completion.is_complete:
            found[it.person_id][it.run.course_id] = Taken(True, _("Completed: %(run)s") % {"run": it.run.title})
        elif not at_end and not (known and known.done):
            found[it.person_id][it.run.course_id] = _on_the_way(it.run, completion)
    for person, course, number in _certified(people, courses):
        found[person][course] = Taken(True, _("Certificate %(number)s") % {"number": number})
    return found


def _on_the_way(run: Run, completion: Completion) -> Taken:
    """How far somebody is; while the run is ahead, when it begins."""
    if run.first_start is None or run.first_start <= now():
        return Taken(False, completion.counted)
    begins = date_format(localtime(run.first_start, run.zone), "j E Y")
    return Taken(False, _("Begins on %(day)s") % {"day": begins}, begun=False)


def _with_completion(rows: QuerySet[Enrolment]) -> Iterable[tuple[Enrolment, Completion, bool]]:
    """Each enrolment with how far its person is, and whether its run is over."""
    rows = list(rows.prefetch_related(Prefetch("run", Run.objects.with_dates())))
    completions = completions_of(rows)
    for it in rows:
        yield it, completions[it.pk], it.run.is_over_at(now())


def _certified(people: Collection[Person], courses: Iterable[int]) -> Iterable[tuple[int, int, str]]:
    """Person, course and number of every valid certificate about a run of these courses."""
    rows = Certificate.objects.valid().filter(person__in=people, about_model=Run._meta.label_lower).order_by("pk")
    numbers = list(rows.values_list("person", "about_id", "number"))
    runs = Run.objects.filter(public_id__in=[about for _person, about, _number in numbers], course__in=courses)
    course_of = dict(runs.values_list("public_id", "course"))
    return [(person, course_of[about], number) for person, about, number in numbers if about in course_of]
