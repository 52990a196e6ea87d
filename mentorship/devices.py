"""Who mentors students sits at a confirmed device, as whoever teaches them does (decision 067)."""

from cluster_portal.hooks import register_answering
from members.models import Person
from mentorship.models import Pairing


def mentors_students(person: Person) -> bool:
    """Whether somebody is, or was, the mentor of a pairing in which students may take part: they read it still."""
    return Pairing.objects.held().filter(mentor__person=person, with_students=True).exists()


register_answering(mentors_students)
