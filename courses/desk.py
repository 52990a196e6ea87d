"""The desk of the programme: coordinators create, edit and publish courses and runs, and take the roster."""

from itertools import groupby
from operator import attrgetter

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, sent, tried
from cluster_portal.moves import available_moves
from courses import actions
from courses.actions.runs import MAILED_WHEN_CHANGED
from courses.actions.sessions import MAILED_WHEN_MOVED
from courses.exports import roster_workbook
from courses.forms import CourseForm, NewPlacesForm, PatternForm, PlacesForm, RunForm, SessionForm
from courses.models import Course, Enrolment, Pool, Run, Session
from courses.words import pattern_in_words
from members.access import coordinators_only
from members.consent import conceal_names

PER_PAGE = 50


@coordinators_only
def runs(request: HttpRequest) -> HttpResponse:
    """All runs that I keep, those ahead first."""
    rows = Run.objects.editable_by(request.user).for_lists().order_by("-first_start", "-pk")
    page = Paginator(rows.matching(request.GET.get("q", "")), PER_PAGE).get_page(request.GET.get("page"))
    editable = set(Course.objects.editable_by(request.user).values_list("pk", flat=True))
    shown = {"page": page, "courses": Course.objects.order_by("title"), "editable": editable, "now": now()}
    return render(request, "courses/desk_runs.html", shown)


@coordinators_only
def new_course(request: HttpRequest) -> HttpResponse:
    """Describe a new course, then prepare its first run."""
    form = CourseForm(request.POST or None)
    if sent(request, form):
        course = actions.create_course(by=request.user, **form.cleaned_data)
        messages.success(request, _("%(course)s is described. Now prepare its first run.") % {"course": course})
        return redirect("courses:desk_new_run", course.slug)
    return render(request, "courses/desk_form.html", {"form": form, "title": _("New course")})


@coordinators_only
def edit_course(request: HttpRequest, slug: str) -> HttpResponse:
    """Correct the description of a course."""
    it = get_object_or_404(Course.objects.editable_by(request.user), slug=slug)
    form = CourseForm(request.POST or None, instance=it)
    if sent(request, form):
        actions.change_course(Course.objects.get(pk=it.pk), by=request.user, **form.cleaned_data)
        messages.success(request, _("%(course)s is saved.") % {"course": it})
        return redirect("courses:desk_runs")
    return render(request, "courses/desk_form.html", {"form": form, "title": it.title})


@coordinators_only
def new_run(request: HttpRequest, slug: str) -> HttpResponse:
    """Prepare a run of a course."""
    course = get_object_or_404(Course, slug=slug)
    form = RunForm(request.POST or None, zone=request.cluster.zone, by=request.user)
    if sent(request, form):
        it = actions.create_run(course, request.user, places=form.places(), **form.cleaned_data)
        messages.success(request, _("The run is prepared. Plan its sessions next."))
        return redirect("courses:desk_pattern", it.public_id)
    return render(
        request, "courses/desk_form.html", {"form": form, "title": _("New run: %(course)s") % {"course": course}}
    )


@coordinators_only
def run(request: HttpRequest, public_id: str) -> HttpResponse:
    """One run on the desk: what it says, its sessions and places, and what can be done with it."""
    it = _run_of(request, public_id)
    sessions = list(it.sessions.all())
    shown = {"it": it, "sessions": sessions, "moves": available_moves(request.user, it), "now": now()}
    return render(request, "courses/desk_run.html", shown | {"trail": [_programme()]})


def _programme() -> tuple[str, str]:
    """Where the trail of a run's pages on the desk begins."""
    return reverse("courses:desk_runs"), _("Manage programme")


