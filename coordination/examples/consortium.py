"""School engineering and technology education: an association by its roll, partners, a meeting in the room and online.

The facts come from published reports; what these do not name is a plain placeholder ("School 3", "Company 3").
"""

from dataclasses import dataclass
from datetime import date, time, timedelta

from django.core.files.base import ContentFile
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coordination.examples import families, people
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
    write_session,
)
from courses import actions as courses
from courses.models import Course, Material, Pool, Run, Session
from members.models import Affiliation, Agreement, Clause, Institution, Person, Region

REGIONS, SCHOOLS, COMPANIES, ORGANISATIONS = 12, 32, 50, 30
REGIONS_THAT_SPEAK = 7
LINK = "https://meet.example.org/consortium"
CLAUSES = [
    (
        "1.1",
        gettext_lazy("The association develops engineering and technology education in schools. Joining is voluntary."),
        "",
    ),
    ("1.2", gettext_lazy("Schools are members from the day on which the roll of the association names them."), ""),
    (
        "2.1",
        gettext_lazy("Heads and teachers of the members take part in the meetings of the association."),
        Clause.Right.EVENTS,
    ),
]
PARTNERSHIP = [
    (
        "1",
        gettext_lazy("The partners support the engineering education of the association."),
        "",
    ),
    ("2", gettext_lazy("People of the partners come to the meetings of the association."), Clause.Right.EVENTS),
]
PROGRAMME = [
    (time(10), time(12), gettext_lazy("Internal system of professional development")),
    (time(12, 30), time(14), gettext_lazy("Heads of institutions from seven regions speak")),
    (time(15), time(16, 30), gettext_lazy("Questions, in the room and online")),
]


@dataclass(frozen=True)
class Stage:
    """What the parts of the example share."""

    today: date
    leading: Institution
    association: Institution
    schools: list[Institution]
    partners: list[Institution]
    cast: dict[str, Person]
    crowd: list[Person]

    @property
    def coordinator(self) -> Person | None:
        return self.cast.get("coordinator")


def load(today: date) -> None:
    """Fill the empty portal: an association with its roll, 80 partners, a meeting that was and one to come."""
    found_cluster(
        _("Consortium for engineering education in schools"),
        _(
            "Schools, companies and public organisations that develop engineering and technology education together: "
            "more than 110 in one directory."
        ),
        hue=30,
    )
    since = long_ago(today)
    regions = [
        Region.objects.create(name=_("Region %(number)s") % {"number": number}, slug=f"region-{number}")
        for number in range(1, REGIONS + 1)
    ]
    Kind = Institution.Kind
    leading = _enter(_("Leading school"), Kind.SCHOOL, regions[0])
    association = _enter(_("Association of the consortium"), Kind.ASSOCIATION, regions[0])
    schools = [
        _enter(_("School %(number)s") % {"number": it + 1}, Kind.SCHOOL, regions[it % REGIONS]) for it in range(SCHOOLS)
    ]
    partners = _partners(regions)
    _sign(leading, association, schools, partners, since)
    crowd = people.invented_teachers(schools, 60, since)
    stage = Stage(today, leading, association, schools, partners, people.demo_people(today), crowd)
    _give_roles(stage, since)
    families.publish_documents(by=stage.coordinator)
    _meetings(stage)


def _enter(name: str, kind: str, region: Region) -> Institution:
    return Institution.objects.create(name=name, kind=kind, region=region)


def _partners(regions: list[Region]) -> list[Institution]:
    Kind = Institution.Kind
    plan = [(Kind.COMPANY, _("Company %(number)s"), COMPANIES)]
    plan += [(Kind.ASSOCIATION, _("Public organisation %(number)s"), ORGANISATIONS)]
    return [
        _enter(name % {"number": number + 1}, kind, regions[number % REGIONS])
        for kind, name, count in plan
        for number in range(count)
    ]


def _sign(
    leading: Institution,
    association: Institution,
    schools: list[Institution],
    partners: list[Institution],
    day: date,
) -> None:
    conclude_on_paper(
        day,
        [association, leading],
        CLAUSES,
        {association: (schools, _("Roll of the association"))},
        kind=Agreement.Kind.NETWORK,
        title=_("Agreement on the association"),
        number="1",
    )
    conclude_on_paper(
        day,
        [leading, *partners],
        PARTNERSHIP,
        kind=Agreement.Kind.COOPERATION,
        title=_("Partnership of the leading school"),
        number="2",
    )


