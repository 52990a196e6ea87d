"""What was taken back, for those who watch over students; and the ways from a message or a file to the coordinator."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from members.models import Person
from mentorship.actions.kept import Part, kind_of
from mentorship.channels import Access
from mentorship.models import TakenBack
from mentorship.readers import Channel
from mentorship.rules import judges_the_pairing

MOST_KEPT = 200


def with_ways(rows: list[Any], channel: Channel, reader: Person, tell: Callable[[Part], str]) -> list[Any]:
    """Messages or files, each with where the reader tells a coordinator of it, or hides it as one."""
    judges = judges_the_pairing(reader, channel.pairing)
    for it in rows:
        it.hide = address_of("hide_part", it) if judges else ""
        it.tell = "" if judges or it.by_id == reader.pk else tell(it)
    return rows


def address_of(name: str, part: Part) -> str:
    """A page about a message or a file."""
    return reverse(f"mentorship:{name}", args=[part.pairing.public_id, kind_of(part), part.public_id])


def tell_address(part: Part) -> str:
    """The page on which somebody who is signed in tells a coordinator."""
    return address_of("tell_of_part", part)


def taken_back_in(channel: Channel, reader: Person) -> list[TakenBack]:
    """What was changed, taken back or hidden, for whoever watches over the pairing; the latest first."""
    if not channel.may(reader, Access.KEPT):
        return []
    rows = channel.pairing.taken_back.select_related("by", "message__by", "file__by", "file__upload")
    found = list(rows[:MOST_KEPT])
    for it in found:
        part = it.message or it.file
        it.who = channel.name_of(part.by if part else it.by, reader)
        it.url = reverse("file", args=[it.file.upload.public_id]) if it.file else ""
    return found
