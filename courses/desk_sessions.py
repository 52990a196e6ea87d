"""The desk of sessions: when they are, places of their own, who chose them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, sent, tried
from courses import actions
from courses.actions.sessions import MAILED_WHEN_MOVED
from courses.clashes import people_with_clashes
from courses.desk import PER_PAGE, XLSX, ask_before_mailing, confirmed, run_of
from courses.exports import session_workbook
from courses.forms_sessions import NewSessionForm, SessionForm, SessionPlacesForm
from courses.models import Run, Seat, Session
from members.access import coordinators_only
from members.actions import note_children


@coordinators_only
def new_session(request: HttpRequest, public_id: str) -> HttpResponse:
    """Add one session outside of the pattern: for everybody, or with places of its own for those who choose it."""
    it = run_of(request, public_id)
    form = NewSessionForm(request.POST or None, zone=it.zone)
    if sent(request, form):
        own_places = form.own_places()
        if it.is_live and not own_places and not confirmed(request):
            return ask_before_mailing(request, it, warning=_said_of_clashes(it, form))
        if tried(request, actions.add_session, it, own_places=own_places, **form.facts()):
            messages.success(request, _("The session is added."))
            return redirect("courses:desk_run", public_id)
    return render(request, "courses/desk_form.html", {"form": form, "title": _("New session"), "run": it})


@coordinators_only
def edit_session(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """Move or rename one session."""
    it = run_of(request, public_id)
    session = get_object_or_404(it.sessions, public_id=session_id)
    form = SessionForm(request.POST or None, instance=session, zone=it.zone)
    if sent(request, form):
        before = it.sessions.get(pk=session.pk)
        if it.is_live and MAILED_WHEN_MOVED & _changed(before, form) and not confirmed(request):
            return ask_before_mailing(request, it, _people_of(before), _said_of_clashes(it, form, before))
        if tried(request, actions.move_session, before, **form.cleaned_data):
            messages.success(request, _("The session is saved."))
            return redirect("courses:desk_run", public_id)
    return render(request, "courses/desk_form.html", {"form": form, "title": _("Session"), "run": it})


@coordinators_only
@require_POST
def act_on_session(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """Cancel one session."""
    it = run_of(request, public_id)
    session = get_object_or_404(Session.objects.filter(run=it), public_id=session_id)
    session.run = it
    if it.is_live and not confirmed(request):
        return ask_before_mailing(request, it, _people_of(session, waiting=True))
    act(request, session, actions.ACTIONS["session"])
    return redirect("courses:desk_run", public_id)


@coordinators_only
def session_places(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """Give a session places of its own, or change how many there are."""
    it = run_of(request, public_id)
    session = get_object_or_404(it.sessions, public_id=session_id)
    pools = list(session.pools.with_wishes())
    form = SessionPlacesForm(request.POST or None, pools=pools)
    if sent(request, form):
        served = sum(min(pool.wishes, max(0, form.places().get(pool.sort, 0) - pool.taken)) for pool in pools)
        if served and not confirmed(request):
            return ask_before_mailing(request, it, [(_("Next in the queue"), served)])
        if tried(request, actions.set_session_places, session, form.places()):
            messages.success(request, _("The places are saved."))
            return redirect("courses:desk_run", public_id)
    title = _("Places: %(session)s") % {"session": session.title or it.course.title}
    return render(request, "courses/desk_form.html", {"form": form, "title": title, "run": it})


@coordinators_only
def session_roster(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """Who chose a session, and who waits for it."""
    it = run_of(request, public_id)
    session = get_object_or_404(it.sessions.chosen(), public_id=session_id)
    page = Paginator(session.seats.for_roster(), PER_PAGE).get_page(request.GET.get("page"))
    note_children([seat.enrolment.person_id for seat in page], request.user, "run roster")
    trail = [(reverse("courses:desk_runs"), _("Manage programme")), (reverse("courses:desk_run", args=[public_id]), it)]
    shown = {"run": it, "session": session, "page": page, "trail": trail}
    return render(request, "courses/desk_session_roster.html", shown | {"pools": session.pools.with_wishes()})


@coordinators_only
def session_roster_xlsx(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """Who chose a session, as a spreadsheet."""
    it = run_of(request, public_id)
    session = get_object_or_404(it.sessions.chosen(), public_id=session_id)
    note_children(session.seats.live().values_list("enrolment__person", flat=True), request.user, "run roster")
    response = HttpResponse(session_workbook(session), content_type=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="session-{session.public_id}.xlsx"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _people_of(session: Session, waiting: bool = False) -> list[tuple[str, int]] | None:
    """Whom a change of a session that people choose mails: state in words, how many. None: everybody in the run."""
    if not session.has_own_places:
        return None
    states = [Seat.State.CONFIRMED, Seat.State.WAITING] if waiting else [Seat.State.CONFIRMED]
    counted = [(Seat.State(state).label, session.seats.filter(state=state).count()) for state in states]
    return [(label, count) for label, count in counted if count]


def _said_of_clashes(it: Run, form: ModelForm, session: Session | None = None) -> str:
    """How many of those who are in a session have something else at its new time, in words; or nothing."""
    seated = it.enrolments.filter(seats__session=session, seats__state=Seat.State.CONFIRMED)
    people = seated if session and session.has_own_places else None
    count = people_with_clashes(it, form.cleaned_data["starts_at"], form.cleaned_data["ends_at"], people)
    said = ngettext(
        "%(count)d person has something else in their calendar at that time.",
        "%(count)d people have something else in their calendar at that time.",
        count,
    )
    return said % {"count": count} if count else ""


def _changed(before: Session, form: ModelForm) -> set[str]:
    """The fields whose values differ from what is stored (a form would compare times by the reader's clock)."""
    return {name for name, value in form.cleaned_data.items() if getattr(before, name) != value}
