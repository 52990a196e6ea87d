"""Mentors: who offers to be one, is admitted or not, changes what they offer, pauses, is cleared, stops.

Nobody admits or clears themself (`Mentor.objects.kept_by`).
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from cluster_portal.audit import record, record_changes
from cluster_portal.hooks import WantedMail
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import cancel_mails, queue_mail, queue_mails
from members.models import Cluster, Direction, Person
from members.readers import readers_of_all
from mentorship.actions.meetings import settle_meetings
from mentorship.actions.requests import ASKED, seek_again, take_back_proposal
from mentorship.actions.students import tell_of_profile
from mentorship.clock import coordinators_by_region, coordinators_for
from mentorship.leaving import has_left
from mentorship.models import Mentor, MentorRequest, Pairing
from mentorship.readers import channel_of
from mentorship.rules import coordinates_the_pairing

State = Mentor.State
LIVE = (State.OFFERED, State.ACTIVE, State.PAUSED)
GONE = gettext_noop("the mentor has stopped")
NOT_CLEARED = "mentorship/not_cleared"


def lock_mentor(mentor: Mentor) -> Mentor:
    """The mentor as they are now, locked until the end of the transaction: after the request, before the pairing."""
    return Mentor.objects.select_for_update(no_key=True, of=("self",)).select_related("person").get(pk=mentor.pk)


@transaction.atomic
def offer_mentoring(by: Person, directions: Iterable[Direction] = (), **facts: Any) -> Mentor:
    """Offer to mentor, for the first time or again; a coordinator looks at it and answers."""
    Person.objects.select_for_update(no_key=True).get(pk=by.pk)  # whoever presses twice offers once
    if not by.is_adult_on(Cluster.current().today()):
        raise Refused(
            _("Mentors are 18 or older. If you are, enter your birth date in your profile, then offer again.")
        )
    known = Mentor.objects.filter(person=by).first()
    if known is None:
        mentor = Mentor.objects.create(person=by, **facts)
        record("mentorship.mentor.create", mentor, by=by, state=mentor.state)
    else:
        mentor = lock_mentor(known)
        if mentor.state in LIVE:
            raise Refused(_("You have offered to mentor already. Change what you offer instead."))
        make_move(mentor, "offer", by=by, offered_at=now(), declined_because="", **facts)
    mentor.directions.set(directions)
    return mentor


@transaction.atomic
def change_mentor(mentor: Mentor, by: Person, directions: Iterable[Direction] = (), **facts: Any) -> None:
    """Change what one offers; whoever was asked, or is met, stays so."""
    it = lock_mentor(mentor)
    if it.state not in LIVE:
        raise Refused(_("You are no mentor any more. Offer again, then a coordinator answers."))
    changed = {name for name, value in facts.items() if getattr(it, name) != value}
    for name in changed:
        setattr(it, name, facts[name])
    it.save(update_fields=list(changed))
    themes = list(directions)
    if {one.pk for one in themes} != set(it.directions.values_list("pk", flat=True)):
        it.directions.set(themes)
        changed.add("directions")
    if changed:
        record_changes("mentorship.mentor.change", it, by=by, changed=changed)
        tell_of_profile(it)


@transaction.atomic
def admit_mentor(mentor: Mentor, by: Person, clearance_until: date | None = None) -> None:
    """Let somebody be a mentor, cleared for work with minors until a day, or not: what was noted before is over."""
    _refuse_oneself(mentor, by)
    if has_left(lock_mentor(mentor)):
        raise Refused(
            _("They have left since they offered. Decline with that reason; they can offer again, from outside too.")
        )
    if clearance_until is not None:
        _refuse_past(clearance_until)
    make_move(mentor, "admit", by=by, clearance_until=clearance_until, clearance_by=by)
    queue_mail("mentorship/admitted", about=mentor, to=mentor.person, occasion=mentor.state_since.isoformat())


@transaction.atomic
def decline_mentor(mentor: Mentor, by: Person, reason: str) -> None:
    """Decline an offer with a reason that whoever made it reads; they can offer again."""
    _refuse_oneself(mentor, by)
    lock_mentor(mentor)
    make_move(mentor, "decline", by=by, declined_because=reason)
    queue_mail("mentorship/offer_declined", about=mentor, to=mentor.person, occasion=mentor.state_since.isoformat())


@transaction.atomic
def note_clearance(mentor: Mentor, by: Person, until: date | None) -> None:
    """Note until when somebody may work with minors, the last day included; None takes the clearance away."""
    _refuse_oneself(mentor, by)
    it = lock_mentor(mentor)
    if it.state not in LIVE:
        raise Refused(_("They are no mentor any more, so nothing is noted."))
    if until is not None:
        _refuse_past(until)
    if until == it.clearance_until:
        raise Refused(_("This is noted already."))
    Mentor.objects.filter(pk=it.pk).update(clearance_until=until, clearance_by=by)
    mentor.clearance_until = it.clearance_until = until
    record("mentorship.mentor.clear", it, by=by, clearance_until=until or "")
    cancel_mails(it, ["mentorship/clearance_noted"], reason=gettext_noop("another day was noted"))
    queue_mail("mentorship/clearance_noted", about=it, to=it.person, occasion=now().isoformat())
    settle_clearance(it, but={by.pk})


def settle_clearance(mentor: Mentor, but: Collection[int] = ()) -> None:
    """Let nothing take place for which a mentor is not cleared any more; who relies on it hears, but `but` (by key)."""
    settle_meetings(mentor.person)
    for it in mentor.pairings.active().with_people().order_by("pk"):
        channel = channel_of(it)
        if channel.has_minors and not channel.facts.is_cleared:
            keepers = [it.request.by, *coordinators_for(it.request, but={mentor.person_id})]
            told = {one.pk: one for one in [*keepers, *readers_of_all(channel.learners)] if one.pk not in but}
            queue_mails(WantedMail(NOT_CLEARED, it, one, now().isoformat()) for one in told.values())


@transaction.atomic
def pause_mentor(mentor: Mentor, by: Person, until: date | None = None) -> None:
    """Take no new requests, until a day or until one resumes; what one was asked before still waits for an answer."""
    lock_mentor(mentor)
    if until is not None and until <= Cluster.current().today():
        raise Refused(_("That day is not ahead. Choose a later one, or none."))
    make_move(mentor, "pause", by=by, paused_until=until)


@transaction.atomic
def resume_mentor(mentor: Mentor, by: Person | None) -> None:
    """Take requests again; by the portal on the day that the mentor had named, and then they are told."""
    lock_mentor(mentor)
    make_move(mentor, "resume", by=by, paused_until=None)
    if by is None:
        queue_mail("mentorship/resumed", about=mentor, to=mentor.person, occasion=mentor.state_since.isoformat())


@transaction.atomic
def end_mentor(mentor: Mentor, by: Person) -> None:
    """Stop mentoring. Requests about which they were asked are open again; pairings under way are ended first."""
    asked = MentorRequest.objects.filter(pairings__in=mentor.pairings.filter(state__in=ASKED)).order_by()
    rows = MentorRequest.objects.select_for_update(no_key=True, of=("self",)).select_related("by")
    requests = {it.pk: it for it in rows.filter(pk__in=asked.values("pk")).order_by("pk")}
    it = lock_mentor(mentor)
    live = list(it.pairings.live().select_related("request__affiliation__institution").order_by("pk"))
    _refuse_while_mentoring([one for one in live if one.state == Pairing.State.ACTIVE], it, by)
    if {one.request_id for one in live} - set(requests):
        raise Refused(_("A request came in at this moment. Answer it, then stop."))
    make_move(mentor, "end", by=by, paused_until=None)
    cancel_mails(about=it, reason=GONE)
    for pairing in live:
        give_back(requests[pairing.request_id], by, GONE)
    if by.pk != it.person_id:
        queue_mail("mentorship/ended", about=mentor, to=it.person, occasion=mentor.state_since.isoformat())


def give_back(request: MentorRequest, by: Person | None, reason: str) -> None:
    """Seek another mentor for a locked request of one who stops or has left; a teacher who had a yes is told."""
    had_a_yes = request.state == MentorRequest.State.ACCEPTED
    pairing = take_back_proposal(request, by=by, reason=reason, tell=False)
    seek_again(request, by=by, reason=reason)
    if had_a_yes:
        queue_mail("mentorship/mentor_gone", about=pairing, to=request.by)


def _refuse_while_mentoring(active: list[Pairing], mentor: Mentor, by: Person) -> None:
    if not active:
        return
    elsewhere = [it for it in active if not coordinates_the_pairing(by, it)]
    if by.pk == mentor.person_id:
        said = ngettext(
            "You are in %(n)d pairing that is under way. Finish it or end it first; until then you can pause.",
            "You are in %(n)d pairings that are under way. Finish or end them first; until then you can pause.",
            len(active),
        )
    elif elsewhere:
        said = ngettext(
            "They are in %(n)d pairing that is under way, in another part of the cluster. %(who)s can end it first.",
            "They are in %(n)d pairings that are under way, also in other parts of the cluster. "
            "%(who)s can end those first.",
            len(active),
        )
    else:
        said = ngettext(
            "They are in %(n)d pairing that is under way. End it first.",
            "They are in %(n)d pairings that are under way. End them first.",
            len(active),
        )
    raise Refused(said % {"n": len(active), "who": _who_can_end(elsewhere, mentor)})


def _who_can_end(pairings: list[Pairing], mentor: Mentor) -> str:
    """The coordinators of these pairings by name; both sides can end one, too."""
    known = coordinators_by_region()
    people = [one for it in pairings for one in coordinators_for(it.request, known, but={mentor.person_id})]
    return ", ".join(sorted({it.full_name for it in people})) or _("Mentor or teacher")


def _refuse_oneself(mentor: Mentor, by: Person) -> None:
    if mentor.person_id == by.pk:
        raise Refused(_("This is your own offer. Another coordinator admits and clears you."))


def _refuse_past(until: date) -> None:
    if until < Cluster.current().today():
        raise Refused(_("That day is over. Note a later one, or none."))
