from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record
from cluster_portal.hooks import say_bonds_changed
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import cancel_mails, queue_mail
from members.actions.answering import keep_answered, lock_who_answers
from members.actions.birth_dates import is_kept_by_others
from members.actions.people import enter_person
from members.models import Affiliation, Agreement, Cluster, Group, GroupMember, Institution, Person
from members.pasted import PastedPerson, known_by_another_address

State = Affiliation.State
INVITATION = "members/invitation"
BETWEEN_MAILS = timedelta(days=1)  # an invitation is not pressed upon anybody


@transaction.atomic
def ask_to_join(person: Person, institution: Institution, role: str, by: Person) -> Affiliation:
    """Ask an institution to admit a person in a role, and tell those who answer for it."""
    if role in Affiliation.SPEAKING_ROLES:
        raise Refused(_("Heads and contacts are invited by the coordinator. Ask to join as a teacher or as staff."))
    affiliation = enter_affiliation(person, institution, role, Affiliation.State.ASKED, by)
    for reader in who_answers_for(institution, but=person):
        queue_mail("members/asked", about=affiliation, to=reader)
    return affiliation


def who_answers_for(institution: Institution, but: Person) -> list[Person]:
    """Heads and contacts of an institution, without the person it is about; where there are none, coordinators."""
    speakers = list(Person.objects.speaking_for(institution).exclude(pk=but.pk))
    return speakers or list(Person.objects.coordinating_region(institution.region_id).exclude(pk=but.pk))


@transaction.atomic
def invite_person(institution: Institution, email: str, role: str, by: Person, **names: Any) -> Affiliation:
    """Invite somebody into an institution by mail; whoever is known already keeps their Person."""
    refuse_to_appoint(institution, role, by)
    email = email.strip().lower()
    person = Person.objects.active().with_address(email)
    if person is not None and person.email != email:  # the address they sign in with must not show by it
        raise Refused(known_by_another_address())
    if person is None:
        person = enter_person(by, email=email, language=by.language, **names)
    affiliation = enter_affiliation(person, institution, role, Affiliation.State.INVITED, by, invited_by=by)
    send_invitation(affiliation)
    return affiliation


@transaction.atomic
def invite_people(institution: Institution, role: str, people: Iterable[PastedPerson], by: Person) -> list[Affiliation]:
    """Invite everybody of a pasted list; whoever cannot be invited any more is passed over."""
    refuse_to_appoint(institution, role, by)
    invited = []
    for it in people:
        try:
            invited.append(invite_person(institution, it.email, role, by, **it.names))
        except Refused:  # invited or admitted by somebody else since the list was looked at
            continue
    return invited


def refuse_to_appoint(institution: Institution, role: str, by: Person) -> None:
    """Heads and contacts are appointed by the head or the coordinator, not by each other."""
    if role in Affiliation.SPEAKING_ROLES and not (by.coordinates(institution.region_id) or by.is_head_of(institution)):
        raise Refused(_("Heads and contacts are invited by the head or the coordinator. Ask one of them."))


def send_invitation(affiliation: Affiliation, occasion: str = "") -> None:
    """To the address they will sign in with: whoever reads it there proves that it is theirs."""
    person = affiliation.person
    queue_mail(INVITATION, about=affiliation, to=person, address=person.email or "", occasion=occasion)


@transaction.atomic
def send_again(affiliation: Affiliation, by: Person) -> None:
    """Mail an invitation that waits once more, with a fresh link: the one before works for two weeks only."""
    it = Affiliation.objects.select_for_update(no_key=True).get(pk=affiliation.pk)
    if it.state != State.INVITED:
        raise Refused(_("This invitation was answered or withdrawn already. Reload the page."))
    at = now()
    if OutboxMail.objects.about(it).filter(template=INVITATION, queued_at__gt=at - BETWEEN_MAILS).exists():
        raise Refused(_("This invitation was sent less than a day ago. Wait until tomorrow."))
    record("members.affiliation.send_again", it, by=by)
    send_invitation(it, occasion=at.isoformat())


