"""What a coordinator or superuser who judges blindly, or competes, does not see until the results are out.

Everything that says who entered, and who judges: entries, authorships, files, jurors, reviews, and whatever is about
them or about the competition, to whose authors and jurors mail goes. Their own stays theirs.
"""

from typing import Any

from django.db.models import QuerySet

from cluster_portal.hooks import register_blind
from competitions.models import Authorship, Competition, Entry, EntryFile, Juror, Review
from competitions.models.entries import competed_in_by, judged_blindly_by


def hidden_while_judging(person: Any) -> dict[str, QuerySet]:
    """By model, the public ids of what somebody in a jury must not see, in whatever list."""
    both = judged_blindly_by(person).union(competed_in_by(person))
    hidden = [pk for (pk,) in both.values_list("competition")]
    if not hidden:
        return {}
    others = Entry.objects.filter(competition__in=hidden).exclude(pk__in=Entry.objects.written_by(person))
    rows = {
        Competition: Competition.objects.filter(pk__in=hidden),
        Entry: others,
        Authorship: Authorship.objects.filter(entry__in=others),
        EntryFile: EntryFile.objects.filter(entry__in=others),
        Juror: Juror.objects.filter(competition__in=hidden).exclude(person=person),
        Review: Review.objects.filter(entry__competition__in=hidden),
    }
    return {model._meta.label_lower: found.order_by().values("public_id") for model, found in rows.items()}


register_blind(hidden_while_judging)
