"""The AI cluster of the Petrogradsky District, St Petersburg: 13 parties of one network collaboration agreement.

The facts come from published reports; what these do not name is a plain placeholder ("School 3").
"""

from dataclasses import dataclass
from datetime import date, time, timedelta

from django.utils.timezone import localdate
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from coordination.examples import contests, families, mentoring, people
from coordination.examples.afterwards import close_run, hold_run
from coordination.examples.building import (
    affiliate_cast,
    conclude_on_paper,
    describe_course,
    found_cluster,
    long_ago,
    next_day,
    open_run,
    prepare_run,
    room,
    write_session,
)
from courses import actions as courses
from courses.models import Course, Pool, Run
from courses.patterns import WeeklyPattern
from members import actions as members
from members.models import Affiliation, Agreement, Clause, Institution, Person, Region

NOT_JOINED = "school 8"  # its teachers see what is missing
CLAUSES = [
    (
        "1.1",
        gettext_lazy(
            "The parties form the AI cluster of the Petrogradsky District and share expertise in artificial "
            "intelligence on every level, from administrative staff to students."
        ),
        "",
    ),
    (
        "2.1",
        gettext_lazy(
            "Teachers and staff of every party may take part in the professional education courses of the cluster."
        ),
        Clause.Right.COURSES,
    ),
    (
        "2.2",
        gettext_lazy("Teachers and students of every party may take part in the workshops of the cluster."),
        Clause.Right.WORKSHOPS,
    ),
    (
        "2.3",
        gettext_lazy("Every party may send its people to the meetings and events of the cluster."),
        Clause.Right.EVENTS,
    ),
    ("3.1", gettext_lazy("New institutions join by an addendum; the signed text stays as it is."), ""),
]
SESSION_TITLES = [
    gettext_lazy("What a model is, and what it is not"),
    gettext_lazy("Asking well"),
    gettext_lazy("Planning a lesson with an assistant"),
    gettext_lazy("Checking what it wrote"),
    gettext_lazy("Pictures, sound and video"),
    gettext_lazy("Feedback to students"),
    gettext_lazy("Tasks that AI cannot do for you"),
    gettext_lazy("Privacy of children's data"),
    gettext_lazy("Bias, and how to show it"),
    gettext_lazy("Explaining AI to the youngest"),
    gettext_lazy("Explaining AI to teenagers"),
    gettext_lazy("Working with texts in class"),
    gettext_lazy("Working with numbers in class"),
    gettext_lazy("Honesty and authorship"),
    gettext_lazy("A lesson of your own"),
    gettext_lazy("Lessons shown and discussed"),
]


@dataclass(frozen=True)
class Stage:
    """What the parts of the example share."""

    today: date
    institutions: dict[str, Institution]
    cast: dict[str, Person]
    crowd: list[Person]

    @property
    def coordinator(self) -> Person | None:
        return self.cast.get("coordinator")


def load(today: date) -> None:
    """Fill the empty portal: institutions, agreement, people, programme, enrolments."""
    found_cluster(
        _("AI cluster of the Petrogradsky District"),
        _(
            "A university, a methodology centre, seven schools and four kindergartens share courses, workshops and "
            "expertise in artificial intelligence: what it is, how to use it honestly, and where it leads."
        ),
        hue=258,
    )
    past = long_ago(today)
    institutions = _institutions()
    _sign(institutions, past)
    stage = Stage(today, institutions, people.demo_people(today), _crowd(institutions, past))
    _give_roles(stage, past)
    _programme(stage)
    families.publish_documents(by=stage.coordinator)
    if stage.cast:
        cast = stage.cast
        group = families.begin_class(
            stage.institutions["school 1"], cast["teacher"], cast["student"], cast["guardian"], localdate()
        )
        mentoring.pair_people(mentoring.Stage(cast, group, stage.crowd))
    _the_course_that_was(stage)
    _the_students_workshop_that_was(stage)
    contests.hold_contests(contests.Stage(today, stage.cast, stage.crowd, institutions["IMC"]))


def _institutions() -> dict[str, Institution]:
    """Those of the district, by a word that is the same in every language."""
    district = Region.objects.create(name=_("Petrogradsky District"), slug="petrogradsky-district")
    Kind = Institution.Kind
    centre = _("Information and Methodology Center of the Petrogradsky District")
    plan = {"ITMO": (_("ITMO University"), _("ITMO"), Kind.UNIVERSITY)}
    plan |= {"IMC": (centre, _("IMC"), Kind.METHODOLOGY_CENTRE)}
    plan |= {
        f"kindergarten {n}": (_("Kindergarten %(number)s") % {"number": n}, "", Kind.KINDERGARTEN) for n in range(1, 5)
    }
    plan |= {f"school {n}": (_("School %(number)s") % {"number": n}, "", Kind.SCHOOL) for n in range(1, 9)}
    return {
        word: Institution.objects.create(name=name, short_name=short, kind=kind, region=district)
        for word, (name, short, kind) in plan.items()
    }


