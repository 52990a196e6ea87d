"""Whom an action would mail about a competition, before anybody is mailed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from cluster_portal import hooks, mailtext
from cluster_portal.models import OutboxMail
from competitions.actions.entries import lock_competition
from competitions.models import Authorship, Competition, Juror
from competitions.result_mails import results_mails
from members.models import Person
from members.readers import readers_of


@dataclass(frozen=True)
class Example:
    """One mail as it would be sent: to whom in words, in which language, its subject, its text."""

    who: str
    language: str
    subject: str
    blocks: list[mailtext.Block]

    @property
    def title(self) -> str:
        return f"{self.who}: {self.subject}"


@dataclass
class Foretold:
    """What publishing results would mail: to whom in words and how many, one of each kind; and who is told nothing."""

    people: list[tuple[str, int]] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    silent: list[Person] = field(default_factory=list)


def mailed_by(competition: Competition, action: Callable[..., Any], *args: Any, **facts: Any) -> list[tuple[str, int]]:
    """Who in words, and how many people: the action happens, the mails that it queues are counted, and it is undone."""
    with transaction.atomic():
        lock_competition(competition)
        last = OutboxMail.objects.aggregate(last=Max("pk"))["last"] or 0
        action(*args, **facts)
        mails = OutboxMail.objects.filter(pk__gt=last, about_id__in=_about(competition))
        readers = set(mails.values_list("to", flat=True))
        transaction.set_rollback(True)
    authors, jurors = _taking_part(competition)
    return list(Counter(_who(reader, authors, jurors) for reader in sorted(readers)).items())


def results_foretold(competition: Competition) -> Foretold:
    """The mails of the results, as if the places that are planned were given: they are, while the mails are written."""
    told = Foretold()
    with transaction.atomic():
        lock_competition(competition)
        competition.entries.admitted().update(place=F("planned_place"))
        mails = list(results_mails(competition))
        authors, jurors = _taking_part(competition)
        sent = [(_who(it.to.pk, authors, jurors), it) for it in mails if it.to.address]
        told.people = list(Counter(who for who, _mail in sent).items())
        kinds: dict[tuple[str, str], hooks.WantedMail] = {}
        for who, it in sent:
            kinds.setdefault((it.template, who), it)
        told.examples = [_example(who, it) for (_template, who), it in kinds.items()]
        transaction.set_rollback(True)
    told.silent = [*_authors_unread(competition), *(it.to for it in mails if not it.to.address)]
    return told


def _example(who: str, mail: hooks.WantedMail) -> Example:
    subject, text = mailtext.rendered(mail, hooks.sender())
    return Example(who, mail.to.language, subject, mailtext.blocks(mailtext.masked(text)))


def _authors_unread(competition: Competition) -> list[Person]:
    """Authors of what was judged who have no address, nor a guardian who has one."""
    wrote = Authorship.objects.confirmed().filter(entry__in=competition.entries.admitted())
    people = list(Person.objects.active().filter(pk__in=wrote.values("person")).order_by("sort_name", "pk"))
    readers = readers_of(people)
    return [it for it in people if not readers[it.pk]]


def _taking_part(competition: Competition) -> tuple[set[int], set[int]]:
    """Its authors and its jurors, by key."""
    authors = set(Authorship.objects.filter(entry__competition=competition).values_list("person", flat=True))
    return authors, set(Juror.objects.filter(competition=competition).values_list("person", flat=True))


def _about(competition: Competition) -> list[str]:
    """What mail of a competition may be about, by public id."""
    entries = competition.entries.values_list("public_id", flat=True)
    authors = Authorship.objects.filter(entry__competition=competition).values_list("public_id", flat=True)
    jurors = competition.jurors.values_list("public_id", flat=True)
    return [competition.public_id, *entries, *authors, *jurors]


def _who(reader: int, authors: set[int], jurors: set[int]) -> str:
    if reader in authors:
        return _("Authors")
    return _("Jurors") if reader in jurors else _("Guardians")
