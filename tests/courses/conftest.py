"""A class with its teacher, guardians who have an address, a session that has just begun."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from courses.models import Run, Session
from members.actions.consent import decide
from members.models import Group, Institution, Person
from tests import factories as make


def class_of(school: Institution, teacher: Person, name: str = "7 B", size: int = 3) -> tuple[Group, list[Person]]:
    """A class that a teacher keeps: students of ten years, each with a guardian."""
    group = make.GroupFactory(institution=school, name=name)
    group.keepers.add(teacher)
    children = [make.ChildFactory(family_name=f"Child{number:02}") for number in range(size)]
    for child in children:
        make.AffiliationFactory(person=child, institution=school, role="student")
        make.GroupMemberFactory(group=group, person=child)
        make.GuardianshipFactory(child=child)
    return group, children


@pytest.fixture
def text():
    return make.ConsentTextFactory()


@pytest.fixture
def school_class(cast):
    return class_of(cast.school, cast.teacher)


@pytest.fixture
def group(school_class):
    return school_class[0]


@pytest.fixture
def children(school_class):
    return school_class[1]


@pytest.fixture
def over(db):
    """A run whose last session ended yesterday, with a sentence and an open question."""
    run = make.RunFactory()
    make.SessionFactory(run=run, starts_at=now() - timedelta(days=1))
    make.FeedbackQuestionFactory(run=run, text="It was clear.", kind="scale")
    make.FeedbackQuestionFactory(run=run, text="What helped?", kind="text")
    return run


def silent(run: Run, number: int = 4) -> None:
    """So many more who took part and whom nobody can write to: a run asks how it was when five were there."""
    for _ in range(number):
        make.EnrolmentFactory(run=run, person__email=None)


@pytest.fixture
def instructor(over):
    person = make.PersonFactory()
    over.instructors.add(person)
    return person


@pytest.fixture
def guardianship(over, text):
    it = make.GuardianshipFactory(child=make.ChildFactory(), guardian__contact_email="guardian@example.org")
    decide(it.child, "taking_part", "granted", by=it.guardian, channel="link", text=text)
    make.EnrolmentFactory(run=over, person=it.child)
    return it


@pytest.fixture
def going(cast):
    """A run with a session that has just begun; the teacher of the cast teaches it."""
    run = make.RunFactory(course__title="AI", online_link="https://meet.example.net/1")
    make.SessionFactory(
        run=run,
        title="Agents",
        starts_at=now() - timedelta(minutes=10),
        ends_at=now() + timedelta(hours=1),
    )
    make.PoolFactory(run=run, places=50)
    make.PoolFactory(run=run, places=50, sort="online")
    run.instructors.add(cast.teacher)
    return run


@pytest.fixture
def session(going):
    return going.sessions.get()


@pytest.fixture
def mine(going, cast):
    return make.EnrolmentFactory(run=going, person=cast.colleague)


@pytest.fixture
def online(going):
    return make.EnrolmentFactory(run=going, pool=going.pools.get(sort="online"))


def page(name: str, session: Session) -> str:
    return reverse(f"courses:{name}", args=[session.run.public_id, session.public_id])
