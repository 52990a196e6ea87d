"""What this app shows on an initiative's page: for what it seeks a mentor, and for what it has one."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext as _

from cluster_portal.hooks import PagePart, register_initiative_parts
from members.models import Affiliation, Initiative
from mentorship.models import Mentor, MentorRequest, Pairing
from mentorship.words import help_in_words

PAIRED = MentorRequest.State.PAIRED
MOST_ROWS = 8


def help_of_mentors(initiative: Initiative, reader: Any) -> Iterator[PagePart]:
    """Requests that wait or have a mentor: for everybody by the kind of help, for those concerned by title and name."""
    active = Prefetch("pairings", Pairing.objects.active().select_related("mentor__person"), to_attr="held")
    asked = initiative.mentor_requests.filter(state__in=[*MentorRequest.LIVE, PAIRED])
    requests = list(asked.prefetch_related(active).order_by("-asked_at", "-pk")[:MOST_ROWS])
    known, mentors = _known_to(reader, requests)
    rows = [_row(it, it.pk in known, mentors) for it in requests]
    more_url, more = "", ""
    if _can_ask(initiative, reader):
        more_url, more = f"{reverse('mentorship:ask')}?for={MentorRequest.For.INITIATIVE}", _("Ask for a mentor")
    elif any(it.state != PAIRED for it in requests):
        more_url, more = reverse("mentorship:offer"), _("Offer to mentor")
    if rows or more_url:
        yield PagePart(_("Help of mentors"), rows, more_url, more)


def _can_ask(initiative: Initiative, reader: Any) -> bool:
    """Whether somebody works in an institution that is in it; the page to which the link leads says if they may."""
    if not reader.is_authenticated or initiative.state != Initiative.State.PUBLISHED:
        return False
    there = {initiative.responsible_id, *(it.pk for it in initiative.participants.all())}
    working = (it for it in reader.active_affiliations if it.role != Affiliation.Role.STUDENT)
    return any(it.institution_id in there for it in working)


def _known_to(reader: Any, requests: list[MentorRequest]) -> tuple[set[int], set[int]]:
    """The keys of the requests, and of their mentors, that a reader may know."""
    if not reader.is_authenticated or not requests:
        return set(), set()
    keys = [it.pk for it in requests]
    known = MentorRequest.objects.visible_to(reader).filter(pk__in=keys).values_list("pk", flat=True)
    mentors = Mentor.objects.visible_to(reader).filter(pairings__request__in=keys).values_list("pk", flat=True)
    return set(known), set(mentors)


def _row(request: Any, is_known: bool, mentors: set[int]) -> tuple[str, str, str]:
    title = request.title if is_known else "; ".join(help_in_words(request.help))
    url = request.get_absolute_url() if is_known else ""
    # Who knows a mentor otherwise does not learn here whom else they help; who mentored before, not who does now.
    named = [it.mentor.person.full_name for it in request.held if is_known and it.mentor_id in mentors]
    if request.state != PAIRED:
        return title, url, _("a mentor is sought")
    return title, url, _("mentor: %(name)s") % {"name": named[0]} if named else _("has a mentor")


register_initiative_parts(help_of_mentors)
