"""What this app puts on a person's desk."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.hooks import DeskRow, register_desk_rows
from members.addresses import correctable_by
from members.consent import conflicts_seen_by
from members.first_day import steps_left
from members.lapsing import lapsing_kept_by
from members.models import Affiliation, Agreement, Application, Cluster, ErasureRequest, Initiative, Person


def waiting_people(person: Person) -> Iterator[DeskRow]:
    """People who asked to join an institution, and wait."""
    asked = Affiliation.objects.decidable_by(person).asked().aggregate(count=Count("pk"), since=Min("state_since"))
    if asked["count"]:
        yield DeskRow(
            ngettext("person asks to join an institution", "people ask to join an institution", asked["count"]),
            asked["count"],
            asked["since"],
            reverse("members:desk_people"),
            _("Decide"),
        )


def first_day(person: Person) -> Iterator[DeskRow]:
    """Steps of the first day that are left, until the cluster has an agreement and a course."""
    left = steps_left(person) if person.coordinates_whole_cluster else []
    if left:
        text = ngettext("step is left until your cluster stands", "steps are left until your cluster stands", len(left))
        yield DeskRow(text, len(left), None, reverse("members:desk_start"), _("Go on"))


def waiting_applications(person: Person) -> Iterator[DeskRow]:
    """Institutions that ask to join the cluster, and wait."""
    if not person.is_coordinator:
        return
    rows = Application.objects.visible_to(person).waiting().aggregate(count=Count("pk"), since=Min("state_since"))
    if rows["count"]:
        yield DeskRow(
            ngettext("institution asks to join the cluster", "institutions ask to join the cluster", rows["count"]),
            rows["count"],
            rows["since"],
            reverse("members:desk_applications"),
            _("Answer"),
        )


def overdue_initiatives(person: Person) -> Iterator[DeskRow]:
    """Initiatives with a milestone or an end that has passed without being reached."""
    if not person.has_desk:
        return
    late = Initiative.objects.editable_by(person).overdue_on(Cluster.current().today()).count()
    if late:
        yield DeskRow(
            ngettext("initiative is overdue", "initiatives are overdue", late),
            late,
            None,
            reverse("members:desk_initiatives"),
            _("Look"),
        )


def agreements_to_sign(person: Person) -> Iterator[DeskRow]:
    """Agreements that wait for the signature of a head."""
    own = _led_by(person)
    rows = list(Agreement.objects.waiting_for_signature_of(own).order_by("state_since")) if own else []
    if rows:
        text = ngettext("agreement waits for your signature", "agreements wait for your signature", len(rows))
        url = reverse("members:sign", args=[rows[0].public_id]) if len(rows) == 1 else reverse("members:agreements")
        yield DeskRow(text, len(rows), rows[0].state_since, url, _("Sign"))


def agreements_to_finish(person: Person) -> Iterator[DeskRow]:
    """Open agreements: those that all have signed, and those that somebody has not."""
    if not person.coordinates_whole_cluster:
        return
    rows = Agreement.objects.open().order_by("state_since")
    signed = list(rows.ready_to_conclude())
    missing = list(rows.exclude(pk__in=[it.pk for it in signed]).exclude(pk__in=Agreement.objects.lacking_a_lead()))
    if signed:
        text = ngettext("agreement is signed by all", "agreements are signed by all", len(signed))
        yield DeskRow(text, len(signed), signed[0].state_since, _where(signed), _("Conclude"))
    if missing:
        text = ngettext("agreement waits for signatures", "agreements wait for signatures", len(missing))
        yield DeskRow(text, len(missing), missing[0].state_since, _where(missing), _("See who is missing"))


def accessions_without_a_lead(person: Person) -> Iterator[DeskRow]:
    """Accessions on their way that nobody signs for those who are bound: their lead has left."""
    if not person.coordinates_whole_cluster:
        return
    rows = list(Agreement.objects.lacking_a_lead().order_by("state_since"))
    if rows:
        text = ngettext("accession whose lead has left", "accessions whose lead has left", len(rows))
        yield DeskRow(text, len(rows), rows[0].state_since, _where(rows), _("See what helps"))


def agreements_ending(person: Person) -> Iterator[DeskRow]:
    """Agreements whose last day is near, as long as nothing prolongs them."""
    if not person.coordinates_whole_cluster:
        return
    today = Cluster.current().today()
    rows = list(Agreement.objects.ending_between(today, today + timedelta(days=60)))
    under_way = list(Agreement.objects.renewals_under_way().filter(amends__in=rows))
    alone = [it for it in rows if it.pk not in {renewal.amends_id for renewal in under_way}]
    if alone:
        text = ngettext("agreement ends within 60 days", "agreements end within 60 days", len(alone))
        yield DeskRow(text, len(alone), None, _where(alone), _("Renew"))
    if under_way:
        text = ngettext(
            "renewal of what ends soon is under way", "renewals of what ends soon are under way", len(under_way)
        )
        yield DeskRow(text, len(under_way), None, _where(under_way), _("See how it stands"))


def own_agreements_ending(person: Person) -> Iterator[DeskRow]:
    """Agreements by which a head's institution belongs, and which end soon."""
    if person.coordinates_whole_cluster or not (own := _led_by(person)):
        return
    today = Cluster.current().today()
    rows = list(Agreement.objects.ending_between(today, today + timedelta(days=60)).binding_when_they_end(own))
    if rows:
        text = ngettext("agreement of yours ends within 60 days", "agreements of yours end within 60 days", len(rows))
        url = rows[0].get_absolute_url() if len(rows) == 1 else reverse("members:agreements")
        yield DeskRow(text, len(rows), None, url, _("See until when"))


