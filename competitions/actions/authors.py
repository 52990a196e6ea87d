"""The authors of an entry: asked, confirmed, gone; who leads it; and whether each lets the library publish it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record, record_changes
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import cancel_mails, queue_mail
from competitions.actions.entries import ask_guardians_of, lock_competition, lock_entry
from competitions.actions.library import settle_plan
from competitions.entering import (
    right_to_enter,
    why_no_more_of_institution,
    why_no_more_of_person,
    why_not_as_juror,
    why_not_as_keeper,
    why_not_now,
)
from competitions.models import Authorship, Competition, Entry
from members.actions import enter_person
from members.models import Cluster, Person, Purpose, Tie
from members.pasted import known_by_another_address
from members.ties import tie_together

State = Authorship.State
MOST_AUTHORS = 10
MOST_ASKED = 30  # of one entry, whatever they answered: it is no way to write to strangers
STILL_WRITTEN = {Entry.State.DRAFT, Entry.State.SUBMITTED}
INVITATION = "competitions/author_asked"


@transaction.atomic
def invite_author(entry: Entry, email: str, by: Person, at: datetime, **names: Any) -> Authorship:
    """Ask somebody to confirm that they are an author; whoever is not known yet claims their Person by the mail."""
    it = lock_entry(entry)
    _refuse_unless_written(it, at)
    asked = Authorship.objects.filter(entry=it)
    if asked.standing().count() >= MOST_AUTHORS or asked.count() >= MOST_ASKED:
        raise Refused(_("An entry has ten authors at most, and asks no more than thirty people."))
    email = email.strip().lower()
    person = Person.objects.active().with_address(email)
    if person is not None and person.email != email:  # the address they sign in with must not show by it
        raise Refused(known_by_another_address())
    if person is None:
        person = enter_person(by, email=email, language=by.language, **names)
    if asked.standing().filter(person=person).exists():
        raise Refused(_("This person is an author already, or was asked to be one."))
    last = asked.aggregate(last=Max("position"))["last"] or 0
    author = Authorship.objects.create(entry=it, person=person, position=last + 1, invited_by=by)
    record("competitions.authorship.invite", author, by=by, state=author.state)
    queue_mail(INVITATION, about=author, to=person, address=person.email or "")
    return author


@transaction.atomic
def confirm_authorship(authorship: Authorship, by: Person) -> None:
    """The person asked is an author, when they may enter too. It counts against their limit and their institution's."""
    it = _locked_with_competition(authorship.entry)
    if it.state not in Entry.ALIVE or it.competition.state != Competition.State.PUBLISHED:
        raise Refused(_("This entry takes no more authors: it is withdrawn, or the competition is over."))
    right = right_to_enter(by, it.competition, Cluster.current().today())
    missing = (
        right.missing
        or why_not_as_juror(it.competition, by)
        or why_not_as_keeper(it.competition, by)
        or why_no_more_of_person(it.competition, by)
        or why_no_more_of_institution(it.competition, right, but=it)
    )
    if missing:
        raise Refused(missing)
    make_move(authorship, "confirm", by=by, affiliation=right.affiliation, clause=right.clause)
    authors = Person.objects.filter(authorships__in=Authorship.objects.confirmed().filter(entry=it))
    tie_together(list(authors), Tie.Kind.CO_AUTHOR, about=it)
    ask_guardians_of(by, Purpose.TAKING_PART)


@transaction.atomic
def decline_authorship(authorship: Authorship, by: Person) -> None:
    """The person asked is no author; whoever leads the entry is told."""
    it = lock_entry(authorship.entry)
    make_move(authorship, "decline", by=by)
    _tell_lead(it, authorship)


@transaction.atomic
def end_authorship(authorship: Authorship, by: Person, at: datetime | None = None) -> None:
    """Take an author out: they go by themselves at any time before the results; others take them out before the end."""
    it = lock_entry(authorship.entry)
    goes = by.pk == authorship.person_id
    if it.competition.is_decided:
        raise Refused(_("The results are out, so the authors stay. Consent to the library can be taken back."))
    if not goes:
        _refuse_unless_written(it, at or now())
    was_asked = authorship.state == State.INVITED
    make_move(authorship, "end", by=by, is_lead=False)
    cancel_mails(about=authorship, reason=gettext_noop("not asked any more"))
    if goes:
        _tell_lead(it, authorship)
    elif not was_asked:
        queue_mail("competitions/author_out", about=authorship, to=authorship.person)


@transaction.atomic
def hand_over_lead(authorship: Authorship, by: Person) -> None:
    """Another author leads the entry from now on: hands it in, opens it again, asks and takes out authors."""
    it = lock_entry(authorship.entry)
    authors = Authorship.objects.filter(entry=it)
    new = {one.pk: one for one in authors.select_for_update(no_key=True).order_by("pk")}[authorship.pk]
    if it.state not in Entry.ALIVE or new.state != State.CONFIRMED or new.is_lead:
        raise Refused(_("The lead goes to an author who has confirmed, while the entry is alive. Reload the page."))
    authors.filter(is_lead=True).update(is_lead=False)
    new.is_lead = True
    new.save(update_fields=["is_lead"])
    record_changes("competitions.authorship.lead", new, by=by, changed=["is_lead"])
    queue_mail("competitions/author_leads", about=new, to=new.person, occasion=now().isoformat())


@transaction.atomic
def decide_publishing(authorship: Authorship, by: Person, yes: bool) -> None:
    """An author says whether the library may publish the plan; each for themself, and anew whenever they like."""
    it = Authorship.objects.select_for_update(no_key=True).get(pk=authorship.pk)
    if it.state != State.CONFIRMED:
        raise Refused(_("Confirm first that you are an author of this entry."))
    if it.may_be_published == yes:
        return
    it.may_be_published, it.decided_at = yes, now()
    it.save(update_fields=["may_be_published", "decided_at"])
    record_changes("competitions.authorship.decide_publishing", it, by=by, changed=["may_be_published"])
    settle_plan(it.entry, by)
    if yes:
        ask_guardians_of(by, Purpose.WORK)


def _refuse_unless_written(entry: Entry, at: datetime) -> None:
    """Authors are asked and taken out while the entry is written, not while it is judged."""
    if entry.state not in STILL_WRITTEN:
        raise Refused(_("The authors of this entry stay as they are: it is judged, or out of the competition."))
    if why := why_not_now(entry.competition, at):
        raise Refused(why)


def _locked_with_competition(entry: Entry) -> Entry:
    """The competition first, because limits are counted; then the entry."""
    competition = lock_competition(entry.competition)
    it = lock_entry(entry)
    it.competition = competition
    return it


def _tell_lead(entry: Entry, gone: Authorship) -> None:
    lead = next((it for it in entry.authorships.all() if it.is_lead and it.state == State.CONFIRMED), None)
    if lead is not None and lead.person_id != gone.person_id:
        queue_mail("competitions/author_gone", about=gone, to=lead.person)
