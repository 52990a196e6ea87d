"""A page of a roster: thousands are sorted by the database, fifty of them are fetched and numbered here."""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

from django.core.paginator import Page, Paginator
from django.db.models import Count

from courses.models import Enrolment, Run

PER_PAGE = 50
State = Enrolment.State
Line = tuple[int, str, int]


def roster_page(run: Run, number: str | None) -> Page:
    """A page of who is in a run and who waits, each enrolment with its `number` in its list or queue."""
    counts = dict(run.enrolments.live().order_by().values_list("state").annotate(Count("pk")))
    paginator = Paginator(run.enrolments.on_roster(), PER_PAGE)
    paginator.count = sum(counts.values())  # Django would count once more
    page = paginator.get_page(number)
    numbers = _numbers_of(run, page.object_list, page.start_index() - 1, counts)
    page.object_list = list(Enrolment.objects.filter(pk__in=numbers).for_roster())
    for it in page:
        it.run, it.number = run, numbers[it.pk]
    return page


def _numbers_of(run: Run, lines: Sequence[Line], before: int, counts: dict[str, int]) -> dict[int, int]:
    """The number of each line, by its key: in the queue of its pool, else among those in its state.

    `before` is how many lines stand on earlier pages.
    """
    lengths = [counts.get(state, 0) for state in Enrolment.ROSTER]
    starts = dict(zip(Enrolment.ROSTER, accumulate(lengths[:-1], initial=0), strict=True))
    queue = starts[State.WAITING]
    earlier = run.enrolments.on_roster().values_list("pool", flat=True)[queue:before] if before > queue else []
    in_queue, numbers = Counter(earlier), {}
    for place, (key, state, pool) in enumerate(lines, start=before + 1):
        if state == State.WAITING:
            in_queue[pool] += 1
        numbers[key] = in_queue[pool] if state == State.WAITING else place - starts[state]
    return numbers
