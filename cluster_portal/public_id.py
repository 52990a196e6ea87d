"""Random public identifiers: what the outside sees instead of a database key."""

import secrets

from django.db import models
from django.urls import register_converter

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
LENGTH = 12


def new_public_id() -> str:
    """Twelve characters from an alphabet without look-alikes: about 59 bits, so that counting ids finds nobody."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def is_public_id(text: str) -> bool:
    """Whether a text that somebody sent can be the public id of anything; what cannot is asked of no database."""
    return len(text) == LENGTH and set(text) <= set(ALPHABET)


class PublicIdField(models.CharField):
    """The public id of a row, set once when the row is made."""

    def __init__(self, **options):
        super().__init__(
            **{"max_length": LENGTH, "unique": True, "editable": False, "default": new_public_id} | options
        )


class PublicIdConverter:
    """A public id in an address: anything else is no address of ours, and asks no database."""

    regex = f"[{ALPHABET}]{{{LENGTH}}}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PublicIdConverter, "id")
