"""Who looked at a child's record, in words: for the guardians, and for the child."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext_lazy

from members.models import Affiliation, Coordinator, Guardianship, Person, RecordView

# What actions.note_view is told → what the page is called.
PAGES = {
    "approvals": _lazy("Who waits for approval in a course"),
    "attendance": _lazy("The attendance of a session"),
    "birth date": _lazy("Birth date"),
    "address": _lazy("The address to write to"),
    "certificates": _lazy("Certificates of a course"),
    "child consent": _lazy("Consents of the child, for the teacher"),
    "children": _lazy("The list of one’s children"),
    "class": pgettext_lazy("a group of students", "The class list"),
    "class consent": _lazy("Consents of the class"),
    "class list": _lazy("A class list on its way in"),
    "copy": _lazy("A copy of all data, for somebody who asked by letter"),
    "conflicts": _lazy("Consents on which guardians disagree"),
    "consent": _lazy("Consents"),
    "desk people": _lazy("The list of people"),
    "desk person": _lazy("Student"),
    "erase": _lazy("What would be erased"),
    "erasure request": _lazy("A request to erase the child"),
    "duplicates": _lazy("People who are probably here twice"),
    "final work": _lazy("A final work"),
    "final works": _lazy("Final works to read"),
    "rights lost": _lazy("Who has lost the right to be in a course"),
    "run roster": _lazy("Who is in a course"),
    "search": _lazy("The search of the whole portal"),
    "slip": _lazy("A signed consent slip"),
    "slips": _lazy("Printed consent slips"),
    "student": _lazy("Student"),
    "telephone": _lazy("Whom to telephone"),
    "unanswered": _lazy("Who has not answered"),
}


def views_of(child: Person) -> QuerySet:
    """The views of a child's record, the newest first."""
    return RecordView.objects.filter(child__in=child.selves)


def with_words(views: list[RecordView], child: Person) -> list[RecordView]:
    """Give each view the name and role of who looked, and what the page is called."""
    viewers = _viewers(views)
    roles = _roles_of({person.pk for person in viewers.values()}, child)
    for it in views:
        person = viewers.get(it.viewer)
        it.who = person.full_name if person else _("Erased person")
        it.as_what = roles.get(person.pk, "") if person else ""
        it.where = PAGES.get(it.page, it.page)
    return views


def _viewers(views: list[RecordView]) -> dict[str, Person]:
    """Who looked, by the number of then: whoever was found twice meanwhile is the one who is kept."""
    found = {it.public_id: it for it in Person.objects.filter(public_id__in={it.viewer for it in views})}
    while gone := {it.merged_into_id for it in found.values() if it.merged_into_id is not None}:
        kept = Person.objects.in_bulk(gone)
        found = {number: kept.get(it.merged_into_id, it) for number, it in found.items()}
    return found


def _roles_of(people: set[int], child: Person) -> dict[int, str]:
    """What each of these people (by key) is today: a guardian, else of an institution, else a coordinator."""
    coordinates = Coordinator.objects.now().filter(person__in=people).values_list("person", flat=True)
    roles = dict.fromkeys(coordinates, _("coordinator"))
    there = Affiliation.objects.active().filter(person__in=people).select_related("institution").order_by("-pk")
    roles |= {it.person_id: f"{it.get_role_display()}, {it.institution.name}" for it in there}
    guards = Guardianship.objects.filter(guardian__in=people, child=child).values_list("guardian", flat=True)
    return roles | dict.fromkeys(guards, _("guardian"))
