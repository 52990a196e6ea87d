"""Diplomas for authors, letters of thanks for jurors: who is to have one, and what stands on the paper."""

from dataclasses import dataclass

from django.db.models import Model
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from cluster_portal.hooks import LongWorkKind, register_certificate_keeper, register_long_work
from cluster_portal.models import LongWork
from cluster_portal.moves import Refused
from competitions.models import Authorship, Competition, Entry
from competitions.results import who_judged
from competitions.rules import coordinates_the_competition
from members.certificates import Paper, addressees_of
from members.models import Certificate, Cluster, Institution, Person

ISSUE = "competitions.issue_diplomas"
LONGEST = 250  # letters of what a certificate is for


@dataclass(frozen=True)
class Line:
    """Somebody who is to have a paper for one thing, an entry or the work in the jury, or has it."""

    person: Person
    about: Entry | Competition
    institution: Institution | None
    certificate: Certificate | None
    addressee: Person | None

    @property
    def key(self) -> tuple[str, str, str]:
        """Model and public id of the thing, public id of the person: what long work remembers of a line."""
        return self.about._meta.label_lower, self.about.public_id, self.person.public_id

    @property
    def is_due(self) -> bool:
        """Whether they get theirs with all the others: never somebody whose paper was revoked."""
        return self.certificate is None and self.addressee is not None


def lines_of(competition: Competition) -> list[Line]:
    """Every author of a judged entry, the best place first, then everybody who gave a review."""
    rank = {place: number for number, place in enumerate(Entry.Place.values)}
    authors = [it for it in _authorships(competition) if it.entry.place]
    authors.sort(key=lambda it: (rank[it.entry.place], it.entry_id, it.position, it.pk))
    wanted: list[tuple[Person, Entry | Competition, Institution | None]] = [
        (it.person, it.entry, it.affiliation.institution if it.affiliation else None) for it in authors
    ]
    wanted += [(it, competition, None) for it in who_judged(competition)]
    to = addressees_of([person for person, _about, _institution in wanted])
    had = _certificates_of(competition, [it.entry for it in authors])
    return [
        Line(person, about, institution, had.get((about._meta.label_lower, about.public_id, person.pk)), to[person.pk])
        for person, about, institution in wanted
    ]


def _authorships(competition: Competition) -> list[Authorship]:
    rows = Authorship.objects.confirmed().filter(entry__in=competition.entries.admitted())
    rows = rows.filter(person__erased_at=None).select_related("person", "entry", "affiliation__institution")
    found = list(rows)
    for it in found:
        it.entry.competition = competition
    return found


def _certificates_of(competition: Competition, entries: list[Entry]) -> dict[tuple[str, str, int], Certificate]:
    """For each thing and person the paper that holds, or else the last one."""
    ids = [competition.public_id, *{it.public_id for it in entries}]
    models = [Entry._meta.label_lower, Competition._meta.label_lower]
    rows = list(Certificate.objects.filter(about_model__in=models, about_id__in=ids).order_by("pk"))
    valid = [it for it in rows if it.state == Certificate.State.ISSUED]
    return {(it.about_model, it.about_id, it.person_id): it for it in [*rows, *valid]}


def paper_of(about: Entry | Competition) -> Paper:
    """What stands on the paper for an entry, by its place, or for the work in a jury; in the competition's language."""
    competition = about if isinstance(about, Competition) else about.competition
    wins = isinstance(about, Entry) and about.place != Entry.Place.PARTICIPANT
    cluster, zone = Cluster.current(), competition.zone
    issuer = f"{cluster.name}, {competition.host}" if competition.host else str(cluster.name)
    with override(competition.language):
        return Paper(
            kind=Certificate.Kind.AWARD if wins else Certificate.Kind.THANKS,
            title=Truncator(_what_for(about)).chars(LONGEST),
            issuer=Truncator(issuer).chars(LONGEST),
            begins_on=localtime(competition.opens_at, zone).date(),
            ends_on=localtime(competition.state_since, zone).date(),
            language=competition.language,
        )


def _what_for(about: Entry | Competition) -> str:
    if isinstance(about, Competition):
        return _("judging in “%(competition)s”") % {"competition": about.title}
    said = {"plan": about.title, "competition": about.competition.title, "place": about.get_place_display()}
    if about.place == Entry.Place.PARTICIPANT:
        return _("entering “%(plan)s” into “%(competition)s”") % said
    return _("“%(competition)s”, %(place)s: the lesson plan “%(plan)s”") % said


def work_of(competition: Competition) -> LongWork | None:
    """The issuing that was asked for last, which may be under way."""
    model = Competition._meta.label_lower
    return (
        LongWork.objects.filter(kind=ISSUE, about_model=model, about_id=competition.public_id).order_by("-pk").first()
    )


class Issuing:
    """Everybody whom the page named before the button was pressed, in that order."""

    def __init__(self, work: LongWork):
        self.competition = Competition.objects.select_related("host").get(public_id=work.about_id)
        by = Person.objects.active().filter(public_id=work.options["by"]).first()
        if by is None or not coordinates_the_competition(by, self.competition):
            raise Refused(_("Whoever asked for these diplomas does not coordinate the competition any more."))
        self.by, self.keys = by, [tuple(key) for key in work.options["lines"]]

    def do(self, since: int, until: int) -> None:
        from competitions.actions.diplomas import issue_to_many  # the action begins this work

        with Cluster.read_once():
            issue_to_many(self.competition, self.keys[since:until], self.by)

    def finish(self) -> None:
        """Nothing follows: each person was told in their own step."""


def _keeps(person: Person, certificate: Certificate) -> bool:
    return coordinates_the_competition(person, _competition_behind(certificate))


def _competition_behind(certificate: Certificate) -> Competition | None:
    rows: dict[str, type[Model]] = {Entry._meta.label_lower: Entry, Competition._meta.label_lower: Competition}
    it = rows[certificate.about_model]._default_manager.filter(public_id=certificate.about_id).first()
    return it.competition if isinstance(it, Entry) else it


register_long_work(LongWorkKind(ISSUE, Issuing, step=20))
register_certificate_keeper(Entry._meta.label_lower, _keeps)
register_certificate_keeper(Competition._meta.label_lower, _keeps)
