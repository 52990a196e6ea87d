from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import cancel_mails, queue_mail
from members.actions.addenda import prepare_accession
from members.actions.affiliations import invite_person
from members.actions.erasure import erase_person
from members.actions.institutions import keep_institution
from members.actions.people import enter_person
from members.models import Affiliation, Agreement, Application, ApplicationNote, Cluster, Institution, Person

FORGOTTEN = gettext_noop("the application was not confirmed in time")


@transaction.atomic
def apply_to_join(email: str, language: str, names: dict[str, str], **facts: Any) -> Application:
    """Keep what somebody wrote on the public form, and mail the link by which they confirm that they wrote it.

    Whoever is known by this address keeps their Person and their names: a stranger must not change them.
    """
    email = email.strip().lower()
    applicant = _person_of(email, language, names)
    application = Application.objects.create(applicant=applicant, state=Application.State.UNCONFIRMED, **facts)
    record("members.application.enter", application, by=None, state=application.state)
    queue_mail("members/application_confirm", about=application, to=applicant, address=email)
    return application


def _person_of(email: str, language: str, names: dict[str, str]) -> Person:
    known = Person.objects.with_address(email)
    if known is not None:
        return known
    try:
        return enter_person(None, email=email, language=language, **names)
    except Refused:  # entered by somebody else between the two lines above
        return Person.objects.signing_in_with([email]).get()


@transaction.atomic
def confirm_application(application: Application, by: Person) -> None:
    """The applicant shows that the address is theirs; now the coordinators hear of it."""
    make_move(application, "confirm", by=by)
    for reader in Person.objects.coordinating_region(application.region_id):
        queue_mail("members/application_received", about=application, to=reader)


@transaction.atomic
def ask_applicant(application: Application, text: str, by: Person) -> None:
    """Ask the applicant something; they answer on their page."""
    make_move(application, "ask_back", by=by)
    note = _note(application, text, by)
    queue_mail("members/application_question", about=application, to=application.applicant, occasion=str(note.pk))


@transaction.atomic
def answer_question(application: Application, text: str, by: Person) -> None:
    """The applicant answers; the coordinator goes on with it."""
    make_move(application, "answer", by=by)
    note = _note(application, text, by)
    for reader in Person.objects.coordinating_region(application.region_id):
        queue_mail("members/application_answered", about=application, to=reader, occasion=str(note.pk))


@transaction.atomic
def decline_application(application: Application, text: str, by: Person) -> None:
    """Say no, and why."""
    make_move(application, "decline", by=by)
    _note(application, text, by)
    queue_mail("members/application_declined", about=application, to=application.applicant)


@transaction.atomic
def withdraw_application(application: Application, by: Person) -> None:
    """The applicant does not want to join any more; mail about it that has not left stays here."""
    make_move(application, "withdraw", by=by)
    cancel_mails(about=application, reason=gettext_noop("the application was withdrawn"))


def agreements_to_join(day: date) -> list[Agreement]:
    """The network agreements in force on a day, the newest first: what an addendum can bring a new party into."""
    rows = Agreement.objects.filter(kind=Agreement.Kind.NETWORK, concluded_on__lte=day).order_by("-valid_from", "pk")
    return [it for it in rows if it.is_in_force_on(day)]


@transaction.atomic
def accept_application(
    application: Application, agreement: Agreement, by: Person, institution: Institution | None = None
) -> None:
    """Take the institution in: enter it unless it is known, prepare its addendum, invite the applicant as its head."""
    # Two coordinators at once: the second waits here, then make_move tells them that it was answered.
    locked = Application.objects.select_for_update(no_key=True, of=("self",)).select_related("applicant")
    applicant = locked.get(pk=application.pk).applicant
    if agreement not in agreements_to_join(Cluster.current().today()):
        raise Refused(_("Only a network agreement in force takes new parties in. Choose another."))
    if not applicant.is_active or not applicant.email:
        raise Refused(_("The applicant cannot be invited any more. Decline, and ask them to apply again."))
    institution = institution or _entered(application, by)
    _refuse_if_on_board(institution)
    named = gettext_noop("Accession of %(institution)s")
    title = Cluster.current().in_words(named, institution=institution.name[:150])
    addendum = prepare_accession(agreement, [institution], by, title=title)
    make_move(application, "accept", by=by, institution=institution, addendum=addendum)
    cancel_mails(about=application, reason=gettext_noop("the application was accepted"))
    _invite_head(application, applicant, by)


@transaction.atomic
def erase_forgotten_applications(before: datetime) -> int:
    """Erase what nobody confirmed, and the people whom nothing but such a form has named; return how many forms."""
    rows = Application.objects.forgotten_before(before).select_for_update(skip_locked=True, of=("self",))
    forgotten = list(rows.select_related("applicant").order_by("pk"))
    for application in forgotten:
        cancel_mails(about=application, reason=FORGOTTEN)
        record("members.application.erase", application, by=None)
        application.delete()
    for applicant in {it.applicant for it in forgotten}:
        _forget_stranger(applicant)
    return len(forgotten)


def _note(application: Application, text: str, by: Person) -> ApplicationNote:
    return ApplicationNote.objects.create(application=application, text=text, by=by)


def _entered(application: Application, by: Person) -> Institution:
    facts = {name: getattr(application, name) for name in ("name", "kind", "region", "website")}
    return keep_institution(Institution(**facts), by=by, changed=[])


def _refuse_if_on_board(institution: Institution) -> None:
    today = Cluster.current().today()
    if Institution.objects.members_on(today).filter(pk=institution.pk).exists():
        raise Refused(
            _("%(institution)s is a member already. Decline, and tell the applicant who speaks for it.")
            % {"institution": institution}
        )
    unfinished = [Agreement.State.DRAFT, Agreement.State.OPEN]
    if institution.parties.filter(agreement__kind=Agreement.Kind.ADDENDUM, agreement__state__in=unfinished).exists():
        raise Refused(
            _("An addendum for %(institution)s is being prepared already. Decline this application as a double.")
            % {"institution": institution}
        )


def _invite_head(application: Application, applicant: Person, by: Person) -> None:
    institution = application.institution
    if institution is None or applicant.email is None:
        raise Refused(_("The applicant cannot be invited any more. Decline, and ask them to apply again."))
    if applicant.affiliations.live().filter(institution=institution, role=Affiliation.Role.HEAD).exists():
        queue_mail("members/application_accepted", about=application, to=applicant)
    else:
        invite_person(institution, applicant.email, Affiliation.Role.HEAD, by)


def _forget_stranger(person: Person) -> None:
    """Empty somebody whom an unconfirmed form alone has named: no password, and no other row leads to them."""
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if person.erased_at or person.has_claimed or any(_rows_naming(person)):
        return
    erase_person(person, by=None, reason=FORGOTTEN)


def _rows_naming(person: Person) -> Iterator[bool]:
    """For each table that can lead to a person, whether a row of it leads to this one; mail that they got aside."""
    for relation in Person._meta.related_objects:
        if relation.related_name != "mails":
            rows = relation.related_model._base_manager
            yield rows.filter(**{relation.field.name: person}).exists()
