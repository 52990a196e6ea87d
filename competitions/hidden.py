"""What a coordinator or superuser who judges blindly, or competes, does not see until the results are out.

Everything that says who entered, and who judges: entries, authorships, files, jurors, reviews, and whatever is about
them or about the competition, to whose authors and jurors mail goes. And that an author made somebody known, to ask
them to be one too. Their own stays theirs.
"""

from typing import Any

from django.db.models import QuerySet

from cluster_portal.hooks import register_blind
from cluster_portal.models import AuditEntry
from competitions.models import Authorship, Competition, Entry, EntryFile, Juror, Review


def hidden_while_judging(person: Any) -> dict[str, QuerySet]:
    """By model, what somebody in a jury must not see in whatever list: its public ids, or keys where it has none."""
    blind = list(Competition.objects.closed_to(person).order_by().values_list("pk", flat=True))
    if not blind:
        return {}
    others = Entry.objects.filter(competition__in=blind).exclude(pk__in=Entry.objects.written_by(person))
    rows = {
        Competition: Competition.objects.filter(pk__in=blind),
        Entry: others,
        Authorship: Authorship.objects.filter(entry__in=others),
        EntryFile: EntryFile.objects.filter(entry__in=others),
        Juror: Juror.objects.filter(competition__in=blind).exclude(person=person),
        Review: Review.objects.filter(entry__competition__in=blind),
    }
    hidden = {model._meta.label_lower: found.order_by().values("public_id") for model, found in rows.items()}
    return hidden | {AuditEntry._meta.label_lower: _made_known(others).order_by().values("pk")}


def _made_known(entries: QuerySet) -> QuerySet:
    """The lines of the audit by which authors made those known whom they ask to be authors: such a line names both."""
    asked = Authorship.objects.filter(entry__in=entries, invited_by__isnull=False).order_by()
    return AuditEntry.objects.filter(
        verb="members.person.enter",
        actor__in=asked.values("invited_by__public_id"),
        object_id__in=asked.values("person__public_id"),
    )


register_blind(hidden_while_judging)
