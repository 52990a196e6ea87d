"""An entry in words: what its page, its receipt and a comparison of two windows say."""

from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.languages import language_name
from competitions.models import Entry
from members.models import Direction

PARTS = {"steps": lambda: _("Course of the lesson"), "tools": lambda: _("AI tools used, and how")}


def in_words(entry: Entry) -> list[tuple[str, Any]]:
    """The short facts of a plan, as pairs of term and value; what is empty is left out by the page."""
    return [
        (label_of("nomination"), entry.nomination),
        (label_of("subject"), entry.subject),
        (_("For"), stages_in_words(entry)),
        (_("Duration"), minutes_in_words(entry.minutes)),
        (label_of("directions"), ", ".join(it.name for it in entry.directions.all())),
        (label_of("language"), language_name(entry.language)),
        (label_of("licence"), entry.get_licence_display()),
        (label_of("adapted_from"), entry.adapted_from.shown_title if entry.adapted_from else ""),
    ]


def stages_in_words(entry: Entry) -> str:
    """The years of schooling that a plan is meant for."""
    first, last = entry.stage_from, entry.stage_until
    if first is None or last is None:
        return ""
    if first == last:
        return _("year %(year)s of schooling") % {"year": first} if first else _("before school")
    return _("years %(first)s to %(last)s of schooling") % {"first": first, "last": last}


def minutes_in_words(minutes: int | None) -> str:
    """A duration: "45 minutes"."""
    if minutes is None:
        return ""
    return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}


def label_of(name: str) -> str:
    """What a field is called."""
    return str(PARTS[name]()) if name in PARTS else capfirst(str(Entry._meta.get_field(name).verbose_name))


def shown_value(entry: Entry, name: str, value: Any) -> tuple[str, str]:
    """The label of a part, and a stored value of it as text: for somebody who compares it with their own."""
    if name == "steps":
        lines = [f"{n}. {row['title']} ({row['minutes'] or '…'})\n{row['text']}" for n, row in enumerate(value, 1)]
        return label_of(name), "\n".join(lines) or "—"
    if name == "tools":
        return label_of(name), "\n".join(f"{row['name']}: {row['use']}" for row in value) or "—"
    if name == "directions":
        return label_of(name), ", ".join(Direction.objects.filter(pk__in=value).values_list("name", flat=True)) or "—"
    return label_of(name), str(value) if value not in (None, "") else "—"