@transaction.atomic
def accept_invitation(affiliation: Affiliation, by: Person) -> None:
    """The invited person joins the institution, and leaves the one from which they were invited to move."""
    for left in Affiliation.objects.active().filter(replaced_by=affiliation).select_related("institution", "person"):
        close_affiliation(left, by)
    make_move(affiliation, "accept", by=by, starts_on=_today())
    say_bonds_changed([affiliation.person_id])
    ask_new_head(affiliation)


@transaction.atomic
def redeem_invitation(affiliation: Affiliation, password: str, birth_date: date | None, **names: str) -> Person:
    """Somebody who never signed in before claims their Person by the mailed link, and joins at once."""
    lock_who_answers(Affiliation.objects.active().filter(replaced_by=affiliation))
    person = claim_person(affiliation.person, password, birth_date, **names)
    accept_invitation(affiliation, by=person)
    return person


@transaction.atomic
def claim_person(person: Person, password: str, birth_date: date | None, **names: str) -> Person:
    """A person whom others have entered sets a password; the link came to the address they will sign in with.

    Whoever was invited by their address alone says their names too.
    """
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if person.has_claimed or not person.is_active:
        raise Refused(_("This link was used already. Sign in with your e-mail address and password."))
    if Person.objects.signing_in_with([person.email]).exclude(pk=person.pk).exists():
        raise Refused(_("Somebody signs in with this address already. Sign in, and ask the coordinator to merge both."))
    person.set_password(password)
    if person.birth_date is None and not is_kept_by_others(person):
        person.birth_date = birth_date
    for name, value in names.items():
        setattr(person, name, value)
    person.save()
    EmailAddress.objects.get_or_create(user=person, email=person.email, defaults={"verified": True, "primary": True})
    record("members.person.claim", person, by=person)
    return person


@transaction.atomic
def decline_invitation(affiliation: Affiliation, by: Person) -> None:
    """The invited person says no."""
    make_move(affiliation, "decline", by=by)


@transaction.atomic
def recall_invitation(affiliation: Affiliation, by: Person) -> None:
    """Withdraw an invitation that was not answered, and its mail if that has not left: its link works no more."""
    make_move(affiliation, "recall", by=by)
    cancel_mails(about=affiliation, reason=gettext_noop("the invitation was withdrawn"))


@transaction.atomic
def take_back_request(affiliation: Affiliation, by: Person) -> None:
    """A person does not ask an institution any more; nobody is told what they need not answer."""
    make_move(affiliation, "take_back", by=by)
    cancel_mails(about=affiliation, reason=gettext_noop("nobody asks any more"))


@transaction.atomic
def admit_affiliation(affiliation: Affiliation, by: Person) -> None:
    """The institution admits somebody who asked, and tells them."""
    make_move(affiliation, "admit", by=by, starts_on=_today())
    say_bonds_changed([affiliation.person_id])
    queue_mail("members/admitted", about=affiliation, to=affiliation.person)


@transaction.atomic
def refuse_affiliation(affiliation: Affiliation, by: Person) -> None:
    """The institution does not admit somebody who asked, and tells them."""
    make_move(affiliation, "refuse", by=by)
    queue_mail("members/refused", about=affiliation, to=affiliation.person)


@transaction.atomic
def end_affiliation(affiliation: Affiliation, by: Person) -> None:
    """End an affiliation today; what the person holds through it stays, and the coordinator's desk flags it."""
    close_affiliation(affiliation, by)
    if by.pk != affiliation.person_id:
        queue_mail("members/ended", about=affiliation, to=affiliation.person)


@transaction.atomic
def change_role(affiliation: Affiliation, role: str, by: Person) -> Affiliation:
    """Give somebody another role where they are: the old affiliation ends today, a new one begins."""
    refuse_to_appoint(affiliation.institution, role, by)
    lock_who_answers([affiliation])
    new = enter_affiliation(affiliation.person, affiliation.institution, role, State.ACTIVE, by, starts_on=_today())
    close_affiliation(affiliation, by)
    affiliation.replaced_by.invited().update(replaces=new)
    queue_mail("members/role_changed", about=new, to=affiliation.person)
    return new


