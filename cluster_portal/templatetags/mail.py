"""Template tags of mail templates. Only what they write can be a link: everything else is made harmless (mailtext)."""

import secrets
from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language

from cluster_portal.links import absolute
from cluster_portal.zones import zone_name

register = template.Library()


class Marks:
    """The links of one rendering, each behind a mark that nobody's text can guess."""

    def __init__(self) -> None:
        self.nonce = secrets.token_hex(8)
        self.written: list[str] = []

    def keep(self, text: str) -> str:
        self.written.append(text)
        return f"\x02{self.nonce}:{len(self.written) - 1}\x03"

    def split(self, rendered: str, clean: Callable[[str], str]) -> str:
        """The rendered text with everything cleaned but what the tags wrote."""
        pieces = rendered.split(f"\x02{self.nonce}:")
        kept = [clean(pieces[0])]
        for piece in pieces[1:]:
            number, _mark, rest = piece.partition("\x03")
            kept += [self.written[int(number)], clean(rest)]
        return "".join(kept)


@register.simple_tag(takes_context=True)
def link(context: template.Context, path: str) -> str:
    """The address of one of our pages, as a link."""
    return context["marks"].keep(absolute(path))


@register.simple_tag(takes_context=True)
def secret(context: template.Context, name: str) -> str:
    """A link or code that is put in at sending; in the stored text only its name stands."""
    return context["marks"].keep(f"⟦{name}⟧")


@register.filter
def moment(at: datetime | None) -> str:
    """Day and time with the zone named: "Tuesday 2 March 2027, 16:00 (Moscow time, UTC+03:00)"."""
    return _moment(at, timezone.get_current_timezone(), get_language()) if at else ""


@lru_cache(maxsize=10_000)
def _moment(at: datetime, zone: tzinfo, _language: str | None) -> str:
    """Remembered, because the mail to everybody in a run names the same moments."""
    local = timezone.localtime(at, zone)
    day = date_format(local, _form("weekday"))
    return f"{day}, {local:%H:%M} ({_zone(local)})"


@register.filter
def clock(at: datetime) -> str:
    """The time of day with the zone named."""
    local = timezone.localtime(at)
    return f"{local:%H:%M} ({_zone(local)})"


def _zone(local: datetime) -> str:
    """The zone of a local time in words, with its distance from UTC: a mail is read anywhere."""
    offset = local.strftime("%z")
    name = zone_name(local.tzinfo)
    return f"{name}, UTC{offset[:3]}:{offset[3:5]}" if local.utcoffset() else name


def _form(name: str) -> str:
    forms: dict[str, Any] = {"ru": "j E Y (l)", "ko": "Y년 n월 j일 l"}
    return forms.get((get_language() or "en")[:2], "l j F Y")