def _led_by(person: Person) -> list[int]:
    """The institutions (by key) that somebody leads."""
    return [it.institution_id for it in person.active_affiliations if it.role == Affiliation.Role.HEAD]


def _where(rows: list[Agreement]) -> str:
    """The desk page of the only one, or the list of all."""
    if len(rows) == 1:
        return reverse("members:desk_agreement", args=[rows[0].public_id])
    return reverse("members:desk_agreements")


def consent_conflicts(person: Person) -> Iterator[DeskRow]:
    """Children whose guardians disagree: nothing is allowed until a coordinator has spoken with them."""
    conflicts = conflicts_seen_by(person) if person.is_coordinator else []
    if conflicts:
        text = ngettext("consent on which guardians disagree", "consents on which guardians disagree", len(conflicts))
        since = min(it.at for it in conflicts)
        yield DeskRow(text, len(conflicts), since, reverse("members:desk_consent"), _("Settle"))


def consents_lapsing(person: Person) -> Iterator[DeskRow]:
    """Children of whom a consent lapses soon: some have no address, and are asked on paper."""
    children = lapsing_kept_by(person) if person.has_desk else []
    if children:
        text = ngettext(
            "child whose consent lapses within 30 days", "children whose consent lapses within 30 days", len(children)
        )
        yield DeskRow(text, len(children), None, reverse("members:classes"), _("See their classes"))


def erasures_to_decide(person: Person) -> Iterator[DeskRow]:
    """Requests to erase somebody, which wait for this coordinator."""
    rows = list(ErasureRequest.objects.open().decidable_by(person).for_lists()) if person.is_coordinator else []
    if rows:
        text = ngettext("request to erase somebody", "requests to erase somebody", len(rows))
        only = reverse("members:desk_erasure_request", args=[rows[0].public_id])
        url = only if len(rows) == 1 else reverse("members:desk_erasure_requests")
        yield DeskRow(text, len(rows), rows[0].asked_at, url, _("Decide"))


def failing_addresses(person: Person) -> Iterator[DeskRow]:
    """Addresses from which mail came back, and which this person can correct."""
    failed = correctable_by(person).with_failed_address().aggregate(count=Count("pk"), since=Min("address_failed_at"))
    if failed["count"]:
        text = ngettext("address that fails", "addresses that fail", failed["count"])
        yield DeskRow(text, failed["count"], failed["since"], reverse("members:desk_addresses"), _("Correct"))


register_desk_rows(first_day)
register_desk_rows(waiting_people)
register_desk_rows(waiting_applications)
register_desk_rows(overdue_initiatives)
register_desk_rows(agreements_to_sign)
register_desk_rows(agreements_to_finish)
register_desk_rows(accessions_without_a_lead)
register_desk_rows(agreements_ending)
register_desk_rows(own_agreements_ending)
register_desk_rows(consent_conflicts)
register_desk_rows(consents_lapsing)
register_desk_rows(erasures_to_decide)
register_desk_rows(failing_addresses)
