"""The words of a mail: rendered once as plain text, from which the HTML is made.

Nobody's own text becomes a link or markup. Mail programs turn bare domains into links even in plain text, so whatever
did not come from the tags `link` and `secret` has its domains and addresses broken by a narrow space; hence every
address that still stands in the stored text is ours. Secrets stand in it as ⟦name⟧, which no other text can hold.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.utils import timezone, translation

from cluster_portal import hooks
from cluster_portal.templatetags.mail import Marks

NARROW_SPACE = "\u202f"
LONGEST_SUBJECT = 300
MASK = "•••••"
_SECRET = re.compile(r"⟦(\w+)⟧")
_ADDRESS = re.compile(r"https?://\S+")
# Full stops of other scripts separate domains too (UTS 46).
_TEMPTING = re.compile(
    r"(?<=[^\W_]\.)(?=[^\W\d_])|(?<=[\u3002\uff0e\uff61])(?=\w)|(?<=:)(?=//)|(?<=\w@)(?=\w)|(?<=\w)(?=@\w)"
)
# Characters that command instead of being read: controls but the line's end, line separators, reversed direction.
_STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BRACKETS = str.maketrans("⟦⟧", "[]")


@dataclass(frozen=True)
class Piece:
    """A run of text; with an `address` it is a link."""

    text: str
    address: str = ""


@dataclass(frozen=True)
class Block:
    """A paragraph, or (with an `address`) the button that its first line names."""

    lines: tuple[tuple[Piece, ...], ...] = ()
    label: str = ""
    address: str = ""


@cache
def _engine() -> Engine:
    return Engine(
        dirs=[settings.BASE_DIR / "templates" / "mail"],
        autoescape=False,
        builtins=["django.templatetags.i18n", "cluster_portal.templatetags.mail"],
        libraries={},
    )


def rendered(wanted: hooks.WantedMail, sender: hooks.Sender) -> tuple[str, str]:
    """Subject and text of a mail in its reader's language and time zone."""
    kind, to = hooks.mail_kinds[wanted.template], wanted.to
    zone = ZoneInfo(to.time_zone) if to.time_zone else sender.zone
    with translation.override(to.language), timezone.override(zone):
        context = {"about": wanted.about, "to": to, "sender": sender, **kind.context(wanted)}
        subject = " ".join(_render(f"{wanted.template}.subject.txt", context).split())
        body = _render(f"{wanted.template}.body.txt", context)
    return _cut(subject), _tidy(body)


def harmless(text: str) -> str:
    """Somebody's own text, made so that no program takes a part of it for a link, a secret or a command."""
    return _TEMPTING.sub(NARROW_SPACE, _STEERING.sub("", text).translate(_BRACKETS))


def resolved(text: str, secrets: Mapping[str, str]) -> str:
    """The text as it is sent, with its links and codes; raises KeyError when one is missing."""
    return _SECRET.sub(lambda found: secrets[found[1]], text)


def masked(text: str) -> str:
    """The text as others may see it."""
    return _SECRET.sub(MASK, text)


def secrets_in(text: str) -> list[str]:
    """The names of the links and codes that the text asks for."""
    return _SECRET.findall(text)


def blocks(text: str) -> list[Block]:
    """The paragraphs of a text. Two lines, the first ending in a colon, the second an address, are a button."""
    return [_block(paragraph.split("\n")) for paragraph in re.split(r"\n{2,}", text.strip())]


def as_html(text: str, subject: str, language: str, sender: hooks.Sender) -> str:
    """The HTML alternative of a text that is ready to be sent."""
    from cluster_portal.palette import colour

    names = ("accent", "on-accent", "ink", "paper")
    colours = {name.replace("-", "_"): colour(name, sender.hue) for name in names}
    context = {"blocks": blocks(text), "subject": subject, "language": language, "cluster": sender.name, **colours}
    return render_to_string("mail/base.html", context)


def _render(name: str, context: dict[str, Any]) -> str:
    marks = Marks()
    text = _engine().get_template(name).render(Context({**context, "marks": marks}, autoescape=False))
    return marks.split(text, harmless)


def _tidy(body: str) -> str:
    lines = "\n".join(line.strip() for line in body.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def _cut(subject: str) -> str:
    return subject if len(subject) <= LONGEST_SUBJECT else subject[: LONGEST_SUBJECT - 1] + "…"


def _block(lines: list[str]) -> Block:
    if len(lines) == 2 and lines[0].endswith(":") and _ADDRESS.fullmatch(lines[1]):
        return Block(label=lines[0].rstrip(":"), address=lines[1])
    return Block(lines=tuple(tuple(_pieces(line)) for line in lines))


def _pieces(line: str) -> list[Piece]:
    pieces, end = [], 0
    for found in _ADDRESS.finditer(line):
        pieces += [Piece(line[end : found.start()]), Piece(found[0], found[0])]
        end = found.end()
    return [piece for piece in [*pieces, Piece(line[end:])] if piece.text]
