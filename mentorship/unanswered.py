"""Teachers who have not said yet whether they agree to the mentor who said yes."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from members.models import Institution, Person
from members.unanswered import Unanswered, register_unanswered
from mentorship.models import Pairing


def agreements(institution: Institution, reader: Person) -> Iterator[Unanswered]:
    """Of the requests of an institution, those that wait for its teacher; the mentor is not named."""
    waiting = Pairing.objects.filter(state=Pairing.State.ACCEPTED, request__affiliation__institution=institution)
    for it in waiting.select_related("request__by").order_by("pk"):
        what = _("Whether they agree to a mentor: %(title)s") % {"title": it.request.title}
        yield Unanswered(it.request.by.full_name, what, it.state_since, it.request.by.address)


register_unanswered(agreements)
