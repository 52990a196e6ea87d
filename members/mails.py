"""The mail of members: invitations, answers, and everything about one's own account."""

from datetime import date
from itertools import chain
from typing import Any

from allauth.account import app_settings
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from cluster_portal import hooks
from cluster_portal.hooks import DeskRow, MailKind, Sender, WantedMail, register_mail, register_sender
from cluster_portal.links import absolute, signed_link
from cluster_portal.mailtext import secrets_in
from cluster_portal.models import OutboxMail
from cluster_portal.outbox import occasion_of
from members.consent import first_name_and_initial, may_decide, people_to_answer
from members.devices import code_of, is_too_old
from members.expiry import covered_by, readers_of_rolls, rolls_ending_on, what_lapses
from members.models import (
    Affiliation,
    Agreement,
    Application,
    Cluster,
    Device,
    ErasureRequest,
    ErasureWord,
    Guardianship,
    Initiative,
    Party,
    Person,
)

State = Affiliation.State
# Notices after the fact: what happened to the account, and what to do if it was somebody else.
NOTICES = (
    "email_changed",
    "email_confirmed",
    "email_removed",
    "password_changed",
    "password_set",
    "password_was_reset",
    "login_connected",
    "login_disconnected",
    "totp_on",
    "totp_off",
    "passkey_added",
    "passkey_removed",
    "recovery_codes_made",
)


def current_sender() -> Sender:
    """Mail goes out in the name of the cluster."""
    cluster = Cluster.current()
    return Sender(str(cluster.name), cluster.contact_email, cluster.zone, cluster.hue)


def _while_in(state: str):
    """Due while the affiliation is in this state."""

    def still_due(mail: OutboxMail) -> bool:
        return Affiliation.objects.filter(public_id=mail.about_id, state=state).exists()

    return still_due


def _waits_for_reader(mail: OutboxMail) -> bool:
    """Somebody still waits for the institution, and the reader still answers for it or coordinates it."""
    affiliation = Affiliation.objects.asked().filter(public_id=mail.about_id).select_related("institution").first()
    if affiliation is None:
        return False
    coordinators = Person.objects.coordinating_region(affiliation.institution.region_id)
    return _speaks_for(affiliation.institution_id, mail.to_id) or coordinators.filter(pk=mail.to_id).exists()


def _speaks_for(institution: int, person: int) -> bool:
    return Person.objects.speaking_for(institution).filter(pk=person).exists()


def _about_handover(wanted: WantedMail) -> dict[str, Any]:
    """With what waits for the successor at their desk, and the initiatives that their institution answers for."""
    parts = _about_affiliation(wanted)
    initiatives = Initiative.objects.under_way().filter(responsible=parts["institution"])
    return parts | {"tasks": _tasks_of(wanted.to), "initiatives": initiatives.order_by("title")}


def _about_coordination(wanted: WantedMail) -> dict[str, Any]:
    return {"tasks": _tasks_of(wanted.to)}


def _tasks_of(person: Person) -> list[DeskRow]:
    """The rows of somebody's desk as they are now: their roles have just changed."""
    fresh = Person.objects.get(pk=person.pk)
    return list(chain.from_iterable(rows(fresh) for rows in hooks.desk_rows))


def _about_role(wanted: WantedMail) -> dict[str, Any]:
    return {"region": wanted.ground.region}


def _about_affiliation(wanted: WantedMail) -> dict[str, Any]:
    affiliation = wanted.about
    return {
        "affiliation": affiliation,
        "institution": affiliation.institution,
        "person": affiliation.person,
        "role": affiliation.get_role_display(),
        "inviter": affiliation.invited_by,
    }


def _about_request(wanted: WantedMail) -> dict[str, Any]:
    speaks = _speaks_for(wanted.about.institution_id, wanted.to.pk)
    return _about_affiliation(wanted) | {"speaks": speaks}


def _invitation_link(mail: OutboxMail) -> dict[str, str]:
    return {"invitation": signed_link("members.invitation", mail.about_id)}


def _still_coordinates(mail: OutboxMail) -> bool:
    return Person.objects.get(pk=mail.to_id).is_coordinator


def _application_in(*states: str):
    """Due while the application is in one of these states."""

    def still_due(mail: OutboxMail) -> bool:
        return Application.objects.filter(public_id=mail.about_id, state__in=states).exists()

    return still_due


