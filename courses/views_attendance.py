"""The roster of a session on a phone, and the code at its door: for instructors and coordinators of the run."""

import re
from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.buttons import tried
from cluster_portal.links import signed_link
from cluster_portal.pdf import qr_svg
from cluster_portal.public_id import ALPHABET, LENGTH
from courses import actions
from courses.actions.attendance import EVERYBODY, Press
from courses.attendance import Line, counts_of, lines_of, roster_of, why_no_door, why_no_roster
from courses.models import Attendance, Enrolment, FinalWork, Run, Session
from members import actions as members
from members.access import for_class_keepers
from members.consent import conceal_names
from members.models import Person

PER_PAGE = 100
MARKS = ["", *Attendance.Mark.values]  # an empty one takes back


@for_class_keepers
def sessions(request: HttpRequest, public_id: str) -> HttpResponse:
    """The sessions of a run that I teach or coordinate, with how many came."""
    it = led_run(request, public_id, Run.objects.public())
    rows = list(it.sessions.planned().with_own_places())
    counts = counts_of(it, rows)
    for session in rows:
        session.run, session.counted = it, counts[session.pk]
        session.is_open, session.is_over = not why_no_roster(session, now()), session.ends_at <= now()
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
        taken = _mark(request, session)
        if not _asks_for_marks(request):
            return redirect(request.get_full_path())
        if not taken:
            return _not_taken(request)
    if _asks_for_marks(request):
        return _marks(request, session, lines_of(session, page.object_list))
    lines = lines_of(session, page.object_list, request.user)
    show_to_keeper([it.enrolment for it in lines], request.user, "attendance")
    shown = {"it": session.run, "session": session, "page": page, "lines": lines, **_standing(request, session)}
    shown |= {"why": why_no_roster(session, now()), "door_shut": session.ends_at <= now()}
    shown |= {"choices": Attendance.Mark.choices, "several": session.run.pools.count() > 1}
    return render(request, "courses/roster.html", shown | {"trail": trail_of(session.run)})


@for_class_keepers
def door_code(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """The code to show or to print at the door of a session."""
    session = session_led_by(request, public_id, session_id)
    address = signed_link("courses.door", session.public_id)
    shown = {"it": session.run, "session": session, "code": picture_of(address), "why": why_no_door(session, now())}
    return render(request, "courses/door_code.html", shown | {"trail": trail_of(session.run)})


def show_to_keeper(enrolments: Collection[Enrolment], keeper: Person, page: str) -> None:
    """How whoever keeps a roster is shown people, before anything of them is drawn: the one way for every such page.

    The look at children is noted, and a name that may not be shown is concealed from all but who teaches the run.
    """
    members.note_children([it.person_id for it in enrolments], keeper, page)
    taught = set(keeper.instructs.filter(pk__in={it.run_id for it in enrolments}).values_list("pk", flat=True))
    conceal_names((it.person for it in enrolments if it.run_id not in taught), keeper)


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


def _mark(request: HttpRequest, session: Session) -> bool:
    """Write down what was pressed; whether it was taken. What cannot be read is said, and loses nothing else."""
    sent = request.POST.getlist("press")
    presses = [it for it in (_press(one, request.POST.get("device", "")) for one in sent) if it]
    if not presses:
        raise Http404
    if len(presses) < len(sent):
        messages.warning(request, _("A mark could not be read. Compare the list with who is here."))
    done = tried(request, actions.mark_attendance, session, presses)
    if done and not _asks_for_marks(request) and presses[0].enrolment == EVERYBODY:
        said = ngettext("%(count)d more person is present.", "%(count)d more people are present.", done.result)
        if not presses[0].mark:
            said = ngettext("%(count)d mark is taken back.", "%(count)d marks are taken back.", done.result)
        messages.success(request, said % {"count": done.result})
    return bool(done)


PRESS = re.compile(
    rf"(\*|[{ALPHABET}]{{{LENGTH}}}):([a-z]*)"  # whom, as what
    r"(?::(\d{1,12}(?:\.\d{1,3})?)(?::(\d{1,15}))?)?",  # how many seconds ago, which press of its device
    re.ASCII,
)
DEVICE = re.compile(r"[0-9a-f]{32}")


def _press(said: str, device: str) -> Press | None:
    """One press: "person:mark" of a button; the page's own memory adds how many seconds ago, and the how manieth."""
    read = PRESS.fullmatch(said)
    if read is None or read[2] not in (["", Attendance.Mark.PRESENT] if read[1] == EVERYBODY else MARKS):
        return None
    known = read[4] is not None and DEVICE.fullmatch(device)
    return Press(read[1], read[2], float(read[3] or 0), device if known else "", int(read[4]) if known else None)


def _asks_for_marks(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def _standing(request: HttpRequest, session: Session) -> dict[str, Any]:
    """How many are marked, and whether the reader can take "all others" back."""
    own_rest = Q(how=Attendance.How.REST, noted_by=request.user)
    counted = session.attendance.of_those_in().aggregate(marked=Count("pk"), rest=Count("pk", filter=own_rest))
    return {"marked": counted["marked"], "rest": counted["rest"] > 0}


def _marks(request: HttpRequest, session: Session, lines: list[Line]) -> HttpResponse:
    """How everybody on the page is marked now, and what was refused, for the page that stays open."""
    said = [str(it) for it in messages.get_messages(request)]
    marks = {it.enrolment.public_id: [it.mark, it.said] for it in lines}
    response = JsonResponse({"marks": marks, "said": said, **_standing(request, session)})
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _not_taken(request: HttpRequest) -> HttpResponse:
    """Why nothing was marked: the page keeps what was pressed, and shows this."""
    return JsonResponse({"said": [str(it) for it in messages.get_messages(request)]}, status=409)
