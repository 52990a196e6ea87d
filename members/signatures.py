"""Who has not signed an agreement yet, who signs for them, and whether our mail has reached that person."""

from dataclasses import dataclass, field

from cluster_portal.models import OutboxMail
from members.models import Affiliation, Agreement, Party, Person


@dataclass
class Head:
    """Somebody who can sign, and the last mail that asked them to."""

    person: Person
    mail: OutboxMail | None = None


@dataclass
class Missing:
    """A party that has not signed, with its heads: an empty list means that nobody can be asked."""

    party: Party
    heads: list[Head] = field(default_factory=list)


def missing_signatures(agreement: Agreement) -> list[Missing]:
    """The parties that have not signed, each with its heads and the state of the mail to them."""
    parties = list(agreement.parties.to_ask().select_related("institution"))
    institutions = [party.institution_id for party in parties]
    rows = Affiliation.objects.active().filter(role=Affiliation.Role.HEAD, institution__in=institutions)
    heads = [it for it in rows.select_related("person").order_by("pk") if it.person.is_active]
    mails = {mail.to_id: mail for mail in OutboxMail.objects.about(agreement).order_by("pk")}
    asked = [(it.institution_id, Head(it.person, mails.get(it.person_id))) for it in heads]
    return [Missing(party, [head for at, head in asked if at == party.institution_id]) for party in parties]
