"""What stands in the open library, and what a plan's page says beside the plan itself.

A plan stands there while those who keep the library want it, the results are out, every author agrees, and no guardian
of a child among them says no (decision 114).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cluster_portal.links import absolute
from competitions.concealing import conceal
from competitions.models import Authorship, Entry, Plan
from members.consent import unpublishable
from members.models import Purpose

JOINING = (Entry.Place.FIRST, Entry.Place.SECOND, Entry.Place.THIRD, Entry.Place.LAUREATE)
LICENCE_PAGES = {
    Entry.Licence.CC0: "https://creativecommons.org/publicdomain/zero/1.0/",
    Entry.Licence.BY: "https://creativecommons.org/licenses/by/4.0/",
    Entry.Licence.BY_SA: "https://creativecommons.org/licenses/by-sa/4.0/",
    Entry.Licence.BY_NC: "https://creativecommons.org/licenses/by-nc/4.0/",
    Entry.Licence.BY_NC_SA: "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    Entry.Licence.BY_ND: "https://creativecommons.org/licenses/by-nd/4.0/",
    Entry.Licence.BY_NC_ND: "https://creativecommons.org/licenses/by-nc-nd/4.0/",
}


def why_not_in_library(entry: Entry) -> str:
    """The sentence that says why an entry cannot stand in the library now; nothing when it can."""
    if not entry.competition.is_decided or not entry.place:
        return _("A plan joins the library after the results of its competition.")
    if not entry.licence:
        return _("The plan has no licence.")
    authors = list(entry.authorships.confirmed())
    if not authors or any(it.may_be_published is not True for it in authors):
        return _("Not every author has agreed to publishing it.")
    if unpublishable([it.person_id for it in authors], Purpose.WORK):
        return _("Those who decide for a child among the authors have not agreed to publishing it.")
    return ""


def may_be_named(author: Authorship, hidden: set[int]) -> bool:
    """Whether everybody may read who this author is: they agree to publishing, and no missing consent hides them.

    `hidden` are those of all the authors of a page whose names must not be shown: `unpublishable`.
    """
    return author.may_be_published is True and author.person_id not in hidden


def named(authors: Iterable[Authorship]) -> list[str]:
    """The names of authors as the library shows them; who may not be named is "an author who is not named"."""
    rows = list(authors)
    hidden = unpublishable([it.person_id for it in rows])
    return [it.person.full_name if may_be_named(it, hidden) else _("an author who is not named") for it in rows]


def names_on(entry: Entry) -> list[str]:
    """The names on all that one request shows of a plan `for_page`: asked once."""
    if not hasattr(entry, "names_shown"):
        entry.names_shown = named(entry.authors)
    return entry.names_shown


def institutions_of(authors: Iterable[Authorship]) -> list[str]:
    """The institutions by which the authors took part."""
    return list(dict.fromkeys(it.affiliation.institution.name for it in authors if it.affiliation))


@dataclass(frozen=True)
class Attribution:
    """What whoever uses a plan says of it: title, authors, source, licence (the TASL of Creative Commons)."""

    title: str
    authors: str
    address: str
    licence: str
    licence_page: str
    source: str = ""

    def __str__(self) -> str:
        said = {"title": self.title, "authors": self.authors, "address": self.address, "licence": self.licence}
        text = _("“%(title)s” by %(authors)s (%(address)s), licensed under %(licence)s") % said
        text = f"{text} ({self.licence_page})"
        return f"{text}. {self.source}" if self.source else f"{text}."


def attribution_of(plan: Plan) -> Attribution:
    """The attribution of a plan `for_page`; of an adaptation it names what was adapted."""
    entry = plan.entry
    return Attribution(
        title=entry.title,
        authors=", ".join(names_on(entry)),
        address=absolute(plan.get_absolute_url()),
        licence=_said_as(entry.licence),
        licence_page=LICENCE_PAGES.get(entry.licence, ""),
        source=_adapted(entry),
    )


def _said_as(licence: str) -> str:
    """How people write what SPDX calls CC-BY-SA-4.0: "CC BY-SA 4.0"."""
    name, _dash, version = licence.rpartition("-")
    return f"{name.replace('-', ' ', 1)} {version}" if name else ""


def _adapted(entry: Entry) -> str:
    source = entry.adapted_from
    if source is None:
        return ""
    if source.state != Plan.State.PUBLISHED:
        return _("Adapted from a plan that was taken out of the library.")
    conceal([source.entry])
    said = {
        "title": source.entry.title,
        "authors": ", ".join(named(source.entry.authorships.confirmed().select_related("person"))),
        "address": absolute(source.get_absolute_url()),
        "licence": _said_as(source.entry.licence),
    }
    return _("Adapted from “%(title)s” by %(authors)s (%(address)s), licensed under %(licence)s.") % said


def lineage_of(plan: Plan) -> dict[str, Any]:
    """What a plan was adapted from, and what was adapted from it; what stands there no more has no name."""
    source = plan.entry.adapted_from
    stands = source is not None and source.state == Plan.State.PUBLISHED
    adaptations = list(Plan.objects.public().filter(entry__adapted_from=plan).select_related("entry").order_by("pk"))
    conceal(it.entry for it in adaptations)
    named_source = {"source": source if stands else None, "source_is_gone": bool(source) and not stands}
    return named_source | {"adaptations": adaptations}
