"""Sessions that people choose, for themselves or for their child: the programme's buttons, and it on paper."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.buttons import back_to, outcome
from courses import actions
from courses.event import Acting, plain_programme, programme_of
from courses.models import Enrolment, Run, Seat, Session, newest_of
from courses.opened import open_run
from courses.views import run as run_page
from courses.views_enrolling import childs_enrolment, enrolment_of, page_of
from members.models import Person


def seat(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """Press the button of a session: choose, swap, wish, give up. Reading this address leads to the run."""
    it = get_object_or_404(Run.objects.visible_to(request.user), public_id=public_id)
    session = get_object_or_404(it.sessions.chosen(), public_id=session_id)
    if request.method != "POST":
        return redirect(it)
    mine = request.user.enrolments.live().filter(run=it).select_related("run", "person", "pool").first()
    if mine is None:
        messages.warning(request, _("You choose sessions as soon as you have a place in the run. Enrol first."))
    else:
        _press(request, mine, session, by=request.user)
    return back_to(request, it, run_page)


def sessions(request: HttpRequest, public_id: str, session_id: str = "") -> HttpResponse:
    """The programme of an event for a child of mine, to choose for it; one's own stands on the page of the run."""
    it = enrolment_of(request, public_id)
    if it.person == request.user:
        return redirect(it.run)
    page = reverse("courses:sessions", args=[public_id])
    return _sessions(request, it, request.user, Acting(page, it.person.given_name), page_of(it), session_id)


@login_not_required
def sessions_by_link(request: HttpRequest, token: str, public_id: str, session_id: str = "") -> HttpResponse:
    """The same by the link of a consent, without an account."""
    it, reader = childs_enrolment(request, token, public_id)
    page = reverse("courses:sessions_by_link", args=[token, public_id])
    acting = Acting(page, "" if reader == it.person else it.person.given_name)
    return _sessions(request, it, reader, acting, reverse("members:consent", args=[token]), session_id)


def _sessions(
    request: HttpRequest, it: Enrolment, by: Person, acting: Acting, back: str, session_id: str
) -> HttpResponse:
    run = open_run(AnonymousUser(), it.run.public_id)
    if not it.is_live:
        raise Http404
    if request.method == "POST":
        session = get_object_or_404(run.sessions.chosen(), public_id=session_id)
        _press(request, it, session, by, acting.name)
        return redirect(f"{acting.page}#s-{session.public_id}")
    with timezone.override(run.zone):
        days = programme_of(run, list(run.sessions.all()), it, now(), acting)
        if not days:
            raise Http404
        shown = {"run": run, "it": it, "days": days, "name": acting.name, "back": back}
        return render(request, "courses/sessions_of_child.html", shown)


def _press(request: HttpRequest, mine: Enrolment, session: Session, by: Person, name: str = "") -> None:
    """Make the move that was pressed, and say what came of it; with `name` to somebody who acts for a child."""
    about = {"session": session.title or mine.run.course.title, "name": name}
    pressed = request.POST.get("move", "")
    match pressed:
        case "choose" | "swap":
            action = actions.choose_seat if pressed == "choose" else actions.swap_seat
            done, said = outcome(request, action, mine, session, by=by), _said_after_choosing(name)
        case "wish":
            done = outcome(request, actions.wish, mine, session, by=by)
            said = _said_after_wishing(done.result, name) if done else ""
        case "give_up":
            it = get_object_or_404(mine.seats.live().select_related("enrolment__run"), session=session)
            done, said = outcome(request, actions.give_up_seat, it, by=by), _said_after_giving_up(name)
        case _:
            raise Http404
    if done:
        messages.success(request, said % about)


def _said_after_choosing(name: str) -> str:
    if name:
        return _("“%(session)s” is chosen for %(name)s. A mail with the time is on its way.")
    return _("“%(session)s” is yours. A mail with the time is on its way.")


def _said_after_wishing(it: Seat, name: str) -> str:
    if it.state == Seat.State.CONFIRMED:
        if name:
            return _("“%(session)s” is chosen for %(name)s: somebody wished to exchange.")
        return _("“%(session)s” is yours: you exchanged places with somebody who wished for yours.")
    if name:
        return _("%(name)s waits for “%(session)s” and keeps what is chosen. A mail says when the place is there.")
    return _(
        "You wait for “%(session)s” and keep what you have. When a place is free it becomes yours, and a mail says so."
    )


def _said_after_giving_up(name: str) -> str:
    if name:
        return _("“%(session)s” is given up for %(name)s. It is free for others.")
    return _("You gave up “%(session)s”. It is free for others.")


@login_not_required
def programme(request: HttpRequest, public_id: str) -> HttpResponse:
    """The programme to print, by the clock of where it takes place, with the sessions marked that one has chosen."""
    it = open_run(request.user, public_id)
    mine = newest_of(request.user, it) if request.user.is_authenticated else None
    with timezone.override(it.zone):
        sessions = list(it.sessions.all())
        days = programme_of(it, sessions, mine, now()) or plain_programme(sessions)
        if not days:
            raise Http404
        shown = {"run": it, "days": days, "mine": mine, "has_speakers": any(one.speakers for one in sessions)}
        return render(request, "courses/event_sheet.html", shown)
