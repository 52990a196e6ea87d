"""The people of the examples: those who can sign in under DEMO, and invented teachers with plain names."""

from datetime import date
from itertools import islice

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password

from members.models import Affiliation, Coordinator, Institution, Person

PASSWORD = "demo-cluster"  # noqa: S105 (published on the front page of every demonstration)
FAMILY_NAMES = [
    "Ivanov", "Smirnov", "Kuznetsov", "Popov", "Vasiliev", "Petrov", "Sokolov", "Mikhailov", "Novikov",
    "Fedorov", "Morozov", "Volkov", "Alekseev", "Lebedev", "Semenov", "Egorov", "Pavlov", "Kozlov", "Stepanov",
    "Nikolaev", "Orlov", "Andreev", "Makarov", "Nikitin", "Zakharov", "Zaitsev", "Soloviev", "Borisov",
    "Yakovlev", "Grigoriev", "Romanov", "Vorobiev", "Sergeev", "Kuzmin", "Frolov", "Aleksandrov", "Dmitriev",
    "Korolev", "Gusev", "Kiselev",
]  # fmt: skip
GIVEN_NAMES = [
    "Anna", "Maria", "Elena", "Olga", "Natalia", "Irina", "Svetlana", "Tatiana", "Ekaterina", "Galina", "Vera",
    "Yulia", "Nina",
]  # fmt: skip
DEMO_PEOPLE = {
    "coordinator": ("Belova", "Daria", 41),
    "head": ("Orlova", "Vera", 55),
    "contact": ("Komarov", "Lev", 38),
    "teacher": ("Sorokina", "Anna", 34),
    "teacher2": ("Titov", "Maxim", 29),
    "student": ("Gromov", "Ilya", 15),
    "guardian": ("Gromova", "Olga", 43),
    "juror": ("Belyaev", "Igor", 47),
    "juror2": ("Medvedeva", "Alla", 50),
    "mentor": ("Tarasov", "Gleb", 36),
    "instructor": ("Filatova", "Inna", 44),
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
        family_name=family,
        given_name=given,
        birth_date=date(today.year - age, 1, 15),
    )
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def make_coordinator(person: Person, since: date) -> None:
    """Let somebody coordinate the whole cluster."""
    Coordinator.objects.create(person=person, since=since)


def affiliate(person: Person, institution: Institution, role: str, since: date) -> Affiliation:
    """Let somebody belong to an institution since a day."""
    return Affiliation.objects.create(
        person=person, institution=institution, role=role, state=Affiliation.State.ACTIVE, starts_on=since
    )


def invented_teachers(institutions: list[Institution], count: int, since: date) -> list[Person]:
    """Teachers with plain names, dealt out to the institutions in turn; none of them can sign in."""
    names = islice(((family, given) for family in FAMILY_NAMES for given in GIVEN_NAMES[::5]), count)
    teachers = []
    for number, (family, given) in enumerate(names):
        person = Person.objects.create_user(
            f"person{number + 1}@example.org",
            family_name=f"{family}a",
            given_name=given,
            birth_date=date(since.year - 28 - number % 30, 1 + number % 12, 1 + number % 28),
        )
        affiliate(person, institutions[number % len(institutions)], Affiliation.Role.TEACHER, since)
        teachers.append(person)
    return teachers
