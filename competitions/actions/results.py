"""Places are planned first, for all to see at the desk, and then applied for all in one action."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record, record_many
from cluster_portal.moves import Refused, make_move, make_moves
from cluster_portal.outbox import queue_mail, queue_mails
from competitions.actions.entries import end_reviews
from competitions.actions.library import settle_plan
from competitions.library import JOINING
from competitions.models import Competition, Entry, Result, Review
from competitions.result_mails import results_mails
from competitions.results import Line, proposed_places, results_of, what_is_missing
from members.models import Person
from members.readers import readers_of_all


@transaction.atomic
def admit_entry(entry: Entry, by: Person) -> None:
    """Let the jury judge an entry."""
    _freshly_locked(entry.competition)
    _refuse_to_admit_now(entry.competition)
    make_move(entry, "admit", by=by)


@transaction.atomic
def admit_all(competition: Competition, by: Person) -> int:
    """Let the jury judge every entry that was handed in; return how many these were."""
    _freshly_locked(competition)
    _refuse_to_admit_now(competition)
    rows = list(competition.entries.submitted().select_for_update(of=("self",)).order_by("pk"))
    if not rows:
        raise Refused(_("There is nothing to admit: every entry that was handed in has its answer."))
    return len(make_moves(rows, "admit", by=by))


@transaction.atomic
def disqualify_entry(entry: Entry, by: Person, reason: str) -> None:
    """Take an entry out of the competition; its reviews end, and the authors read why."""
    _freshly_locked(entry.competition)
    _refuse_when_out(entry.competition)
    make_move(entry, "disqualify", by=by, refusal=reason, planned_place="")
    end_reviews(entry, gettext_noop("the entry was disqualified"))
    authors = [it.person for it in entry.authorships.confirmed().select_related("person")]
    for reader in readers_of_all(authors):
        queue_mail("competitions/disqualified", about=entry, to=reader)


@transaction.atomic
def plan_places(competition: Competition, places: Mapping[int, str], by: Person) -> int:
    """Plan a place for each of these entries (by key; "" takes it back); return how many changed. Nobody is told."""
    _freshly_locked(competition)
    _refuse_when_out(competition)
    return _plan(competition, places, by)


def _plan(competition: Competition, places: Mapping[int, str], by: Person) -> int:
    rows = competition.entries.admitted().filter(pk__in=places).select_for_update(of=("self",)).order_by("pk")
    changed = [it for it in rows if it.planned_place != places[it.pk]]
    for entry in changed:
        entry.planned_place = places[entry.pk]
    Entry.objects.bulk_update(changed, ["planned_place"])
    for entry in changed:
        record("competitions.entry.plan_place", entry, by=by, planned_place=entry.planned_place)
    return len(changed)


@transaction.atomic
def propose_places(competition: Competition, by: Person, adjusted: bool = False) -> int:
    """Plan the places that follow from the means, or from the adjusted scores; return how many changed."""
    _freshly_locked(competition)
    _refuse_when_out(competition)
    return _plan(competition, proposed_places(results_of(competition), adjusted), by)


@transaction.atomic
def conclude_competition(competition: Competition, by: Person) -> None:
    """Publish the results: every planned place counts, the standing is written down, everybody concerned is told."""
    _freshly_locked(competition)
    _refuse_when_out(competition)
    if competition.closes_at > now():
        raise Refused(_("The competition still takes entries. Publish the results after its deadline."))
    results = results_of(competition)
    if missing := what_is_missing(results):
        raise Refused(" ".join([*missing, _("Then the results can be published.")]))
    _end_open_reviews(competition)
    _apply(results.lines, by)
    make_move(competition, "conclude", by=by)
    for line in results.lines:
        if line.entry.place in JOINING:
            settle_plan(line.entry, by)
    queue_mails(results_mails(competition))


def _apply(lines: list[Line], by: Person) -> None:
    """Give every entry its place, and write down what the jury said of it."""
    entries = [line.entry for line in lines]
    for entry in entries:
        entry.place, entry.planned_place = entry.planned_place, ""
    Entry.objects.bulk_update(entries, ["place", "planned_place"])
    record_many("competitions.entry.place", entries, by=by)
    Result.objects.bulk_create(_result_of(line) for line in lines)


def _result_of(line: Line) -> Result:
    facts = {name: value for name, value in vars(line.standing).items() if name not in {"entry", "gap"}}
    return Result(entry=line.entry, **facts)


def _end_open_reviews(competition: Competition) -> None:
    rows = Review.objects.assigned().filter(entry__competition=competition)
    open_ones = list(rows.select_for_update(of=("self",)).order_by("pk"))
    make_moves(open_ones, "withdraw", by=None, reason=gettext_noop("the results are out"))


def _refuse_when_out(competition: Competition) -> None:
    if competition.state != Competition.State.PUBLISHED:
        raise Refused(_("The results are out, or the competition was cancelled: its places change no more."))


def _refuse_to_admit_now(competition: Competition) -> None:
    """Nothing is admitted while its authors can still open it again, nor when all is over."""
    _refuse_when_out(competition)
    if competition.takes_entries_at(now()):
        raise Refused(_("Until the deadline authors can still change what they handed in. Admit it afterwards."))


def _freshly_locked(competition: Competition) -> None:
    """Lock a competition, the parent of all that it holds, and read into this object how it stands now."""
    competition.refresh_from_db(from_queryset=Competition.objects.select_for_update(no_key=True, of=("self",)))
