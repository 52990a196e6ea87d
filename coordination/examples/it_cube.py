"""The network of IT-Cube centres: 64 regions, and a two-day meeting of their coordinators at two host academies.

The facts come from published reports; what these do not name is a plain placeholder ("Region 03", "Centre 03").
"""

from dataclasses import dataclass
from datetime import date, time, timedelta

from django.core.files.base import ContentFile
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coordination.examples import families, people
from coordination.examples.afterwards import close_run, hold_run, one_in_eight, say_how_it_was
from coordination.examples.building import (
    TEACHERS,
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
from courses.models import Course, Material, Pool, Run
from members.models import Affiliation, Agreement, Clause, Direction, Institution, Person, Region

REGIONS = 64
PLACES, PLACES_IN_WORKSHOP, PLACES_AT_TABLE = 90, 15, 30
COMES_FIRST = 20  # so many have enrolled before anybody tries it
CLAUSES = [
    (
        "1.1",
        gettext_lazy(
            "The parties exchange information and expertise in the education of children in information technology."
        ),
        "",
    ),
    ("1.2", gettext_lazy("The parties advise each other and support each other's initiatives."), ""),
    (
        "2.1",
        gettext_lazy("The centres of the regions take part through the party that brings them with it."),
        Clause.Right.COURSES,
    ),
    (
        "2.2",
        gettext_lazy("Coordinators and teachers of the centres come to the meetings of the network."),
        Clause.Right.EVENTS,
    ),
]
THEMES = {
    "programming": gettext_lazy("Programming"),
    "robotics": gettext_lazy("Robotics"),
    "design": gettext_lazy("Design"),
}
# The programme: day, from, to, and what takes place: one session for everybody, or those of which one is chosen.
FIRST_WORKSHOPS = [
    gettext_lazy("Mobile applications"),
    gettext_lazy("Robotics and programming"),
    gettext_lazy("C, C++ and C#"),
    gettext_lazy("Project robotics"),
    gettext_lazy("Mechatronics"),
    gettext_lazy("Robomathematics"),
]
ROUND_TABLES = [
    gettext_lazy("Round table: gifted children"),
    gettext_lazy("Round table: educational tourism"),
    gettext_lazy("Round table: integration of science and education"),
]
SECOND_WORKSHOPS = [
    gettext_lazy("Graphic design"),
    gettext_lazy("3D modelling"),
    gettext_lazy("DJing"),
    gettext_lazy("Photography"),
]
PROGRAMME = [
    (0, time(10), time(11, 30), gettext_lazy("Organisation and management of the centres")),
    (0, time(12), time(13), gettext_lazy("Children's digital competencies")),
    (0, time(14), time(15, 30), FIRST_WORKSHOPS),
    (0, time(16), time(17, 30), ROUND_TABLES),
    (1, time(10), time(11, 30), gettext_lazy("Federal projects: championship, olympiad, career guidance")),
    (1, time(12), time(13, 30), SECOND_WORKSHOPS),
    (1, time(14, 30), time(15, 30), gettext_lazy("What we take home")),
]


LESSONS = [
    gettext_lazy("A motor, a switch, a car"),
    gettext_lazy("Sensors: what a robot notices"),
    gettext_lazy("Finding the way"),
    gettext_lazy("A lesson of your own"),
]
SAID = [
    gettext_lazy("That we built every robot ourselves before showing it to children."),
    gettext_lazy("More time for the third afternoon."),
    gettext_lazy("The list of parts, and that it can be had for little money."),
    "",
]
WHO_SAID = 12  # of which ten are shown


@dataclass(frozen=True)
class Stage:
    """What the parts of the example share. `centres` are in the order of their regions."""

    today: date
    parties: list[Institution]
    centres: list[Institution]
    regional: list[Person]
    cast: dict[str, Person]

    @property
    def coordinator(self) -> Person | None:
        return self.cast.get("coordinator")


def load(today: date) -> None:
    """Fill the empty portal: 64 regions, three parties, the centres they cover, and the meeting."""
    found_cluster(
        _("Network of IT-Cube centres"),
        _(
            "Centres of digital education for children in 64 regions. Their coordinators meet, learn from each other, "
            "and take home what works."
        ),
        hue=150,
    )
    since = long_ago(today)
    Direction.objects.bulk_create(Direction(name=str(name), slug=slug) for slug, name in THEMES.items())
    parties, centres = _parties(), _centres()
    _sign(parties, centres, since)
    cast = people.demo_people(today)
    stage = Stage(today, parties, centres, _regional_coordinators(centres, cast, since), cast)
    _give_roles(stage, since)
    families.publish_documents(by=stage.coordinator)
    _course_that_was(stage)
    _meeting(stage)


def _parties() -> list[Institution]:
    Kind = Institution.Kind
    plan = [(_("Academy 1"), Kind.SUPPLEMENTARY), (_("Academy 2"), Kind.SUPPLEMENTARY), (_("Partner 3"), Kind.COLLEGE)]
    return [Institution.objects.create(name=name, kind=kind) for name, kind in plan]


def _centres() -> list[Institution]:
    found = []
    for number in (f"{it:02}" for it in range(1, REGIONS + 1)):  # so that they stand in their order everywhere
        region = Region.objects.create(name=_("Region %(number)s") % {"number": number}, slug=f"region-{number}")
        name = _("IT-Cube centre %(number)s") % {"number": number}
        found.append(Institution.objects.create(name=name, kind=Institution.Kind.SUPPLEMENTARY, region=region))
    return found


def _sign(parties: list[Institution], centres: list[Institution], day: date) -> None:
    conclude_on_paper(
        day,
        parties,
        CLAUSES,
        {
            party: (centres[number :: len(parties)], _("Annex %(number)s to the agreement") % {"number": number + 1})
            for number, party in enumerate(parties)
        },
        kind=Agreement.Kind.NETWORK,
        title=_("Three-party cooperation agreement"),
        number="1",
        occasion=_("International forum"),
    )


def _regional_coordinators(centres: list[Institution], cast: dict[str, Person], since: date) -> list[Person]:
    """One for each region, who works at its centre; that of the first can sign in, where somebody can."""
    here = [cast["contact"]] if cast else []
    if cast:
        people.affiliate(cast["contact"], centres[0], Affiliation.Role.CONTACT, since)
    rest = centres[len(here) :]
    found = [*here, *people.invented_teachers(rest, len(rest), since, role=Affiliation.Role.STAFF)]
    for person, centre in zip(found, centres, strict=True):
        people.make_coordinator(person, since, centre.region)
    return found


def _give_roles(stage: Stage, since: date) -> None:
    if not stage.cast:
        return
    Role = Affiliation.Role
    people.make_coordinator(stage.cast["coordinator"], since)
    places = {
        "head": (stage.centres[0], Role.HEAD),
        "teacher": (stage.centres[0], Role.TEACHER),
        "student": (stage.centres[0], Role.STUDENT),
        "teacher2": (stage.centres[1], Role.TEACHER),
        "juror": (stage.parties[1], Role.STAFF),
        "juror2": (stage.parties[2], Role.STAFF),
        "mentor": (stage.parties[1], Role.TEACHER),
        "instructor": (stage.parties[0], Role.TEACHER),
    }
    affiliate_cast(stage.cast, places, since)


def _course_that_was(stage: Stage) -> None:
    """A course for teachers that is over: who came, what it left, what they said, and who has a certificate."""
    course = describe_course(
        _("First lessons of robotics"),
        Course.Kind.COURSE,
        hours=16,
        summary=_("Four afternoons online: lessons that begin with a motor and end with a robot that finds its way."),
        directions=Direction.objects.filter(slug="robotics"),
    )
    first = next_day(min(stage.today, localdate()) - timedelta(days=56), weekday=3)
    run = prepare_run(
        course,
        min(stage.today, first - timedelta(days=1)),
        first,
        {Pool.Sort.ONLINE: 60},
        by=stage.coordinator,
        host=stage.parties[1],
        instructors=[person for person in [stage.cast.get("instructor")] if person],
        online_link="https://meet.example.org/robotics",
        gives_certificate=True,
    )
    for week, title in enumerate(LESSONS):
        write_session(run, first + timedelta(weeks=week), time(15), time(17), title=str(title))
    courses.ask_standard_questions(run, by=stage.coordinator)
    everybody = stage.regional[21:45] + [stage.cast[name] for name in ("teacher", "teacher2") if stage.cast]
    enrolments = hold_run(run, stage.coordinator, [(it, Pool.Sort.ONLINE) for it in everybody], Clause.Right.COURSES)
    _leave_behind(run)
    say_how_it_was(enrolments[:WHO_SAID], [str(it) for it in SAID])
    close_run(run, stage.coordinator)
    complete = [it for number, it in enumerate(enrolments) if not one_in_eight(number, 1)]
    for it in complete[-2:]:  # the others wait for the coordinator
        courses.issue_to(it, by=stage.coordinator)


def _leave_behind(run: Run) -> None:
    Kind, after = Material.Kind, Material.Shown.AFTER
    courses.add_material(
        run, by=None, title=_("Recordings of the four afternoons"), kind=Kind.RECORDING, shown=after, is_public=True,
        url="https://video.example.org/robotics",
    )  # fmt: skip
    text = _("What one needs for ten robots: motors, sensors, wheels, and where to find plans for the rest.")
    title = _("List of parts")
    courses.add_material(
        run, by=None, title=title, kind=Kind.FILE, shown=after, file=ContentFile(text.encode(), f"{title}.txt"),
    )  # fmt: skip


def _meeting(stage: Stage) -> None:
    course = describe_course(
        _("Meeting of regional coordinators"),
        Course.Kind.EVENT,
        hours=16,
        summary=_("Two days of sessions, workshops to choose from and round tables, at two host academies."),
        description=_(
            "Sessions for everybody in the morning, parallel workshops after noon: choose one of each slot, and swap "
            "while there are places. Round tables end the first day."
        ),
        directions=Direction.objects.all(),
    )
    first = next_day(stage.today + timedelta(days=21), weekday=1)
    run = prepare_run(
        course,
        stage.today,
        first,
        {Pool.Sort.ROOM: PLACES},
        by=stage.coordinator,
        title=str(first.year),
        host=stage.parties[0],
        partners=[stage.parties[1]],
        instructors=[person for person in [stage.cast.get("instructor")] if person],
        place=_("Academy 1 and Academy 2"),
        roles=TEACHERS,
        gives_certificate=True,
    )
    _plan(run, first)
    everybody = stage.regional[1 : 1 + COMES_FIRST] + [it for it in [stage.cast.get("teacher2")] if it]
    open_run(run, stage.coordinator, ((person, Pool.Sort.ROOM) for person in everybody))
    _choose(run, everybody)


def _plan(run: Run, first: date) -> None:
    number = 1
    for after, begins, ends, what in PROGRAMME:
        academy = _("Academy %(number)s") % {"number": after + 1}  # each of the two is host for a day
        when = (first + timedelta(days=after), begins, ends)
        if not isinstance(what, list):
            hall = _("%(academy)s, assembly hall") % {"academy": academy}
            write_session(run, *when, title=str(what), place=hall)
            continue
        places = PLACES_AT_TABLE if what is ROUND_TABLES else PLACES_IN_WORKSHOP
        for title in what:
            write_session(run, *when, places=places, title=str(title), place=f"{academy}, {room(100 + number)}")
            number += 1


def _choose(run: Run, everybody: list[Person]) -> None:
    """The first workshop is full; the others have places, and one can swap to them."""
    popular, *others = run.sessions.filter(title__in=[str(it) for it in FIRST_WORKSHOPS])
    if popular.starts_at <= now():
        return
    for number, enrolment in enumerate(run.enrolments.filter(person__in=everybody).order_by("pk")):
        chosen = popular if number < PLACES_IN_WORKSHOP else others[number % len(others)]
        courses.choose_seat(enrolment, chosen, by=enrolment.person)
