"""What every example is built of: a cluster, agreements signed on paper long ago, runs with people in them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils.timezone import localdate, now
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from cluster_portal.moves import make_move
from cluster_portal.uploads import keep_upload
from coordination.examples import people
from courses import actions as courses
from courses.models import Attendance, Course, Enrolment, Pool, Run, Session
from members import actions as members
from members.models import Affiliation, Agreement, Clause, Cluster, Institution, Party, Person

TEACHERS = [Affiliation.Role.HEAD, Affiliation.Role.CONTACT, Affiliation.Role.TEACHER, Affiliation.Role.STAFF]
SEASONS = [
    gettext_lazy("winter %(year)s"),
    gettext_lazy("spring %(year)s"),
    gettext_lazy("summer %(year)s"),
    gettext_lazy("autumn %(year)s"),
]
Clauses = Sequence[tuple[str, Any, str]]


def found_cluster(name: str, about: str, hue: int) -> Cluster:
    """The cluster itself, in the language in which the example is told."""
    return Cluster.objects.create(
        pk=1,
        name=name,
        about=about,
        hue=hue,
        time_zone="Europe/Moscow",
        language=get_language() or settings.LANGUAGE_CODE,
        country="RU",
        contact_email="coordinator@example.org",
    )


def long_ago(today: date) -> date:
    """The day on which things began, whatever day the example is loaded for."""
    return min(today, localdate()) - timedelta(days=240)


def conclude_on_paper(
    day: date,
    parties: Iterable[Institution],
    clauses: Clauses,
    covered: Mapping[Institution, tuple[list[Institution], str]] | None = None,
    **facts: Any,
) -> Agreement:
    """An agreement that all parties signed on a day, the first of them leading.

    `covered`: whom a party brings with it, and the document that says so.
    """
    agreement = Agreement.objects.create(valid_from=day, **facts)
    Clause.objects.bulk_create(Clause(agreement=agreement, number=n, text=str(t), right=r) for n, t, r in clauses)
    text = "\n\n".join(f"{number}. {sentence}" for number, sentence, _right in clauses)
    agreement.text = keep_upload(ContentFile(text.encode(), f"{agreement.title}.txt"), agreement, by=None)
    agreement.save()
    roles = [Party.Role.LEAD]
    for institution in parties:
        Party.objects.create(agreement=agreement, institution=institution, role=roles.pop() if roles else "party")
    members.open_agreement(agreement, by=None)
    for party in agreement.parties.select_related("institution"):
        signer = _("Head of %(institution)s") % {"institution": party.institution}
        members.record_signature(party, day, signer, by=None)
        brought, document = (covered or {}).get(party.institution, ([], ""))
        members.cover_institutions(party, brought, day, None, document, by=None)
    members.conclude_agreement(agreement, by=None)
    return agreement


def affiliate_cast(
    cast: Mapping[str, Person], places: Mapping[str, tuple[Institution, str]], since: date
) -> dict[str, Affiliation]:
    """Let the people of a demonstration belong where their part is; nobody, where there are none."""
    found = {name: where for name, where in places.items() if name in cast}
    return {name: people.affiliate(cast[name], *where, since) for name, where in found.items()}


def describe_course(title: str, kind: str, **facts: Any) -> Course:
    """A course that is taught in the language in which the example is told."""
    return courses.create_course(by=None, title=title, kind=kind, language=Cluster.current().language, **facts)


def prepare_run(course: Course, today: date, first: date, places: dict[str, int], by: Person | None, **facts) -> Run:
    """A draft whose enrolment opened two weeks ago and closes on the eve of its first day."""
    zone = Cluster.current().zone
    known = {
        "title": season(first),
        "time_zone": "Europe/Moscow",
        "enrol_from": datetime.combine(today - timedelta(days=14), time(9), tzinfo=zone),
        "enrol_until": datetime.combine(first - timedelta(days=1), time(18), tzinfo=zone),
        "roles": TEACHERS,
    }
    return courses.create_run(course, by=by, places=places, **known | facts)


def write_session(run: Run, day: date, begins: time, ends: time, places: int = 0, **words: Any) -> Session:
    """A session by the clock of its run; with places in the room of its own it is one that people choose.

    It is written down without its action, which refuses days that have been: `today` may be any day.
    """
    starts_at, ends_at = (datetime.combine(day, at, tzinfo=run.zone) for at in (begins, ends))
    session = Session.objects.create(run=run, starts_at=starts_at, ends_at=ends_at, **words)
    if places:
        Pool.objects.create(session=session, sort=Pool.Sort.ROOM, places=places)
    return session


def open_run(run: Run, by: Person | None, people_in: Iterable[tuple[Person, str]]) -> None:
    """Publish a run and enrol people, each into places of a sort; its enrolment dates are put aside meanwhile,
    because `today` may be any day. Nobody is in a run that is over by the real clock: the portal would refuse them.
    """
    opens, closes = run.enrol_from, run.enrol_until
    make_move(run, "publish", by=by)
    if run.is_over_at(now()):
        return
    Run.objects.filter(pk=run.pk).update(enrol_from=now() - timedelta(days=1), enrol_until=now() + timedelta(days=1))
    pools = {pool.sort: pool.public_id for pool in run.pools.all()}
    for person, sort in people_in:
        courses.enrol(run, person, by=person, pool=pools[sort])
    Run.objects.filter(pk=run.pk).update(enrol_from=opens, enrol_until=closes)


def hold_run(
    run: Run, people_in: Sequence[tuple[Person, str]], right: str, by: Person | None, missed: Callable[[int, int], bool]
) -> list[Enrolment]:
    """Let a run be over: who was in it for certain, in places of a sort, by a clause with this right.

    `missed(number, nth)`: whether that person was not in that session. All is written down without the actions, which
    refuse days that have been and would write to everybody.
    """
    make_move(run, "publish", by=by)
    pools = {pool.sort: pool for pool in run.pools.all()}
    homes = Affiliation.objects.active().filter(person__in=[person for person, _sort in people_in])
    affiliations = {it.person_id: it for it in homes}
    clause = Clause.objects.get(agreement__kind=Agreement.Kind.NETWORK, right=right)
    sure = {"run": run, "clause": clause, "state": Enrolment.State.CONFIRMED}
    enrolments = Enrolment.objects.bulk_create(
        Enrolment(pool=pools[sort], person=person, affiliation=affiliations[person.pk], **sure)
        for person, sort in people_in
    )
    for pool in pools.values():
        Pool.objects.filter(pk=pool.pk).update(taken=sum(it.pool_id == pool.pk for it in enrolments))
    Attendance.objects.bulk_create(
        Attendance(
            session=session,
            enrolment=it,
            mark=Attendance.Mark.ABSENT if missed(number, nth) else Attendance.Mark.PRESENT,
            how=Attendance.How.JOINED if it.is_online else Attendance.How.ROSTER,
            pressed_at=session.starts_at,
        )
        for nth, session in enumerate(run.sessions.all())
        for number, it in enumerate(enrolments)
    )
    make_move(run, "close", by=by)
    return enrolments


def room(number: int) -> str:
    """A room by its number."""
    return _("Room %(number)s") % {"number": number}


def next_day(day: date, weekday: int) -> date:
    """The first such day of the week, not before a day."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def season(day: date) -> str:
    """The season of a day, as runs are called: "spring 2027"."""
    return SEASONS[day.month % 12 // 3] % {"year": day.year}
