from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record
from cluster_portal.hooks import WantedMail
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from cluster_portal.outbox import cancel_rows, queue_mails
from members.actions.agreements import add_parties, draft_agreement, named_now, refuse_past
from members.models import Agreement, Cluster, Coverage, Institution, Party, Person

LONGEST_TITLE = 200


def title_of_accession(agreement: Agreement) -> str:
    """What the addendum that brings in new parties is called, in the cluster's language."""
    return Cluster.current().in_words(gettext_noop("Accession to: %(title)s"), title=agreement.title)[:LONGEST_TITLE]


def title_of_renewal(agreement: Agreement) -> str:
    """What the addendum by which an agreement runs on is called, in the cluster's language."""
    return Cluster.current().in_words(gettext_noop("Renewal of: %(title)s"), title=agreement.title)[:LONGEST_TITLE]


@transaction.atomic
def prepare_accession(
    agreement: Agreement, institutions: Iterable[Institution], by: Person | None, **facts: Any
) -> Agreement:
    """Draft the addendum that brings in new parties: they sign it with the lead, and the signed text stays."""
    base = _concluded(agreement)
    newcomers = list(institutions)
    known = {party.institution_id: party.institution for party in _staying(base)}
    for institution in newcomers:
        if institution.pk in known:
            raise Refused(_("%(institution)s is a party already.") % {"institution": institution})
    named: dict[str, Any] = {
        "title": title_of_accession(base),
        "valid_from": _today(),
    }
    addendum = draft_agreement(by, kind=Agreement.Kind.ADDENDUM, amends=base, **named | facts)
    leads = [party.institution for party in _staying(base) if party.role == Party.Role.LEAD]
    add_parties(addendum, leads, Party.Role.LEAD, by)
    add_parties(addendum, newcomers, Party.Role.PARTY, by)
    return addendum


@transaction.atomic
def prepare_renewal(agreement: Agreement, until: date, by: Person | None, **facts: Any) -> Agreement:
    """Draft the addendum by which an agreement runs on: all who are bound sign it."""
    base = _concluded(agreement)
    _refuse_renewal(base, until)
    named: dict[str, Any] = {
        "title": title_of_renewal(base),
        "valid_from": _today(),
    }
    addendum = draft_agreement(by, kind=Agreement.Kind.ADDENDUM, amends=base, prolongs_until=until, **named | facts)
    roles: dict[Institution, str] = {}
    for party in _staying(base):
        roles[party.institution] = min(party.role, roles.get(party.institution, party.role))
    for role in (Party.Role.LEAD, Party.Role.PARTY):
        add_parties(addendum, [it for it, own in roles.items() if own == role], role, by)
    return addendum


@transaction.atomic
def withdraw_party(party: Party, on: date, because: str, by: Person) -> None:
    """A party leaves on a day, today or later, with whom it covers: it is bound by nothing of this agreement then.

    As long as that day lies ahead, another can take its place. Who leaves and who was covered is told.
    """
    refuse_past(on)
    if not because.strip():
        raise Refused(_("Say why it leaves: the page of the agreement shows the reason."))
    base = _concluded(party.agreement.amends or party.agreement)
    signed = Party.objects.of_family(base).filter(institution=party.institution, signed_on__isnull=False)
    going = signed.filter(Q(withdrawn_on=None) | Q(withdrawn_on__gt=_today()))
    if not going.filter(pk=party.pk).exists():
        raise Refused(_("This party has not signed, or has withdrawn already."))
    leaving = list(going.values_list("pk", flat=True))
    going.update(withdrawn_on=on, withdrawn_because=because.strip())
    party.refresh_from_db()
    reason = f"party {party.institution.public_id} from {on.isoformat()}"
    record("members.agreement.withdraw_party", base, by=by, fields=["parties"], reason=reason)
    _tell_who_leaves(base, party, leaving, on)


