from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.audit import record
from cluster_portal.moves import Refused, make_move
from members.models import Agreement, Cluster, Party, Person


@transaction.atomic
def open_agreement(agreement: Agreement, by: Person | None) -> None:
    """Open an agreement for signature: no action changes its text, parties or clauses from now on."""
    if agreement.text_id is None or agreement.parties.count() < 2:
        raise Refused(_("An agreement needs its text and at least two parties. Add them, then open it."))
    make_move(agreement, "open", by=by)


@transaction.atomic
def record_signature(party: Party, signed_on: date, signatory: str, by: Person | None) -> None:
    """Note that a party signed on paper; when the last one has, the coordinator can conclude the agreement."""
    agreement = Agreement.objects.select_for_update(no_key=True).get(pk=party.agreement_id)
    if agreement.state != Agreement.State.OPEN:
        raise Refused(_("Signatures can be recorded only while the agreement is open for signature."))
    if signed_on > Cluster.current().today():
        raise Refused(_("The day of signing lies in the future. Enter the day on the paper."))
    if not Party.objects.filter(pk=party.pk, signed_on=None).update(signed_on=signed_on, signatory=signatory):
        raise Refused(_("This party has signed already."))
    party.refresh_from_db()
    record(
        "members.agreement.sign", agreement, by=by, fields=["parties"], reason=f"party {party.institution.public_id}"
    )


@transaction.atomic
def conclude_agreement(agreement: Agreement, by: Person | None) -> None:
    """Conclude an agreement that all its parties have signed."""
    Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    missing = agreement.unsigned_parties().count()
    if missing:
        said = ngettext(
            "%(count)s party has not signed yet. It can be concluded when all have.",
            "%(count)s parties have not signed yet. It can be concluded when all have.",
            missing,
        )
        raise Refused(said % {"count": missing})
    last = agreement.parties.order_by("-signed_on").values_list("signed_on", flat=True).first()
    make_move(agreement, "conclude", by=by, concluded_on=last)


@transaction.atomic
def withdraw_agreement(agreement: Agreement, by: Person | None) -> None:
    """Give up an agreement that was not concluded."""
    make_move(agreement, "withdraw", by=by)


@transaction.atomic
def terminate_agreement(agreement: Agreement, by: Person | None) -> None:
    """End a concluded agreement today; the rights it gave end with it."""
    make_move(agreement, "terminate", by=by, terminated_on=Cluster.current().today())
