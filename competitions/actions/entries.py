"""An entry from its first word to the jury: begun, saved, handed in, changed again, withdrawn; and its files.

`at` is always the moment when the request arrived (`request.received_at`), not when the database got round to it: who
was in time and had to wait is in time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record, record_changes
from cluster_portal.models import AuditEntry
from cluster_portal.moves import Refused, make_move, make_moves
from cluster_portal.outbox import cancel_mails, queue_mail
from cluster_portal.uploads import erase_uploads, keep_upload, uploads_about
from competitions.entering import entering, why_not_now
from competitions.entry_check import confirmed_of, what_is_missing
from competitions.library_licences import why_not_adapted
from competitions.models import Authorship, Competition, Entry, EntryFile, Plan, Step, UsedTool
from competitions.receipt import digest_of
from members.actions import request_consent
from members.consent import State as Consent
from members.consent import children_among, state_of
from members.models import Person, Purpose
from members.readers import readers_of_all

MOST_FILES = 10
SITTING = timedelta(minutes=15)  # a draft that saves itself is noted once a sitting, not with every word
UNKNOWN = object()
Facts = Mapping[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Saving:
    """What came of saving: the revision now; what another window has saved since that goes against it, field by field
    (then nothing of one's own is saved); and what it has changed besides."""

    revision: int
    theirs: dict[str, Any] = field(default_factory=dict)
    besides: list[str] = field(default_factory=list)


def lock_competition(competition: Competition) -> Competition:
    """The competition as it is now, locked until the end of the transaction: always before its entries."""
    return Competition.objects.select_for_update(no_key=True, of=("self",)).get(pk=competition.pk)


def end_reviews(entry: Entry, reason: str) -> None:
    """Ask nobody any more to read an entry that is out of the running; what was given stays."""
    rows = list(entry.reviews.assigned().select_for_update(of=("self",)).order_by("pk"))
    make_moves(rows, "withdraw", by=None, reason=reason)


def lock_entry(entry: Entry) -> Entry:
    """An entry as it is now, with its parts, locked until the end of the transaction."""
    it = Entry.objects.select_for_update(no_key=True, of=("self",)).with_parts().get(pk=entry.pk)
    it.competition.refresh_from_db()  # what is joined to a row that one waited for is as old as the question
    return it


@transaction.atomic
def begin_entry(competition: Competition, by: Person, at: datetime, source: Plan | None = None) -> Entry:
    """Begin a lesson plan; whoever begins it leads it. Limits are counted under the lock of the competition."""
    competition = lock_competition(competition)
    answer = entering(competition, by, at)
    if not answer.may:
        raise Refused(answer.missing)
    if source is not None and (why := why_not_adapted(source.entry.licence)):
        raise Refused(why)
    nominations = list(competition.nominations.all()[:2])
    entry = Entry.objects.create(
        competition=competition,
        language=competition.language,
        nomination=nominations[0] if len(nominations) == 1 else None,
        adapted_from=source,
    )
    record("competitions.entry.begin", entry, by=by, state=entry.state)
    facts = {"affiliation": answer.right.affiliation, "clause": answer.right.clause, "is_lead": True}
    author = Authorship.objects.create(entry=entry, person=by, state=Authorship.State.CONFIRMED, **facts)
    record("competitions.authorship.begin", author, by=by, state=author.state)
    ask_guardians_of(by, Purpose.TAKING_PART)
    return entry


def ask_guardians_of(person: Person, purpose: str) -> None:
    """Ask those who decide for a child, if they have not been asked; of adults, nobody is asked."""
    if list(children_among([person.pk])) and state_of(person, purpose) in {Consent.NOT_NEEDED, Consent.EXPIRED}:
        request_consent([person], [purpose], by=person)


@transaction.atomic
def save_entry(
    entry: Entry,
    by: Person,
    at: datetime,
    revision: int,
    steps: Sequence[Row] | None = None,
    tools: Sequence[Row] | None = None,
    base: Facts | None = None,
    **facts: Any,
) -> Saving:
    """Save a draft. If another window has saved since `revision`, and says something else, nothing is changed.

    `base` is what this window said when it was last in step, where it knows: what has not changed since was only read
    here, and what another window made of it stays.
    """
    it = lock_entry(entry)
    _refuse_unless_draft(it, at)
    parts = {name: rows for name, rows in (("steps", steps), ("tools", tools)) if rows is not None}
    stored = {name: _stored(it, name) for name in (*facts, *parts)}
    wanted = {name: _plain(name, value) for name, value in (facts | parts).items()}
    known = {name: _plain(name, value) for name, value in (base or {}).items() if name in wanted}
    changed = [name for name in wanted if wanted[name] != stored[name] and wanted[name] != known.get(name, UNKNOWN)]
    besides = [name for name in known if stored[name] != known[name] and name not in changed]
    against = [name for name in changed if stored[name] != known.get(name, UNKNOWN)]
    if revision != it.revision and against:
        return Saving(it.revision, {name: stored[name] for name in against})
    if changed:
        _write(it, facts, parts, changed)
        _note_sitting(it, by, changed)
    return Saving(it.revision, besides=besides)


def _refuse_unless_draft(entry: Entry, at: datetime) -> None:
    if entry.state != Entry.State.DRAFT:
        raise Refused(_("This entry is not a draft any more. Its page says what you can do with it."))
    if why := why_not_now(entry.competition, at):
        raise Refused(why)


def _plain(name: str, value: Any) -> Any:
    """A value as `_stored` gives it."""
    if name == "directions":
        return sorted(it.pk for it in value)
    return [dict(row) for row in value] if name in {"steps", "tools"} else value


def _stored(entry: Entry, name: str) -> Any:
    if name == "steps":
        return [{"title": it.title, "minutes": it.minutes, "text": it.text} for it in entry.steps.all()]
    if name == "tools":
        return [{"name": it.name, "use": it.use} for it in entry.tools.all()]
    if name == "directions":
        return sorted(it.pk for it in entry.directions.all())
    return getattr(entry, name)


def _write(it: Entry, facts: Mapping[str, Any], parts: Mapping[str, Sequence[Row]], changed: Sequence[str]) -> None:
    """Store what has changed. Rows have no life of their own: those that were there make room for the new ones."""
    columns = [name for name in facts if name in changed and name != "directions"]
    for name in columns:
        setattr(it, name, facts[name])
    it.revision, it.saved_at = it.revision + 1, now()
    it.save(update_fields=[*columns, "revision", "saved_at"])
    if "directions" in changed:
        it.directions.set(facts["directions"])
    if "steps" in changed:
        it.steps.all().delete()
        Step.objects.bulk_create(Step(entry=it, position=n, **row) for n, row in enumerate(parts["steps"], start=1))
    if "tools" in changed:
        it.tools.all().delete()
        UsedTool.objects.bulk_create(UsedTool(entry=it, **row) for row in parts["tools"])


def _note_sitting(entry: Entry, by: Person, changed: Sequence[str]) -> None:
    verb, since = "competitions.entry.change", now() - SITTING
    lately = AuditEntry.objects.filter(model="competitions.entry", object_id=entry.public_id, verb=verb, at__gt=since)
    if not lately.filter(actor=by.public_id).exists():
        record_changes(verb, entry, by=by, changed=changed)


@transaction.atomic
def submit_entry(entry: Entry, by: Person, at: datetime) -> None:
    """Hand an entry in, and send each author a receipt. The moment of arrival counts, however long the lock took."""
    it = lock_entry(entry)
    _refuse_unless_draft(it, at)
    if missing := what_is_missing(it, at):
        said = " ".join(one.said for one in missing[:3])
        more = _(" And more: the check lists all of it.") if len(missing) > 3 else ""
        raise Refused(_("Something is missing, so nothing was handed in. %(said)s") % {"said": said + more})
    make_move(it, "submit", by=by, submitted_at=at, sha256=digest_of(it))
    entry.refresh_from_db()
    queue_receipts(it, at)


def queue_receipts(entry: Entry, at: datetime) -> None:
    """A receipt for each author, and for the guardians of a child among them."""
    for reader in readers_of_all(author.person for author in confirmed_of(entry)):
        queue_mail("competitions/receipt", about=entry, to=reader, occasion=at.isoformat())


@transaction.atomic
def reopen_entry(entry: Entry, by: Person, at: datetime) -> None:
    """Make a draft of what was handed in, as long as it can be handed in again."""
    it = lock_entry(entry)
    if why := why_not_now(it.competition, at):
        raise Refused(_("%(why)s What was handed in stays as it is.") % {"why": why})
    make_move(it, "reopen", by=by, submitted_at=None, sha256="")
    cancel_mails(about=it, templates=["competitions/receipt"], reason=gettext_noop("the entry was opened again"))
    entry.refresh_from_db()


@transaction.atomic
def withdraw_entry(entry: Entry, by: Person) -> None:
    """Take an entry out of the competition, until its results are out; the other authors are told."""
    competition, it = lock_competition(entry.competition), lock_entry(entry)
    if competition.is_decided:
        raise Refused(_("The results are out. What you can still take back is the consent to the library."))
    end_entry(it, by, by, gettext_noop("the entry was withdrawn"))
    entry.refresh_from_db()


def end_entry(entry: Entry, leaver: Person, by: Person | None, reason: str) -> None:
    """Withdraw a locked entry, with its reviews and the questions to those who were asked to be its authors.

    Everybody but the one who leaves is told: the authors (of a child, its guardians too) and those who were asked.
    """
    told = list(Authorship.objects.standing().filter(entry=entry).select_related("person").order_by("pk"))
    people = [it.person for it in told if it.person_id != leaver.pk]
    make_move(entry, "withdraw", by=by, reason=reason, planned_place="")
    end_reviews(entry, reason)
    cancel_mails(about=entry, reason=reason)
    for it in told:
        if it.state == Authorship.State.INVITED:
            make_move(it, "end", by=by, reason=reason, is_lead=False)
            cancel_mails(about=it, reason=reason)
    for reader in readers_of_all(people):
        queue_mail("competitions/withdrawn", about=entry, to=reader)


@transaction.atomic
def add_file(entry: Entry, by: Person, at: datetime, file: UploadedFile, title: str = "") -> EntryFile:
    """Add a file to a draft, ten at most."""
    it = lock_entry(entry)
    _refuse_unless_draft(it, at)
    if it.files.count() >= MOST_FILES:
        raise Refused(_("An entry holds ten files at most. Remove one first."))
    added = EntryFile(entry=it)
    added.upload = keep_upload(file, about=added, by=by)
    added.title = title.strip() or added.upload.name.rpartition(".")[0]
    added.save(force_insert=True)
    record("competitions.entry.add_file", it, by=by)
    return added


@transaction.atomic
def remove_file(file: EntryFile, by: Person, at: datetime) -> None:
    """Take a file out of a draft, for good."""
    it = lock_entry(file.entry)
    _refuse_unless_draft(it, at)
    uploads = uploads_about(file)
    file.delete()
    erase_uploads(uploads)
    record("competitions.entry.remove_file", it, by=by)
