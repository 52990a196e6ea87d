"""Whom a juror should not judge, as they say themselves: noted at once, held against what they read at night.

A juror of a blind competition must not find out who wrote what by declaring rivals one after another. So the answer is
the same whatever a declaration hits, and whether anybody is known by the address; nothing goes while they look on; and
what was held against their reading once is not theirs to take back.
"""

from collections.abc import Collection

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.moves import Refused
from competitions.actions.entries import lock_competition
from competitions.models import Authorship, Competition, DeclaredConflict, Juror
from members.models import Institution, Person

SALT = "competitions.conflicts"


@transaction.atomic
def declare_conflict(juror: Juror, by: Person, email: str = "", institution: Institution | None = None) -> None:
    """Note that one should not judge a person, or the people of an institution; twice is once."""
    lock_competition(juror.competition)
    facts = {"institution": institution, "address": digest_of(email) if email else "", "entry": None}
    known = Person.objects.active().with_address(email) if email else None
    _row, is_new = DeclaredConflict.objects.get_or_create(juror=juror, **facts, defaults={"person": known})
    if is_new:
        record("competitions.juror.declare_conflict", juror, by=by)


@transaction.atomic
def take_back_conflict(juror: Juror, by: Person, declared: DeclaredConflict) -> None:
    """Take a declaration back that was a mistake, as long as nothing was held against it; nothing is assigned by it."""
    lock_competition(juror.competition)
    declared.refresh_from_db(from_queryset=DeclaredConflict.objects.select_for_update(of=("self",)))
    if declared.entry_id or declared.checked_at:
        raise Refused(
            _("What you read was checked against it already, so it stays. If it was a mistake, no harm is done.")
        )
    declared.delete()
    record("competitions.juror.take_back_conflict", juror, by=by)


def mark_checked(jurors: Collection[int]) -> None:
    """What these jurors (by key) have declared is held against what they read from now on."""
    DeclaredConflict.objects.filter(juror__in=jurors, checked_at=None).update(checked_at=now())


def recognise_addresses() -> None:
    """Whoever was declared by an address before anybody was known by it, and competes by now."""
    undecided = Competition.objects.undecided()
    rows = DeclaredConflict.objects.filter(juror__competition__in=undecided, person=None).exclude(address="")
    unknown = list(rows.select_related("juror"))
    if not unknown:
        return
    wrote = Authorship.objects.standing().filter(entry__competition__in={it.juror.competition_id for it in unknown})
    people = _by_digest(wrote.order_by().values("person"))
    for it in unknown:
        if key := people.get(it.address):
            DeclaredConflict.objects.filter(pk=it.pk).update(person=key)


def _by_digest(people: object) -> dict[str, int]:
    confirmed = EmailAddress.objects.filter(user__in=people, verified=True).values_list("email", "user")
    own = Person.objects.filter(pk__in=people).exclude(email=None).values_list("email", "pk")
    return {digest_of(email): key for email, key in [*confirmed, *own]}


def digest_of(email: str) -> str:
    """By what an address is compared without being kept: most of them belong to people who know nothing of it."""
    return salted_hmac(SALT, email.strip().lower(), algorithm="sha256").hexdigest()
