"""Who is asked to mentor whom: one by one, or a whole intake just as it was shown; and what each of them answers.

Locks are taken in one order: the requests by key, then the mentors by key, then the pairing. An answer moves the
pairing and its request together, and with them the clock: somebody else owes the next answer.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from cluster_portal.audit import record_many
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, already_answered, make_move, make_moves
from cluster_portal.outbox import cancel_mails, cancel_rows, queue_mail
from members.models import Cluster, Person, Tie
from members.ties import tie_together
from mentorship.actions.mentors import lock_mentor
from mentorship.actions.proposed import tell_mentors, tell_what_still_waits
from mentorship.actions.requests import ASKED, lock_request, look_for_another, seek_again
from mentorship.assignment import assign
from mentorship.candidates import mentors_to_ask, needs_of, offers_of, open_requests, says
from mentorship.clearance import is_enough
from mentorship.clock import Owes, answer_until, coordinators_for
from mentorship.leaving import has_left
from mentorship.matching import BY_HAND, Need, Offer, best_first, next_points, question_of, walls
from mentorship.matching_words import wall_in_words
from mentorship.models import Mentor, MentorRequest, Pairing

MENTOR_FOUND, PAIRED = "mentorship/mentor_found", "mentorship/paired"
SOUGHT_AGAIN, NOT_AGREED, LAPSED = "mentorship/sought_again", "mentorship/not_agreed", "mentorship/lapsed"
State = Pairing.State
OVER = {  # by who reads it: the day until which it mattered is over; whoever asked has left
    Owes.COORDINATOR: (
        gettext_lazy("The day until which it mattered is over. Close the request, with a word to the teacher."),
        gettext_lazy("Whoever asked for it does not work there any more. Close the request, with a reason."),
    ),
    Owes.MENTOR: (
        gettext_lazy(
            "The day until which it mattered is over, so nothing is asked of you any more. Thank you for being there."
        ),
        gettext_lazy(
            "Whoever asked does not work there any more, so nothing is asked of you now. Thank you for being there."
        ),
    ),
    Owes.TEACHER: (
        gettext_lazy("The day until which it mattered is over. Withdraw the request, and ask anew with other dates."),
        gettext_lazy("You do not work there any more. Withdraw the request; whoever teaches there now asks anew."),
    ),
}


@dataclass(frozen=True)
class Intake:
    """What asking for a whole intake would come to now: who would be asked for what, and the rows behind the keys."""

    pairs: dict[str, str]  # request → mentor
    pinned: dict[str, str]
    left: frozenset[str]
    requests: dict[str, MentorRequest]
    mentors: dict[str, Mentor]
    needs: dict[str, Need]
    offers: dict[str, Offer]
    worth: dict[str, dict[str, int]]

    @property
    def digest(self) -> str:
        """What makes it the same: who would be asked for what, in the words that the requests have now."""
        asked = [(*pair, says(self.requests[pair[0]])) for pair in sorted(self.pairs.items())]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]

    def nearest(self, request: str) -> list[str]:
        """The mentors who fit a request, the best first."""
        need = self.needs[request]
        if request not in self.worth:
            return [it.key for it in best_first(need, self.offers.values())]
        worth = self.worth[request]
        return sorted(worth, key=lambda key: (-worth[key] - next_points(self.offers[key]), key))

    @property
    def without(self) -> list[str]:
        """The requests that go without a mentor though nobody left them out."""
        return [key for key in self.requests if key not in self.pairs and key not in self.left]


def intake_for(by: Person, pinned: Mapping[str, str] | None = None, left: Sequence[str] = ()) -> Intake:
    """The best way to ask mentors for all open requests of a coordinator; nothing is changed.

    A coordinator pins a mentor to a request, or leaves a request out; the others are arranged around it. A pin that is
    not possible any more (the place is gone, the request was answered) is dropped.
    """
    requests, mentors, needs, offers = read_for(by)
    kept = _possible(pinned or {}, needs, offers)
    out = frozenset(left) & requests.keys() - kept.keys()
    question = question_of(list(needs.values()), list(offers.values()), kept, out)
    return Intake(assign(question) | kept, kept, out, requests, mentors, needs, offers, question.worth)


def read_for(
    by: Person,
) -> tuple[dict[str, MentorRequest], dict[str, Mentor], dict[str, Need], dict[str, Offer]]:
    """The open requests of a coordinator and everybody who mentors, by key: the rows, and as matching sees them."""
    requests = {it.public_id: it for it in open_requests(by)}
    mentors = {it.public_id: it for it in mentors_to_ask()}
    needs = {it.key: it for it in needs_of(requests.values())}
    return requests, mentors, needs, {it.key: it for it in offers_of(mentors.values())}


def _possible(pinned: Mapping[str, str], needs: dict[str, Need], offers: dict[str, Offer]) -> dict[str, str]:
    """The pins that nothing hard stands against, no mentor beyond their places; the longest wait first."""
    kept: dict[str, str] = {}
    held: dict[str, int] = {}
    for request, need in needs.items():
        offer = offers.get(pinned.get(request, ""))
        if offer is None or not can_be_asked(need, offer) or held.get(offer.key, 0) >= offer.free:
            continue
        kept[request] = offer.key
        held[offer.key] = held.get(offer.key, 0) + 1
    return kept


def can_be_asked(need: Need, offer: Offer) -> bool:
    """Whether a coordinator can ask this mentor by hand."""
    return set(walls(need, offer)) <= BY_HAND


@transaction.atomic
def propose_mentor(request: MentorRequest, by: Person, mentor: Mentor, seen: str | None = None) -> Pairing:
    """Ask a mentor to help with a request, which still says what the coordinator read (`seen`: its digest)."""
    it = lock_request(request)
    if it.state != MentorRequest.State.OPEN:
        raise Refused(_("Somebody is asked already, or the request is over. Reload the page to see where it stands."))
    _refuse_what_is_over(it, Owes.COORDINATOR)
    if seen is not None and seen != says(it):
        raise Refused(_("The teacher has changed the request since you opened it. Read it again, then ask."))
    lock_mentor(mentor)
    need = needs_of([it])[0]
    found = mentors_to_ask().filter(pk=mentor.pk).first()
    if found is None:
        raise Refused(_("They are no mentor any more. Choose another one."))
    offer = offers_of([found])[0]
    hard = [wall for wall in walls(need, offer) if wall not in BY_HAND]
    if hard:
        why = " ".join(wall_in_words(wall, need, offer) for wall in hard)
        raise Refused(_("This mentor cannot be asked: %(why)s Choose another one.") % {"why": why})
    return _ask([(it, found)], by, by_hand={it.public_id})[0]


def _refuse_what_is_over(request: MentorRequest, reader: Owes) -> None:
    """Nobody is asked, says yes or agrees once it matters no more, or whoever asked has left; each reads what helps."""
    day_is_over, teacher_left = OVER[reader]
    if request.needed_by < Cluster.current().today():
        raise Refused(day_is_over)
    if not MentorRequest.objects.of_who_is_there().filter(pk=request.pk).exists():
        raise Refused(teacher_left)


@transaction.atomic
def propose_all(by: Person, digest: str, pinned: Mapping[str, str] | None = None, left: Sequence[str] = ()) -> int:
    """Ask the mentors for all open requests of a coordinator, just as it was shown; return how many were asked for."""
    kept = MentorRequest.objects.kept_by(by).open().select_for_update(no_key=True, of=("self",)).order_by("pk")
    locked = {it.public_id for it in kept}
    list(Mentor.objects.admitted().select_for_update(no_key=True).order_by("pk"))
    intake = intake_for(by, pinned, left)
    if intake.digest != digest or intake.pairs.keys() - locked:
        raise Refused(_("This is not what you were shown: something was changed. Look at it again, then ask."))
    if not intake.pairs:
        raise Refused(_("There is nobody to ask: no request is open, or no mentor who fits has a place."))
    pairs = [(intake.requests[request], intake.mentors[mentor]) for request, mentor in sorted(intake.pairs.items())]
    return len(_ask(pairs, by, by_hand=intake.pinned.keys()))


def _ask(pairs: list[tuple[MentorRequest, Mentor]], by: Person, by_hand: Any) -> list[Pairing]:
    """Make the pairings of locked requests and mentors; one mail to each mentor says all that waits for them."""
    until = answer_until(now())
    requests = [request for request, _mentor in pairs]
    about = OutboxMail.objects.unfinished().filter(
        about_model=MentorRequest._meta.label_lower, about_id__in=[it.public_id for it in requests]
    )
    cancel_rows(about, gettext_noop("a mentor is asked"))
    if len(make_moves(requests, "propose", by=by, answer_by=until, risen_at=None)) != len(requests):
        raise Refused(_("Somebody is asked already, or the request is over. Reload the page to see where it stands."))
    pairings = [
        Pairing(request=request, mentor=mentor, answer_by=until, by_hand=request.public_id in by_hand)
        for request, mentor in pairs
    ]
    Pairing.objects.bulk_create(pairings)
    record_many("mentorship.pairing.propose", pairings, by=by, columns=["by_hand"])
    tell_mentors(pairings)
    return pairings


@transaction.atomic
def accept_proposal(pairing: Pairing, by: Person) -> None:
    """Say yes as the mentor; the teacher owes the next answer. Who has paused since can still say yes."""
    request = _locked(pairing)
    _refuse_unless(pairing, State.PROPOSED)
    if has_left(pairing.mentor):
        raise Refused(
            _("Your place of work in the cluster has ended, so you take on nothing new. Ask the coordinator.")
        )
    _refuse_what_is_over(request, Owes.MENTOR)
    _refuse_without_clearance(pairing)
    until = answer_until(now())
    make_move(request, "accept", by=by, answer_by=until)
    make_move(pairing, "accept", by=by, answer_by=until)
    cancel_mails(about=pairing, reason=gettext_noop("the mentor has answered"))
    tell_what_still_waits(pairing)
    queue_mail(MENTOR_FOUND, about=pairing, to=request.by)


@transaction.atomic
def decline_proposal(pairing: Pairing, by: Person, reason: str) -> None:
    """Say no as the mentor, with a reason that the coordinator reads; another mentor is sought."""
    _locked(pairing)
    _refuse_unless(pairing, State.PROPOSED)
    make_move(pairing, "decline", by=by, because=reason)
    tell_what_still_waits(pairing)
    _open_again(pairing, by)


@transaction.atomic
def agree_to_mentor(pairing: Pairing, by: Person) -> None:
    """Agree as the teacher: from now on they are a pair, and both are told how to begin."""
    request = _locked(pairing)
    _refuse_unless(pairing, State.ACCEPTED)
    if has_left(pairing.mentor):
        raise Refused(_("The mentor has left the cluster meanwhile. Another one is sought: you need not do anything."))
    _refuse_what_is_over(request, Owes.TEACHER)
    _refuse_without_clearance(pairing)
    make_move(request, "pair", by=by)
    began_on, with_students = Cluster.current().today(), request.with_students  # from now on who reads does not change
    make_move(pairing, "agree", by=by, began_on=began_on, with_students=with_students)
    cancel_mails(about=pairing, reason=gettext_noop("the teacher has answered"))
    pair = [pairing.mentor.person, request.by]
    tie_together(pair, Tie.Kind.MENTOR, about=pairing)
    for person in pair:
        queue_mail(PAIRED, about=pairing, to=person)


@transaction.atomic
def refuse_mentor(pairing: Pairing, by: Person, reason: str = "") -> None:
    """Say as the teacher that it is not this one; the mentor is thanked and not told why, another one is sought."""
    _locked(pairing)
    _refuse_unless(pairing, State.ACCEPTED)
    make_move(pairing, "refuse", by=by, because=reason)
    _open_again(pairing, by)
    queue_mail(NOT_AGREED, about=pairing, to=pairing.mentor.person)


@transaction.atomic
def lapse_pairing(pairing: Pairing, at: datetime) -> None:
    """End a proposal or an acceptance that nobody answered until `at`; another mentor is sought, nobody is blamed."""
    request = _locked(pairing)
    if pairing.state not in ASKED or pairing.answer_by is None or pairing.answer_by > at:
        raise Refused(_("It was answered meanwhile."))
    was_accepted = pairing.state == State.ACCEPTED
    make_move(pairing, "lapse", by=None)
    tell_what_still_waits(pairing)
    _open_again(pairing, by=None)
    queue_mail(LAPSED, about=pairing, to=request.by if was_accepted else pairing.mentor.person)
    if was_accepted:
        queue_mail(NOT_AGREED, about=pairing, to=pairing.mentor.person)


@transaction.atomic
def withdraw_proposal(pairing: Pairing, by: Person) -> None:
    """Ask a mentor no more, as the coordinator; the mentor is told, and another one is sought."""
    request = _locked(pairing)
    if pairing.state not in ASKED:
        raise already_answered()
    look_for_another(request, by)


def _locked(pairing: Pairing) -> MentorRequest:
    """The request of a pairing; request, mentor and pairing are locked in this order, and as they are now."""
    request = lock_request(pairing.request)
    mentor = lock_mentor(pairing.mentor)
    pairing.refresh_from_db(from_queryset=Pairing.objects.select_for_update(no_key=True))
    pairing.request, pairing.mentor = request, mentor
    return request


def _refuse_unless(pairing: Pairing, state: str) -> None:
    if pairing.state == state:
        return
    if pairing.request.state == MentorRequest.State.WITHDRAWN:
        raise Refused(_("The teacher has withdrawn this request meanwhile, so nothing is asked of you any more."))
    if pairing.state == State.LAPSED:
        raise Refused(_("The time to answer is over, and another mentor is sought. The coordinator can ask anew."))
    raise already_answered()


def _refuse_without_clearance(pairing: Pairing) -> None:
    request = pairing.request
    if not is_enough(pairing.mentor.clearance_until, request.with_students, request.needed_by):
        raise Refused(
            _(
                "Students take part until %(day)s, and the clearance of the mentor for work with minors does not last "
                "until then. Ask the coordinator to note a longer one."
            )
            % {"day": date_format(request.needed_by)}
        )


def _open_again(pairing: Pairing, by: Person | None) -> None:
    """Seek somebody else with a new clock, and tell the coordinators, who owe the next answer; not one it is about."""
    cancel_mails(about=pairing, reason=gettext_noop("another mentor is sought"))
    seek_again(pairing.request, by=by)
    for coordinator in coordinators_for(pairing.request, but={pairing.mentor.person_id}):
        if by is None or coordinator.pk != by.pk:
            queue_mail(SOUGHT_AGAIN, about=pairing, to=coordinator)
