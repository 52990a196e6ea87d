"""A request as a chain: asked → a mentor is asked → agreed → they meet → what came of it. And why one may ask."""

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from members.chain import Link, affiliation_link, membership_link
from members.models import Person
from members.taking_part import Right
from mentorship.asking import MENTORSHIP
from mentorship.channels import ENDED
from mentorship.models import MentorRequest, Pairing
from mentorship.rules import coordinates_the_request
from mentorship.words import day_of, owed_in_words

State = MentorRequest.State


def chain_of_right(right: Right) -> list[dict]:
    """Why somebody may ask for a mentor, or what is missing."""
    links = [membership_link(right, MENTORSHIP), affiliation_link(right)]
    if right.holds:
        links.append(Link(_("Your request"), _("Say what you need; a coordinator answers."), status="next"))
    return [vars(link) for link in links if link]


def chain_of(request: MentorRequest, reader: Person, pairing: Pairing | None) -> list[dict]:
    """The links of one request for one reader; `pairing`: what they may know of it (`met_on`, `outcome_count`)."""
    own = reader.pk == request.by_id
    asked = Link(_("Asked"), day_of(request.asked_at), status="done")
    if request.state in {State.WITHDRAWN, State.CLOSED}:
        return [vars(asked), vars(_ended(request, own or coordinates_the_request(reader, request)))]
    links = [asked, _mentor(request, own), _agreed(request, pairing, own), _met(request, pairing, own)]
    links.append(_outcome(request, pairing, reader))
    return [vars(link) for link in links]


def _ended(request: MentorRequest, reads_why: bool) -> Link:
    """Why a search ended is a word of the coordinator to the teacher: mentors who were asked do not read it."""
    title, day = str(request.get_state_display()), day_of(request.state_since)
    said = f"{day}: {request.closed_because}" if request.closed_because and reads_why else day
    return Link(title, said, status="broken")


def _mentor(request: MentorRequest, own: bool) -> Link:
    if request.state == State.OPEN:
        return Link(_("A mentor is sought"), owed_in_words(request, own), status="next")
    if request.state == State.PROPOSED:
        return Link(_("A mentor is asked"), owed_in_words(request, own), status="next")
    return Link(_("A mentor has said yes"), status="done")


def _agreed(request: MentorRequest, pairing: Pairing | None, own: bool) -> Link:
    title = _("You agree") if own else _("The teacher agrees")
    if request.state == State.ACCEPTED and pairing is not None:
        url = reverse("mentorship:agree", args=[pairing.public_id]) if own else ""
        return Link(title, owed_in_words(request, own), url, "next")
    if request.state == State.PAIRED and pairing is not None:
        title = _("You agreed") if own else _("The teacher agreed")
        return Link(title, date_format(pairing.began_on) if pairing.began_on else "", status="done")
    return Link(title)


def _met(request: MentorRequest, pairing: Pairing | None, own: bool) -> Link:
    title = _("You meet") if own else _("They meet")
    if request.state != State.PAIRED or pairing is None:
        return Link(title)
    ended = pairing.state != Pairing.State.ACTIVE
    text = str(pairing.get_state_display()) if ended else ""
    status = "done" if pairing.met_on or ended else "next"
    if pairing.met_on:
        text = _("last on %(day)s") % {"day": date_format(pairing.met_on)}
    return Link(title, text, pairing.get_absolute_url(), status)


def _outcome(request: MentorRequest, pairing: Pairing | None, reader: Person) -> Link:
    title = _("What came of it")
    if pairing is not None and pairing.outcome_count:
        return Link(title, url=f"{pairing.get_absolute_url()}#outcomes", status="done")
    can_come = pairing is not None and pairing.state in ENDED and bool(request.contest or request.with_students)
    if pairing is None or not can_come or reader.pk not in {pairing.mentor.person_id, request.by_id}:
        return Link(title)
    url = reverse("mentorship:enter_outcome", args=[pairing.public_id])
    return Link(title, _("Enter what the students reached, once it is known."), url, "next")