def _give_roles(stage: Stage, since: date) -> None:
    if not stage.cast:
        return
    Role = Affiliation.Role
    people.make_coordinator(stage.cast["coordinator"], since)
    here, company = stage.schools[0], stage.partners[0]
    places = {
        "head": (here, Role.HEAD),
        "contact": (here, Role.CONTACT),
        "teacher": (here, Role.TEACHER),
        "student": (here, Role.STUDENT),
        "teacher2": (stage.schools[1], Role.TEACHER),
        "juror": (company, Role.STAFF),
        "juror2": (stage.association, Role.STAFF),
        "mentor": (company, Role.STAFF),
        "instructor": (stage.leading, Role.TEACHER),
    }
    affiliate_cast(stage.cast, places, since)


def _meetings(stage: Stage) -> None:
    """One meeting that was, with its recording and its materials; and the next, open for enrolment."""
    course = describe_course(
        _("Expanded meeting: internal system of professional development"),
        Course.Kind.EVENT,
        hours=6,
        summary=_("Heads of institutions from seven regions speak; other regions take part online."),
        description=_(
            "The association meets inside the forum. Places in the room and online are separate: whoever takes part "
            "online joins by a link that opens shortly before the beginning. The recording and the materials of the "
            "speakers stand here afterwards."
        ),
    )
    was = next_day(min(stage.today, localdate()) - timedelta(days=49), weekday=2)
    _what_was(stage, _meeting(stage, course, was))
    coming = _meeting(stage, course, next_day(stage.today + timedelta(days=14), weekday=2))
    open_run(coming, stage.coordinator, ((it, _way(n)) for n, it in enumerate(stage.crowd[20:44])))


def _way(number: int) -> str:
    """How somebody takes part: those of a few regions are near, the others are online."""
    return Pool.Sort.ROOM if number % 3 == 0 else Pool.Sort.ONLINE


def _meeting(stage: Stage, course: Course, day: date) -> Run:
    run = prepare_run(
        course,
        min(stage.today, day - timedelta(days=1)),
        day,
        {Pool.Sort.ROOM: 80, Pool.Sort.ONLINE: 300},
        by=stage.coordinator,
        host=stage.leading,
        partners=[stage.association],
        instructors=[person for person in [stage.cast.get("instructor")] if person],
        place=_("Leading school, assembly hall"),
        online_link=LINK,
        admits=Run.Admits.PARTNERS,
        joining_counts=True,
        gives_certificate=True,
    )
    for begins, ends, title in PROGRAMME:
        speakers = _("Heads from %(count)s regions") % {"count": REGIONS_THAT_SPEAK} if title is PROGRAMME[1][2] else ""
        write_session(run, day, begins, ends, title=str(title), speakers=speakers)
    return run


def _what_was(stage: Stage, run: Run) -> None:
    """A meeting that is over: who was there, and what it left. One in eight missed all but the first session.

    Nobody is written to about it but those who have their certificates.
    """
    everybody = [*stage.crowd[:24], *(stage.cast[name] for name in ("teacher", "head") if stage.cast)]
    people_in = [(person, _way(number)) for number, person in enumerate(everybody)]
    enrolments = hold_run(run, stage.coordinator, people_in, Clause.Right.EVENTS)
    _leave_behind(stage, run)
    close_run(run, stage.coordinator)
    for it in enrolments:
        if it.affiliation.institution_id == stage.schools[0].pk:  # those of other schools wait for the coordinator
            courses.issue_to(it, by=stage.coordinator)


def _leave_behind(stage: Stage, run: Run) -> None:
    Kind, after = Material.Kind, Material.Shown.AFTER
    courses.add_material(
        run, by=None, title=_("Recording of the broadcast"), kind=Kind.RECORDING, shown=after, is_public=True,
        url="https://video.example.org/consortium",
    )  # fmt: skip
    talk: Session = run.sessions.get(title=str(PROGRAMME[1][2]))
    courses.add_material(
        run, by=None, session=talk, title=_("Slides of the speakers"), kind=Kind.LINK, shown=after, is_public=True,
        url="https://files.example.org/consortium",
    )  # fmt: skip
    text = _("What our schools do so that teachers learn from each other, in the words of seven heads.")
    title = _("Notes of the meeting")
    courses.add_material(
        run, by=None, title=title, kind=Kind.FILE, shown=after, file=ContentFile(text.encode(), f"{title}.txt"),
    )  # fmt: skip
