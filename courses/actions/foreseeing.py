"""What an action would do, before anybody is mailed."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import transaction

from courses.actions.locks import lock_run
from courses.models import Enrolment, Run

SERVED = [Enrolment.State.OFFERED, Enrolment.State.CONFIRMED]


def served_after(run: Run, action: Callable[..., Any], *args: Any, **facts: Any) -> Counter[str]:
    """To how many people an action would offer a place of a run, and for how many it would make one certain.

    The action happens, its news are counted by state, and it is undone.
    """
    served = Enrolment.objects.filter(run=run.pk, state__in=SERVED).order_by()
    with transaction.atomic():
        lock_run(run)
        before = dict(served.values_list("pk", "state"))
        action(*args, **facts)
        news = Counter(state for pk, state in served.values_list("pk", "state") if before.get(pk) != state)
        transaction.set_rollback(True)
    return news
