import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record, written_at_the_end
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import cancel_mails
from cluster_portal.prepared import Given, prepared
from courses.actions.handing_over import take_over_earlier
from courses.actions.locks import lock_enrolment, lock_for_enrolling, lock_people
from courses.actions.places import give_back, hold, place_or_queue, settle, tell_confirmed
from courses.actions.questions import write_answers
from courses.actions.telling import mail_of_taking_out
from courses.clashes import clashes_of, said_of
from courses.holding import (
    refused_among,
    was_refused,
    what_each_misses,
    what_is_missing,
    why_not_after_a_no,
    why_not_after_a_refusal,
    why_not_of_this_age,
)
from courses.models import Enrolment, Pool, Run, newest_of
from courses.opened import forget_parts, sessions_of
from courses.opening import why_not_now
from members.models import Cluster, Person
from members.rules import guards_the_child
from members.taking_part import right_to_take_part

log = logging.getLogger(__name__)


@transaction.atomic
@written_at_the_end()
def enrol(run: Run, person: Person, by: Person, pool: str = "", answers: Mapping[str, str] | None = None) -> Enrolment:
    """Give a person a place in a run, or the next place in its queue, by the right their institution has.

    `pool` is the public id of the places that were chosen; a run with one pool needs none. `answers` are to the run's
    questions (their public id → what was said). While consent or approval is missing the place is held, not certain.
    Raises Refused with the broken link when there is no right, no open enrolment, or an enrolment already.
    """
    run, pools = lock_for_enrolling(person, run)
    chosen = choose_pool(pools, pool)
    if broken := why_not_of_this_age(person, Cluster.current().today()) or why_not_after_a_no(person):
        raise Refused(broken)
    name = "" if by.pk == person.pk else person.given_name or person.full_name
    if unapproved := why_not_after_a_refusal(newest_of(person, run), name):
        raise Refused(unapproved)
    enrolment = ask_for_place(run, chosen, person, by)
    if clashes := clashes_of(person, run, [it for it in sessions_of(run) if not it.has_own_places]):
        raise Refused(said_of(clashes[0], run, name))
    write_answers(enrolment, answers or {})
    place_or_queue(enrolment, by)
    forget_parts(run)
    return enrolment


def ask_for_place(run: Run, pool: Pool, person: Person, by: Person) -> Enrolment:
    """Write down that somebody wants a place of a locked pool, by the right they have; raises Refused without one."""
    right = right_to_take_part(person, run, Cluster.current().today())
    if broken := why_not_now(run, now()) or right.missing:
        raise Refused(broken)
    been_here = newest_of(person, run) is not None
    if been_here and _live_in(run=run.pk, person=person.pk):
        if by.pk != person.pk:
            name = {"name": person.given_name or person.full_name}
            raise Refused(_("%(name)s is enrolled in this run already. Nothing was changed.") % name)
        raise Refused(_("You are enrolled in this run already. Its page shows your place."))
    enrolment = Enrolment.objects.create(
        run=run, pool=pool, person=person, affiliation=right.affiliation, clause=right.clause
    )
    record("courses.enrolment.ask", enrolment, by=by, state=enrolment.state)
    if been_here:
        take_over_earlier([enrolment])
    return enrolment


@transaction.atomic
def accept_offer(enrolment: Enrolment, by: Person) -> None:
    """Take the place that was offered, before its deadline; it is held first where consent is missing."""
    lock_people([enrolment.person])
    enrolment, _pool = lock_enrolment(enrolment)
    if enrolment.offered_until is not None and enrolment.offered_until <= now():
        raise Refused(_("The time to answer is over, and the place is free for others."))
    child = enrolment.person
    if broken := why_not_of_this_age(child, Cluster.current().today()) or why_not_after_a_no(child):
        raise Refused(broken)
    cancel_mails(about=enrolment, templates=["courses/offered"], reason=gettext_noop("the offer was answered"))
    if missing := what_is_missing(enrolment):
        hold(enrolment, by, missing)
    else:
        make_move(enrolment, "accept", by=by, offered_until=None)
        tell_confirmed(enrolment)


@transaction.atomic
def decline_offer(enrolment: Enrolment, by: Person) -> None:
    """Give an offered place back; the next in the queue is offered it in the same transaction."""
    give_back(enrolment, "decline", by, "courses/left")


@transaction.atomic
def approve_enrolment(enrolment: Enrolment, by: Person) -> None:
    """Let somebody take part in a run whose coordinator approves each enrolment."""
    enrolment, _pool = lock_enrolment(enrolment)
    if enrolment.state != Enrolment.State.HELD or enrolment.approved_at is not None:
        raise Refused(_("This enrolment waits for no approval any more. Reload the page to see how it stands."))
    enrolment.approved_at = now()
    enrolment.save(update_fields=["approved_at"])
    record("courses.enrolment.approve", enrolment, by=by)
    settle(enrolment, by)


