"""Whom an action would mail about a competition, before anybody is mailed."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from cluster_portal.models import OutboxMail
from competitions.actions.entries import lock_competition
from competitions.models import Authorship, Competition, Juror


def mailed_by(competition: Competition, action: Callable[..., Any], *args: Any, **facts: Any) -> list[tuple[str, int]]:
    """Who in words, and how many people: the action happens, the mails that it queues are counted, and it is undone."""
    with transaction.atomic():
        lock_competition(competition)
        last = OutboxMail.objects.aggregate(last=Max("pk"))["last"] or 0
        action(*args, **facts)
        mails = OutboxMail.objects.filter(pk__gt=last, about_id__in=_about(competition))
        readers = set(mails.values_list("to", flat=True))
        transaction.set_rollback(True)
    authors = set(Authorship.objects.filter(entry__competition=competition).values_list("person", flat=True))
    jurors = set(Juror.objects.filter(competition=competition).values_list("person", flat=True))
    return list(Counter(_who(reader, authors, jurors) for reader in sorted(readers)).items())


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
