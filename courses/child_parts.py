"""What guardians see of courses on the pages of their children, and what they can do there for a child."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.hooks import ChildPart, ChildRow, GuardianPage, register_child_parts
from cluster_portal.tones import tone_of
from courses.actions.seats import why_no_seats
from courses.attendance import joining_page, ticket_path
from courses.completion import completions_of
from courses.holding import asks_for_guardian, who_has_it, why_not_after_a_no
from courses.models import Enrolment, Pool, Run, Session
from courses.opening import in_run_zone
from courses.words import when
from members.models import Cluster, Person
from members.taking_part import right_to_take_part

MOVES_OF_GUARDIANS = ("accept", "decline", "cancel")
MOST_OPEN, MOST_READ = 6, 60


def takes_part(page: GuardianPage) -> Iterator[ChildPart]:
    """Where each child is enrolled now: what is missing, and the buttons the child itself would have."""
    rows = Enrolment.objects.live().filter(person__in=page.children, run__state=Run.State.PUBLISHED)
    chosen = Exists(Pool.objects.filter(session__run=OuterRef("run")))
    rows = rows.annotate(has_choices=chosen).select_related("person", "run__course", "pool")
    rows = rows.prefetch_related("run__questions", "answers", "seats")
    sessions = Session.objects.with_own_places().order_by("starts_at", "pk")
    rows = rows if page.is_list else rows.prefetch_related(Prefetch("run__sessions", sessions))
    enrolments = list(rows.order_by("pk"))
    missing = who_has_it(enrolments, page.reader)
    sure = [] if page.is_list else [it for it in enrolments if it.state == Enrolment.State.CONFIRMED]
    for key, completion in completions_of(sure).items():
        missing[key] = [part.said for part in completion.parts]
    for child in page.children:
        theirs = [_row(page, it, missing.get(it.pk, [])) for it in enrolments if it.person_id == child.pk]
        if theirs:
            yield ChildPart(child.pk, _("Takes part in"), theirs)


def can_enrol_in(page: GuardianPage) -> Iterator[ChildPart]:
    """Runs that are open now and that this child has the right to take part in."""
    if page.is_list:
        return
    for child in page.children:
        if rows := [_open_row(page, child, run) for run in _open_for(child)]:
            yield ChildPart(child.pk, _("Open for enrolment"), rows)


def _row(page: GuardianPage, it: Enrolment, missing: list[str]) -> ChildRow:
    notes = [it.run.title, *missing]
    if it.offered_until is not None:
        notes.append(_("Answer by %(when)s.") % {"when": in_run_zone(it.run, it.offered_until)})
    if it.held_until is not None:
        notes.append(_("The place is held until %(when)s.") % {"when": in_run_zone(it.run, it.held_until)})
    if it.state == Enrolment.State.WAITING and not page.is_list:
        notes.append(_("Number %(place)s in the queue") % {"place": it.place_in_queue()})
    moves = {name: it.MOVES[name].label for name in MOVES_OF_GUARDIANS if it.state in it.MOVES[name].sources}
    return ChildRow(
        it.run.course.title,
        it.run.get_absolute_url(),
        notes,
        it.get_state_display(),
        tone_of(it.state),
        moves,
        address_on(page, "act_by_link", "act_on_enrolment", it),
        _links(page, it),
    )


def _links(page: GuardianPage, it: Enrolment) -> list[tuple[str, Any]]:
    links = []
    if it.state == Enrolment.State.CONFIRMED:
        if join := "" if page.is_list else joining_page(it):
            links.append((join, _("Join online")))
        if not it.is_online:
            links.append((ticket_path(it), _("Code for the door")))
        links += after_the_fact(page, it)
    if it.has_choices and not why_no_seats(it):
        links.append((address_on(page, "sessions_by_link", "sessions", it), _("Choose sessions")))
    if list(it.run.questions.all()):
        label = _("Change the answers") if it.answers.all() else _("Answer the questions")
        links.append((address_on(page, "answers_by_link", "answers", it), label))
    return links


def after_the_fact(page: GuardianPage, it: Enrolment) -> list[tuple[str, Any]]:
    """What stays to be read when a run is closed: how each session was marked, and what became of the final work."""
    links = [(address_on(page, "marks_by_link", "marks_of_mine", it), _("Attendance"))]
    if it.hands_in_work:
        links.append((address_on(page, "hand_in_by_link", "hand_in", it), _("Final work")))
    return links


def address_on(page: GuardianPage, by_link: str, signed_in: str, it: Enrolment) -> str:
    if page.token:
        return reverse(f"courses:{by_link}", args=[page.token, it.public_id])
    return reverse(f"courses:{signed_in}", args=[it.public_id])


def _open_row(page: GuardianPage, child: Person, run: Run) -> ChildRow:
    if page.token:
        address = reverse("courses:enrol_by_link", args=[page.token, run.public_id])
    elif page.reader == child:
        address = run.get_absolute_url()
    else:
        address = reverse("courses:enrol_child", args=[child.public_id, run.public_id])
    return ChildRow(run.course.title, run.get_absolute_url(), [when(run)], links=[(address, _("Enrol"))])


def _open_for(child: Person) -> list[Run]:
    """The next runs that this child can enrol in. What runs ask alike is looked up once."""
    today = Cluster.current().today()
    if asks_for_guardian(child, today) or why_not_after_a_no(child):
        return []
    rows = Run.objects.open_on(now()).exclude(enrolments__in=child.enrolments.live())
    rows = rows.exclude(enrolments__in=child.enrolments.not_approved())
    known: dict[Any, bool] = {}
    found = []
    for run in rows.for_lists().prefetch_related("regions").order_by("first_start", "pk")[:MOST_READ]:
        asked = (
            run.course.kind, run.admits, *run.roles, None, *run.kinds, run.stage_from, run.stage_until,
            *(it.pk for it in run.regions.all()),
        )  # fmt: skip
        if asked not in known:
            known[asked] = right_to_take_part(child, run, today).holds
        if known[asked]:
            found.append(run)
        if len(found) == MOST_OPEN:
            break
    return found


register_child_parts(takes_part)
register_child_parts(can_enrol_in)
