"""A large intake is arranged by the workers. What they found is kept with the work, as keys, and shown from there."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.hooks import LongWorkKind, register_long_work
from cluster_portal.models import LongWork
from cluster_portal.moves import Refused
from members.models import Person
from mentorship.actions.arranging import ARRANGE
from mentorship.actions.matching import Intake, intake_for, propose_all, read_for
from mentorship.candidates import mentors_to_ask, open_requests
from mentorship.matching import Wall, walls

LARGE = 200 * 50  # so many pairs of a request and a mentor are looked at while a page waits
CHOICES = 6
NEWS = timedelta(hours=1)
WHOLE = 1_000_000  # an arrangement is one step: half of it is none


@dataclass(frozen=True)
class Line:
    """What the desk says of one request: whom it would get, who is nearest, how many fit, or would with a place."""

    mentor: str
    near: list[str]
    fit: int
    full: int


@dataclass(frozen=True)
class Arranged:
    """An intake as it was arranged, a line for each request, and the digest by which it is asked for."""

    found: Intake
    lines: Mapping[str, Line]
    digest: str


def is_large(person: Person) -> bool:
    """Whether the open requests of a coordinator take longer than a page may."""
    return open_requests(person).count() * mentors_to_ask().count() > LARGE


def arranged(found: Intake) -> Arranged:
    """An intake with what its page says."""
    return Arranged(found, {key: _line(found, key) for key in found.requests}, found.digest)


def _line(found: Intake, request: str) -> Line:
    near, chosen = found.nearest(request), found.pairs.get(request, "")
    says_full = not near and not chosen and request not in found.left
    full = sum(walls(found.needs[request], it) == [Wall.FULL] for it in found.offers.values()) if says_full else 0
    return Line(chosen, near[:CHOICES], len(near), full)


def work_of(person: Person) -> LongWork | None:
    """The arranging for which a coordinator asked last, which may be under way."""
    about = LongWork.objects.filter(kind=ARRANGE, about_model=person._meta.label_lower, about_id=person.public_id)
    return about.order_by("-pk").first()


def _is_news(work: LongWork) -> bool:
    return work.ended_at is not None and work.ended_at > now() - NEWS


def result_of(work: LongWork | None) -> LongWork | None:
    """Work that has asked, or could not, a short while ago; `asked` is for how many requests."""
    if work is None or not _is_news(work):
        return None
    work.asked = work.options.get("asked", 0)  # type: ignore[attr-defined]
    return work


def kept_in(work: LongWork, by: Person) -> Arranged | None:
    """What was found a short while ago, without requests that are not open and mentors who are none any more."""
    kept = work.options.get("lines")
    if kept is None or not _is_news(work):
        return None
    requests, mentors, needs, offers = read_for(by)
    lines = {key: Line(**line) for key, line in kept.items() if key in requests}
    pairs = {key: line.mentor for key, line in lines.items() if line.mentor in mentors}
    requests = {key: it for key, it in requests.items() if key in lines}
    left = frozenset(work.options["left"])
    found = Intake(pairs, work.options["pinned"], left, requests, mentors, needs, offers, {})
    return Arranged(found, lines, work.options["digest"])


class Arranging:
    """One look at all open requests of a coordinator, or asking for them just as they were shown: all or nothing."""

    def __init__(self, work: LongWork):
        by = Person.objects.active().filter(public_id=work.about_id).first()
        if by is None or not by.is_coordinator:
            raise Refused(_("Whoever asked for this does not coordinate here any more."))
        self.work, self.by = work, by

    def do(self, since: int, until: int) -> None:
        wanted = self.work.options
        if wanted["asks"]:
            result = {"asked": propose_all(self.by, wanted["digest"], wanted["pinned"], wanted["left"])}
        else:
            it = arranged(intake_for(self.by, wanted["pinned"], wanted["left"]))
            lines = {key: asdict(line) for key, line in it.lines.items()}
            result = {"lines": lines, "digest": it.digest, "pinned": it.found.pinned, "left": sorted(it.found.left)}
            result["dropped"] = len(wanted["pinned"].keys() & it.found.requests.keys() - it.found.pinned.keys())
        LongWork.objects.filter(pk=self.work.pk).update(options=wanted | result)

    def finish(self) -> None:
        """Nothing follows: the page shows what was found."""


register_long_work(LongWorkKind(ARRANGE, Arranging, step=WHOLE))
