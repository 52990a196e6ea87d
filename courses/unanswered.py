"""Who has not said yet whether they take the place that is offered to them."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from courses.models import Enrolment
from members.consent import children_among
from members.models import Institution, Person
from members.readers import readers_of
from members.unanswered import Unanswered, register_unanswered


def offers(institution: Institution, reader: Person) -> Iterator[Unanswered]:
    """Places offered to people of an institution: of a child, everybody who reads the offer owes the answer."""
    rows = list(Enrolment.objects.offered_in(institution))
    people = {it.person_id: it.person for it in rows}
    readers, children = readers_of(people.values()), set(children_among(people))
    for it in rows:
        child = it.person_id if it.person_id in children else None
        what = _("Offered place for %(name)s: %(run)s") if child else _("Offered place: %(run)s")
        said = what % {"name": it.person.full_name, "run": it.run}
        for one in readers[it.person_id] or [it.person]:
            yield Unanswered(one.full_name, said, it.state_since, one.address, child)


register_unanswered(offers)
