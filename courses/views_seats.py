"""Sessions that people choose: the buttons of an event's programme, and the programme on paper."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.buttons import back_to, tried
from courses import actions
from courses.event import programme_of
from courses.models import Enrolment, Run, Seat, Session
from courses.views import run as run_page


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
        _press(request, request.POST.get("move", ""), mine, session)
    return back_to(request, it, run_page)


def _press(request: HttpRequest, name: str, mine: Enrolment, session: Session) -> None:
    about = {"session": session.title or mine.run.course.title}
    match name:
        case "choose" | "swap":
            action = actions.choose_seat if name == "choose" else actions.swap_seat
            if tried(request, action, mine, session):
                messages.success(request, _("“%(session)s” is yours. A mail with the time is on its way.") % about)
        case "wish":
            if wished := tried(request, actions.wish, mine, session):
                messages.success(request, _said_after_wishing(wished.result) % about)
        case "give_up":
            it = get_object_or_404(mine.seats.live().select_related("enrolment__run"), session=session)
            if tried(request, actions.give_up_seat, it):
                messages.success(request, _("You gave up “%(session)s”. It is free for others.") % about)
        case _:
            raise Http404


def _said_after_wishing(it: Seat) -> str:
    if it.state == Seat.State.CONFIRMED:
        return _("“%(session)s” is yours: you exchanged places with somebody who wished for yours.")
    return _(
        "You wait for “%(session)s” and keep what you have. When a place is free it becomes yours, and a mail says so."
    )


@login_not_required
def programme(request: HttpRequest, public_id: str) -> HttpResponse:
    """The programme of an event to print, by the clock of where it takes place, with one's own sessions marked."""
    it = get_object_or_404(Run.objects.visible_to(request.user).for_page(), public_id=public_id)
    it.read_dates()
    mine = request.user.enrolments.newest_in(it) if request.user.is_authenticated else None
    with timezone.override(it.zone):
        days = programme_of(it, list(it.sessions.all()), mine, now())
        if not days:
            raise Http404
        return render(request, "courses/event_sheet.html", {"run": it, "days": days, "mine": mine})