def _tell_who_leaves(base: Agreement, party: Party, leaving: list[int], on: date) -> None:
    """Who answers for the party hears of it, and who answers for those it covers: they go with it."""
    rolls = Coverage.objects.filter(party__in=leaving).reaching(on, None)
    concerned = Institution.objects.filter(Q(pk=party.institution_id) | Q(pk__in=rolls.values("institution")))
    waiting = OutboxMail.objects.about(base).unfinished().filter(template="members/party_withdrawn")
    of_party = waiting.filter(key__contains=f":{party.institution.public_id}:")
    cancel_rows(of_party, gettext_noop("it leaves on another day"))
    occasion = f"{party.institution.public_id}:{named_now(on)}"
    readers = Person.objects.speaking_for_any(concerned).order_by("pk")
    queue_mails(WantedMail("members/party_withdrawn", base, it, occasion, ground=party) for it in readers)


@transaction.atomic
def cover_institutions(
    party: Party, institutions: Iterable[Institution], since: date, until: date | None, document: str, by: Person
) -> None:
    """Note whom a party brings with it, from when to when, and which document says so.

    A document dated earlier is normal; pages say when it was entered (docs/decisions/072).
    """
    _locked(party)
    today = _today()
    for institution in institutions:
        if institution.pk == party.institution_id:
            raise Refused(_("A party does not cover itself: it has signed."))
        if party.coverages.filter(institution=institution).reaching(since, until).exists():
            said = _("%(institution)s is covered in these days already. End that first.")
            raise Refused(said % {"institution": institution})
        dates = {"since": since, "until": until, "entered_on": today}
        Coverage.objects.create(party=party, institution=institution, document=document, **dates)
    record("members.agreement.cover", party.agreement, by=by, fields=["coverage"], reason=_named(party))


@transaction.atomic
def end_coverage(coverage: Coverage, until: date, by: Person) -> None:
    """Strike an institution off a party's roll: `until` is its last day, today or later."""
    _locked(coverage.party)
    refuse_past(until)
    if until < coverage.since or (coverage.until and until > coverage.until):
        raise Refused(_("Choose a day between its first day and the last day that the roll says."))
    Coverage.objects.filter(pk=coverage.pk).update(until=until)
    record(
        "members.agreement.cover", coverage.party.agreement, by=by, fields=["coverage"], reason=_named(coverage.party)
    )


@transaction.atomic
def remove_coverage(coverage: Coverage, by: Person) -> None:
    """Take a wrong line out of the roll while the agreement is not concluded: it has given nobody anything."""
    agreement = _locked(coverage.party)
    if agreement.concluded_on is not None:
        raise Refused(_("It counts since the agreement was concluded. End it with its last day instead."))
    coverage.delete()
    record("members.agreement.cover", agreement, by=by, fields=["coverage"], reason=_named(coverage.party))


def _refuse_renewal(base: Agreement, until: date) -> None:
    if base.last_day is None:
        raise Refused(_("This agreement has no last day: it needs no renewal."))
    if base.last_day < _today():
        said = _("It ended on %(day)s. Prepare a new agreement.")
        raise Refused(said % {"day": date_format(base.last_day)})
    if until <= base.last_day:
        said = _("The agreement runs until %(day)s already. A renewal names a later day.")
        raise Refused(said % {"day": date_format(base.last_day)})
    if base.renewal_under_way() is not None:
        raise Refused(_("A renewal is under way already. Conclude it, or withdraw it and begin anew."))


def _concluded(agreement: Agreement) -> Agreement:
    """A concluded agreement under its lock."""
    base = Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    if base.kind == Agreement.Kind.ADDENDUM:
        raise Refused(_("An addendum is not amended itself. Choose the agreement that it amends."))
    if not base.is_concluded:
        raise Refused(_("This needs a concluded agreement. Reload the page to see its current state."))
    return base


def _staying(base: Agreement) -> list[Party]:
    rows = Party.objects.of_family(base).signed_and_staying()
    return list(rows.select_related("institution").order_by("pk"))


def _locked(party: Party) -> Agreement:
    """The agreement of a party under its lock; what has been given up or terminated takes no roll any more."""
    agreement = Agreement.objects.select_for_update(no_key=True).get(pk=party.agreement_id)
    if agreement.state in {Agreement.State.WITHDRAWN, Agreement.State.TERMINATED}:
        raise Refused(_("This agreement has ended. Nobody can be covered by it any more."))
    return agreement


def _named(party: Party) -> str:
    return f"party {party.institution.public_id}"


def _today() -> date:
    return Cluster.current().today()