def _application_waits_for_reader(mail: OutboxMail) -> bool:
    """The application still waits, and the reader still coordinates its region."""
    it = Application.objects.waiting().filter(public_id=mail.about_id).first()
    return it is not None and Person.objects.coordinating_region(it.region_id).filter(pk=mail.to_id).exists()


def _about_application(wanted: WantedMail) -> dict[str, Any]:
    it = wanted.about
    page = reverse("members:desk_application", args=[it.public_id])
    return {"name": it.name, "applicant": it.applicant, "note": it.notes.order_by("pk").last(), "page": page}


def _application_link(mail: OutboxMail) -> dict[str, str]:
    return {"application": signed_link("members.application", mail.about_id)}


def _to_applicant(name: str, state: str) -> MailKind:
    return MailKind(f"members/{name}", _application_in(state), secrets=_application_link, context=_about_application)


def _to_be_signed(mail: OutboxMail) -> bool:
    """The agreement is open still, and the reader still leads a party that has not signed."""
    agreement = Agreement.objects.open().filter(public_id=mail.about_id).first()
    return agreement is not None and _unsigned_of(agreement, mail.to) != []


def _unsigned_of(agreement: Agreement, person: Person) -> list:
    """The institutions for which this person has not signed yet."""
    parties = agreement.parties.to_ask().select_related("institution")
    return [party.institution for party in parties if person.is_head_of(party.institution)]


def _termination_stands(mail: OutboxMail) -> bool:
    """The agreement ends on the day that the mail names: it may have got another since."""
    day = occasion_of(mail).partition(" ")[0]
    return Agreement.objects.filter(public_id=mail.about_id, state="terminated", terminated_on=day).exists()


def _party_leaves(mail: OutboxMail) -> bool:
    """The party leaves on the day that the mail names."""
    institution, _colon, decided = occasion_of(mail).partition(":")
    day = decided.partition(" ")[0]
    family = Q(agreement__public_id=mail.about_id) | Q(agreement__amends__public_id=mail.about_id)
    return Party.objects.filter(family, institution__public_id=institution, withdrawn_on=day).exists()


def _about_leaving(wanted: WantedMail) -> dict[str, Any]:
    party = wanted.ground
    own = _speaks_for(party.institution_id, wanted.to.pk)
    return {"agreement": wanted.about, "party": party, "institution": party.institution, "is_own": own}


def _agreement_in(*states: str):
    """Due while the agreement is in one of these states."""

    def still_due(mail: OutboxMail) -> bool:
        return Agreement.objects.filter(public_id=mail.about_id, state__in=states).exists()

    return still_due


def _about_signing(wanted: WantedMail) -> dict[str, Any]:
    agreement = wanted.about
    return {"agreement": agreement, "institutions": _unsigned_of(agreement, wanted.to)}


def _about_expiry(wanted: WantedMail) -> dict[str, Any]:
    """What the notice names: the days left when it leaves, who loses membership, which rights go."""
    agreement = wanted.about
    days = wanted.occasion.rpartition(":")[2]
    return {
        "agreement": agreement,
        "days": days,
        "stop": what_lapses(agreement),
        "coordinates": wanted.to.coordinates_whole_cluster,
        "covered_by": covered_by(agreement, wanted.to),
    }


def _about_rolls(wanted: WantedMail) -> dict[str, Any]:
    last_day, _colon, days = wanted.occasion.partition(":")
    return {
        "agreement": wanted.about,
        "lines": wanted.ground,
        "days": days,
        "day": date.fromisoformat(last_day),
        "coordinates": wanted.to.coordinates_whole_cluster,
    }


def _roll_still_ends(mail: OutboxMail) -> bool:
    """On the day that the mail names somebody's membership still ends with a roll that concerns the reader."""
    last_day = date.fromisoformat(occasion_of(mail).partition(":")[0])
    found = {it.public_id: lines for it, lines in rolls_ending_on(last_day).items()}
    return mail.to in readers_of_rolls(found.get(mail.about_id, []))


def _about_agreement(wanted: WantedMail) -> dict[str, Any]:
    return {"agreement": wanted.about}


def _always(mail: OutboxMail) -> bool:
    return True


def _unclaimed(mail: OutboxMail) -> bool:
    return not mail.to.has_claimed


def _claim_link(mail: OutboxMail) -> dict[str, str]:
    return {"claim": signed_link("members.claim", mail.about_id)}


def _erasure_link(mail: OutboxMail) -> dict[str, str]:
    return {"erase": signed_link("members.erasure", mail.about_id)}


