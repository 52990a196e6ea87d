"""A stolen password alone opens no pairing in which students take part: neither the teacher's nor the mentor's."""

import pytest

from mentorship.devices import mentors_students
from tests.mentorship import factories as mentoring

pytestmark = pytest.mark.django_db


@pytest.fixture
def pairing(cast):
    affiliation = cast.teacher.affiliations.get()
    return mentoring.PairingFactory(request__affiliation=affiliation, request__with_students=True)


def with_a_password_only(client, person):
    """Signed in on a device that nobody has confirmed."""
    client._login(person, "members.backends.AuthenticationBackend")


def test_the_mentor_of_students_confirms_the_device(client, pairing):
    mentoring.MessageFactory(pairing=pairing, text="Words of a child")
    with_a_password_only(client, pairing.mentor.person)
    for page in ("", "messages/", "files/", "log/", "plan/"):
        response = client.get(f"{pairing.get_absolute_url()}{page}")
        assert (response.status_code, "/me/devices/" in response.url) == (302, True)


def test_who_mentors_teachers_only_does_not(client):
    pairing = mentoring.PairingFactory()
    with_a_password_only(client, pairing.mentor.person)
    assert client.get(pairing.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(
    ("state", "counts"), [("active", True), ("completed", True), ("proposed", False), ("withdrawn", False)]
)
def test_who_may_read_what_students_write(state, counts):
    pairing = mentoring.PairingFactory(state=state, request__with_students=True)
    assert mentors_students(pairing.mentor.person) == counts
