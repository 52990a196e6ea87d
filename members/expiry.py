"""What stops when an agreement or a roll ends: who is no member any more from that day, and which rights go."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from members.models import Affiliation, Agreement, Clause, Coverage, Institution, Party, Person


@dataclass(frozen=True)
class Stop:
    """What is gone from `day` on, the first without the agreement."""

    agreement: Agreement
    day: date
    institutions: list[Institution]
    clauses: list[Clause]

    @property
    def last_day(self) -> date:
        return self.day - timedelta(days=1)


def what_stops(agreement: Agreement, day: date) -> Stop:
    """Whoever belongs the day before, and on that day by no other document; and the clauses that lapse."""
    if agreement.amends_id:
        parties, texts = Party.objects.filter(agreement=agreement), Q(agreement=agreement)
    else:
        parties, texts = Party.objects.of_family(agreement), Q(agreement=agreement) | Q(agreement__amends=agreement)
    covered = Coverage.objects.filter(party__in=parties)
    concerned = Institution.objects.filter(
        Q(pk__in=parties.values("institution")) | Q(pk__in=covered.values("institution"))
    )
    network = agreement.makes_members
    before = (
        concerned.members_on(day - timedelta(days=1)) if network else concerned.partners_on(day - timedelta(days=1))
    )
    other_parties = Party.objects.binding_on(day, network).exclude(pk__in=parties.values("pk"))
    other_rolls = Coverage.objects.in_force_on(day).exclude(party__in=parties) if network else Coverage.objects.none()
    losing = before.exclude(Q(pk__in=other_parties.values("institution")) | Q(pk__in=other_rolls.values("institution")))
    clauses = Clause.objects.with_rights().filter(texts, agreement__concluded_on__isnull=False)
    return Stop(agreement, day, list(losing.order_by("name")), list(clauses.select_related("agreement")))


def what_lapses(agreement: Agreement) -> Stop | None:
    """What stops when the agreement reaches its last day; None where it has none."""
    return what_stops(agreement, agreement.last_day + timedelta(days=1)) if agreement.last_day else None


def covered_by(agreement: Agreement, reader: Person) -> list[str]:
    """By whose rolls (names) institutions belong that somebody leads, until it ends; none where they sign it."""
    led = reader.affiliations.active().filter(role=Affiliation.Role.HEAD).values("institution")
    if Party.objects.of_family(agreement).signed_and_staying().filter(institution__in=led).exists():
        return []
    rolls = Coverage.objects.lapsing_with(agreement).filter(institution__in=led)
    covering = Institution.objects.filter(pk__in=rolls.values("party__institution"))
    return [str(it) for it in covering.order_by("name")]


def rolls_ending_on(day: date) -> dict[Agreement, list[Coverage]]:
    """The lines of rolls that end on a day while the agreement goes on, and with them somebody's membership."""
    staying = Institution.objects.members_on(day + timedelta(days=1))
    lines = Coverage.objects.ending_before_its_party_on(day).exclude(institution__in=staying)
    lines = lines.select_related("party__agreement", "party__institution", "institution")
    found: dict[Agreement, list[Coverage]] = {}
    for line in lines.order_by("institution__name", "pk"):
        found.setdefault(line.party.agreement, []).append(line)
    return found


def readers_of_rolls(lines: Iterable[Coverage]) -> dict[Person, list[Coverage]]:
    """Who hears of which lines: coordinators of the cluster of all, heads of their own and of their roll."""
    lines = list(lines)
    concerned = {pk for line in lines for pk in (line.institution_id, line.party.institution_id)}
    heads = Affiliation.objects.active().filter(institution__in=concerned, role=Affiliation.Role.HEAD)
    led: dict[Person, set[int]] = dict.fromkeys(Person.objects.coordinating_region(None), concerned)
    for it in heads.filter(person__in=Person.objects.active()).select_related("person").order_by("pk"):
        led[it.person] = led.get(it.person, set()) | {it.institution_id}
    found = {
        person: [line for line in lines if own & {line.institution_id, line.party.institution_id}]
        for person, own in led.items()
    }
    return {person: theirs for person, theirs in found.items() if theirs}
