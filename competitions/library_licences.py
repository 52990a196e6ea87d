"""Which licence an adaptation may have: the adapter's licence chart of Creative Commons.

Source: creativecommons.org/faq, "If I derive or adapt material offered under a Creative Commons license, which CC
license(s) can I use?" We allow what the chart recommends; what it calls possible but unwise (BY of a BY-NC work) would
mislead whoever takes the adaptation up.
"""

from django.utils.translation import gettext as _

from competitions.models import Entry

Licence = Entry.Licence
_ALL_BUT_CC0 = {Licence.BY, Licence.BY_SA, Licence.BY_NC, Licence.BY_NC_SA, Licence.BY_ND, Licence.BY_NC_ND}
ADAPTATIONS: dict[str, set[str]] = {
    Licence.CC0: {Licence.CC0, *_ALL_BUT_CC0},
    Licence.BY: {*_ALL_BUT_CC0},
    Licence.BY_NC: {Licence.BY_NC, Licence.BY_NC_SA, Licence.BY_NC_ND},
    Licence.BY_SA: {Licence.BY_SA},
    Licence.BY_NC_SA: {Licence.BY_NC_SA},
    Licence.BY_ND: set(),
    Licence.BY_NC_ND: set(),
}


def may_adapt(source: str, own: str) -> bool:
    """Whether what is adapted from a work under `source` may be given under `own`."""
    return own in ADAPTATIONS.get(source, set())


def why_not_adapted(source: str) -> str:
    """The sentence for a work that may only be passed on as it is."""
    if licences_for(source):
        return ""
    return _("It is given under %(licence)s: it may be passed on unchanged, and no adaptation of it may be shared.") % {
        "licence": source
    }


def licences_for(source: str) -> list[str]:
    """The licences that an adaptation of a work under `source` may have, in the order in which they are declared."""
    return [it for it in Licence if may_adapt(source, it)]
