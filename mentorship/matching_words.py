"""Why a mentor is suggested, and what stands in the way, in words that a coordinator reads at a glance."""

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mentorship.matching import Fit, Need, Offer, Wall, fit_of, walls
from mentorship.models import Format
from mentorship.words import days_in_words, formats_in_words, help_in_words, languages_in_words, places_in_words


def why_in_words(need: Need, offer: Offer, themes: dict[str, str], says_places: bool = True) -> str:
    """What speaks for a mentor, in one line; `themes` are the names of themes by their slugs."""
    fit = fit_of(need, offer)
    places = [places_in_words(offer)] if says_places else []
    said = [*_knows(need, fit, themes), _speaks(need, offer), *places, *_can_be_met(need, offer, fit)]
    if fit.same_institution:
        said.append(_("works at the same institution"))
    return capfirst(", ".join(said))


def _knows(need: Need, fit: Fit, themes: dict[str, str]) -> list[str]:
    said = []
    if fit.contest:
        text = _("knows “%(contest)s”") if fit.is_whole_contest else _("knows “%(contest)s”, which is near to it")
        said.append(text % {"contest": fit.contest})
    if fit.help and fit.help == need.help:
        said.append(_("gives the help that is asked for"))
    elif fit.help:
        kinds = "; ".join(help_in_words(list(fit.help)))
        said.append(_("helps with a part of it: %(kinds)s") % {"kinds": kinds})
    if fit.directions:
        names = ", ".join(sorted(themes.get(it, it) for it in fit.directions))
        said.append(_("knows about %(themes)s") % {"themes": names})
    return said


def _speaks(need: Need, offer: Offer) -> str:
    return _("speaks %(languages)s") % {"languages": languages_in_words(sorted(need.languages & offer.languages))}


def _can_be_met(need: Need, offer: Offer, fit: Fit) -> list[str]:
    said = []
    if fit.days:
        said.append(_("both have time on %(days)s") % {"days": days_in_words(list(fit.days), "")})
    if Format.ONLINE in need.formats & offer.formats:
        if fit.hours_apart:
            apart = ngettext("%(n)d hour apart", "%(n)d hours apart", fit.hours_apart)
            said.append(apart % {"n": fit.hours_apart})
    elif fit.same_region:
        said.append(_("in the same region"))
    else:
        said.append(_("in another region, and meets in person only"))
    return said


def against_in_words(need: Need, offer: Offer) -> list[str]:
    """All that stands between a request and a mentor, a sentence each."""
    return [wall_in_words(wall, need, offer) for wall in walls(need, offer)]


def wall_in_words(wall: Wall, need: Need, offer: Offer) -> str:
    """What one wall is."""
    match wall:
        case Wall.LANGUAGE:
            return _("Speaks other languages: %(languages)s.") % {
                "languages": languages_in_words(sorted(offer.languages))
            }
        case Wall.FORMAT:
            return _("Meets in another way: %(formats)s.") % {"formats": formats_in_words(sorted(offer.formats))}
        case Wall.CLEARANCE if offer.cleared_until is None:
            return _("Is not cleared for work with minors.")
        case Wall.CLEARANCE:
            days = {"day": date_format(offer.cleared_until), "last": date_format(need.needed_by)}
            return _("Is cleared for work with minors until %(day)s only, and is needed until %(last)s.") % days
        case Wall.FULL:
            return _("Has no place free.")
    return str(
        {
            Wall.SELF: _("Is who asked for it."),
            Wall.AWAY: _("Takes no requests now."),
            Wall.SAID_NO: _("Was asked for it before, and it did not come about."),
            Wall.ASKED: _("Was asked for it before, without an answer."),
            Wall.UNKNOWN: _("Says nothing of what is asked for."),
        }[wall]
    )
