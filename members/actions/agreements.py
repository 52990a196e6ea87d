from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max, Q
from django.utils.formats import date_format
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from cluster_portal.audit import record, record_changes
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import cancel_mails, queue_mail
from cluster_portal.uploads import keep_upload
from members.models import Agreement, Clause, Cluster, Coverage, Institution, Party, Person


@transaction.atomic
def draft_agreement(by: Person | None, text: UploadedFile | None = None, **facts: Any) -> Agreement:
    """Begin an agreement; while it is a draft everything about it can be changed."""
    _refuse_own_end(facts.get("amends"), facts.get("valid_until"))
    agreement = Agreement.objects.create(**facts)
    record("members.agreement.draft", agreement, by=by, kind=agreement.kind)
    if text is not None:
        keep_text(agreement, text, by=by)
    return agreement


@transaction.atomic
def change_agreement(agreement: Agreement, by: Person, **facts: Any) -> None:
    """Keep what was corrected about a draft."""
    _refuse_own_end(locked_draft(agreement).amends_id, facts.get("valid_until"))
    changed = [name for name, value in facts.items() if getattr(agreement, name) != value]
    for name in changed:
        setattr(agreement, name, facts[name])
    if changed:
        agreement.save(update_fields=changed)
        record_changes("members.agreement.change", agreement, by=by, changed=changed)


def _refuse_own_end(amends: Any, valid_until: date | None) -> None:
    """An addendum ends with what it amends: what ends by itself and cannot be renewed would end behind its back."""
    if amends and valid_until:
        raise Refused(_("An addendum ends with the agreement that it amends. Leave its last day empty."))


@transaction.atomic
def keep_text(agreement: Agreement, file: UploadedFile, by: Person | None) -> None:
    """Give a draft its text, as a file; an earlier one is not its text any more."""
    locked_draft(agreement)
    agreement.text = keep_upload(file, agreement, by=by)
    agreement.save(update_fields=["text"])
    record_changes("members.agreement.change", agreement, by=by, changed=["text"])


@transaction.atomic
def add_parties(agreement: Agreement, institutions: Iterable[Institution], role: str, by: Person | None) -> None:
    """Name institutions as parties of a draft; who is one already gets this role."""
    locked_draft(agreement)
    named = list(institutions)
    for institution in named:
        Party.objects.update_or_create(agreement=agreement, institution=institution, defaults={"role": role})
    for institution in named:
        reason = f"{role}: party {institution.public_id}"
        record("members.agreement.change", agreement, by=by, fields=["parties"], reason=reason)


@transaction.atomic
def remove_party(party: Party, by: Person) -> None:
    """Take a party out of a draft."""
    locked_draft(party.agreement)
    if party.coverages.exists():
        raise Refused(_("This party covers other institutions here. Remove those first, then the party."))
    party.delete()
    reason = f"taken out: party {party.institution.public_id}"
    record("members.agreement.change", party.agreement, by=by, fields=["parties"], reason=reason)


@transaction.atomic
def keep_clause(clause: Clause, by: Person) -> None:
    """Enter or correct a clause of a draft."""
    locked_draft(clause.agreement)
    clause.save()
    record("members.agreement.change", clause.agreement, by=by, fields=["clauses"])


@transaction.atomic
def remove_clause(clause: Clause, by: Person) -> None:
    """Take a clause out of a draft."""
    locked_draft(clause.agreement)
    clause.delete()
    record("members.agreement.change", clause.agreement, by=by, fields=["clauses"])


def locked_draft(agreement: Agreement) -> Agreement:
    """The one guard of every change to a text: a draft, under its lock; raises Refused for anything else."""
    locked = Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    if not locked.is_draft:
        raise Refused(
            _("An opened text stays as it is. Withdraw it and prepare another, or bring the change by an addendum.")
        )
    return locked


@transaction.atomic
def open_agreement(agreement: Agreement, by: Person | None) -> None:
    """Open an agreement for signature, and ask the heads of its parties: its text does not change from now on."""
    Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    if agreement.text_id is None or agreement.parties.count() < 2:
        raise Refused(_("An agreement needs its text and at least two parties. Add them, then open it."))
    if agreement.lacks_a_lead():
        raise Refused(_("The lead has left this agreement. Name another party of it as the lead, then open this."))
    make_move(agreement, "open", by=by)
    for head in heads_of(agreement.parties.to_ask()):
        queue_mail("members/agreement_open", about=agreement, to=head)


def heads_of(bound: Iterable[Party | Coverage]) -> list[Person]:
    """Who answers for those that are bound, as parties or by one: the heads of their institutions, each person once."""
    return list(Person.objects.leading([it.institution_id for it in bound]).order_by("pk"))


@transaction.atomic
def conclude_agreement(agreement: Agreement, by: Person | None) -> None:
    """Conclude an agreement that all its parties have signed; a renewal prolongs what it amends at this moment."""
    amended = _locked_with_amended(agreement)
    if agreement.lacks_a_lead():
        raise Refused(_("The lead has left this agreement and signs no more. Withdraw this, and prepare another."))
    last = agreement.parties.aggregate(last=Max("signed_on"))["last"]
    _refuse_unsigned(agreement.parties.to_ask().count() or (0 if last else agreement.parties.count()))
    if amended is not None and not amended.is_concluded:
        raise Refused(_("What it amends is not concluded, or has ended. An addendum needs an agreement in force."))
    make_move(agreement, "conclude", by=by, concluded_on=last)
    if amended is not None and agreement.prolongs_until:
        _prolong(amended, agreement, by)
    cancel_mails(about=agreement, reason=gettext_noop("all have signed"))
    for head in heads_of(agreement.parties.all()):
        queue_mail("members/agreement_concluded", about=agreement, to=head)


