"""The chain that a competition's page shows: agreement and clause → affiliation → entry → results."""

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from competitions.entering import Entering, deadline_in_words
from competitions.models import Competition, Entry
from members.chain import Link, affiliation_link, membership_link
from members.models import Person

LIVE = {Entry.State.SUBMITTED, Entry.State.ADMITTED}


def chain_of(it: Competition, person: Person | None, answer: Entering | None, mine: list[Entry]) -> list[dict]:
    """The links from the agreement to the results, for one reader; the first broken one says what is missing."""
    if person is None or answer is None:
        return [vars(link) for link in (_sign_in(it), _to_come(it), _results(it))]
    links = [membership_link(answer.right, it), affiliation_link(answer.right), *_entries(it, answer, mine)]
    return [vars(link) for link in [*links, _results(it)] if link]


def _sign_in(it: Competition) -> Link:
    url = f"{reverse('account_login')}?next={it.get_absolute_url()}"
    return Link(_("Sign in"), _("Then this page says whether you can enter."), url, "next")


def _to_come(it: Competition) -> Link:
    return Link(_("Your entry"), _("until %(when)s") % {"when": deadline_in_words(it)})


def _entries(it: Competition, answer: Entering, mine: list[Entry]) -> list[Link]:
    """A link for each entry that counts; without one, whether a first one can be begun."""
    shown = [one for one in mine if one.state != Entry.State.WITHDRAWN]
    if shown:
        return [_entry(it, one) for one in shown]
    if answer.may:
        return [Link(_("Your entry"), _("until %(when)s") % {"when": deadline_in_words(it)}, status="next")]
    is_said = answer.right.missing and answer.missing == answer.right.missing
    return [Link(_("Your entry"), "" if is_said else answer.missing, status="open" if is_said else "broken")]


def _entry(it: Competition, entry: Entry) -> Link:
    said = str(entry.get_state_display())
    if entry.state == Entry.State.DRAFT:
        until = _("%(state)s: hand it in until %(when)s") % {"state": said, "when": deadline_in_words(it)}
        return Link(str(entry), until, entry.get_absolute_url(), "next")
    return Link(str(entry), said, entry.get_absolute_url(), "done" if entry.state in LIVE else "broken")


def _results(it: Competition) -> Link:
    if it.is_decided:
        return Link(_("Results"), url="#results", status="done")
    return Link(_("Results"), _("planned for %(day)s") % {"day": date_format(it.results_on)})
