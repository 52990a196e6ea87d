"""Mail about a competition as such: it was cancelled, its dates moved, its deadline is near."""

from typing import Any

from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.hooks import MailKind, WantedMail, register_mail
from cluster_portal.models import OutboxMail
from competitions.entering import deadline_in_words, judging_end_in_words
from competitions.mail_readers import of_reader_once, written_for
from competitions.models import Competition, Entry, Juror
from members.stopping import bulk_mail

CANCELLED = "competitions/cancelled"
DEADLINE_MOVED, JUDGING_MOVED = "competitions/deadline_moved", "competitions/judging_moved"
DEADLINE_NEAR = "competitions/deadline_near"


def _competition_of(mail: OutboxMail) -> Competition | None:
    return Competition.objects.filter(public_id=mail.about_id).first()


def _is_cancelled(mail: OutboxMail) -> bool:
    it = _competition_of(mail)
    return it is not None and it.state == Competition.State.CANCELLED


def _still_writes(mail: OutboxMail) -> bool:
    """While the competition takes entries, and its reader (or a child of theirs) has one that counts."""
    it = _competition_of(mail)
    return it is not None and it.takes_entries_at(now()) and written_for(it, mail.to).exists()


def _still_judges(mail: OutboxMail) -> bool:
    it = _competition_of(mail)
    live = it is not None and it.state == Competition.State.PUBLISHED
    return live and Juror.objects.bound().filter(competition=it, person=mail.to).exists()


def _has_draft(mail: OutboxMail) -> bool:
    it = _competition_of(mail)
    if it is None or not it.takes_entries_at(now()):
        return False
    return written_for(it, mail.to).filter(entry__state=Entry.State.DRAFT).exists()


def _about(wanted: WantedMail) -> dict[str, Any]:
    it: Competition = wanted.about
    return {
        "title": it.title,
        "page": it.get_absolute_url(),
        "deadline": deadline_in_words(it),
        "judged_until": judging_end_in_words(it),
    }


def _about_drafts(wanted: WantedMail) -> dict[str, Any]:
    """The drafts that wait to be handed in; each with its page, which a guardian cannot open."""
    drafts = wanted.ground
    if drafts is None:
        rows = written_for(wanted.about, wanted.to).filter(entry__state=Entry.State.DRAFT)
        drafts = of_reader_once(rows, wanted.to)
    shown = [(it.entry, it.entry.get_absolute_url() if it.person_id == wanted.to.pk else "") for it in drafts]
    return _about(wanted) | {"drafts": [{"title": str(entry), "page": page} for entry, page in shown]}


register_mail(
    MailKind(CANCELLED, _is_cancelled, context=_about),
    MailKind(DEADLINE_MOVED, _still_writes, context=_about),
    MailKind(JUDGING_MOVED, _still_judges, context=_about),
    bulk_mail(DEADLINE_NEAR, _has_draft, _("Reminders of the deadline of a competition"), context=_about_drafts),
)
