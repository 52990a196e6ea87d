"""What the jury's work leads to, by mail: the results to authors and jurors, a disqualification with its reason."""

from collections.abc import Iterator
from typing import Any

from cluster_portal.hooks import MailKind, WantedMail, register_mail
from cluster_portal.models import OutboxMail
from competitions.mail_readers import authorship_for, child_behind, of_reader_once, written_for
from competitions.models import Authorship, Competition, Entry
from competitions.results import who_judged
from members.models import Person
from members.readers import readers_of_all

RESULTS, THANKS, DISQUALIFIED = "competitions/results", "competitions/jury_thanked", "competitions/disqualified"


def results_mails(competition: Competition) -> Iterator[WantedMail]:
    """One mail to each author of an entry that was judged, however many entries, and to the guardians of a child; one
    to whoever gave a review that counts."""
    authors = Authorship.objects.confirmed().filter(entry__in=competition.entries.admitted())
    people = Person.objects.active().filter(pk__in=authors.values("person")).order_by("pk")
    for reader in readers_of_all(people):
        yield WantedMail(RESULTS, competition, reader)
    for judge in who_judged(competition).active():
        yield WantedMail(THANKS, competition, judge)


def judged_for(competition: Competition, reader: Person) -> list[Authorship]:
    """What a reader, or a child whom they guard, entered and the jury judged, the best place first; each entry once."""
    rows = written_for(competition, reader).confirmed().filter(entry__in=competition.entries.admitted())
    rank = {place: number for number, place in enumerate(Entry.Place.values)}
    return sorted(of_reader_once(rows, reader), key=lambda it: rank.get(it.entry.place, 99))


def _competition_of(mail: OutboxMail) -> Competition | None:
    return Competition.objects.filter(public_id=mail.about_id, state=Competition.State.CONCLUDED).first()


def _is_author(mail: OutboxMail) -> bool:
    it = _competition_of(mail)
    return it is not None and bool(judged_for(it, mail.to))


def _was_juror(mail: OutboxMail) -> bool:
    it = _competition_of(mail)
    return it is not None and who_judged(it).filter(pk=mail.to_id).exists()


def _is_out(mail: OutboxMail) -> bool:
    it = Entry.objects.filter(public_id=mail.about_id, state=Entry.State.DISQUALIFIED).first()
    return it is not None and authorship_for(it, mail.to) is not None


def _results(wanted: WantedMail) -> dict[str, Any]:
    return _thanks(wanted) | {
        "entries": [(it.entry, child_behind(it, wanted.to)) for it in judged_for(wanted.about, wanted.to)]
    }


def _thanks(wanted: WantedMail) -> dict[str, Any]:
    return {"competition": wanted.about, "page": wanted.about.get_absolute_url()}


def _disqualified(wanted: WantedMail) -> dict[str, Any]:
    child = child_behind(authorship_for(wanted.about, wanted.to), wanted.to)
    return {"competition": wanted.about.competition, "entry": wanted.about, "child": child}


register_mail(
    MailKind(RESULTS, _is_author, context=_results),
    MailKind(THANKS, _was_juror, context=_thanks),
    MailKind(DISQUALIFIED, _is_out, context=_disqualified),
)
