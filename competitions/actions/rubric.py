"""The parts of a competition that entries are for and judged by: nominations, criteria, examples of levels."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_changes
from cluster_portal.moves import Refused
from competitions.actions.competitions import refuse_when_over
from competitions.actions.entries import lock_competition
from competitions.models import Competition, Criterion, LevelExample, Nomination, Score
from members.models import Person

Part = Nomination | Criterion
COUNTS = {"lowest", "highest", "weight"}


@transaction.atomic
def add_nomination(competition: Competition, by: Person | None, **facts: Any) -> Nomination:
    """Add a category at the end."""
    return _add(_open(competition), Nomination, by, facts)


@transaction.atomic
def change_nomination(nomination: Nomination, by: Person, **facts: Any) -> list[str]:
    """Correct what a category says."""
    return _change(_open(nomination.competition), nomination, by, facts)


@transaction.atomic
def remove_nomination(nomination: Nomination, by: Person) -> None:
    """Take a category away that nobody has entered for."""
    competition = _open(nomination.competition)
    if nomination.entries.exists():
        raise Refused(_("There are entries for this nomination, so it stays. Correct its words instead."))
    _remove(competition, nomination, by)


@transaction.atomic
def add_criterion(competition: Competition, by: Person | None, **facts: Any) -> Criterion:
    """Add a line to the rubric."""
    competition = _open(competition)
    _refuse_after_scores(competition)
    return _add(competition, Criterion, by, facts)


@transaction.atomic
def change_criterion(criterion: Criterion, by: Person, examples: Mapping[int, str], **facts: Any) -> list[str]:
    """Change a line of the rubric and its examples of levels; once jurors have scored by it, its words only."""
    competition = _open(criterion.competition)
    current = Criterion.objects.get(pk=criterion.pk)
    if any(getattr(current, name) != facts[name] for name in COUNTS & set(facts)):
        _refuse_after_scores(competition)
    changed = _change(competition, current, by, facts)
    _keep_examples(current, examples)
    return changed


@transaction.atomic
def remove_criterion(criterion: Criterion, by: Person) -> None:
    """Take a line out of the rubric; a published competition keeps one."""
    competition = _open(criterion.competition)
    _refuse_after_scores(competition)
    is_last = not competition.criteria.exclude(pk=criterion.pk).exists()
    if competition.state == Competition.State.PUBLISHED and is_last:
        raise Refused(_("Entries are judged by one criterion at least. Add another one first."))
    _remove(competition, criterion, by)


@transaction.atomic
def move_up(part: Part, by: Person) -> None:
    """Let a nomination or a criterion change places with the one before it."""
    competition = _open(part.competition)
    rows = _rows(competition, type(part))
    at = rows.index(part) if part in rows else 0
    if at == 0:
        raise Refused(_("This is the first already. Reload the page to see the order."))
    rows[at - 1 : at + 1] = [rows[at], rows[at - 1]]
    _number(rows)
    record("competitions.competition.move_up", competition, by=by, fields=[_name(type(part))])


def _open(competition: Competition) -> Competition:
    """The competition, locked, while it can be changed."""
    competition = lock_competition(competition)
    refuse_when_over(competition)
    return competition


def _refuse_after_scores(competition: Competition) -> None:
    if Score.objects.filter(criterion__competition=competition).exists():
        raise Refused(_("Jurors have given scores by this rubric already. Only its words can be changed now."))


def _add(competition: Competition, model: type[Any], by: Person | None, facts: dict[str, Any]) -> Any:
    part = model.objects.create(competition=competition, position=len(_rows(competition, model)) + 1, **facts)
    record("competitions.competition.add", competition, by=by, fields=[_name(model)])
    return part


def _change(competition: Competition, part: Part, by: Person, facts: dict[str, Any]) -> list[str]:
    changed = [name for name, value in facts.items() if getattr(part, name) != value]
    for name in changed:
        setattr(part, name, facts[name])
    if changed:
        part.save(update_fields=changed)
        record_changes(f"{part._meta.label_lower}.change", part, by=by, changed=changed)
    return changed


def _remove(competition: Competition, part: Part, by: Person) -> None:
    model = type(part)
    part.delete()
    _number(_rows(competition, model))
    record("competitions.competition.remove", competition, by=by, fields=[_name(model)])


def _keep_examples(criterion: Criterion, examples: Mapping[int, str]) -> None:
    """Just these examples; one that lies outside of the scale is none."""
    kept = {score: text for score, text in examples.items() if text and criterion.lowest <= score <= criterion.highest}
    criterion.examples.exclude(score__in=kept).delete()
    LevelExample.objects.bulk_create(
        [LevelExample(criterion=criterion, score=score, text=text) for score, text in kept.items()],
        update_conflicts=True,
        unique_fields=["criterion", "score"],
        update_fields=["text"],
    )


def _rows(competition: Competition, model: type[Any]) -> list[Any]:
    return list(model.objects.filter(competition=competition))


def _number(rows: list[Any]) -> None:
    for position, row in enumerate(rows, 1):
        row.position = position
    if rows:
        type(rows[0]).objects.bulk_update(rows, ["position"])


def _name(model: type[Any]) -> str:
    return str(model._meta.model_name)