def _erasure_in(state: str):
    """Due while the request to erase is in this state."""

    def still_due(mail: OutboxMail) -> bool:
        return ErasureRequest.objects.filter(public_id=mail.about_id, state=state).exists()

    return still_due


def _erasure_to_decide(mail: OutboxMail) -> bool:
    """The request still waits, and the reader may still decide about it."""
    return ErasureRequest.objects.open().decidable_by(mail.to).filter(public_id=mail.about_id).exists()


def _word_missing(mail: OutboxMail) -> bool:
    """The reader's word is still awaited, and they still decide about the person."""
    words = ErasureWord.objects.filter(request__public_id=mail.about_id, by=mail.to_id, agrees=None)
    word = words.select_related("request__person").first()
    return word is not None and word.request.is_open and may_decide(mail.to, word.request.person)


def _about_erasure(wanted: WantedMail) -> dict[str, Any]:
    """Of whom it is about no more than a first name and an initial."""
    it = wanted.about
    page = reverse("members:desk_erasure_request", args=[it.public_id])
    is_oneself = it.asked_by_id == it.person_id
    return {"name": first_name_and_initial(it.person), "it": it, "page": page, "is_oneself": is_oneself}


def _word_link(mail: OutboxMail) -> dict[str, str]:
    word = ErasureWord.objects.get(request__public_id=mail.about_id, by=mail.to_id)
    return {"word": signed_link("members.erasure_word", word.public_id)}


def _code_is_awaited(mail: OutboxMail) -> bool:
    """The device is not confirmed yet, nor forgotten, and its code not too old."""
    device = Device.objects.asked().filter(public_id=mail.about_id, person=mail.to_id).first()
    return device is not None and not is_too_old(device)


def _device_code(mail: OutboxMail) -> dict[str, str]:
    return {"code": code_of(Device.objects.get(public_id=mail.about_id))}


def _unconfirmed(mail: OutboxMail) -> bool:
    return EmailAddress.objects.filter(user=mail.to_id, email__iexact=mail.address, verified=False).exists()


def _confirmation_link(mail: OutboxMail) -> dict[str, str]:
    address = EmailAddress.objects.get(user=mail.to_id, email__iexact=mail.address)
    return {"confirm": absolute(reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key]))}


def _reset_link(mail: OutboxMail) -> dict[str, str]:
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(mail.to)
    key = {"uidb36": user_pk_to_url_str(mail.to), "key": token}
    return {"reset": absolute(reverse("account_reset_password_from_key", kwargs=key))}


def _about_account(wanted: WantedMail) -> dict[str, Any]:
    return {
        "login": reverse("account_login"),
        "reset": reverse("account_reset_password"),
        "address": wanted.address,
    }


def _children_of(reader: Person) -> list[Person]:
    """The children whose guardian somebody is, and themself: whom they may be asked about."""
    children = Person.objects.filter(guarded_by__in=reader.guards.now()).order_by("sort_name")
    return [*children, reader]


def _still_to_answer(mail: OutboxMail) -> bool:
    """The reader is still guardian of all whom the mail names, and their answer about one of these is awaited."""
    named = _named_in(mail)
    return named is not None and any(it.reader == mail.to for it in people_to_answer(named))


def _word_will_be_missing(mail: OutboxMail) -> bool:
    """Of those whom the mail names one is still open from the day on which a consent lapses."""
    named, lapse = _named_in(mail), _lapse_of(occasion_of(mail))
    return named is not None and any(it.reader == mail.to for it in people_to_answer(named, on=lapse))


def _about_lapsing(wanted: WantedMail) -> dict[str, Any]:
    return _about_children(wanted) | {"day": _lapse_of(wanted.occasion)}


def _lapse_of(occasion: str) -> date:
    """The day of the lapse, which stands first: the day of a late entry may follow."""
    return date.fromisoformat(occasion.partition(":")[0])


def _named_in(mail: OutboxMail) -> list[int] | None:
    """The children (by key) whose links the mail holds; nothing when the reader is a guardian of one no more."""
    links = set(secrets_in(mail.body_text))
    named = dict(mail.to.guards.now().filter(public_id__in=links).values_list("public_id", "child"))
    if mail.to.public_id in links:
        named[mail.to.public_id] = mail.to_id
    return list(named.values()) if set(named) == links else None


