"""The roster of a session on a phone, and the code at its door: for instructors and coordinators of the run."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.timezone import now
from django.utils.translation import ngettext

from cluster_portal.buttons import tried
from cluster_portal.links import signed_link
from cluster_portal.pdf import qr_svg
from courses import actions
from courses.actions.attendance import Press
from courses.attendance import Line, came_and_marked, lines_of, roster_of, why_no_door, why_no_roster
from courses.models import Attendance, FinalWork, Run, Session
from members import actions as members
from members.access import for_class_keepers
from members.consent import conceal_names

PER_PAGE = 100


@for_class_keepers
def sessions(request: HttpRequest, public_id: str) -> HttpResponse:
    """The sessions of a run that I teach or coordinate, with how many came."""
    it = led_run(request, public_id, Run.objects.public())
    rows = list(it.sessions.planned())
    counts = came_and_marked(rows)
    for session in rows:
        session.run = it
        session.came, session.marked = counts[session.pk]
        session.is_open = not why_no_roster(session, now())
    works = FinalWork.objects.read_by(request.user).to_read().filter(enrolment__run=it).count() if it.needs_work else 0
    shown = {"it": it, "sessions": rows, "works": works}
    shown["coordinates"] = request.user.has_perm("courses.change_run", it)
    return render(request, "courses/attendance.html", shown)


@for_class_keepers
def roster(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """Who is in a session: shown, and marked by a press. A page that was without network sends its presses later."""
    session = session_led_by(request, public_id, session_id)
    page = Paginator(roster_of(session), PER_PAGE).get_page(request.GET.get("page"))
    if request.method == "POST":
        _mark(request, session)
        if not _asks_for_marks(request):
            return redirect(request.get_full_path())
    lines = lines_of(session, page.object_list)
    if _asks_for_marks(request):
        return _marks(request, lines)
    members.note_children([it.enrolment.person_id for it in lines], request.user, "attendance")
    if not session.run.instructors.filter(pk=request.user.pk).exists():
        conceal_names((it.enrolment.person for it in lines), request.user)
    why = why_no_roster(session, now())
    shown = {"it": session.run, "session": session, "page": page, "lines": lines, "why": why}
    shown |= {"choices": Attendance.Mark.choices, "waiting": _waiting_words()}
    return render(request, "courses/roster.html", shown | {"trail": trail_of(session.run)})


@for_class_keepers
def door_code(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """The code to show or to print at the door of a session."""
    session = session_led_by(request, public_id, session_id)
    address = signed_link("courses.door", session.public_id)
    shown = {"it": session.run, "session": session, "code": picture_of(address), "why": why_no_door(session, now())}
    return render(request, "courses/door_code.html", shown | {"trail": trail_of(session.run)})


def led_run(request: HttpRequest, public_id: str, among: QuerySet[Run] | None = None) -> Run:
    """A run that the reader teaches or coordinates, of all or `among` some: 404 for any other."""
    rows = Run.objects.all() if among is None else among
    return get_object_or_404(rows.led_by(request.user).select_related("course", "host"), public_id=public_id)


def session_led_by(request: HttpRequest, public_id: str, session_id: str) -> Session:
    """A session of such a run."""
    it = led_run(request, public_id, Run.objects.public())
    session = get_object_or_404(it.sessions, public_id=session_id)
    session.run = it
    return session


def trail_of(it: Run) -> list[tuple[str, Any]]:
    """Where the trail of a run's rosters begins."""
    return [(it.get_absolute_url(), it.course.title), (reverse("courses:attendance", args=[it.public_id]), it.title)]


def picture_of(address: str) -> str:
    """A QR code of an address of ours, for a page."""
    return mark_safe(qr_svg(address, fills=True))  # noqa: S308 - drawn by us, from dots


def _mark(request: HttpRequest, session: Session) -> None:
    """Write down what was pressed: everybody else, or these people."""
    if "rest" in request.POST:
        if done := tried(request, actions.mark_rest_present, session):
            said = ngettext("%(count)d more person is present.", "%(count)d more people are present.", done.result)
            messages.success(request, said % {"count": done.result})
    else:
        tried(request, actions.mark_attendance, session, [_press(it) for it in request.POST.getlist("press")])


def _press(said: str) -> Press:
    """One press as a button or the page's own memory sends it: "person:mark", or "person:mark:seconds ago"."""
    enrolment, mark, ago = [*said.split(":"), "0"][:3] if said.count(":") in {1, 2} else ("", "", "0")
    if mark not in Attendance.Mark.values or not ago.replace(".", "", 1).isdecimal():
        raise Http404
    return Press(enrolment, mark, min(float(ago), 1e9))


def _asks_for_marks(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def _marks(request: HttpRequest, lines: list[Line]) -> HttpResponse:
    """How everybody on the page is marked now, and what was refused, for the page that stays open."""
    said = [str(it) for it in messages.get_messages(request)]
    marks = {it.enrolment.public_id: [it.mark, it.said] for it in lines}
    response = JsonResponse({"marks": marks, "said": said})
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _waiting_words() -> dict[str, str]:
    """That so many marks wait for the network, in each form that the reader's language has for a number."""
    return {name: _waiting(number) for name, number in (("one", 1), ("few", 2), ("many", 5))}


def _waiting(number: int) -> str:
    said = ngettext("%(count)s mark waits for the network", "%(count)s marks wait for the network", number)
    return said % {"count": "#"}
