"""Issuing certificates: number, badge and mail in one transaction. Who earned what, the app above says."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import count
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_many
from cluster_portal.hooks import WantedMail
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, make_move
from cluster_portal.one_line import one_line
from cluster_portal.outbox import cancel_mails, queue_mail, queue_mails
from members.badges import sign_badge, signing_key
from members.certificates import (
    CHANGED_MEANWHILE,
    Earned,
    Paper,
    addressees_of,
    can_be_mailed,
    hindrances,
    name_to_print,
    reader_of,
    why_not_printed,
)
from members.models import Certificate, Cluster, Institution, Person

LOCK_OF_NUMBERS = 0xCE27
ISSUED = "members/certificate_issued"
COPIED = (
    "kind", "person", "institution", "title", "issuer", "hours", "form", "begins_on", "ends_on", "language",
    "about_model", "about_id",
)  # fmt: skip


@transaction.atomic
def issue_certificate(
    person: Person, paper: Paper, about: Any, by: Person, institution: Institution | None = None
) -> Certificate:
    """Give somebody a certificate for one thing, and tell them; a child's goes to a guardian.

    Refused when they have a valid one for it, when nobody could receive it, or when the paper could not be printed.
    """
    issued, why_not = issue_certificates([Earned(person, paper, institution)], about, by)
    if why_not:
        raise Refused(why_not[person.pk])
    return issued[0]


@transaction.atomic
def issue_certificates(earned: Collection[Earned], about: Any, by: Person) -> tuple[list[Certificate], dict[int, str]]:
    """The same for many people at once; whoever cannot get theirs is passed over, with the reason by their key."""
    people = take_turn(it.person.pk for it in earned)
    to = addressees_of(people.values())
    said = {people[it.person.pk]: (it.paper.title, it.paper.issuer) for it in earned}
    why_not = hindrances(said, about, to)
    rows = [_drafted(it, people[it.person.pk], about) for it in earned if it.person.pk not in why_not]
    _put_out(rows, to)
    record_many("members.certificate.issue", rows, by=by, columns=["number"])
    queue_mails(WantedMail(ISSUED, it, to[it.person_id]) for it in rows)
    return rows, why_not


def _drafted(it: Earned, person: Person, about: Any) -> Certificate:
    thing = {"about_model": about._meta.label_lower, "about_id": about.public_id}
    paper = vars(it.paper)
    return Certificate(person=person, institution=it.institution, name_printed=name_to_print(person), **paper, **thing)


@transaction.atomic
def correct_certificate(it: Certificate, by: Person, name: str) -> Certificate:
    """Issue it anew with the right name; the one before says from now on that it was replaced."""
    name = one_line(name)
    held = take_turn(Certificate.objects.filter(pk=it.pk).values_list("person", flat=True))
    current = Certificate.objects.filter(pk=it.pk, person__in=held).first()
    if current is None:
        raise Refused(str(CHANGED_MEANWHILE))
    addressee = addressees_of(held.values())[current.person_id]
    if problem := _why_not_corrected(current, held[current.person_id], addressee, name):
        raise Refused(problem)
    make_move(it, "supersede", by=by)
    cancel_mails(about=it)
    fresh = Certificate(name_printed=name, supersedes=it, **{column: getattr(current, column) for column in COPIED})
    _put_out([fresh], {current.person_id: addressee})
    record("members.certificate.correct", fresh, by=by, number=fresh.number)
    queue_mail("members/certificate_corrected", about=fresh, to=addressee)
    return fresh


def _why_not_corrected(it: Certificate, person: Person, addressee: Person | None, name: str) -> str:
    if person.erased_at is not None:
        return _("This person was erased. Nothing is issued to them any more.")
    if name == one_line(it.name_printed):
        return _("The certificate says so already. Enter the name as it should be printed.")
    if addressee is None:
        return _("No guardian is named to receive it any more. Name one first.")
    return why_not_printed(name)


@transaction.atomic
def revoke_certificate(it: Certificate, by: Person, reason: str) -> None:
    """Say for everybody who verifies it that a certificate holds no more, and why to who would receive it today."""
    make_move(it, "revoke", by=by, revoked_because=reason)
    cancel_mails(about=it)
    it.person = Person.objects.get(certificates=it)  # merging waits for the row that was moved, or came first
    if reader := reader_of(it):
        queue_mail("members/certificate_revoked", about=it, to=reader)


@transaction.atomic
def send_certificate_again(it: Certificate, by: Person) -> Person:
    """Mail the link once more to who receives it today; return who that is."""
    reader = reader_of(it)
    if not can_be_mailed(reader):
        raise Refused(_("There is no e-mail address to send the link to. Print the certificate and hand it over."))
    if OutboxMail.objects.about(it).unfinished().filter(to=reader, template=ISSUED).exists():
        raise Refused(_("The mail with the link is on its way already."))
    queue_mail(ISSUED, about=it, to=reader, occasion=now().isoformat())
    record("members.certificate.send_again", it, by=by)
    return reader


def take_turn(people: Iterable[int]) -> dict[int, Person]:
    """One issues at a time, until the end of the transaction: numbers have no gaps, and the first key is made once.

    These people (by key) are locked then, and returned as they are: whoever erases or merges them waits, or was first.
    The turn comes before any row, so whoever calls holds no lock yet.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_OF_NUMBERS])
    rows = Person.objects.filter(pk__in=list(people)).select_for_update(no_key=True).order_by("pk")
    return {it.pk: it for it in rows}


def _put_out(rows: list[Certificate], to: Mapping[int, Person | None]) -> None:
    """Number and sign them, and write them down."""
    if not rows:
        return
    today, key = Cluster.current().today(), signing_key()
    for it, number in zip(rows, _numbers(today), strict=False):
        it.number, it.issued_on = number, today
        addressee = to[it.person_id]
        it.issued_to = addressee if addressee and addressee.pk != it.person_id else None
        it.badge = sign_badge(it, key)
    Certificate.objects.bulk_create(rows)


def _numbers(today: date) -> Iterator[str]:
    """The next of the year: 2027-000001. They are never given twice, because no certificate is ever deleted."""
    year = f"{today.year}-"
    last = Certificate.objects.filter(number__startswith=year).aggregate(last=Max("number"))["last"]
    begin = int(last.removeprefix(year)) + 1 if last else 1
    return (f"{year}{number:06}" for number in count(begin))