def _refuse_unsigned(missing: int) -> None:
    if missing:
        said = ngettext(
            "%(count)s party has not signed yet. It can be concluded when all have.",
            "%(count)s parties have not signed yet. It can be concluded when all have.",
            missing,
        )
        raise Refused(said % {"count": missing})


def _locked_with_amended(agreement: Agreement) -> Agreement | None:
    """Lock an agreement and what it amends, the older first; return the latter."""
    pks = [it for it in (agreement.amends_id, agreement.pk) if it]
    rows = Agreement.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    return next((it for it in rows if it.pk == agreement.amends_id), None)


def _prolong(amended: Agreement, renewal: Agreement, by: Person | None) -> None:
    """Let an agreement run on to the day that its renewal names; after it has ended nothing can."""
    last_day, until, concluded_on = amended.last_day, renewal.prolongs_until, renewal.concluded_on
    if last_day is None or until is None or concluded_on is None or concluded_on > last_day:
        said = _("The last signature came after %(day)s, when the agreement had ended. Prepare a new agreement.")
        raise Refused(said % {"day": date_format(last_day) if last_day else "–"})
    if until <= last_day:
        said = _("The agreement runs until %(day)s already. A renewal names a later day.")
        raise Refused(said % {"day": date_format(last_day)})
    _refuse_unasked(amended, renewal)
    amended.prolonged_until = until
    amended.save(update_fields=["prolonged_until"])
    record_changes("members.agreement.prolong", amended, by=by, changed=["prolonged_until"])


def _refuse_unasked(amended: Agreement, renewal: Agreement) -> None:
    """Nobody is prolonged without having been asked: who joined meanwhile signs a renewal too."""
    bound = Party.objects.of_family(amended).signed_and_staying().values("institution")
    unasked = Institution.objects.filter(pk__in=bound).exclude(parties__agreement=renewal).order_by("name", "pk")
    if names := ", ".join(str(it) for it in unasked):
        said = _(
            "Bound, and not asked to sign this renewal: %(institutions)s. "
            "Withdraw it, and prepare another that all of them sign."
        )
        raise Refused(said % {"institutions": names})


@transaction.atomic
def withdraw_agreement(agreement: Agreement, by: Person | None) -> None:
    """Give up an agreement that was not concluded; nobody is asked to sign it any more."""
    make_move(agreement, "withdraw", by=by)
    cancel_mails(about=agreement, reason=gettext_noop("the agreement was given up"))


@transaction.atomic
def terminate_agreement(agreement: Agreement, on: date, because: str, by: Person) -> None:
    """End a concluded agreement on a day, today or later; the rights it gave end with it.

    The heads of its parties are told, and of those whom these cover: they lose as much. As long as that day lies ahead,
    another can take its place.
    """
    refuse_past(on)
    if not because.strip():
        raise Refused(_("Say why the agreement ends: its page shows the reason."))
    current = Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    if current.prolongs_until:
        raise Refused(_("A renewal does not end by itself. Terminate the agreement that it prolongs."))
    if current.last_day and on > current.last_day:
        said = _("The agreement ends by itself on %(day)s. Choose an earlier day.")
        raise Refused(said % {"day": date_format(current.last_day)})
    rows = agreement.parties.all() if agreement.amends_id else Party.objects.of_family(agreement)
    concluded = Q(agreement__state=Agreement.State.CONCLUDED) | Q(agreement=agreement)
    staying = Q(withdrawn_on=None) | Q(withdrawn_on__gt=Cluster.current().today())
    bound = list(rows.filter(concluded, staying, signed_on__isnull=False))
    facts: dict[str, Any] = {"terminated_on": on, "terminated_because": because.strip()}
    if current.ends_later(Cluster.current().today()):
        _change_facts(agreement, "members.agreement.terminate", by, facts)
    else:
        make_move(agreement, "terminate", by=by, **facts)
    cancel_mails(agreement, ["members/agreement_terminated"], reason=gettext_noop("it ends on another day"))
    for head in heads_of([*bound, *Coverage.objects.filter(party__in=bound).reaching(on, None)]):
        queue_mail("members/agreement_terminated", about=agreement, to=head, occasion=named_now(on))


def _change_facts(agreement: Agreement, verb: str, by: Person, facts: dict[str, Any]) -> None:
    """Keep facts of an agreement whose state stays."""
    for name, value in facts.items():
        setattr(agreement, name, value)
    agreement.save(update_fields=list(facts))
    record_changes(verb, agreement, by=by, changed=facts)


def named_now(on: date) -> str:
    """An occasion that names a day and the moment of deciding on it: there and back again is told twice."""
    return f"{on.isoformat()} {now().isoformat()}"


def refuse_past(on: date) -> None:
    """Raises Refused for a day before today: what was in force was in force."""
    if on < Cluster.current().today():
        raise Refused(_("The day lies in the past. What was in force cannot be undone: choose today or later."))
