"""The mails about entries and their authors, and who may read the files."""

from typing import Any

from cluster_portal.hooks import MailKind, WantedMail, register_mail, register_upload_reader
from cluster_portal.links import signed_link
from cluster_portal.models import OutboxMail, Upload
from cluster_portal.outbox import occasion_of
from competitions.entering import deadline_in_words, said_instant
from competitions.entry_words import in_words
from competitions.mail_readers import authorship_for, child_behind, of_reader
from competitions.models import Authorship, Entry, EntryFile

State = Authorship.State


def _own_authorship(mail: OutboxMail, *states: str) -> bool:
    """The mail is about its reader's own authorship, and it stands so."""
    rows = Authorship.objects.filter(public_id=mail.about_id, person=mail.to_id, state__in=states)
    return rows.exists()


def _is_asked(mail: OutboxMail) -> bool:
    return Authorship.objects.filter(
        public_id=mail.about_id, person=mail.to_id, state=State.INVITED, entry__state__in=Entry.ALIVE
    ).exists()


def _still_leads(mail: OutboxMail) -> bool:
    """The reader leads the entry of the author who is gone."""
    leading = Authorship.objects.confirmed().filter(person=mail.to_id, is_lead=True)
    return leading.filter(entry__authorships__public_id=mail.about_id).exists()


def _is_handed_in(mail: OutboxMail) -> bool:
    """This very submission stands, and the reader is an author, or guards one."""
    it = Entry.objects.filter(public_id=mail.about_id).first()
    is_this = it is not None and it.submitted_at is not None and it.submitted_at.isoformat() == occasion_of(mail)
    return is_this and authorship_for(it, mail.to) is not None


def _is_withdrawn(mail: OutboxMail) -> bool:
    """Also for who was asked to be an author, and is asked no more."""
    rows = Authorship.objects.filter(of_reader(mail.to), entry__public_id=mail.about_id)
    return rows.filter(entry__state=Entry.State.WITHDRAWN).exists()


def _confirmed(mail: OutboxMail) -> Any:
    return Authorship.objects.confirmed().filter(person=mail.to_id)


def _leads(mail: OutboxMail) -> bool:
    return _confirmed(mail).filter(public_id=mail.about_id, is_lead=True).exists()


def about_entry(entry: Entry) -> dict[str, Any]:
    """What every mail about an entry may say."""
    return {
        "entry": entry,
        "title": str(entry),
        "competition": entry.competition,
        "entry_page": entry.get_absolute_url(),
        "deadline": deadline_in_words(entry.competition),
    }


def _about_own(wanted: WantedMail) -> dict[str, Any]:
    """What a mail says to an author; the guardian of one, and who was asked only, cannot open the entry."""
    authorship = authorship_for(wanted.about, wanted.to)
    own = authorship is not None and authorship.person_id == wanted.to.pk
    about = about_entry(wanted.about) | {"child": child_behind(authorship, wanted.to)}
    return about if own else about | {"entry_page": ""}


def _about_receipt(wanted: WantedMail) -> dict[str, Any]:
    it = wanted.about
    return _about_own(wanted) | {
        "moment": said_instant(it.competition, it.submitted_at, seconds=True),
        "facts": [(term, value) for term, value in in_words(it) if value],
        "authors": [one.person.full_name for one in it.authorships.all() if one.state == State.CONFIRMED],
        "steps": list(it.steps.all()),
        "files": [one.upload.name for one in it.files.all()],
    }


def _about_authorship(wanted: WantedMail) -> dict[str, Any]:
    it = wanted.about
    return about_entry(it.entry) | {
        "author": it,
        "person": it.person if it.state == State.CONFIRMED else None,
        "shown_name": it.person.full_name if it.state == State.ENDED and it.affiliation_id else it.person.email or "",
        "inviter": it.invited_by,
        "is_new": not wanted.to.has_claimed,
        "left": it.state == State.ENDED,
    }


def _claim_link(mail: OutboxMail) -> dict[str, str]:
    """For whoever is new: the link by which they set a password. It came to the address they will sign in with."""
    return {"claim": signed_link("members.claim", mail.to.public_id)}


def may_read_file(person: Any, upload: Upload) -> bool:
    """The authors, those asked to be, and whoever keeps the competition; jurors get cleaned copies (blind.py)."""
    if not person.is_authenticated:
        return False
    seen = Entry.objects.visible_to(person)
    return EntryFile.objects.filter(public_id=upload.about_id, entry__in=seen).exists()


register_upload_reader("competitions.entryfile", may_read_file)
register_mail(
    MailKind("competitions/receipt", _is_handed_in, context=_about_receipt),
    MailKind("competitions/withdrawn", _is_withdrawn, context=_about_own),
    MailKind("competitions/author_asked", _is_asked, secrets=_claim_link, context=_about_authorship),
    MailKind("competitions/author_gone", _still_leads, context=_about_authorship),
    MailKind("competitions/author_out", lambda mail: _own_authorship(mail, State.ENDED), context=_about_authorship),
    MailKind("competitions/author_leads", _leads, context=_about_authorship),
)
