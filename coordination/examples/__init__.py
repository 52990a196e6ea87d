"""The example partnerships: `load_example` fills an empty portal with one of them."""

from collections.abc import Callable
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from cluster_portal.moves import Refused
from coordination.examples import consortium, it_cube, petrogradsky
from members.models import Cluster, Person

EXAMPLES: dict[str, Callable[[date], None]] = {
    "petrogradsky": petrogradsky.load,
    "it-cube": it_cube.load,
    "consortium": consortium.load,
}


@transaction.atomic
def load_example(name: str, today: date, language: str = "en") -> bool:
    """Fill an empty portal with an example as of `today`, told in a language; False when it is there already.

    Raises Refused when the database holds real people, or another example.
    """
    real = Person.objects.filter(~Q(email__endswith="@example.org") & Q(email__isnull=False), is_superuser=False)
    if real.exists():
        raise Refused(_("This database holds real people. Load an example into an empty one."))
    known = Cluster.objects.first()
    if known is not None:
        if known.example == name:
            return False
        raise Refused(_("This database holds another cluster already. Start with an empty one (another STATE)."))
    with override(language):
        EXAMPLES[name](today)
    Cluster.objects.update(example=name)
    return True
