"""The workers are asked to arrange a large intake, or to ask for it just as it was shown."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from cluster_portal.long_work import begin_long_work
from cluster_portal.models import LongWork
from members.models import Person
from mentorship.candidates import open_requests

ARRANGE = "mentorship.arrange"


@transaction.atomic
def begin_arranging(
    by: Person, pinned: Mapping[str, str], left: Sequence[str], digest: str = "", asks: bool = False
) -> LongWork:
    """Begin to look at all open requests of a coordinator; or, with what was shown (`digest`), to ask for them."""
    count = open_requests(by).count()
    work = begin_long_work(ARRANGE, by, count, pinned=dict(pinned), left=list(left), digest=digest, asks=asks)
    about = LongWork.objects.filter(kind=ARRANGE, about_model=work.about_model, about_id=work.about_id)
    about.exclude(pk=work.pk).delete()  # what was found before is old
    return work
