"""The people of the examples: those who can sign in under DEMO, and invented teachers with plain names.

Their names are said in the language in which the example is loaded, and so they are written to in it.
"""

from datetime import date
from itertools import islice

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from members.models import Affiliation, Coordinator, Institution, Person, Region

PASSWORD = "demo-cluster"  # noqa: S105 (published on the front page of every demonstration)
FAMILY_NAMES = [
    _("Ivanova"), _("Smirnova"), _("Kuznetsova"), _("Popova"), _("Vasilieva"), _("Petrova"), _("Sokolova"),
    _("Mikhailova"), _("Novikova"), _("Fedorova"), _("Morozova"), _("Volkova"), _("Alekseeva"), _("Lebedeva"),
    _("Semenova"), _("Egorova"), _("Pavlova"), _("Kozlova"), _("Stepanova"), _("Nikolaeva"),
]  # fmt: skip
GIVEN_NAMES = [_("Anna"), _("Irina"), _("Vera")]
MORE_GIVEN_NAMES = [_("Olga"), _("Elena"), _("Daria")]
DEMO_PEOPLE = {
    "coordinator": (_("Belova"), _("Daria"), 41),
    "head": (_("Orlova"), _("Vera"), 55),
    "contact": (_("Komarov"), _("Lev"), 38),
    "teacher": (_("Sorokina"), _("Anna"), 34),
    "teacher2": (_("Titov"), _("Maxim"), 29),
    "student": (_("Gromov"), _("Ilya"), 15),
    "guardian": (_("Gromova"), _("Olga"), 43),
    "juror": (_("Belyaev"), _("Igor"), 47),
    "juror2": (_("Medvedeva"), _("Alla"), 50),
    "mentor": (_("Tarasov"), _("Gleb"), 36),
    "instructor": (_("Filatova"), _("Inna"), 44),
}


def demo_people(today: date) -> dict[str, Person]:
    """The people whom the front page of a demonstration names; none at all when this is not one."""
    if not settings.DEMO:
        return {}
    password = make_password(PASSWORD)  # hashed once: it is no secret, and hashing is slow on purpose
    return {role: _demo_person(role, password, today) for role in DEMO_PEOPLE}


def _demo_person(role: str, password: str, today: date) -> Person:
    family, given, age = DEMO_PEOPLE[role]
    person = Person.objects.create(
        email=f"{role}@example.org",
        password=password,
        family_name=str(family),
        given_name=str(given),
        language=get_language(),
        birth_date=date(today.year - age, 1, 15),
    )
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def make_coordinator(person: Person, since: date, region: Region | None = None) -> None:
    """Let somebody coordinate the whole cluster, or a region of it."""
    Coordinator.objects.create(person=person, since=since, region=region)


def affiliate(person: Person, institution: Institution, role: str, since: date) -> Affiliation:
    """Let somebody belong to an institution since a day."""
    return Affiliation.objects.create(
        person=person, institution=institution, role=role, state=Affiliation.State.ACTIVE, starts_on=since
    )


def invented_teachers(
    institutions: list[Institution], count: int, since: date, role: str = Affiliation.Role.TEACHER
) -> list[Person]:
    """Teachers with plain names, dealt out to the institutions in turn; none of them can sign in."""
    names = ((family, given) for some in (GIVEN_NAMES, MORE_GIVEN_NAMES) for family in FAMILY_NAMES for given in some)
    teachers = []
    for number, (family, given) in enumerate(islice(names, count)):
        person = Person.objects.create_user(
            f"person{number + 1}@example.org",
            family_name=str(family),
            given_name=str(given),
            language=get_language(),
            birth_date=date(since.year - 28 - number % 30, 1 + number % 12, 1 + number % 28),
        )
        affiliate(person, institutions[number % len(institutions)], role, since)
        teachers.append(person)
    return teachers
