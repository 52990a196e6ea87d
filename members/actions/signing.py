from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from cluster_portal.outbox import queue_mail
from cluster_portal.search import folded
from cluster_portal.uploads import keep_upload
from members.actions.agreements import heads_of
from members.models import Affiliation, Agreement, Cluster, Party, Person

ASKING = ("members/agreement_open", "members/agreement_reminder")


@transaction.atomic
def sign_agreement(party: Party, name: str, sha256: str, by: Person) -> None:
    """A head signs for their institution: the name typed, the moment, and the hash of the text that was shown."""
    agreement = _open_for_signature(party)
    _refuse_former_head(party, by)
    if not is_own_name(name, by):
        said = _("Type your own name as we know it: %(name)s. If that is wrong, correct your profile first.")
        raise Refused(said % {"name": by.full_name})
    if agreement.text is None or sha256 != agreement.text.sha256:
        raise Refused(_("The text is not the one that this page had shown. Read it again, then sign."))
    seen = {"signed_by": by, "signed_at": now(), "signed_sha256": sha256}
    _sign(party, agreement, Party.How.ONLINE, Cluster.current().today(), " ".join(name.split()), by, **seen)


@transaction.atomic
def sign_for_parties(parties: Iterable[Party], name: str, sha256: str, by: Person) -> None:
    """A head of several institutions signs for all of them at once, or for none."""
    for party in parties:
        sign_agreement(party, name, sha256, by)


@transaction.atomic
def record_signature(
    party: Party, signed_on: date, signatory: str, by: Person | None, scan: UploadedFile | None = None
) -> None:
    """Note that a party signed on paper; when the last one has, the coordinator can conclude the agreement."""
    agreement = _open_for_signature(party)
    if signed_on > Cluster.current().today():
        raise Refused(_("The day of signing lies in the future. Enter the day on the paper."))
    if not signatory.strip():
        raise Refused(_("Enter who signed: the name on the paper."))
    kept = keep_upload(scan, agreement, by=by) if scan is not None else None
    _sign(party, agreement, Party.How.PAPER, signed_on, signatory.strip(), by, scan=kept)


@transaction.atomic
def remind_unsigned(agreement: Agreement, by: Person) -> int:
    """Remind exactly the heads of parties that have not signed, once a day at most; return how many were mailed."""
    current = Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    if not current.is_open:
        raise Refused(_("Nobody is asked to sign this any more. Reload the page to see its current state."))
    cluster = Cluster.current()
    today = cluster.today()
    midnight = datetime.combine(today, time.min, cluster.zone)
    asked = OutboxMail.objects.about(agreement).filter(template__in=ASKING, queued_at__gte=midnight)
    asked_today = set(asked.exclude(state=OutboxMail.State.CANCELLED).values_list("to", flat=True))
    heads = [head for head in heads_of(agreement.parties.to_ask()) if head.pk not in asked_today]
    mails = [
        queue_mail("members/agreement_reminder", about=agreement, to=head, occasion=today.isoformat()) for head in heads
    ]
    sent = len([mail for mail in mails if mail])
    if sent:
        record("members.agreement.remind", agreement, by=by)
    return sent


def is_own_name(typed: str, person: Person) -> bool:
    """Whether somebody typed their own name: family and given name in any order, the patronymic if they like."""
    words = set(folded(typed).split())
    needed = set(folded(person.family_name, person.given_name).split())
    return bool(words) and needed <= words <= needed | set(folded(person.patronymic).split())


def _open_for_signature(party: Party) -> Agreement:
    """The agreement of a party under its lock, with what it amends: signing, concluding and leaving take turns."""
    pks = [it for it in (party.agreement.amends_id, party.agreement_id) if it]
    rows = Agreement.objects.select_for_update(no_key=True, of=("self",)).select_related("text")
    agreement = {it.pk: it for it in rows.filter(pk__in=pks).order_by("pk")}[party.agreement_id]
    if not agreement.is_open:
        raise Refused(_("Signatures can be recorded only while the agreement is open for signature."))
    if agreement.parties.left().filter(pk=party.pk).exists():
        said = _("%(institution)s has left this agreement, or announced it. It signs no addendum to it any more.")
        raise Refused(said % {"institution": party.institution})
    return agreement


def _refuse_former_head(party: Party, by: Person) -> None:
    """Only who leads the institution at this moment signs for it: under the lock of that role, which may be ending."""
    roles = Affiliation.objects.active().filter(person=by, institution=party.institution, role=Affiliation.Role.HEAD)
    if not list(roles.select_for_update(no_key=True).order_by("pk")):
        said = _("You do not lead %(institution)s any more. Its head signs; ask the coordinator who that is.")
        raise Refused(said % {"institution": party.institution})


def _sign(
    party: Party, agreement: Agreement, how: str, on: date, signatory: str, by: Person | None, **facts: Any
) -> None:
    unsigned = Party.objects.unsigned().filter(pk=party.pk)
    if not unsigned.update(signed_on=on, signatory=signatory, how=how, **facts):
        raise Refused(_("This party has signed already."))
    party.refresh_from_db()
    reason = f"{how}, party {party.institution.public_id}"
    record("members.agreement.sign", agreement, by=by, fields=["parties"], reason=reason)
