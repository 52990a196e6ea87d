"""What teachers ask for: asked, changed, withdrawn, closed, opened again; and what the cluster has agreed about it.

Locks are taken in one order: the request, then the mentor, then the pairing.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record, record_changes
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import cancel_mails, queue_mail
from members.models import Affiliation, Cluster, Direction, Person
from mentorship.actions.proposed import tell_what_still_waits
from mentorship.asking import initiatives_for, rights_to_ask
from mentorship.clock import answer_until, coordinators_for
from mentorship.models import Mentor, MentorRequest, Pairing, Terms

MOST_LIVE = 5  # of one person: whoever needs more asks for what matters most first (decision 120)
ASKED = (Pairing.State.PROPOSED, Pairing.State.ACCEPTED)


def lock_request(request: MentorRequest) -> MentorRequest:
    """The request as it is now, locked until the end of the transaction: always before mentor and pairing."""
    rows = MentorRequest.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("by", "affiliation__institution").get(pk=request.pk)


@transaction.atomic
def ask_for_mentor(
    affiliation: Affiliation, by: Person, directions: Iterable[Direction] = (), **facts: Any
) -> MentorRequest:
    """Ask for a mentor; the coordinator owes the first answer."""
    Person.objects.select_for_update(no_key=True).get(pk=by.pk)  # whoever presses twice asks once
    _refuse_without_right(affiliation, by)
    _refuse_what_does_not_fit(affiliation, **facts)
    _refuse_one_too_many(by, facts["title"])
    at = now()
    clock = {"asked_at": at, "state_since": at, "answer_by": answer_until(at)}
    request = MentorRequest.objects.create(by=by, affiliation=affiliation, **clock, **facts)
    request.directions.set(directions)
    record("mentorship.mentorrequest.ask", request, by=by, state=request.state)
    return request


@transaction.atomic
def change_request(request: MentorRequest, by: Person, directions: Iterable[Direction] = (), **facts: Any) -> None:
    """Change what is asked for, while nobody has been asked about it; its clock goes on."""
    it = lock_request(request)
    if it.state != MentorRequest.State.OPEN:
        raise Refused(_("A mentor was asked about what it says now. Wait for the answer, or withdraw it and ask anew."))
    _refuse_what_does_not_fit(it.affiliation, **{"what_for": it.what_for, **facts})
    changed = {name for name, value in facts.items() if getattr(it, name) != value}
    for name in changed:
        setattr(it, name, facts[name])
    it.save(update_fields=list(changed))
    themes = list(directions)
    if {one.pk for one in themes} != set(it.directions.values_list("pk", flat=True)):
        it.directions.set(themes)
        changed.add("directions")
    if changed:
        record_changes("mentorship.mentorrequest.change", it, by=by, changed=changed)


@transaction.atomic
def withdraw_request(request: MentorRequest, by: Person) -> None:
    """Take back what one asked for; a mentor who was asked, or has said yes, is told."""
    lock_request(request)
    make_move(request, "withdraw", by=by)
    cancel_mails(about=request, reason=gettext_noop("the request was withdrawn"))
    take_back_proposal(request, by=by, reason=gettext_noop("the request was withdrawn"))


@transaction.atomic
def close_request(request: MentorRequest, by: Person, reason: str) -> None:
    """End the search with a reason that the teacher reads."""
    lock_request(request)
    make_move(request, "close", by=by, closed_because=reason)
    cancel_mails(about=request, reason=gettext_noop("the request was closed"))
    queue_mail("mentorship/request_closed", about=request, to=request.by, occasion=request.state_since.isoformat())


@transaction.atomic
def reopen_request(request: MentorRequest, by: Person) -> None:
    """Look for another mentor: after a search that found nobody, a pairing that is over, or instead of who is asked."""
    Person.objects.select_for_update(no_key=True).get(pk=request.by_id)  # whoever opens two at once opens one too many
    it = lock_request(request)
    if it.pairings.active().exists():
        raise Refused(_("This request has a mentor. End the pairing first, then another mentor is sought."))
    if it.needed_by < Cluster.current().today():
        raise Refused(_("The day until which it mattered is over. Ask anew, with other dates."))
    place = it.by.affiliations.active().filter(institution=it.affiliation.institution_id)
    at_work = place.exclude(role=Affiliation.Role.STUDENT).order_by("pk").first()
    if at_work is None or not it.by.is_active:
        raise Refused(_("Whoever asked does not work at that school any more. Whoever teaches there now asks anew."))
    if by.pk == it.by_id and not it.is_live:  # opening again is asking once more; a coordinator knows why they do it
        _refuse_without_right(at_work, by)
        _refuse_one_too_many(by, it.title)
    look_for_another(request, by)


def look_for_another(request: MentorRequest, by: Person) -> None:
    """Ask whoever is asked no more, and seek again for a locked request; a teacher who knew of a mentor is told."""
    knew_of_a_mentor = request.state != MentorRequest.State.PROPOSED
    take_back_proposal(request, by=by, reason=gettext_noop("another mentor is sought"))
    seek_again(request, by=by)
    if knew_of_a_mentor and by.pk != request.by_id:
        queue_mail(
            "mentorship/request_reopened", about=request, to=request.by, occasion=request.state_since.isoformat()
        )


def seek_again(request: MentorRequest, by: Person | None, reason: str = "") -> None:
    """Open a locked request again, with a new clock."""
    cancel_mails(about=request, reason=gettext_noop("a mentor is sought again"))
    clock = {"answer_by": answer_until(now()), "risen_at": None, "closed_because": ""}
    make_move(request, "reopen", by=by, reason=reason, **clock)


def take_back_proposal(request: MentorRequest, by: Person | None, reason: str, tell: bool = True) -> Pairing | None:
    """Ask the mentor of a locked request no more, if one is asked or has said yes; `tell` them by mail."""
    asked = request.pairings.filter(state__in=ASKED).first()
    if asked is None:
        return None
    Mentor.objects.select_for_update(no_key=True).get(pk=asked.mentor_id)
    rows = Pairing.objects.select_for_update(no_key=True, of=("self",)).select_related("mentor__person")
    pairing = rows.get(pk=asked.pk)
    cancel_mails(about=pairing, reason=reason)
    make_move(pairing, "withdraw", by=by, reason=reason)
    tell_what_still_waits(pairing)
    if tell:
        queue_mail("mentorship/request_withdrawn", about=pairing, to=pairing.mentor.person)
    return pairing


@transaction.atomic
def change_terms(by: Person, answer_days: int, stalled_weeks: int) -> None:
    """Agree on how long everybody has to answer, and when somebody asks after a pairing; clocks that run go on."""
    Terms.objects.get_or_create(pk=1)
    it = Terms.objects.select_for_update(no_key=True).get(pk=1)
    facts = {"answer_days": answer_days, "stalled_weeks": stalled_weeks}
    changed = [name for name, value in facts.items() if getattr(it, name) != value]
    if changed:
        Terms.objects.filter(pk=it.pk).update(**facts)
        it.refresh_from_db()
        record_changes("mentorship.terms.change", it, by=by, changed=changed)


def _refuse_one_too_many(by: Person, title: str) -> None:
    waiting = by.mentor_requests.live()
    if waiting.count() >= MOST_LIVE:
        said = _("%(number)d requests of yours wait for an answer, which is the most at a time. Withdraw one, or wait.")
        raise Refused(said % {"number": MOST_LIVE})
    if waiting.filter(title=title).exists():
        raise Refused(_("You have asked for this already, and somebody owes you the answer. Your requests list it."))


def _refuse_without_right(affiliation: Affiliation, by: Person) -> None:
    rights = rights_to_ask(by, Cluster.current().today())
    right = next((it for it in rights if it.affiliation and it.affiliation.pk == affiliation.pk), None)
    if right is None:
        raise Refused(_("You do not work there any more. Choose an institution where you do."))
    if right.missing:
        raise Refused(right.missing)
    if by.is_coordinator and not coordinators_for(MentorRequest(by=by, affiliation=affiliation)):
        raise Refused(
            _("Nobody coordinates here but you, and nobody finds their own mentor. Name another coordinator first.")
        )


def _refuse_what_does_not_fit(affiliation: Affiliation, **facts: Any) -> None:
    if facts["needed_by"] < Cluster.current().today():
        raise Refused(_("The day until which it matters is over. Choose a later one."))
    if facts["what_for"] != MentorRequest.For.INITIATIVE:
        return
    initiative = facts.get("initiative")
    if initiative is None or not initiatives_for(affiliation).filter(pk=initiative.pk).exists():
        raise Refused(_("Choose an initiative of your institution that is under way."))