def _about_children(wanted: WantedMail) -> dict[str, Any]:
    """The children in question, by first name and initial, each with the name of its signed link."""
    reader = wanted.to
    children = wanted.ground or _children_of(reader)[:-1] or [reader]
    links = dict(reader.guards.now().values_list("child", "public_id"))
    links[reader.pk] = reader.public_id
    rows = [
        {"name": _("yourself") if it == reader else first_name_and_initial(it), "link": links[it.pk]}
        for it in children
        if it.pk in links
    ]
    return {"children": rows, "names": ", ".join(str(row["name"]) for row in rows)}


def _about_guardianship(wanted: WantedMail) -> dict[str, Any]:
    return {"name": first_name_and_initial(wanted.about.child)}


def _guardianship_stands(mail: OutboxMail) -> bool:
    """The reader is still a guardian of the child."""
    return Guardianship.objects.now().filter(public_id=mail.about_id, guardian=mail.to_id).exists()


def _consent_links(mail: OutboxMail) -> dict[str, str]:
    links = {it.public_id: signed_link("members.consent", it.public_id) for it in mail.to.guards.all()}
    return links | {mail.to.public_id: signed_link("members.own_consent", mail.to.public_id)}


def _account(name: str, still_due=_always, **parts: Any) -> MailKind:
    return MailKind(f"account/{name}", still_due, context=_about_account, account=True, **parts)


register_sender(current_sender)
register_mail(
    MailKind("members/invitation", _while_in(State.INVITED), secrets=_invitation_link, context=_about_affiliation),
    MailKind("members/asked", _waits_for_reader, context=_about_request),
    MailKind("members/admitted", _while_in(State.ACTIVE), context=_about_affiliation),
    MailKind("members/refused", _while_in(State.DECLINED), context=_about_affiliation),
    MailKind("members/ended", _while_in(State.ENDED), context=_about_affiliation),
    MailKind("members/role_changed", _while_in(State.ACTIVE), context=_about_affiliation),
    MailKind("members/handed_over", _while_in(State.ACTIVE), context=_about_handover),
    MailKind("members/coordination_handed_over", _still_coordinates, context=_about_coordination),
    MailKind("members/coordinator_appointed", _still_coordinates, context=_about_role),
    MailKind("members/coordinator_ended", _always, context=_about_role),
    _to_applicant("application_confirm", Application.State.UNCONFIRMED),
    _to_applicant("application_question", Application.State.QUESTIONED),
    _to_applicant("application_declined", Application.State.DECLINED),
    _to_applicant("application_accepted", Application.State.ACCEPTED),
    MailKind("members/application_received", _application_waits_for_reader, context=_about_application),
    MailKind("members/application_answered", _application_waits_for_reader, context=_about_application),
    MailKind("members/agreement_open", _to_be_signed, context=_about_signing),
    MailKind("members/agreement_reminder", _to_be_signed, context=_about_signing),
    MailKind("members/agreement_concluded", _agreement_in("concluded"), context=_about_agreement),
    MailKind("members/agreement_terminated", _termination_stands, context=_about_agreement),
    MailKind("members/party_withdrawn", _party_leaves, context=_about_leaving),
    MailKind("members/agreement_expiring", _agreement_in("concluded"), context=_about_expiry),
    MailKind("members/roll_ending", _roll_still_ends, context=_about_rolls),
    MailKind("members/erase", _always, secrets=_erasure_link, account=True),
    MailKind("members/erasure_word", _word_missing, secrets=_word_link, context=_about_erasure),
    MailKind("members/erasure_asked", _erasure_to_decide, context=_about_erasure),
    MailKind("members/erasure_granted", _erasure_in("granted"), context=_about_erasure),
    MailKind("members/erasure_declined", _erasure_in("declined"), context=_about_erasure),
    MailKind("members/device_code", _code_is_awaited, secrets=_device_code, account=True),
    MailKind("members/guardianship_ended", _always, context=_about_guardianship),
    MailKind("members/birth_date_changed", _guardianship_stands, context=_about_guardianship),
    MailKind("members/consent_asked", _still_to_answer, secrets=_consent_links, context=_about_children),
    MailKind("members/consent_lapsing", _word_will_be_missing, secrets=_consent_links, context=_about_lapsing),
    MailKind("members/consent_reminder", _still_to_answer, secrets=_consent_links, context=_about_children),
    _account("confirm_email", _unconfirmed, secrets=_confirmation_link),
    _account("reset_password", secrets=_reset_link),
    _account("already_registered"),
    _account("claim", _unclaimed, secrets=_claim_link),
    *(_account(name) for name in NOTICES),
)