@transaction.atomic
def move_person(affiliation: Affiliation, institution: Institution, role: str, by: Person) -> Affiliation:
    """Let somebody go from one institution to another: at once where one coordinator keeps both, else by invitation.

    Who is invited stays where they are until they accept: whoever declines gives up nothing.
    """
    if institution.pk == affiliation.institution_id:
        raise Refused(_("This is the institution where the person is already. Change their role instead."))
    refuse_to_appoint(institution, role, by)
    lock_who_answers([affiliation])
    person = Person.objects.select_for_update(no_key=True).get(pk=affiliation.person_id)
    if by.coordinates(affiliation.institution.region_id) and by.coordinates(institution.region_id):
        close_affiliation(affiliation, by)
        new = enter_affiliation(person, institution, role, State.ACTIVE, by, starts_on=_today())
        queue_mail("members/admitted", about=new, to=person)
        return new
    if not person.email:
        raise Refused(_("This person has no e-mail to be invited by. Ask the coordinator to move them."))
    keep_answered([affiliation])
    new = enter_affiliation(person, institution, role, State.INVITED, by, invited_by=by, replaces=affiliation)
    send_invitation(new)
    return new


def close_affiliation(affiliation: Affiliation, by: Person | None, reason: str = "") -> None:
    """End an affiliation, and with the last one at an institution what one did there: keep classes, or be in one.

    Every end comes through here, but for that of a double when two entries are merged: its person stays. Refused when
    a member would be left without anybody who answers.
    """
    keep_answered([affiliation])
    make_move(affiliation, "end", by=by, reason=reason, ends_on=_today())
    person, institution = affiliation.person, affiliation.institution
    left = person.affiliations.active().filter(institution=institution)
    if affiliation.role == Affiliation.Role.STUDENT:
        GroupMember.objects.now().filter(person=person, group__institution=institution).update(until=_today())
    elif not left.exclude(role=Affiliation.Role.STUDENT).exists():
        for group in Group.objects.filter(institution=institution, keepers=person):
            group.keepers.remove(person)


def _today() -> date:
    return Cluster.current().today()


def enter_affiliation(
    person: Person, institution: Institution, role: str, state: str, by: Person, **facts: Any
) -> Affiliation:
    """Create a live affiliation under the person's lock, so that two requests at once cannot both pass the check."""
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    known = person.affiliations.live().filter(institution=institution, role=role).first()
    if known is not None:
        raise Refused(_already(known))
    affiliation = Affiliation.objects.create(
        person=person, institution=institution, role=role, state=state, state_since=now(), **facts
    )
    record("members.affiliation.enter", affiliation, by=by, state=state, role=role)
    if state == State.ACTIVE:
        say_bonds_changed([person.pk])
    ask_new_head(affiliation)
    return affiliation


def ask_new_head(affiliation: Affiliation) -> None:
    """Who leads an institution from now on signs what waits for it: they were not there when it was opened."""
    if affiliation.role != Affiliation.Role.HEAD or affiliation.state != State.ACTIVE:
        return
    for agreement in Agreement.objects.waiting_for_signature_of([affiliation.institution_id]).order_by("pk"):
        queue_mail("members/agreement_open", about=agreement, to=affiliation.person, occasion=affiliation.public_id)


def _already(affiliation: Affiliation) -> str:
    institution = affiliation.institution
    match affiliation.state:
        case Affiliation.State.INVITED:
            return _("An invitation to %(institution)s waits for an answer already.") % {"institution": institution}
        case Affiliation.State.ASKED:
            return _("%(institution)s has been asked already. Its contact will answer.") % {"institution": institution}
    return _("This person belongs to %(institution)s in this role already.") % {"institution": institution}
