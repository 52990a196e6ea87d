"""Checking in by codes, and joining online. Reading a code shows a page, and a press on it marks (decision 085)."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.encoding import iri_to_uri
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.buttons import outcome, tried
from cluster_portal.links import read_link, signed_link
from courses import actions
from courses.actions.attendance import Press
from courses.attendance import (
    Line,
    expected_in,
    joining_page,
    lines_of,
    sessions_around,
    why_no_door,
    why_not_by_the_door,
    why_not_joining,
)
from courses.holding import may_still_come
from courses.models import Attendance, Enrolment, Run, Session, newest_of
from courses.views_attendance import picture_of, show_to_keeper
from members.access import for_class_keepers
from members.consent import first_name_and_initial, guarded_now
from members.models import Person
from members.rules import guards_the_child

TICKETS = "tickets"  # in the session of a browser: the enrolments whose own codes were opened in it
TICKET_AGE, JOIN_AGE = timedelta(days=400), timedelta(days=60)
Mark, How = Attendance.Mark, Attendance.How


@login_not_required
def ticket(request: HttpRequest, token: str) -> HttpResponse:
    """A person's own code: they show it, and whoever keeps the roster reads it, sees who it is, and marks them."""
    it = _enrolments().filter(public_id=read_link("courses.ticket", token, TICKET_AGE)).first()
    if it is None or not it.person.is_active or it.state != Enrolment.State.CONFIRMED:
        return render(request, "courses/code_bad.html", status=404)
    if _keeps_the_roster(request, it):
        return _read_ticket(request, it)
    opened = request.session.get(TICKETS, [])
    if it.public_id not in opened:
        request.session[TICKETS] = [*opened, it.public_id]
    shown = {"it": it, "name": first_name_and_initial(it.person), "sessions": sessions_around(it, now())}
    shown["code"] = picture_of(signed_link("courses.ticket", it.public_id))
    return render(request, "courses/ticket.html", shown)


def _keeps_the_roster(request: HttpRequest, it: Enrolment) -> bool:
    """Whether somebody reads the code of another person whom they may mark."""
    user = request.user
    others = user.is_authenticated and user.pk != it.person_id
    return others and Run.objects.led_by(user).filter(pk=it.run_id).exists()


@for_class_keepers
def _read_ticket(request: HttpRequest, it: Enrolment) -> HttpResponse:
    """Whose code was read, and in which sessions they can be marked now."""
    show_to_keeper([it], request.user, "attendance")
    sessions = sessions_around(it, now())
    if request.method == "POST":
        session = next((one for one in sessions if one.public_id == request.POST.get("session")), None)
        mark = request.POST.get("mark", "")
        if session is None or mark not in Attendance.ATTENDED:
            raise Http404
        if tried(request, actions.mark_attendance, session, [Press(it.public_id, mark)], how=How.TICKET):
            messages.success(request, _("%(name)s is marked.") % {"name": it.person.full_name})
        return redirect(request.path)
    lines = [(one, *lines_of(one, [it])) for one in sessions]
    choices = [(mark.value, mark.label) for mark in (Mark.PRESENT, Mark.LATE)]
    shown = {"it": it, "lines": lines, "choices": choices, "lacks_consent": not may_still_come(it.person)}
    return render(request, "courses/ticket_read.html", shown)


@login_not_required
def door(request: HttpRequest, token: str) -> HttpResponse:
    """The code at the door: whoever reads it says that they are there, signed in or with their own code opened."""
    rows = Session.objects.select_related("run__course", "run__host")
    session = rows.filter(public_id=read_link("courses.door", token)).first()
    if session is None:
        return render(request, "courses/code_bad.html", status=404)
    people = _people_here(request, session)
    if request.method == "POST":
        it = next((one for one in people if one.public_id == request.POST.get("person")), None)
        if it is None:
            raise Http404
        if outcome(request, actions.check_in, session, it, by=_acting(request, it)):
            messages.success(request, _("%(name)s is here.") % {"name": first_name_and_initial(it.person)})
        return redirect(request.path)
    lines = [
        (first_name_and_initial(line.enrolment.person), line, why_not_by_the_door(line.enrolment))
        for line in _lines(session, people)
    ]
    shown = {"session": session, "it": session.run, "lines": lines, "why": why_no_door(session, now())}
    return render(request, "courses/door.html", shown)


def join_next(request: HttpRequest, public_id: str) -> HttpResponse:
    """The address that stands in a calendar: on to where I join the session that comes next, or to the run's page."""
    run = get_object_or_404(Run.objects.public().prefetch_related("sessions"), public_id=public_id)
    mine = newest_of(request.user, run)
    return redirect((mine and joining_page(mine)) or run.get_absolute_url())


@login_not_required
def join(request: HttpRequest, token: str) -> HttpResponse:
    """The page of one person and session online: shows when one can join; a press marks where it counts, and joins."""
    said = read_link("courses.join", token, JOIN_AGE) or ""
    session_id, _dot, enrolment_id = said.partition(".")
    it = _enrolments().filter(public_id=enrolment_id, run__sessions__public_id=session_id).first()
    if it is None or not it.person.is_active or not _may_act(request, it):
        return render(request, "courses/code_bad.html", status=404)
    session = get_object_or_404(it.run.sessions, public_id=session_id)
    session.run = it.run
    if request.method == "POST":
        if done := outcome(request, actions.join_session, session, it, by=_acting(request, it)):
            return _sent_on(request, session, done.result)
        return redirect(request.path)
    shown = {"session": session, "it": it.run, "name": first_name_and_initial(it.person)}
    return render(request, "courses/join.html", shown | {"why": why_not_joining(session, it, now())})


def _sent_on(request: HttpRequest, session: Session, link: str) -> HttpResponse:
    """Lead on to where the session is. A redirect would be refused: our forms may lead to our own addresses only."""
    response = render(request, "courses/joining.html", {"session": session, "it": session.run, "link": link})
    response.headers["Refresh"] = f"0; url={iri_to_uri(link)}"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _enrolments():
    return Enrolment.objects.select_related("run__course", "run__host", "person", "pool")


def _people_here(request: HttpRequest, session: Session) -> list[Enrolment]:
    """Whom this browser may speak for: who is signed in, their children, and whose own code was opened in it."""
    rows = expected_in(session).select_related("person", "run__course", "pool")
    opened = rows.filter(public_id__in=request.session.get(TICKETS, []))
    if request.user.is_authenticated:
        keys = [request.user.pk, *(child.pk for child in guarded_now(request.user))]
        opened |= rows.filter(person__in=keys)
    return [it for it in opened.distinct().order_by("pk") if it.person.is_active]


def _lines(session: Session, people: list[Enrolment]) -> list[Line]:
    return lines_of(session, people) if people else []


def _acting(request: HttpRequest, it: Enrolment) -> Person:
    """Who acts: who is signed in, else the person whose code or link it is."""
    return request.user if request.user.is_authenticated else it.person


def _may_act(request: HttpRequest, it: Enrolment) -> bool:
    """A link works for nobody else who is signed in."""
    user = request.user
    return not user.is_authenticated or user.pk == it.person_id or guards_the_child(user, it.person)
