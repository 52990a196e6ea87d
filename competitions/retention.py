"""How long competitions keep what nobody needs any more: lines of the table in members/retention.py."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from cluster_portal.hooks import register_periods
from cluster_portal.models import Upload
from cluster_portal.uploads import erase_uploads
from competitions.models import Competition, DeclaredConflict, Entry, EntryFile, Review, Step, UsedTool
from members.retention import Period

LEFT_DAYS, CONFLICT_DAYS, JURY_DAYS = 365, 365, 1095
EMPTY = {"abstract": "", "objectives": "", "risks": "", "materials": ""}


def periods() -> Iterator[Period]:
    """Drafts that were left, conflicts of interest, what jurors said to each other."""
    yield Period(
        "left_entries",
        _("Lesson plans that were never handed in or were withdrawn, after their competition"),
        _("Their texts and files are deleted."),
        days=LEFT_DAYS,
        overdue=_left_entries,
        end=empty_entries,
    )
    yield Period(
        "declared_conflicts",
        _("Conflicts of interest that jurors declared, after the results"),
        _("They are deleted."),
        days=CONFLICT_DAYS,
        overdue=_old_conflicts,
        end=_delete,
    )
    yield Period(
        "jury_comments",
        _("What jurors wrote for the jury only, after the results"),
        _("It is deleted; scores, and what they wrote for the authors, stay."),
        days=JURY_DAYS,
        overdue=_old_comments,
        end=_empty_comments,
    )


def _ended(before: datetime, name: str = "competition") -> Q:
    """Of competitions that were decided or cancelled before an instant."""
    states = [Competition.State.CONCLUDED, Competition.State.CANCELLED]
    return Q(**{f"{name}__state__in": states, f"{name}__state_since__lt": before})


def _left_entries(before: datetime) -> QuerySet:
    left = Entry.objects.filter(state__in=[Entry.State.DRAFT, Entry.State.WITHDRAWN])
    texts = Q(steps__isnull=False) | Q(tools__isnull=False) | Q(files__isnull=False)
    for name in EMPTY:
        texts |= ~Q(**{name: ""})
    return left.filter(_ended(before), pk__in=Entry.objects.filter(texts).order_by().values("pk"))


def empty_entries(entries: list[Entry], **also: str) -> None:
    """Delete what stands in these entries, their steps, tools and files; `also` names more texts and what is left."""
    keys = [it.pk for it in entries]
    files = EntryFile.objects.filter(entry__in=keys)
    uploads = list(files.values_list("upload", flat=True))
    files.delete()
    erase_uploads(Upload.objects.filter(pk__in=uploads))
    Step.objects.filter(entry__in=keys).delete()
    UsedTool.objects.filter(entry__in=keys).delete()
    Entry.objects.filter(pk__in=keys).update(**EMPTY, **also)


def _old_conflicts(before: datetime) -> QuerySet:
    return DeclaredConflict.objects.filter(_ended(before, "juror__competition"))


def _old_comments(before: datetime) -> QuerySet:
    said = Review.objects.exclude(for_jury="", withdrawn_because="")
    return said.filter(_ended(before, "juror__competition"))


def _delete(conflicts: list[DeclaredConflict]) -> None:
    DeclaredConflict.objects.filter(pk__in=[it.pk for it in conflicts]).delete()


def _empty_comments(reviews: list[Review]) -> None:
    Review.objects.filter(pk__in=[it.pk for it in reviews]).update(for_jury="", withdrawn_because="")


register_periods(periods)