def _sign(institutions: dict[str, Institution], day: date) -> None:
    conclude_on_paper(
        day,
        [it for word, it in institutions.items() if word != NOT_JOINED],
        CLAUSES,
        kind=Agreement.Kind.NETWORK,
        title=_("Network collaboration agreement"),
        number="1",
        place=_("St Petersburg"),
        occasion=_("Ninth pedagogical forum of the Petrogradsky District"),
    )


def _crowd(institutions: dict[str, Institution], since: date) -> list[Person]:
    kinds = {Institution.Kind.SCHOOL, Institution.Kind.KINDERGARTEN}
    homes = [it for word, it in institutions.items() if it.kind in kinds and word != NOT_JOINED]
    return people.invented_teachers(homes, 44, since)


def _give_roles(stage: Stage, since: date) -> None:
    if not stage.cast:
        return
    Role = Affiliation.Role
    people.make_coordinator(stage.cast["coordinator"], since)
    places = {
        "head": ("school 1", Role.HEAD),
        "contact": ("school 1", Role.CONTACT),
        "teacher": ("school 1", Role.TEACHER),
        "teacher2": ("school 2", Role.TEACHER),
        "student": ("school 1", Role.STUDENT),
        "juror": ("IMC", Role.STAFF),
        "juror2": ("ITMO", Role.STAFF),
        "mentor": ("ITMO", Role.STAFF),
        "instructor": ("ITMO", Role.TEACHER),
    }
    affiliate_cast(stage.cast, {name: (stage.institutions[it], role) for name, (it, role) in places.items()}, since)
    newcomer = Person.objects.create_user(
        "newcomer@example.org", family_name=_("Zimina"), given_name=_("Polina"), language=get_language()
    )
    members.ask_to_join(newcomer, stage.institutions["school 1"], Role.TEACHER, by=newcomer)


def _programme(stage: Stage) -> None:
    way = [_the_practice_workshop(stage), _the_course(stage)]
    _the_pathway(stage, way)
    _the_meeting(stage)
    _the_students_workshop(stage)
    _a_workshop_in_preparation(stage)


def _the_pathway(stage: Stage, way: list[Course]) -> None:
    pathway = courses.create_pathway(
        by=None,
        title=_("Teaching with AI"),
        summary=_("From the first good question to lessons of your own, tried in your own class."),
        vocation=_("Teacher who works with AI"),
        partners=[stage.institutions["ITMO"], stage.institutions["IMC"]],
        is_ordered=True,
    )
    for course in way:
        courses.add_step(pathway, course, by=None)
    courses.publish_pathway(pathway, by=None)


def _the_course(stage: Stage) -> Course:
    course = describe_course(
        _("AI Tools in Teaching"),
        Course.Kind.COURSE,
        hours=72,
        summary=_(
            "A two-month professional education course: plan lessons with assistants, judge what they write, and "
            "explain to students what a model can and cannot know."
        ),
        description=_(
            "Sixteen sessions with a practice task after each. You leave with lessons of your own, tried in "
            "your own class, and with an honest view of what these tools do well, do badly, and must not do."
        ),
    )
    first = next_day(stage.today + timedelta(days=18), weekday=1)
    run = _run(stage, course, first, {Pool.Sort.ROOM: 30}, place=room(2201), host="ITMO", gives_certificate=True)
    _plan(run, (1, 3), time(16, 0), 90, first, first + timedelta(days=52), [str(it) for it in SESSION_TITLES])
    _open(stage, run, stage.crowd[:23] + [person for person in [stage.cast.get("teacher2")] if person])
    return course


def _the_practice_workshop(stage: Stage) -> Course:
    course = describe_course(
        _("Asking well: a practice workshop"),
        Course.Kind.WORKSHOP,
        hours=3,
        summary=_(
            "Three hours of trying, comparing and rewriting questions to an assistant, with examples from your own "
            "subject."
        ),
    )
    saturday = next_day(stage.today + timedelta(days=9), weekday=5)
    run = _run(stage, course, saturday, {Pool.Sort.ROOM: 12}, place=room(14), host="IMC")
    _plan(run, (5,), time(11, 0), 180, saturday, saturday)
    _open(stage, run, stage.crowd[20:35])
    return course


def _the_meeting(stage: Stage) -> None:
    course = describe_course(
        _("What the cluster does this year"),
        Course.Kind.EVENT,
        hours=2,
        summary=_(
            "An open meeting of the cluster: the plan of the year, questions and answers, in the room and online."
        ),
    )
    friday = next_day(stage.today + timedelta(days=12), weekday=4)
    places = {Pool.Sort.ROOM: 40, Pool.Sort.ONLINE: 150}
    link = "https://meet.example.org/cluster"
    run = _run(stage, course, friday, places, place=_("Assembly hall"), host="IMC", online_link=link, roles=[])
    _plan(run, (4,), time(15, 0), 120, friday, friday)
    _open(stage, run, stage.crowd[5:18])


