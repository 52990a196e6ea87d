"""What guardians see of competitions on the pages of their children."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from cluster_portal.hooks import ChildPart, ChildRow, GuardianPage, register_child_parts
from cluster_portal.tones import tone_of
from competitions.entering import deadline_in_words
from competitions.models import Authorship, Entry


def lesson_plans(page: GuardianPage) -> Iterator[ChildPart]:
    """The entries of which each child is an author, and how they stand; what stands in them is the child's own."""
    rows = Authorship.objects.confirmed().filter(person__in=page.children).exclude(entry__state=Entry.State.WITHDRAWN)
    found: dict[int, list[ChildRow]] = {}
    for it in rows.select_related("entry__competition").order_by("-entry"):
        found.setdefault(it.person_id, []).append(_row(it.entry))
    for child, theirs in found.items():
        yield ChildPart(child, _("Lesson plans"), theirs)


def _row(entry: Entry) -> ChildRow:
    notes = [entry.competition.title]
    if entry.state == Entry.State.DRAFT:
        notes.append(_("To be handed in until %(when)s") % {"when": deadline_in_words(entry.competition)})
    word, tone = entry.get_state_display(), tone_of(entry.state)
    return ChildRow(str(entry), entry.competition.get_absolute_url(), notes, word, tone)


register_child_parts(lesson_plans)
