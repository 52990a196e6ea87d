"""What the jury's work leads to, by mail: the results to authors and jurors, a disqualification with its reason."""

from collections.abc import Iterator
from typing import Any

from cluster_portal.hooks import MailKind, WantedMail, register_mail
from cluster_portal.models import OutboxMail
from competitions.models import Authorship, Competition, Entry, Juror
from members.models import Person

RESULTS, THANKS, DISQUALIFIED = "competitions/results", "competitions/jury_thanked", "competitions/disqualified"


def results_mails(competition: Competition) -> Iterator[WantedMail]:
    """One mail to each author of an entry that was judged, however many entries, and one to each juror."""
    authors = Authorship.objects.confirmed().filter(entry__in=competition.entries.admitted())
    for person in Person.objects.active().filter(pk__in=authors.values("person")).order_by("pk").iterator(2000):
        yield WantedMail(RESULTS, competition, person)
    jurors = competition.jurors.active().select_related("person")
    for juror in jurors.filter(person__in=Person.objects.active()).order_by("pk"):
        yield WantedMail(THANKS, competition, juror.person)


def entries_of(competition: Competition, person: Person) -> list[Entry]:
    """What somebody entered and the jury judged, the best place first."""
    mine = Authorship.objects.confirmed().filter(person=person).values("entry")
    rank = {place: number for number, place in enumerate(Entry.Place.values)}
    return sorted(competition.entries.admitted().filter(pk__in=mine), key=lambda it: (rank.get(it.place, 99), it.pk))


def _competition_of(mail: OutboxMail) -> Competition | None:
    return Competition.objects.filter(public_id=mail.about_id, state=Competition.State.CONCLUDED).first()


def _is_author(mail: OutboxMail) -> bool:
    it = _competition_of(mail)
    return it is not None and bool(entries_of(it, mail.to))


def _was_juror(mail: OutboxMail) -> bool:
    it = _competition_of(mail)
    return it is not None and it.jurors.filter(person=mail.to_id, state=Juror.State.ACTIVE).exists()


def _is_out(mail: OutboxMail) -> bool:
    rows = Authorship.objects.confirmed().filter(entry__public_id=mail.about_id, person=mail.to_id)
    return rows.filter(entry__state=Entry.State.DISQUALIFIED).exists()


def _results(wanted: WantedMail) -> dict[str, Any]:
    return _thanks(wanted) | {"entries": entries_of(wanted.about, wanted.to)}


def _thanks(wanted: WantedMail) -> dict[str, Any]:
    return {"competition": wanted.about, "page": wanted.about.get_absolute_url()}


def _disqualified(wanted: WantedMail) -> dict[str, Any]:
    return {"competition": wanted.about.competition, "entry": wanted.about}


register_mail(
    MailKind(RESULTS, _is_author, context=_results),
    MailKind(THANKS, _was_juror, context=_thanks),
    MailKind(DISQUALIFIED, _is_out, context=_disqualified),
)