@coordinators_only
def edit_run(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change what a run says; a live one asks first when people would be told."""
    it = _run_of(request, public_id)
    form = RunForm(request.POST or None, instance=it, zone=it.zone, by=request.user)
    if sent(request, form):
        before = _run_of(request, public_id)
        if it.is_live and MAILED_WHEN_CHANGED & _changed(before, form) and not _confirmed(request):
            return ask_before_mailing(request, it)
        if tried(request, actions.change_run, before, **form.cleaned_data):
            messages.success(request, _("The run is saved."))
            return redirect("courses:desk_run", public_id)
    return render(request, "courses/desk_form.html", {"form": form, "title": str(it), "run": it})


@coordinators_only
def pattern(request: HttpRequest, public_id: str) -> HttpResponse:
    """Plan the sessions of a draft by a weekly pattern, with a list to look at before it counts."""
    it = _run_of(request, public_id)
    form = PatternForm(request.POST or None, initial=_pattern_of(it))
    preview, said = [], ""
    if sent(request, form):
        preview, said = form.pattern().sessions(it.zone), pattern_in_words(form.pattern())
        if request.POST.get("step") == "save" and tried(request, actions.plan_sessions, it, form.pattern()):
            planned = ngettext("%(count)s session is planned.", "%(count)s sessions are planned.", len(preview))
            messages.success(request, planned % {"count": len(preview)})
            return redirect("courses:desk_run", public_id)
    return render(request, "courses/desk_pattern.html", {"form": form, "run": it, "preview": preview, "said": said})


def _pattern_of(it: Run) -> dict:
    known = getattr(it, "pattern", None)
    if known is None:
        return {}
    facts = {name: getattr(known, name) for name in ("weekdays", "start_time", "minutes", "first_day", "last_day")}
    return facts | {"days_off": ", ".join(day.isoformat() for day in known.days_off)}


@coordinators_only
def new_session(request: HttpRequest, public_id: str) -> HttpResponse:
    """Add one session outside of the pattern."""
    it = _run_of(request, public_id)
    form = SessionForm(request.POST or None, zone=it.zone)
    if sent(request, form):
        if it.is_live and not _confirmed(request):
            return ask_before_mailing(request, it)
        if tried(request, actions.add_session, it, **form.cleaned_data):
            messages.success(request, _("The session is added."))
            return redirect("courses:desk_run", public_id)
    return render(request, "courses/desk_form.html", {"form": form, "title": _("New session"), "run": it})


@coordinators_only
def edit_session(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """Move or rename one session."""
    it = _run_of(request, public_id)
    session = get_object_or_404(it.sessions, public_id=session_id)
    form = SessionForm(request.POST or None, instance=session, zone=it.zone)
    if sent(request, form):
        before = it.sessions.get(pk=session.pk)
        if it.is_live and MAILED_WHEN_MOVED & _changed(before, form) and not _confirmed(request):
            return ask_before_mailing(request, it)
        if tried(request, actions.move_session, before, **form.cleaned_data):
            messages.success(request, _("The session is saved."))
            return redirect("courses:desk_run", public_id)
    return render(request, "courses/desk_form.html", {"form": form, "title": _("Session"), "run": it})


@coordinators_only
@require_POST
def act_on_session(request: HttpRequest, public_id: str, session_id: str) -> HttpResponse:
    """Cancel one session."""
    it = _run_of(request, public_id)
    session = get_object_or_404(Session.objects.filter(run=it), public_id=session_id)
    session.run = it
    if it.is_live and not _confirmed(request):
        return ask_before_mailing(request, it)
    act(request, session, actions.ACTIONS["session"])
    return redirect("courses:desk_run", public_id)


@coordinators_only
@require_POST
def act_on_run(request: HttpRequest, public_id: str) -> HttpResponse:
    """Publish, cancel or close a run."""
    it = _run_of(request, public_id)
    if request.POST.get("move") == "cancel" and it.is_live and not _confirmed(request):
        return ask_before_mailing(request, it)
    act(request, it, actions.ACTIONS["run"])
    return redirect("courses:desk_run", public_id)


@coordinators_only
def places(request: HttpRequest, public_id: str, pool_id: str) -> HttpResponse:
    """Change how many places there are."""
    it = _run_of(request, public_id)
    pool = get_object_or_404(Pool.objects.filter(run=it), public_id=pool_id)
    form = PlacesForm(request.POST or None, instance=pool)
    asked = form.cleaned_data["places"] if sent(request, form) else None
    if asked is not None and (offers := pool.offers_with(asked)) and not _confirmed(request):
        return ask_before_mailing(request, it, [(_("Next in the queue"), offers)])
    if asked is not None and tried(request, actions.change_places, pool, asked):
        messages.success(request, _("The places are saved."))
        return redirect("courses:desk_run", public_id)
    return render(request, "courses/desk_form.html", {"form": form, "title": _("Places"), "run": it})


@coordinators_only
def new_places(request: HttpRequest, public_id: str) -> HttpResponse:
    """Add places of a sort that the run does not have yet."""
    it = _run_of(request, public_id)
    if not it.missing_sorts:
        return redirect("courses:desk_run", public_id)
    form = NewPlacesForm(request.POST or None, missing=it.missing_sorts)
    if sent(request, form) and tried(request, actions.add_places, it, **form.cleaned_data):
        messages.success(request, _("The places are saved."))
        return redirect("courses:desk_run", public_id)
    return render(request, "courses/desk_form.html", {"form": form, "title": _("New places"), "run": it})


@coordinators_only
def roster(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who is in a run, and who waits."""
    it = _run_of(request, public_id)
    page = Paginator(it.enrolments.for_roster().numbered(), PER_PAGE).get_page(request.GET.get("page"))
    for enrolment in page:
        enrolment.run = it
        enrolment.moves = available_moves(request.user, enrolment)
        if "cancel" in enrolment.moves:
            enrolment.moves["cancel"] = _("Take out")
    groups = [(ROSTER_LISTS[state], list(rows)) for state, rows in groupby(page, key=attrgetter("state"))]
    trail = [_programme(), (reverse("courses:desk_run", args=[public_id]), it)]
    return render(request, "courses/desk_roster.html", {"run": it, "page": page, "groups": groups, "trail": trail})


ROSTER_LISTS = {
    Enrolment.State.CONFIRMED: gettext_lazy("Confirmed"),
    Enrolment.State.OFFERED: gettext_lazy("A place is offered"),
    Enrolment.State.WAITING: gettext_lazy("Queue"),
}


@coordinators_only
def roster_xlsx(request: HttpRequest, public_id: str) -> HttpResponse:
    """The roster as a spreadsheet."""
    it = _run_of(request, public_id)
    response = HttpResponse(roster_workbook(it), content_type=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="roster-{it.public_id}.xlsx"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@coordinators_only
def attendance_sheet(request: HttpRequest, public_id: str) -> HttpResponse:
    """A sheet to print and to sign, a line for each person confirmed."""
    it = _run_of(request, public_id)
    rows = it.enrolments.confirmed().select_related("person", "affiliation__institution", "pool")
    rows = list(rows.order_by("person__sort_name", "pk"))
    conceal_names(enrolment.person for enrolment in rows)
    shown = {"run": it, "rows": rows, "sessions": it.sessions.planned()}
    return render(request, "courses/attendance_sheet.html", shown)


@coordinators_only
@require_POST
def act_on_enrolment(request: HttpRequest, public_id: str, enrolment_id: str) -> HttpResponse:
    """Take somebody out of a run, or out of its queue; they are told, and so is whoever is offered the place."""
    it = _run_of(request, public_id)
    enrolment = get_object_or_404(it.enrolments.select_related("person", "pool"), public_id=enrolment_id)
    enrolment.run = enrolment.pool.run = it
    if enrolment.is_live and not _confirmed(request):
        next_in_queue = int(enrolment.takes_place and enrolment.pool.offers_with(enrolment.pool.places + 1))
        people = [(enrolment.person.full_name, 1), (_("Next in the queue"), next_in_queue)]
        return ask_before_mailing(request, it, [row for row in people if row[1]])
    act(request, enrolment, actions.ACTIONS["enrolment"])
    return redirect("courses:desk_roster", public_id)


@coordinators_only
def rights_lost(request: HttpRequest) -> HttpResponse:
    """Enrolments whose ground is gone: the coordinator decides, nothing ends by itself."""
    lost = Enrolment.objects.visible_to(request.user).without_right(request.cluster.today()).for_roster()
    page = Paginator(lost.select_related("run__course", "person", "pool", "affiliation__institution"), PER_PAGE)
    return render(request, "courses/desk_rights_lost.html", {"page": page.get_page(request.GET.get("page"))})


def ask_before_mailing(request: HttpRequest, it: Run, people: list[tuple[str, int]] | None = None) -> HttpResponse:
    """Say whom the change would mail, and how many, and ask; the form comes back with everything that was entered.

    Without `people` (who in words, how many) it is everybody who counts on the run.
    """
    hidden = [(name, value) for name, values in request.POST.lists() for value in values if name not in NOT_REPEATED]
    people = it.enrolments.expecting_mail().by_state() if people is None else people
    shown = {"run": it, "hidden": hidden, "people": people, "total": sum(count for _state, count in people)}
    return render(request, "courses/desk_confirm.html", shown)


NOT_REPEATED = {"csrfmiddlewaretoken", "confirmed"}


def _changed(before: Run | Session, form: ModelForm) -> set[str]:
    """The fields whose values differ from what is stored (a form would compare times by the reader's clock)."""
    return {name for name, value in form.cleaned_data.items() if getattr(before, name) != value}


def _confirmed(request: HttpRequest) -> bool:
    return request.POST.get("confirmed") == "yes"


def _run_of(request: HttpRequest, public_id: str) -> Run:
    """A run on this person's desk: 404 for any other."""
    it = get_object_or_404(Run.objects.editable_by(request.user).for_lists(), public_id=public_id)
    if not request.user.has_perm("courses.change_run", it):
        raise PermissionDenied
    return it
