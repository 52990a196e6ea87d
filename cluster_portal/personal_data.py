"""What the ground holds about people: audit, mails, files, calendars. Merging two people stands here too."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cluster_portal import hooks
from cluster_portal.hooks import PersonalData, register_personal_data
from cluster_portal.models import CalendarEntry, CalendarFeed, OutboxMail, Upload
from cluster_portal.outbox import cancel_rows
from cluster_portal.personal import Table, erase_tables, export_tables

NO_TEXT: dict[str, Any] = {"address": "", "subject": "", "body_text": "", "calendar": [], "error": ""}
# Of "Anna's school report.pdf" only ".pdf" is left.
NAMELESS = Func(F("name"), Value(r"^.*?(\.[^.]*)?$"), Value(r"file\1"), function="regexp_replace")


def _acts_and_is_acted_on(person: Any) -> Q:
    ids = [it.public_id for it in person.selves]
    return Q(actor__in=ids) | Q(model=person._meta.label_lower, object_id__in=ids)


TABLES = (
    Table(
        "cluster_portal.AuditEntry",
        heading=_("What you did, and what was done with your entry"),
        also=_acts_and_is_acted_on,
        shown="at actor verb model object_id fields values reason",
        plain="id",
        why=_(
            "The record of who did what stays, under a random number instead of a name: it proves that rights were "
            "given and taken properly."
        ),
    ),
    Table(
        "cluster_portal.Upload",
        heading=_("Files you gave us"),
        owners=("uploaded_by",),
        shown="public_id name content_type size sha256 uploaded_at uploaded_by",
        plain="id about_model about_id file",
        emptied={"name": NAMELESS},
        why=_("Files that belong to an agreement, a consent or an initiative stay with it, without their file names."),
    ),
    Table(
        "cluster_portal.OutboxMail",
        heading=_("Mails to you"),
        owners=("to",),
        shown="public_id state state_since template to address language subject body_text calendar queued_at"
        " not_before not_after attempts error_code error sent_at",
        plain="id key about_model about_id message_id",
        emptied=NO_TEXT,
        why=_("That mails were sent stays, without address and text: it proves that somebody was told."),
    ),
    Table(
        "cluster_portal.CalendarFeed",
        heading=_("The address of your calendar"),
        owners=("person",),
        shown="person made_at",
        keys="token",
        plain="id",
        deleted=True,
    ),
    Table(
        "cluster_portal.CalendarEntry",
        heading=_("Your calendar"),
        owners=("person",),
        shown="person about_model about_id uid sequence status starts_at ends_at",
        plain="id digest",
        deleted=True,
    ),
    Table(
        "cluster_portal.LongWork",
        plain="id kind about_model about_id language options done total begun_at ended_at tries problem",
    ),
)


def export(person: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Everything that the ground holds about a person."""
    return export_tables(TABLES, person)


def erase(person: Any) -> Iterator[str]:
    """Stop the mail to a person, and empty what mails said to them, and to others about them."""
    cancel_rows(OutboxMail.objects.unfinished().filter(to__in=person.selves), gettext_noop("the reader was erased"))
    told = _mails_about(person)
    cancel_rows(told.unfinished(), gettext_noop("the person it is about was erased"))
    told.update(**NO_TEXT)
    yield from erase_tables(TABLES, person)


def _mails_about(person: Any) -> Any:
    """Mails to anybody about something that is this person's own, in any app."""
    found = Q(pk__in=[])
    for table in chain.from_iterable(held.tables for held in hooks.personal_data.values()):
        if table.owners and "public_id" in table.columns:
            own = table.of(person).values("public_id")
            found |= Q(about_model=table.model.lower(), about_id__in=own)
    return OutboxMail.objects.filter(found)


def merge(kept: Any, gone: Any) -> None:
    """Mails, files and calendar of `gone` are `kept`'s; what both were to be told or have in their calendar is once."""
    Upload.objects.filter(uploaded_by=gone).update(uploaded_by=kept)
    CalendarFeed.objects.filter(person=gone).delete()
    entries = CalendarEntry.objects.filter(person__in=[kept, gone])
    cancelled_last = sorted(
        entries, key=lambda it: (it.status == CalendarEntry.Status.CANCELLED, it.person_id != kept.pk)
    )
    seen: set[tuple[str, str]] = set()
    for entry in cancelled_last:
        if (entry.about_model, entry.about_id) in seen:
            entry.delete()
        seen.add((entry.about_model, entry.about_id))
    CalendarEntry.objects.filter(person=gone).update(person=kept)
    for mail in OutboxMail.objects.filter(to=gone).order_by("pk"):
        _readdress(mail, kept, gone)


def _readdress(mail: OutboxMail, kept: Any, gone: Any) -> None:
    """A mail goes to the kept person under a key of theirs, so that no reminder is written a second time.

    What was meant for one certain address (links to sign in, invitations, erasure) does not leave any more: whoever
    reads it there would sign in as the kept person.
    """
    key = mail.key.replace(f":{gone.public_id}:", f":{kept.public_id}:")
    taken = OutboxMail.objects.filter(key=key).exclude(pk=mail.pk).exclude(state=OutboxMail.State.CANCELLED).exists()
    if taken or mail.address:
        cancel_rows(OutboxMail.objects.unfinished().filter(pk=mail.pk), gettext_noop("two entries were one person"))
    OutboxMail.objects.filter(pk=mail.pk).update(to=kept, key=mail.key if taken else key)


register_personal_data(PersonalData("cluster_portal", export, erase, merge, TABLES))
