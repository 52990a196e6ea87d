"""What a coordinator or superuser who judges in a blind competition does not see until its results are out.

Everything that says who entered: entries, authorships, files, reviews (of others too), and whatever is about them or
about the competition, to whose authors mail goes. And that an author made somebody known, to ask them to be one too.
"""

from typing import Any

from django.db.models import QuerySet

from cluster_portal.hooks import register_blind
from cluster_portal.models import AuditEntry
from competitions.models import Authorship, Competition, Entry, EntryFile, Review
from competitions.models.entries import judged_blindly_by


def hidden_while_judging(person: Any) -> dict[str, QuerySet]:
    """By model, what somebody in a jury must not see in whatever list: its public ids, or keys where it has none."""
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
    hidden = {model._meta.label_lower: found.order_by().values("public_id") for model, found in rows.items()}
    return hidden | {AuditEntry._meta.label_lower: _made_known(judged).order_by().values("pk")}


def _made_known(judged: list[int]) -> QuerySet:
    """The lines of the audit by which authors made those known whom they ask to be authors: such a line names both."""
    asked = Authorship.objects.filter(entry__competition__in=judged, invited_by__isnull=False).order_by()
    return AuditEntry.objects.filter(
        verb="members.person.enter",
        actor__in=asked.values("invited_by__public_id"),
        object_id__in=asked.values("person__public_id"),
    )


register_blind(hidden_while_judging)