def _the_students_workshop(stage: Stage) -> None:
    """Nobody is in it yet: students sign up, and teachers bring their classes."""
    course = describe_course(
        _("AI foundations: how machines see"),
        Course.Kind.WORKSHOP,
        hours=2,
        summary=_(
            "A workshop for students: teach a small model to tell two things apart, and find out how to fool it."
        ),
    )
    saturday = next_day(stage.today + timedelta(days=40), weekday=5)
    roles = [Affiliation.Role.STUDENT]
    run = _run(stage, course, saturday, {Pool.Sort.ROOM: 24}, place=room(3), host="school 3", roles=roles)
    _plan(run, (5,), time(12, 0), 90, saturday, saturday)
    _open(stage, run, [])


def _the_course_that_was(stage: Stage) -> None:
    """Over: one in six missed too much, half of the others have their certificates, the rest wait for the button."""
    course = describe_course(
        _("AI in the work of a school"),
        Course.Kind.COURSE,
        hours=16,
        summary=_(
            "Eight afternoons for everybody who works in a school: letters, plans, timetables, and their limits."
        ),
    )
    first = next_day(_before(stage, 77), weekday=2)
    run = _run(stage, course, first, {Pool.Sort.ROOM: 20}, place=room(14), host="IMC", gives_certificate=True)
    for week in range(8):
        write_session(run, first + timedelta(weeks=week), time(16), time(17, 30))
    everybody = [*([stage.cast["teacher"]] if stage.cast else []), *stage.crowd[24:40]]
    people_in = [(person, Pool.Sort.ROOM) for person in everybody]
    enrolments = hold_run(run, stage.coordinator, people_in, Clause.Right.COURSES, _missed_too_much)
    close_run(run, stage.coordinator)
    complete = [it for number, it in enumerate(enrolments) if number % 6 != 5]
    for it in complete[::2]:
        courses.issue_to(it, by=stage.coordinator)


def _missed_too_much(number: int, nth: int) -> bool:
    """One in six was in every second session only."""
    return number % 6 == 5 and nth % 2 == 0


def _the_students_workshop_that_was(stage: Stage) -> None:
    """Over: the student was there, and the guardian has the certificate."""
    if not stage.cast:
        return
    course = Course.objects.get(title=_("AI foundations: how machines see"))
    saturday = next_day(_before(stage, 36), weekday=5)
    facts = {"place": room(3), "host": "school 3", "roles": [Affiliation.Role.STUDENT], "gives_certificate": True}
    run = _run(stage, course, saturday, {Pool.Sort.ROOM: 24}, **facts)
    write_session(run, saturday, time(12), time(13, 30))
    people_in = [(stage.cast["student"], Pool.Sort.ROOM)]
    enrolments = hold_run(run, stage.coordinator, people_in, Clause.Right.WORKSHOPS)
    close_run(run, stage.coordinator)
    courses.issue_to(enrolments[0], by=stage.coordinator)


def _before(stage: Stage, days: int) -> date:
    """A day that is over by every clock, whatever day the example is loaded for."""
    return min(stage.today, localdate()) - timedelta(days=days)


def _a_workshop_in_preparation(stage: Stage) -> None:
    course = describe_course(
        _("Judging what a machine wrote"),
        Course.Kind.WORKSHOP,
        hours=3,
        summary=_(
            "Teachers mark the same ten texts, compare their marks, and agree on what they will ask of students."
        ),
    )
    saturday = next_day(stage.today + timedelta(days=60), weekday=5)
    run = _run(stage, course, saturday, {Pool.Sort.ROOM: 24}, place=room(14), host="IMC")
    _plan(run, (5,), time(11, 0), 180, saturday, saturday)


def _run(stage: Stage, course: Course, first: date, places: dict, host: str, **facts) -> Run:
    instructors = [person for person in [stage.cast.get("instructor")] if person]
    known = {"host": stage.institutions[host], "instructors": instructors}
    return prepare_run(course, min(stage.today, first), first, places, by=stage.coordinator, **known | facts)


def _plan(run: Run, weekdays: tuple, start: time, minutes: int, first: date, last: date, titles=None) -> None:
    courses.plan_sessions(run, WeeklyPattern(weekdays, start, minutes, first, last), by=None, titles=titles)


def _open(stage: Stage, run: Run, people_in: list[Person]) -> None:
    """Publish a run and enrol people, every third of them online where that is possible."""
    sorts = list(run.pools.order_by("pk").values_list("sort", flat=True))
    open_run(run, stage.coordinator, ((it, sorts[-1 if n % 3 == 2 else 0]) for n, it in enumerate(people_in)))
