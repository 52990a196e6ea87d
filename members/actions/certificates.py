"""Issuing certificates: number, badge and mail in one transaction. Who earned what, the app above says."""

from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import cancel_mails, queue_mail
from members.badges import sign_badge
from members.certificates import Paper, addressees_of, can_be_mailed, name_to_print, unprintable
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
    addressee = addressees_of([person])[person.pk]
    if addressee is None:
        raise Refused(
            _("%(name)s is a child, and no guardian is named to receive it. Name one first.")
            % {"name": person.full_name}
        )
    printed = name_to_print(person)
    _refuse_what_cannot_be_printed(printed, paper.title, paper.issuer)
    take_turn()
    if Certificate.objects.valid().about(about).filter(person=person).exists():
        raise Refused(_("%(name)s has a valid certificate for this already.") % {"name": person.full_name})
    it = Certificate(person=person, institution=institution, name_printed=printed, **vars(paper))
    it.about_model, it.about_id = about._meta.label_lower, about.public_id
    _put_out(it, addressee)
    record("members.certificate.issue", it, by=by, number=it.number)
    queue_mail(ISSUED, about=it, to=addressee)
    return it


@transaction.atomic
def correct_certificate(it: Certificate, by: Person, name: str) -> Certificate:
    """Issue it anew with the right name; the one before says from now on that it was replaced."""
    name = name.strip()
    _refuse_what_cannot_be_printed(name)
    if name == it.name_printed:
        raise Refused(_("The certificate says so already. Enter the name as it should be printed."))
    addressee = addressees_of([it.person])[it.person_id]
    if addressee is None:
        raise Refused(_("No guardian is named to receive it any more. Name one first."))
    take_turn()
    make_move(it, "supersede", by=by)
    cancel_mails(about=it)
    fresh = Certificate(name_printed=name, supersedes=it, **{column: getattr(it, column) for column in COPIED})
    _put_out(fresh, addressee)
    record("members.certificate.correct", fresh, by=by, number=fresh.number)
    queue_mail("members/certificate_corrected", about=fresh, to=addressee)
    return fresh


@transaction.atomic
def revoke_certificate(it: Certificate, by: Person, reason: str) -> None:
    """Say for everybody who verifies it that a certificate holds no more, and why to who had it."""
    make_move(it, "revoke", by=by, revoked_because=reason)
    cancel_mails(about=it)
    queue_mail("members/certificate_revoked", about=it, to=it.issued_to or it.person)


@transaction.atomic
def send_certificate_again(it: Certificate, by: Person) -> Person:
    """Mail the link once more to who receives it today; return who that is."""
    reader = addressees_of([it.person])[it.person_id]
    if reader is None or not can_be_mailed(reader):
        raise Refused(_("There is no e-mail address to send the link to. Print the certificate and hand it over."))
    if OutboxMail.objects.about(it).unfinished().filter(to=reader, template=ISSUED).exists():
        raise Refused(_("The mail with the link is on its way already."))
    queue_mail(ISSUED, about=it, to=reader, occasion=now().isoformat())
    record("members.certificate.send_again", it, by=by)
    return reader


def take_turn() -> None:
    """One issues at a time, until the end of the transaction: numbers have no gaps, and the first key is made once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_OF_NUMBERS])


def _put_out(it: Certificate, addressee: Person) -> None:
    """Number and sign it, and write it down."""
    today = Cluster.current().today()
    it.number, it.issued_on = _next_number(today), today
    it.issued_to = addressee if addressee.pk != it.person_id else None
    it.badge = sign_badge(it)
    it.save(force_insert=True)


def _next_number(today: date) -> str:
    """The next of the year: 2027-000001. They are never given twice, because no certificate is ever deleted."""
    year = f"{today.year}-"
    last = Certificate.objects.filter(number__startswith=year).aggregate(last=Max("number"))["last"]
    return f"{year}{int(last.removeprefix(year)) + 1 if last else 1:06}"


def _refuse_what_cannot_be_printed(*texts: str) -> None:
    if signs := unprintable("".join(texts)):
        raise Refused(
            _("The paper cannot show these signs: %(signs)s. Correct the name or the title first.") % {"signs": signs}
        )
