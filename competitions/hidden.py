"""What a coordinator or superuser who judges in a blind competition does not see until its results are out.

Everything that says who entered: entries, authorships, files, reviews (of others too), and whatever is about them or
about the competition, to whose authors mail goes.
"""

from typing import Any

from django.db.models import QuerySet

from cluster_portal.hooks import register_blind
from competitions.models import Authorship, Competition, Entry, EntryFile, Review
from competitions.models.entries import judged_blindly_by


def hidden_while_judging(person: Any) -> dict[str, QuerySet]:
    """By model, the public ids of what somebody in a jury must not see, in whatever list."""
    judged = list(judged_blindly_by(person).values_list("competition", flat=True))
    if not judged:
        return {}
    rows = {
        Competition: Competition.objects.filter(pk__in=judged),
        Entry: Entry.objects.filter(competition__in=judged),
        Authorship: Authorship.objects.filter(entry__competition__in=judged),
        EntryFile: EntryFile.objects.filter(entry__competition__in=judged),
        Review: Review.objects.filter(entry__competition__in=judged),
    }
    return {model._meta.label_lower: found.order_by().values("public_id") for model, found in rows.items()}


register_blind(hidden_while_judging)
