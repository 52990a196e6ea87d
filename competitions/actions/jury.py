"""The jury: who is asked, who says yes and to how much, who leaves."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record, record_changes
from cluster_portal.moves import Refused, make_move, make_moves
from cluster_portal.outbox import cancel_mails, queue_mail
from competitions.actions.entries import lock_competition
from competitions.entering import others_decide
from competitions.models import Authorship, Competition, Juror, Nomination
from members.actions import enter_person
from members.models import Person
from members.pasted import known_by_another_address

ASKED = "competitions/juror_asked"


@transaction.atomic
def invite_juror(competition: Competition, email: str, by: Person, **names: Any) -> Juror:
    """Ask somebody into the jury by mail; whoever is not known yet claims their Person by it."""
    it = lock_competition(competition)
    _refuse_when_over(it)
    email = email.strip().lower()
    person = Person.objects.active().with_address(email)
    if person is not None and person.email != email:  # the address they sign in with must not show by it
        raise Refused(known_by_another_address())
    if person is None:
        person = enter_person(by, email=email, language=by.language, **names)
    if it.jurors.bound().filter(person=person).exists():
        raise Refused(_("This person is in the jury already, or was asked to be."))
    if why := why_no_juror(it, person):
        raise Refused(why)
    juror = Juror.objects.create(competition=it, person=person)
    record("competitions.juror.invite", juror, by=by, state=juror.state)
    queue_mail(ASKED, about=juror, to=person, address=person.email or "")
    return juror


def why_no_juror(competition: Competition, person: Person) -> str:
    """Why somebody cannot judge here, in a sentence; nothing when they can."""
    own = Authorship.objects.standing().filter(person=person, entry__in=competition.entries.counted())
    if own.exists():
        return _("Whoever is an author here, or asked to be one, cannot be in the jury. Ask somebody else.")
    if competition.is_blind and person.is_coordinator and not others_decide(competition, person):
        return _(
            "Whoever judges does not see who wrote what, and nobody else could keep this competition then. Appoint "
            "another coordinator first, or ask somebody else."
        )
    return ""


@transaction.atomic
def accept_juror(juror: Juror, by: Person, capacity: int, nominations: Iterable[Nomination] = ()) -> None:
    """Say yes to judging, how many entries at most, and what one knows about."""
    competition = lock_competition(juror.competition)
    _refuse_when_over(competition)
    if why := why_no_juror(competition, by):
        raise Refused(why)
    make_move(juror, "accept", by=by, capacity=capacity)
    juror.nominations.set(nominations)
    cancel_mails(about=juror, reason=gettext_noop("the invitation was answered"))


@transaction.atomic
def decline_juror(juror: Juror, by: Person) -> None:
    """Say no to judging; the coordinator's desk shows it."""
    make_move(juror, "decline", by=by)
    cancel_mails(about=juror, reason=gettext_noop("the invitation was answered"))


@transaction.atomic
def end_juror(juror: Juror, by: Person) -> None:
    """Take a juror out: what they have not given yet is free for others, what they gave counts."""
    competition = lock_competition(juror.competition)
    was_active = juror.state == Juror.State.ACTIVE
    if was_active:  # whoever was asked and never answered can always be let go
        _refuse_when_over(competition)
    make_move(juror, "end", by=by)
    cancel_mails(about=juror, reason=gettext_noop("the juror left the jury"))
    rows = juror.reviews.assigned().select_for_update(of=("self",)).order_by("pk")
    make_moves(list(rows), "withdraw", by=by, reason=gettext_noop("the juror left the jury"))
    if was_active and by.pk != juror.person_id:
        queue_mail("competitions/juror_out", about=juror, to=juror.person)


@transaction.atomic
def change_terms(juror: Juror, by: Person, capacity: int, nominations: Iterable[Nomination] = ()) -> None:
    """Change how many entries one reads at most, and what one knows about; what is assigned stays."""
    it = Juror.objects.select_for_update(no_key=True).get(pk=juror.pk)
    if it.state != Juror.State.ACTIVE:
        raise Refused(_("You are not in this jury any more. Reload the page."))
    it.capacity = capacity
    it.save(update_fields=["capacity"])
    it.nominations.set(nominations)
    record_changes("competitions.juror.change", it, by=by, changed=["capacity", "nominations"])


def _refuse_when_over(competition: Competition) -> None:
    if competition.state not in {Competition.State.DRAFT, Competition.State.PUBLISHED}:
        raise Refused(_("This competition is over, so its jury stays as it was."))
