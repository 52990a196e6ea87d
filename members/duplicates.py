"""People who are probably one and the same, each pair with the reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from django.db.models import Count, F, QuerySet, Value
from django.db.models.functions import Coalesce, Lower, NullIf
from django.utils.translation import gettext as _

from cluster_portal.search import folded, folded_columns
from members.models import Affiliation, Person

MOST_PAIRS = 100
MOST_ALIKE = 20  # more people than this under one name or address are no doubles of each other


@dataclass(frozen=True)
class Pair:
    """Two people, the one who was known first in front, and why they seem to be one."""

    first: Person
    second: Person
    reason: str


def find_duplicates(by: Person) -> list[Pair]:
    """The pairs that a coordinator may merge: everywhere, or where both are people of their regions."""
    people = mergeable_by(by).annotate(mail=_mail(), called=_called())
    suspects = people.filter(pk__in=_sharing(people, "mail")) | people.filter(pk__in=_sharing(people, "called"))
    known = list(suspects.distinct().order_by("pk").prefetch_related("affiliations__institution"))
    pairs = {}
    for alike in [*_groups(known, "called"), *_groups(known, "mail")]:
        for first, second in combinations(alike[:MOST_ALIKE], 2):
            if reason := why_the_same(first, second):
                pairs.setdefault((first.pk, second.pk), Pair(first, second, reason))
    return sorted(pairs.values(), key=lambda it: (it.first.sort_name, it.first.pk))[:MOST_PAIRS]


def mergeable_by(by: Person) -> QuerySet:
    """Whom a coordinator may merge: people who are at home in their regions only; in the whole cluster, everybody.

    An invitation makes nobody theirs: anybody can be invited, the head of another region too.
    Coordinators and superusers are left out: merging must never hand their powers to somebody else.
    """
    powerful = Person.objects.filter(coordinating__isnull=False) | Person.objects.filter(is_superuser=True)
    people = Person.objects.active().filter(merged_into=None).exclude(pk__in=powerful.values("pk")).exclude(pk=by.pk)
    if by.coordinates_whole_cluster:
        return people
    regions = [role.region_id for role in by.coordinator_roles]
    there = Affiliation.objects.filter(institution__region__in=regions)
    elsewhere = Affiliation.objects.live().exclude(pk__in=there.values("pk"))
    return people.filter(pk__in=there.known().values("person")).exclude(pk__in=elsewhere.values("person"))


def why_the_same(first: Person, second: Person) -> str:
    """The reason to think that two people are one; nothing when there is none, or when birth dates differ."""
    same_name = _name_of(first) == _name_of(second)
    same_mail = bool(_mails_of(first) & _mails_of(second))
    same_birth = first.birth_date is not None and first.birth_date == second.birth_date
    differ = first.birth_date is not None and second.birth_date is not None and not same_birth
    if same_name and same_birth and same_mail:
        return _("Same name, birth date and e-mail")
    if same_name and same_birth:
        return _("Same name and birth date")
    if same_name and same_mail and not differ:
        return _("Same name and e-mail")
    if same_mail and same_birth:
        return _("Same e-mail and birth date")
    if same_name and not differ and _institutions_of(first) & _institutions_of(second):
        return _("Same name at the same institution, and a birth date is missing")
    return ""


def _name_of(person: Person) -> str:
    return folded(person.family_name, person.given_name)


def _mails_of(person: Person) -> set[str]:
    return {address.lower() for address in (person.email, person.contact_email) if address}


def _institutions_of(person: Person) -> set[int]:
    return {it.institution_id for it in person.affiliations.all()}


def _mail():
    """Where mail goes: parents share a mailbox, so it never decides alone."""
    return Lower(Coalesce(NullIf("contact_email", Value("")), F("email")))


def _called():
    """Family name and given name, which two entries share even where one of them lacks the patronymic."""
    return folded_columns("family_name", "given_name")


def _sharing(people: QuerySet, column: str) -> QuerySet:
    """The people whose value in this column somebody else has too."""
    shared = people.exclude(**{column: None}).exclude(**{column: " "}).order_by().values(column)
    repeated = shared.annotate(count=Count("pk")).filter(count__gt=1).values(column)
    return people.filter(**{f"{column}__in": repeated}).order_by().values("pk")


def _groups(people: list[Person], column: str) -> Iterator[list[Person]]:
    found: dict[str, list[Person]] = {}
    for it in people:
        found.setdefault(getattr(it, column) or "", []).append(it)
    found.pop("", None)
    yield from (alike for alike in found.values() if len(alike) > 1)