@transaction.atomic
def refuse_enrolment(enrolment: Enrolment, by: Person | None, reason: str = "", words: str = "") -> None:
    """Give a held place back, because the coordinator or those who consent said no; a mail says so.

    `words` are the coordinator's own: the person reads them in the mail and on the page of the run.
    """
    if words:
        enrolment, _pool = lock_enrolment(enrolment)
        enrolment.refusal = words
        enrolment.save(update_fields=["refusal"])
    give_back(enrolment, "refuse", by, "courses/refused", reason)


@transaction.atomic
def settle_for(child: Person, by: Person | None = None) -> None:
    """Somebody decided about a child: confirm what was held and misses nothing more, give back what was refused."""
    for enrolment in child.enrolments.held().select_related("run").order_by("run_id", "pk"):
        enrolment, _pool = lock_enrolment(enrolment)
        if enrolment.state != Enrolment.State.HELD:
            continue
        if was_refused(enrolment):
            refuse_enrolment(enrolment, by, gettext_noop("consent was refused"))
        else:
            settle(enrolment, by)


def settle_all_held() -> int:
    """Settle every held place whose answer is there although nobody gave one just now; return of how many people.

    A birthday and a new age policy change who decides, and so do two entries of one person that become one.
    """
    held = list(Enrolment.objects.held().select_related("run"))
    missing, refused = what_each_misses(held), refused_among([it.person_id for it in held])
    keys = {it.person_id for it in held if it.person_id in refused or not missing[it.person_id]}
    for child in Person.objects.filter(pk__in=keys).order_by("pk"):
        settle_for(child)
    return len(keys)


@transaction.atomic
def lapse_enrolment(enrolment: Enrolment, by: None = None) -> bool:
    """Take back a place that was offered or held and not answered in time; the next in the queue is offered it.

    A held place that misses nothing is confirmed instead: a birthday, for one, says so to nobody. Returns whether it
    lapsed.
    """
    seen = enrolment.state
    enrolment, _pool = lock_enrolment(enrolment)
    if enrolment.state != seen:  # an offer that was accepted meanwhile may be held now, for days
        raise Refused(_("This was already answered. Reload the page to see its current state."))
    held = seen == Enrolment.State.HELD
    if held and not what_is_missing(enrolment):
        settle(enrolment, by)
        return False
    give_back(enrolment, "lapse", by, "courses/hold_lapsed" if held else "courses/offer_lapsed")
    return True


@transaction.atomic
def cancel_enrolment(enrolment: Enrolment, by: Person | None, reason: str = "") -> None:
    """Leave a run, or its queue; a freed place is offered to the next in the same transaction."""
    if enrolment.run.is_over_at(now()):
        raise Refused(_("This run is over: who took part stays on its list."))
    mail = "courses/left"
    if by is not None and by.pk != enrolment.person_id and not guards_the_child(by, enrolment.person):
        mail = mail_of_taking_out(enrolment.booking, by)
    give_back(enrolment, "cancel", by, mail, reason)


@transaction.atomic
def end_double(enrolment: Enrolment) -> None:
    """Of two enrolments of one person in a run this one ends; nobody is told, because they stay in the run."""
    give_back(enrolment, "cancel", None, "", gettext_noop("two entries were one person"))


def lapse_overdue(at: datetime) -> int:
    """Let every offer and every hold lapse whose deadline has passed, each by itself; return how many."""
    lapsed = 0
    for enrolment in Enrolment.objects.overdue(at).select_related("run").order_by("run_id", "pk"):
        try:
            lapsed += lapse_enrolment(enrolment)
        except Refused:  # answered between our look and our lock
            continue
        except Exception:  # one bad row must not keep the others from lapsing
            log.exception("The enrolment %s could not lapse.", enrolment.public_id)
    return lapsed


def choose_pool(pools: list[Pool], asked: str) -> Pool:
    """The pool with this public id, or the only one there is."""
    if not asked and len(pools) > 1:
        raise Refused(_("Choose how you take part: in the room or online."))
    fitting = [pool for pool in pools if asked in {"", pool.public_id}]
    if not fitting:
        raise Refused(_("These places do not exist any more. Reload the page and choose again."))
    return fitting[0]


@prepared
def _live_in(run: Given, person: Given) -> QuerySet:
    return Enrolment.objects.live().filter(run=run, person=person).values_list("pk")[:1]
