"""Who is in a pairing, and who reads it, in words for everybody in it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from members.models import Person
from mentorship.models import PairingStudent
from mentorship.readers import Channel


@dataclass(frozen=True)
class ShownStudent:
    """A student as one reader sees them; `is_in` says whether they are let in now."""

    student: PairingStudent
    name: str
    is_in: bool


def shown_student(channel: Channel, student: PairingStudent, reader: Person) -> ShownStudent:
    """A student with the name that this reader is told."""
    return ShownStudent(student, channel.name_of(student.person, reader), student.person_id in channel.access)


def readers_in_words(channel: Channel) -> str:
    """Who reads what is written here, before anybody writes."""
    if not channel.facts.is_watched:
        return _("What you write here only the two of you read. The coordinator sees plan, meetings and log.")
    reading = _(
        "Mentor, teacher and students read what is written here; so do the guardians of minors, the coordinators, and "
        "whoever answers for the school. Nobody writes to one of them alone."
    )
    kept = _("What is changed or taken back, guardians, coordinators and the school read on.")
    return f"{reading} {kept}"
