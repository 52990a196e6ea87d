"""The chain of the page on which one enters: agreement and clause → affiliation → entry → results."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from competitions.entering import Entering, deadline_in_words
from competitions.models import Competition
from members.chain import Link, affiliation_link, membership_link


def entering_chain(competition: Competition, answer: Entering) -> list[dict]:
    """The links for one reader; the first broken one says what is missing."""
    right = answer.right
    links = [membership_link(right, competition), affiliation_link(right), _entry(competition, answer)]
    links.append(Link(_("Results on %(day)s") % {"day": date_format(competition.results_on)}))
    return [vars(link) for link in links if link]


def _entry(competition: Competition, answer: Entering) -> Link:
    if answer.right.missing:
        return Link(_("Enter a lesson plan"))
    if answer.missing:
        return Link(_("Enter a lesson plan"), answer.missing, status="broken")
    until = _("until %(when)s") % {"when": deadline_in_words(competition)}
    return Link(_("Enter a lesson plan"), until, status="next")
