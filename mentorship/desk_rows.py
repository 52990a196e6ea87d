"""What this app puts on a coordinator's desk. Others of this app add their rows by `register_row`."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import chain

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.hooks import DeskRow, register_desk_rows
from members.models import Cluster, Person
from mentorship.models import Mentor, MentorRequest

CLEARANCE_ENDS_IN = timedelta(days=30)
Rows = Callable[[Person], Iterable[DeskRow]]
_rows: list[Rows] = []


def register_row(rows: Rows) -> None:
    """`rows(person)` yields lines for the desk of a coordinator, here and on the overview of mentorship."""
    _rows.append(rows)


def rows_of(person: Person) -> Iterable[DeskRow]:
    """Everything in mentorship that waits for somebody; nothing for who coordinates nothing."""
    return chain.from_iterable(rows(person) for rows in _rows) if person.is_coordinator else []


def offers(person: Person) -> Iterator[DeskRow]:
    """Who offers to mentor and waits for an answer."""
    waiting = Mentor.objects.kept_by(person).waiting().order_by()
    found = waiting.aggregate(count=Count("pk"), since=Min("state_since"), one=Min("public_id"))
    if n := found["count"]:
        text = ngettext("person offers to mentor", "people offer to mentor", n)
        one = reverse("mentorship:desk_mentor", args=[found["one"]])
        url = one if n == 1 else reverse("mentorship:desk_mentors")
        yield DeskRow(text, n, found["since"], url, _("Answer"))


def risen(person: Person) -> Iterator[DeskRow]:
    """Requests that nobody answered in time."""
    rows = MentorRequest.objects.kept_by(person).risen().order_by()
    found = rows.aggregate(count=Count("pk"), since=Min("risen_at"), one=Min("public_id"))
    if n := found["count"]:
        text = ngettext(
            "request for a mentor was not answered in time", "requests for a mentor were not answered in time", n
        )
        yield DeskRow(text, n, found["since"], _request_or_list(found["one"], n), _("Find a mentor"))


def seeking(person: Person) -> Iterator[DeskRow]:
    """Other requests for which a mentor is sought."""
    rows = MentorRequest.objects.kept_by(person).open().filter(risen_at=None).order_by()
    found = rows.aggregate(count=Count("pk"), since=Min("state_since"), one=Min("public_id"))
    if n := found["count"]:
        text = ngettext("teacher seeks a mentor", "teachers seek a mentor", n)
        yield DeskRow(text, n, found["since"], _request_or_list(found["one"], n), _("Find a mentor"))


def clearances(person: Person) -> Iterator[DeskRow]:
    """Mentors whose clearance for work with minors is over or ends soon."""
    soon = Cluster.current().today() + CLEARANCE_ENDS_IN
    rows = Mentor.objects.kept_by(person).clearance_ends_by(soon).order_by()
    found = rows.aggregate(count=Count("pk"), one=Min("public_id"))
    if n := found["count"]:
        text = ngettext(
            "mentor has a clearance that ends within 30 days, or has ended",
            "mentors have a clearance that ends within 30 days, or has ended",
            n,
        )
        one = reverse("mentorship:desk_mentor", args=[found["one"]])
        url = one if n == 1 else reverse("mentorship:desk_mentors")
        yield DeskRow(text, n, None, url, _("Note the new one"))


def _request_or_list(one: str, count: int) -> str:
    return reverse("mentorship:request", args=[one]) if count == 1 else reverse("mentorship:desk_requests")


for rows in (offers, risen, seeking, clearances):
    register_row(rows)
register_desk_rows(rows_of)
