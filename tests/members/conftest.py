"""A family in which nobody erases alone: several test files ask what then happens."""

from datetime import date

import pytest

from members import actions
from tests import factories as make

BORN = date(2016, 3, 1)


def guardians(child):
    return [it.guardian for it in child.guarded_by.order_by("pk")]


@pytest.fixture
def child(cast):
    """Ten years old, a student of the school, with two guardians who have addresses."""
    child = make.ChildFactory(family_name="Gromov", birth_date=BORN)
    make.AffiliationFactory(person=child, institution=cast.school, role="student")
    make.GuardianshipFactory(child=child, guardian__family_name="Gromova")
    make.GuardianshipFactory(child=child, guardian__family_name="Gromov")
    return child


@pytest.fixture
def mother(child):
    return guardians(child)[0]


@pytest.fixture
def father(child):
    return guardians(child)[1]


@pytest.fixture
def asked(child, mother):
    return actions.request_erasure(child, by=mother, reason="We move away")
