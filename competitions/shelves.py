"""What the front page and the search show of competitions: those that take entries, and plans of the library."""

from datetime import datetime

from cluster_portal.search import found
from competitions.concealing import conceal
from competitions.entry_words import stages_in_words
from competitions.models import Competition, Plan
from competitions.words import countdown_of, standing_of
from members.audience import audience_in_words

MOST, MOST_FOUND = 3, 10


def contests_open_at(at: datetime) -> list[Competition]:
    """The competitions that take entries, the next deadline first, with what their cards say."""
    rows = list(Competition.objects.open_at(at).by_phase(at).select_related("host").prefetch_related("regions")[:MOST])
    for it in rows:
        it.standing, it.countdown, it.audience = standing_of(it, at), countdown_of(it, at), audience_in_words(it)
    return rows


def newest_plans() -> list[Plan]:
    """The plans that joined the library last, with what their cards say."""
    rows = list(Plan.objects.public().for_lists()[:MOST])
    conceal((it.entry for it in rows), "tools")
    for it in rows:
        it.stages = stages_in_words(it.entry)
    return rows


def found_plans(query: str) -> list[Plan]:
    """The plans that a search over everything finds, the best match first."""
    rows = list(found(Plan.objects.public().select_related("entry"), query)[:MOST_FOUND])
    conceal(it.entry for it in rows)
    return rows
