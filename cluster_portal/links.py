"""Signed links: what a mailed link carries, so that nothing secret is stored.

A token holds the public id of one object and the time it was made, signed for one purpose. What it allows once, the
object's state says: a redeemed invitation is not in the state "invited" any more.
"""

from datetime import timedelta

from django.conf import settings
from django.core import signing

PATHS = {
    "courses.door": "/door/{}/",
    "courses.join": "/join/{}/",
    "courses.feedback": "/feedback/{}/",
    "courses.leave": "/leave/{}/",
    "courses.offer": "/offer/{}/",
    "courses.ticket": "/ticket/{}/",
    "members.certificate": "/certificate/{}/",
    "members.application": "/application/{}/",
    "members.erasure": "/erase/{}/",
    "members.erasure_word": "/erasure-request/{}/",
    "members.unsubscribe": "/unsubscribe/{}/",
    "members.invitation": "/invitation/{}/",
    "members.claim": "/invitation/{}/",
    "members.consent": "/consent/{}/",
    "members.own_consent": "/consent/{}/",
}


def signed_token(purpose: str, public_id: str) -> str:
    """A token for one object and one purpose, signed with the time of its making."""
    return signing.TimestampSigner(salt=purpose).sign(public_id)


def signed_link(purpose: str, public_id: str) -> str:
    """The whole address that carries such a token."""
    return absolute(PATHS[purpose].format(signed_token(purpose, public_id)))


def read_link(purpose: str, token: str, max_age: timedelta | None = None) -> str | None:
    """The public id in a token of this purpose, or None when it is forged, meant for something else or too old."""
    try:
        return signing.TimestampSigner(salt=purpose).unsign(token, max_age=max_age)
    except signing.BadSignature:
        return None


def absolute(path: str) -> str:
    """The address of a page of ours, as a mail needs it."""
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError(f"{path!r} is not a path of this portal.")
    return f"{settings.SITE_URL}{path}"
