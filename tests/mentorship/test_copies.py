"""A copy of one's data hands nobody what the other side said in confidence."""

import json

import pytest

from cluster_portal import hooks
from members.actions import erase_person
from mentorship.models import Pairing
from tests.mentorship import factories as pair

pytestmark = pytest.mark.django_db


def copy_of(person):
    return json.dumps(list(hooks.personal_data["mentorship"].export(person)), ensure_ascii=False)


@pytest.mark.parametrize("state", ["declined", "refused", "dissolved"])
def test_why_one_of_two_said_no_is_in_nobodys_copy(state):
    it = pair.PairingFactory(state=state, because="They insult children")
    for person in (it.mentor.person, it.request.by):
        assert (it.public_id in copy_of(person), "insult" in copy_of(person)) == (True, False)


def test_why_one_of_two_said_no_goes_with_either(cast):
    it = pair.PairingFactory(state="dissolved", because="They insult children")
    erase_person(it.mentor.person, by=cast.coordinator, reason="asked")
    assert Pairing.objects.get().because == ""
