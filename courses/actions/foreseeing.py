"""What an action would do, before anybody is mailed."""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from courses.actions.locks import lock_run
from courses.models import Enrolment, Run


def offers_after(run: Run, action: Callable[..., Any], *args: Any, **facts: Any) -> int:
    """To how many people an action would offer a place of a run: it happens, is counted, and is undone."""
    offered = Enrolment.objects.filter(run=run.pk, state=Enrolment.State.OFFERED)
    with transaction.atomic():
        lock_run(run)
        before = list(offered.values_list("pk", flat=True))
        action(*args, **facts)
        new = offered.exclude(pk__in=before).count()
        transaction.set_rollback(True)
    return new
