"""Who looked at a child's record, in words: for the guardians, and for the child."""

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext_lazy

from members.models import Affiliation, Coordinator, Guardianship, Person, RecordView

# What actions.note_view is told → what the page is called.
PAGES = {
    "birth date": _lazy("Birth date"),
    "child consent": _lazy("Consents of the child, for the teacher"),
    "children": _lazy("The list of one’s children"),
    "class": pgettext_lazy("a group of students", "The class list"),
    "class consent": _lazy("Consents of the class"),
    "conflicts": _lazy("Consents on which guardians disagree"),
    "consent": _lazy("Consents"),
    "desk person": _lazy("Student"),
    "erasure request": _lazy("A request to erase the child"),
    "slips": _lazy("Printed consent slips"),
    "student": _lazy("Student"),
    "telephone": _lazy("Whom to telephone"),
    "unanswered": _lazy("Who has not answered"),
}


def views_of(child: Person) -> QuerySet:
    """The views of a child's record, the newest first, each with where its viewer belongs and in which role."""
    roles = Affiliation.objects.active().filter(person__public_id=OuterRef("viewer")).order_by("pk")
    coordinates = Coordinator.objects.now().filter(person__public_id=OuterRef("viewer")).order_by("pk")
    guards = Guardianship.objects.filter(guardian__public_id=OuterRef("viewer"), child=child)
    return RecordView.objects.filter(child__in=child.selves).annotate(
        role=Subquery(roles.values("role")[:1]),
        institution=Subquery(roles.values("institution__name")[:1]),
        coordinates=Subquery(coordinates.values("pk")[:1]),
        guards=Subquery(guards.values("pk")[:1]),
    )


def with_words(views: list[RecordView]) -> list[RecordView]:
    """Give each view the name and role of who looked, and what the page is called."""
    people = {it.public_id: it for it in Person.objects.filter(public_id__in={it.viewer for it in views})}
    for it in views:
        it.who = people[it.viewer].full_name if it.viewer in people else _("Erased person")
        it.as_what = _role(it)
        it.where = PAGES.get(it.page, it.page)
    return views


def _role(it: RecordView) -> str:
    if it.guards:
        return _("guardian")
    if it.role:
        return f"{Affiliation.Role(it.role).label}, {it.institution}"
    return _("coordinator") if it.coordinates else ""
