"""The AI cluster of the Petrogradsky District, St Petersburg: 13 parties of one network collaboration agreement.

The facts come from published reports; what these do not name is a plain placeholder ("School 3").
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.files.base import ContentFile
from django.utils.timezone import localdate, now

from cluster_portal.moves import make_move
from cluster_portal.uploads import keep_upload
from coordination.examples import people
from courses import actions as courses
from courses.models import Course, Pool, Run
from courses.patterns import WeeklyPattern
from members import actions as members
from members.models import Affiliation, Agreement, Clause, Cluster, Institution, Party, Person, Region

TEACHERS = [Affiliation.Role.HEAD, Affiliation.Role.CONTACT, Affiliation.Role.TEACHER, Affiliation.Role.STAFF]
CLAUSES = [
    (
        "1.1",
        "The parties form the AI cluster of the Petrogradsky District and share expertise in artificial "
        "intelligence on every level, from administrative staff to students.",
        "",
    ),
    (
        "2.1",
        "Teachers and staff of every party may take part in the professional education courses of the cluster.",
        Clause.Right.COURSES,
    ),
    (
        "2.2",
        "Teachers and students of every party may take part in the workshops of the cluster.",
        Clause.Right.WORKSHOPS,
    ),
    ("2.3", "Every party may send its people to the meetings and events of the cluster.", Clause.Right.EVENTS),
    ("3.1", "New institutions join by an addendum; the signed text stays as it is.", ""),
]
SESSION_TITLES = [
    "What a model is, and what it is not",
    "Asking well",
    "Planning a lesson with an assistant",
    "Checking what it wrote",
    "Pictures, sound and video",
    "Feedback to students",
    "Tasks that AI cannot do for you",
    "Privacy of children's data",
    "Bias, and how to show it",
    "Explaining AI to the youngest",
    "Explaining AI to teenagers",
    "Working with texts in class",
    "Working with numbers in class",
    "Honesty and authorship",
    "A lesson of your own",
    "Lessons shown and discussed",
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
    Cluster.objects.create(
        pk=1,
        name="AI cluster of the Petrogradsky District",
        about="A university, a methodology centre, seven schools and four kindergartens share courses, workshops and "
        "expertise in artificial intelligence: what it is, how to use it honestly, and where it leads.",
        hue=258,
        time_zone="Europe/Moscow",
        contact_email="coordinator@example.org",
    )
    past = min(today, localdate()) - timedelta(days=240)
    institutions = _institutions()
    _sign(institutions, past)
    stage = Stage(today, institutions, people.demo_people(today), _crowd(institutions, past))
    _give_roles(stage, past)
    _programme(stage)


def _institutions() -> dict[str, Institution]:
    district = Region.objects.create(name="Petrogradsky District", slug="petrogradsky-district")
    Kind = Institution.Kind
    plan = [("ITMO University", "ITMO", Kind.UNIVERSITY)]
    plan += [("Information and Methodology Center of the Petrogradsky District", "IMC", Kind.METHODOLOGY_CENTRE)]
    plan += [(f"Kindergarten {number}", "", Kind.KINDERGARTEN) for number in range(1, 5)]
    plan += [(f"School {number}", "", Kind.SCHOOL) for number in range(1, 9)]
    made = [Institution.objects.create(name=n, short_name=s, kind=k, region=district) for n, s, k in plan]
    return {str(institution): institution for institution in made}


def _sign(institutions: dict[str, Institution], day: date) -> None:
    agreement = Agreement.objects.create(
        kind=Agreement.Kind.NETWORK,
        title="Network collaboration agreement",
        number="1",
        place="St Petersburg",
        occasion="Ninth pedagogical forum of the Petrogradsky District",
        valid_from=day,
    )
    Clause.objects.bulk_create(Clause(agreement=agreement, number=n, text=t, right=r) for n, t, r in CLAUSES)
    text = "\n\n".join(f"{number}. {sentence}" for number, sentence, _right in CLAUSES)
    agreement.text = keep_upload(ContentFile(text.encode(), "Network collaboration agreement.txt"), agreement, by=None)
    agreement.save()
    for name, institution in institutions.items():
        if name != "School 8":  # the one that has not joined: its teachers see what is missing
            role = Party.Role.LEAD if name == "ITMO" else Party.Role.PARTY
            Party.objects.create(agreement=agreement, institution=institution, role=role)
    members.open_agreement(agreement, by=None)
    for party in agreement.parties.all():
        members.record_signature(party, day, f"Head of {party.institution}", by=None)
    members.conclude_agreement(agreement, by=None)


def _crowd(institutions: dict[str, Institution], since: date) -> list[Person]:
    homes = [it for it in institutions.values() if it.kind in {Institution.Kind.SCHOOL, Institution.Kind.KINDERGARTEN}]
    return people.invented_teachers([it for it in homes if it.name != "School 8"], 44, since)


def _give_roles(stage: Stage, since: date) -> None:
    if not stage.cast:
        return
    Role = Affiliation.Role
    people.make_coordinator(stage.cast["coordinator"], since)
    places = {
        "head": ("School 1", Role.HEAD),
        "contact": ("School 1", Role.CONTACT),
        "teacher": ("School 1", Role.TEACHER),
        "teacher2": ("School 2", Role.TEACHER),
        "student": ("School 1", Role.STUDENT),
        "juror": ("IMC", Role.STAFF),
        "juror2": ("ITMO", Role.STAFF),
        "mentor": ("ITMO", Role.STAFF),
        "instructor": ("ITMO", Role.TEACHER),
    }
    for name, (institution, role) in places.items():
        people.affiliate(stage.cast[name], stage.institutions[institution], role, since)
    newcomer = Person.objects.create_user("newcomer@example.org", family_name="Zimina", given_name="Polina")
    members.ask_to_join(newcomer, stage.institutions["School 1"], Role.TEACHER, by=newcomer)


def _programme(stage: Stage) -> None:
    _the_course(stage)
    _the_practice_workshop(stage)
    _the_meeting(stage)
    _the_students_workshop(stage)


def _the_course(stage: Stage) -> None:
    course = _course(
        "AI Tools in Teaching",
        Course.Kind.COURSE,
        hours=72,
        summary="A two-month professional education course: plan lessons with assistants, judge what they write, and "
        "explain to students what a model can and cannot know.",
        description="Sixteen sessions with a practice task after each. You leave with lessons of your own, tried in "
        "your own class, and with an honest view of what these tools do well, do badly, and must not do.",
    )
    first = _next(stage.today + timedelta(days=18), weekday=1)
    run = _run(stage, course, first, {Pool.Sort.ROOM: 30}, place="Room 2201", host="ITMO")
    _plan(run, (1, 3), time(16, 0), 90, first, first + timedelta(days=52), SESSION_TITLES)
    _open(stage, run, stage.crowd[:23] + [person for person in [stage.cast.get("teacher2")] if person])


def _the_practice_workshop(stage: Stage) -> None:
    course = _course(
        "Asking well: a practice workshop",
        Course.Kind.WORKSHOP,
        hours=3,
        summary="Three hours of trying, comparing and rewriting questions to an assistant, with examples from your own "
        "subject.",
    )
    saturday = _next(stage.today + timedelta(days=9), weekday=5)
    run = _run(stage, course, saturday, {Pool.Sort.ROOM: 12}, place="Room 14", host="IMC")
    _plan(run, (5,), time(11, 0), 180, saturday, saturday)
    _open(stage, run, stage.crowd[20:35])


def _the_meeting(stage: Stage) -> None:
    course = _course(
        "What the cluster does this year",
        Course.Kind.EVENT,
        hours=2,
        summary="An open meeting of the cluster: the plan of the year, questions and answers, in the room and online.",
    )
    friday = _next(stage.today + timedelta(days=12), weekday=4)
    places = {Pool.Sort.ROOM: 40, Pool.Sort.ONLINE: 150}
    link = "https://meet.example.org/cluster"
    run = _run(stage, course, friday, places, place="Assembly hall", host="IMC", online_link=link, roles=[])
    _plan(run, (4,), time(15, 0), 120, friday, friday)
    _open(stage, run, stage.crowd[5:18])


def _the_students_workshop(stage: Stage) -> None:
    """It stays a draft: students are enrolled when their guardians can consent."""
    course = _course(
        "AI foundations: how machines see",
        Course.Kind.WORKSHOP,
        hours=2,
        summary="A workshop for students: teach a small model to tell two things apart, and find out how to fool it.",
    )
    saturday = _next(stage.today + timedelta(days=40), weekday=5)
    roles = [Affiliation.Role.STUDENT]
    run = _run(stage, course, saturday, {Pool.Sort.ROOM: 24}, place="Room 3", host="School 3", roles=roles)
    _plan(run, (5,), time(12, 0), 90, saturday, saturday)


def _course(title: str, kind: str, **facts) -> Course:
    return courses.create_course(by=None, title=title, kind=kind, **facts)


def _run(stage: Stage, course: Course, first: date, places: dict, host: str, roles=None, **facts) -> Run:
    instructors = [person for person in [stage.cast.get("instructor")] if person]
    opens = datetime.combine(stage.today - timedelta(days=14), time(9), tzinfo=Cluster.current().zone)
    closes = datetime.combine(first - timedelta(days=1), time(18), tzinfo=Cluster.current().zone)
    return courses.create_run(
        course,
        by=stage.coordinator,
        places=places,
        instructors=instructors,
        title=_season(first),
        host=stage.institutions[host],
        time_zone="Europe/Moscow",
        enrol_from=opens,
        enrol_until=closes,
        roles=TEACHERS if roles is None else roles,
        **facts,
    )


def _plan(run: Run, weekdays: tuple, start: time, minutes: int, first: date, last: date, titles=None) -> None:
    courses.plan_sessions(run, WeeklyPattern(weekdays, start, minutes, first, last), by=None, titles=titles)


def _open(stage: Stage, run: Run, people_in: list[Person]) -> None:
    """Publish a run and enrol people; its enrolment dates are put aside meanwhile, because `today` may be any day."""
    opens, closes = run.enrol_from, run.enrol_until
    make_move(run, "publish", by=stage.coordinator)
    Run.objects.filter(pk=run.pk).update(enrol_from=now() - timedelta(days=1), enrol_until=now() + timedelta(days=1))
    room = run.pools.order_by("pk").first()
    for number, person in enumerate(people_in):
        pool = run.pools.last() if number % 3 == 2 else room
        courses.enrol(run, person, by=person, pool=pool.public_id)
    Run.objects.filter(pk=run.pk).update(enrol_from=opens, enrol_until=closes)


def _next(day: date, weekday: int) -> date:
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def _season(day: date) -> str:
    name = {
        12: "winter",
        1: "winter",
        2: "winter",
        3: "spring",
        4: "spring",
        5: "spring",
        6: "summer",
        7: "summer",
        8: "summer",
    }.get(day.month, "autumn")
    return f"{name} {day.year}"
