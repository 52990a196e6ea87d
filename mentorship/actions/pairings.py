"""A pairing under way: its goals and its plan, the log, messages and files; and how it ends, without blame."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.hooks import WantedMail
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import queue_mails
from cluster_portal.uploads import erase_uploads, keep_upload, uploads_about
from members.models import Cluster, Person
from members.readers import readers_of_all
from mentorship.actions.kept import keep_part, keep_words
from mentorship.actions.meetings import cancel_all_ahead
from mentorship.channels import Access
from mentorship.locks import lock_pairing, lock_whole_pairing
from mentorship.models import Concern, LogEntry, Message, Milestone, Outcome, Pairing, PairingFile, TakenBack
from mentorship.readers import Channel, channel_of

MOST_MILESTONES, MOST_FILES = 40, 60
SAID_TWICE = timedelta(minutes=2)


@transaction.atomic
def complete_pairing(pairing: Pairing, by: Person, because: str = "") -> None:
    """End a pairing that has done what it was for; everybody in it is told."""
    _end(pairing, "complete", by, because)


@transaction.atomic
def dissolve_pairing(pairing: Pairing, by: Person | None, because: str = "") -> None:
    """End a pairing early. A reason can be given; nobody is asked whose doing it was."""
    _end(pairing, "dissolve", by, because)


def _end(pairing: Pairing, name: str, by: Person | None, because: str) -> None:
    it = lock_whole_pairing(pairing)
    channel = channel_of(it)
    cancel_all_ahead(channel, by)
    make_move(it, name, by=by, ended_on=Cluster.current().today(), because=because, nudged_at=None, stalled_at=None)
    pairing.refresh_from_db()
    _tell(channel, "mentorship/pairing_ended", it, by, guardians=True)


@transaction.atomic
def write_goals(pairing: Pairing, by: Person, goals: str) -> None:
    """Say what mentor and teacher want to reach."""
    channel = _opened(pairing, by, Access.PLAN)
    it = channel.pairing
    if it.goals != goals:
        keep_words(channel, TakenBack.Kind.GOALS, it.goals, by)
        it.goals = pairing.goals = goals
        it.save(update_fields=["goals"])
        record("mentorship.pairing.change", it, by=by, fields=["goals"])


@transaction.atomic
def add_step(pairing: Pairing, by: Person, title: str, due_on: date | None = None) -> Milestone:
    """Add a milestone to the plan."""
    it = _opened(pairing, by, Access.PLAN).pairing
    if it.milestones.count() >= MOST_MILESTONES:
        raise Refused(_("A plan has 40 milestones at most. Remove one that you do not need any more."))
    added = it.milestones.create(title=title, due_on=due_on)
    record("mentorship.pairing.add_milestone", it, by=by, fields=["milestones"])
    return added


@transaction.atomic
def reach_step(milestone: Milestone, by: Person) -> None:
    """Note that a milestone is reached, today."""
    it = _opened(milestone.pairing, by, Access.PLAN).pairing
    today = Cluster.current().today()
    if not Milestone.objects.filter(pk=milestone.pk, done_on=None).update(done_on=today):
        raise Refused(_("This milestone is marked as reached already."))
    record("mentorship.pairing.reach_milestone", it, by=by, fields=["milestones"])


@transaction.atomic
def reopen_step(milestone: Milestone, by: Person) -> None:
    """Note that a milestone was not reached after all."""
    it = _opened(milestone.pairing, by, Access.PLAN).pairing
    if not Milestone.objects.filter(pk=milestone.pk, done_on__isnull=False).update(done_on=None):
        raise Refused(_("This milestone is not marked as reached."))
    record("mentorship.pairing.reopen_milestone", it, by=by, fields=["milestones"])


@transaction.atomic
def remove_step(milestone: Milestone, by: Person) -> None:
    """Take a milestone out of the plan that was not reached."""
    channel = _opened(milestone.pairing, by, Access.PLAN)
    if not Milestone.objects.filter(pk=milestone.pk, done_on=None).delete()[0]:
        raise Refused(
            _("This milestone was reached, so it stays. If that was a mistake, mark it as not reached first.")
        )
    keep_words(channel, TakenBack.Kind.STEP, milestone.title, by)
    record("mentorship.pairing.remove_milestone", channel.pairing, by=by, fields=["milestones"])


@transaction.atomic
def write_log(pairing: Pairing, by: Person, day: date, minutes: int, what: str, coming: str = "") -> LogEntry:
    """Write down what a meeting was. The same, pressed twice, is written once; nobody asks any more if all is well."""
    it = _opened(pairing, by, Access.PLAN).pairing
    if day > _latest_today(by):
        raise Refused(_("This day is still to come. Enter the day on which you met."))
    if it.began_on and day < it.began_on:
        raise Refused(_("This day is before your pairing began. Check the date."))
    facts = {"by": by, "day": day, "minutes": minutes, "what": what}
    entry, is_new = it.log.get_or_create(**facts, defaults={"coming": coming})
    if is_new:
        note_sign_of_life(it)
        record("mentorship.pairing.write_log", it, by=by, fields=["log"])
    return entry


@transaction.atomic
def remove_log(entry: LogEntry, by: Person) -> None:
    """Take back what one wrote into the log."""
    channel = _opened(entry.pairing, by, Access.PLAN)
    if entry.by_id != by.pk:
        raise Refused(_("Somebody else wrote this. Only they can take it back."))
    if not LogEntry.objects.filter(pk=entry.pk).delete()[0]:
        raise Refused(_("This is taken back already."))
    keep_words(channel, TakenBack.Kind.LOG, "\n".join([entry.what, entry.coming]), by)
    record("mentorship.pairing.remove_log", channel.pairing, by=by, fields=["log"])


def _latest_today(person: Person) -> date:
    """Today for somebody, who may live east of the cluster, or for the cluster: the later of both."""
    own = localdate(timezone=ZoneInfo(person.time_zone)) if person.time_zone else date.min
    return max(Cluster.current().today(), own)


def note_sign_of_life(pairing: Pairing) -> None:
    """They meet: whoever was asked about it, and the coordinator, need not be asked any more. The caller holds it."""
    Pairing.objects.filter(pk=pairing.pk).update(nudged_at=None, stalled_at=None)


@transaction.atomic
def send_message(pairing: Pairing, by: Person, text: str) -> Message:
    """Write to all the others in a pairing; a mail tells those in it that there is a message, not what it says."""
    it = lock_pairing(pairing)
    channel = channel_of(it)
    channel.refuse_unless(by, Access.WRITE)
    again = it.messages.filter(by=by, text=text, sent_at__gt=now() - SAID_TWICE).first()
    if again is not None:
        return again
    message = it.messages.create(by=by, text=text)
    record("mentorship.message.send", message, by=by)
    _tell(channel, "mentorship/message", message, by, wanted=Access.TALK)
    return message


@transaction.atomic
def share_file(pairing: Pairing, by: Person, file: UploadedFile) -> PairingFile:
    """Give a file to all in a pairing; a mail tells those in it, as of a message."""
    channel = _opened(pairing, by, Access.WRITE)
    it = channel.pairing
    if it.files.shown().count() >= MOST_FILES:
        raise Refused(_("A pairing holds 60 files at most. Remove one that nobody needs any more."))
    shared = PairingFile(pairing=it, by=by)
    shared.upload = keep_upload(file, about=shared, by=by)
    shared.save(force_insert=True)
    record("mentorship.pairing.add_file", it, by=by, fields=["files"])
    _tell(channel, "mentorship/file_shared", shared, by, wanted=Access.TALK)
    return shared


@transaction.atomic
def remove_shared_file(file: PairingFile, by: Person) -> None:
    """Take back a file that one gave.

    For good between two adults; but who watches over students reads it on, and a coordinator what they were told of.
    """
    channel = _opened(file.pairing, by, Access.WRITE)
    if file.by_id != by.pk:
        raise Refused(_("Somebody else shared this file. Only they can take it back."))
    if Outcome.objects.filter(evidence=file).exists():
        raise Refused(_("This file shows an outcome. Take it out of the outcome first."))
    if _stays(channel, file):
        keep_part(file, by)
    else:
        _erase(file)
    record("mentorship.pairing.remove_file", channel.pairing, by=by, fields=["files"])


def _stays(channel: Channel, file: PairingFile) -> bool:
    """Whether others than the two have, or are to have, a say: it is watched, told of, or hidden."""
    told, hidden = Concern.objects.filter(file=file), TakenBack.objects.filter(file=file)
    return channel.facts.is_watched or told.exists() or hidden.exists()


def _erase(file: PairingFile) -> None:
    uploads = uploads_about(file)
    if not PairingFile.objects.filter(pk=file.pk).delete()[0]:
        raise Refused(_("This is taken back already."))
    erase_uploads(uploads)


def _opened(pairing: Pairing, by: Person, wanted: Access) -> Channel:
    """The locked pairing, in which this person may do this now."""
    channel = channel_of(lock_pairing(pairing))
    channel.refuse_unless(by, wanted)
    return channel


def _tell(
    channel: Channel,
    template: str,
    about: Any,
    by: Person | None,
    wanted: Access = Access.RECORD,
    guardians: bool = False,
) -> None:
    """One mail to each of those in the pairing who may read it but the one who acts; on request to guardians too."""
    people = [it for it in channel.members if channel.may(it, wanted)]
    readers = readers_of_all(people) if guardians else people
    others = [it for it in readers if by is None or it.pk != by.pk]
    queue_mails(WantedMail(template, about, it, ground=channel) for it in others)
