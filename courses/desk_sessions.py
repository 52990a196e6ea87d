"""The desk of sessions: when they are, places of their own, who chose them."""

from django.core.paginator import Paginator
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, sent
from cluster_portal.sheets import XLSX, file_response
from courses import actions
from courses.clashes import people_with_clashes
from courses.desk import PER_PAGE, ask, ask_or_do, confirmed, run_of
from courses.exports import session_workbook
from courses.forms_sessions import NewSessionForm, SessionForm, SessionPlacesForm
from courses.models import Run, Seat, Session
from members.access import coordinators_only
from members.actions import note_children
from members.consent import conceal_names


@coordinators_only
def new_session(request: HttpRequest, public_id: str) -> HttpResponse:
    """Add one session outside of the pattern: for everybody, or with places of its own for those who choose it."""
    it = run_of(request, public_id)
    form = NewSessionForm(request.POST or None, zone=it.zone)
    if sent(request, form):
        own_places = form.own_places()
        facts = {"own_places": own_places, "warning": "" if own_places else _said_of_clashes(it, form)} | form.facts()
        if done := ask_or_do(request, it, _("The session is added."), actions.add_session, it, **facts):
            return done
    return render(request, "courses/desk_form.html", {"form": form, "title": _("New session"), "run": it})


@coordinators_only
def edit_session(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """Move or rename one session."""
    it = run_of(request, public_id)
    session = get_object_or_404(it.sessions, public_id=session_id)
    form = SessionForm(request.POST or None, instance=session, zone=it.zone)
    if sent(request, form):
        before = it.sessions.get(pk=session.pk)
        facts = {"warning": _said_of_clashes(it, form, before), **form.cleaned_data}
        if done := ask_or_do(request, it, _("The session is saved."), actions.move_session, before, **facts):
            return done
    return render(request, "courses/desk_form.html", {"form": form, "title": _("Session"), "run": it})


@coordinators_only
@require_POST
def act_on_session(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """Cancel one session."""
    it = run_of(request, public_id)
    session = get_object_or_404(Session.objects.filter(run=it), public_id=session_id)
    session.run = it
    if it.is_live and not confirmed(request):
        return ask(request, it, actions.cancel_session, session) or redirect("courses:desk_run", public_id)
    act(request, session, actions.ACTIONS["session"])
    return redirect("courses:desk_run", public_id)


@coordinators_only
def session_places(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """Give a session places of its own, or change how many there are."""
    it = run_of(request, public_id)
    session = get_object_or_404(it.sessions, public_id=session_id)
    form = SessionPlacesForm(request.POST or None, pools=list(session.pools.all()))
    if sent(request, form):
        said, places = _("The places are saved."), form.places()
        if done := ask_or_do(request, it, said, actions.set_session_places, session, places):
            return done
    title = _("Places: %(session)s") % {"session": session.title or it.course.title}
    return render(request, "courses/desk_form.html", {"form": form, "title": title, "run": it})


@coordinators_only
def session_roster(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """Who chose a session, and who waits for it."""
    it = run_of(request, public_id)
    session = get_object_or_404(it.sessions.chosen(), public_id=session_id)
    page = Paginator(session.seats.for_roster(), PER_PAGE).get_page(request.GET.get("page"))
    note_children([seat.enrolment.person_id for seat in page], request.user, "run roster")
    conceal_names((seat.enrolment.person for seat in page), request.user)
    trail = [(reverse("courses:desk_runs"), _("Manage programme")), (reverse("courses:desk_run", args=[public_id]), it)]
    shown = {"run": it, "session": session, "page": page, "trail": trail}
    return render(request, "courses/desk_session_roster.html", shown | {"pools": session.pools.with_wishes()})


@coordinators_only
def session_roster_xlsx(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """Who chose a session, as a spreadsheet."""
    it = run_of(request, public_id)
    session = get_object_or_404(it.sessions.chosen(), public_id=session_id)
    note_children(session.seats.live().values_list("enrolment__person", flat=True), request.user, "run roster")
    return file_response(session_workbook(session), XLSX, f"session-{session.public_id}.xlsx")


def _said_of_clashes(it: Run, form: ModelForm, session: Session | None = None) -> str:
    """How many of those who are in a session have something else at its new time, in words; or nothing."""
    times = form.cleaned_data["starts_at"], form.cleaned_data["ends_at"]
    if not it.is_live or (session and (session.starts_at, session.ends_at) == times):
        return ""
    seated = it.enrolments.filter(seats__session=session, seats__state=Seat.State.CONFIRMED)
    people = seated if session and session.has_own_places else None
    count = people_with_clashes(it, *times, people)
    said = ngettext(
        "%(count)d person has something else in their calendar at that time.",
        "%(count)d people have something else in their calendar at that time.",
        count,
    )
    return said % {"count": count} if count else ""
