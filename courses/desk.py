"""The desk of the programme: coordinators create, edit and publish courses and runs, and take the roster."""

from collections.abc import Callable
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, sent, tried
from cluster_portal.moves import available_moves, may_move
from cluster_portal.sheets import XLSX, file_response
from courses import actions
from courses.exports import roster_workbook
from courses.forms import CourseForm, PatternForm, RunForm
from courses.holding import who_has_it
from courses.models import Course, Enrolment, Run
from courses.places_words import say_reserves
from courses.roster import PER_PAGE, roster_page
from courses.views import what_it_says
from courses.words import answer_to, pattern_in_words
from members.access import coordinators_only
from members.actions import note_children
from members.consent import conceal_names, name_shown_to, without_consent
from members.models import Person, Purpose


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
    form = CourseForm(request.POST or None, today=request.cluster.today())
    if sent(request, form):
        course = actions.create_course(by=request.user, **form.cleaned_data)
        messages.success(request, _("%(course)s is described. Now prepare its first run.") % {"course": course})
        return redirect("courses:desk_new_run", course.slug)
    return render(request, "courses/desk_form.html", {"form": form, "title": _("New course")})


@coordinators_only
def edit_course(request: HttpRequest, slug: str) -> HttpResponse:
    """Correct the description of a course."""
    it = get_object_or_404(Course.objects.editable_by(request.user), slug=slug)
    form = CourseForm(request.POST or None, instance=it, today=request.cluster.today())
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
    it = run_of(request, public_id)
    sessions = list(it.sessions.with_own_places().prefetch_related("pools"))
    say_reserves(it, request.cluster.today())
    shown = {"it": it, "sessions": sessions, "moves": available_moves(request.user, it), "now": now()}
    shown |= what_it_says(it) | {"bookings": it.bookings.live().for_lists()}
    return render(request, "courses/desk_run.html", shown | {"trail": [_programme()]})


def _programme() -> tuple[str, str]:
    """Where the trail of a run's pages on the desk begins."""
    return reverse("courses:desk_runs"), _("Manage programme")


@coordinators_only
def edit_run(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change what a run says; a live one asks first when people would be told."""
    it = run_of(request, public_id)
    form = RunForm(request.POST or None, instance=it, zone=it.zone, by=request.user)
    said, facts = _("The run is saved."), form.cleaned_data if sent(request, form) else {}
    if facts and (done := ask_or_do(request, it, said, actions.change_run, it, **facts)):
        return done
    return render(request, "courses/desk_form.html", {"form": form, "title": str(it), "run": it})


@coordinators_only
def pattern(request: HttpRequest, public_id: str) -> HttpResponse:
    """Plan the sessions of a draft by a weekly pattern, with a list to look at before it counts."""
    it = run_of(request, public_id)
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
@require_POST
def act_on_run(request: HttpRequest, public_id: str) -> HttpResponse:
    """Publish, cancel or close a run."""
    it = run_of(request, public_id)
    if request.POST.get("move") == "cancel" and it.is_live and not confirmed(request):
        return ask(request, it, actions.cancel_run, it) or redirect("courses:desk_run", public_id)
    act(request, it, actions.ACTIONS["run"])
    return redirect("courses:desk_run", public_id)


@coordinators_only
def roster(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who is in a run, and who waits."""
    it = run_of(request, public_id)
    page = roster_page(it, request.GET.get("page"))
    questions = list(it.questions.all())
    missing = who_has_it(list(page))
    note_children([enrolment.person_id for enrolment in page], request.user, "run roster")
    for enrolment in page:
        enrolment.moves = {"cancel": _("Take out")} if may_move(request.user, enrolment, "cancel") else {}
        waits = enrolment.state == Enrolment.State.HELD and enrolment.approval_is_missing
        enrolment.waits_for_approval = waits and request.user.has_perm("courses.approve_enrolment", enrolment)
        enrolment.said = [(asked, said) for asked in questions if (said := answer_to(asked, enrolment))]
        enrolment.missing = missing.get(enrolment.pk, [])
    conceal_names((enrolment.person for enrolment in page), request.user)
    groups = [(ROSTER_LISTS[state], list(rows)) for state, rows in groupby(page, key=attrgetter("state"))]
    trail = [_programme(), (reverse("courses:desk_run", args=[public_id]), it)]
    return render(request, "courses/desk_roster.html", {"run": it, "page": page, "groups": groups, "trail": trail})


ROSTER_LISTS = {
    Enrolment.State.CONFIRMED: gettext_lazy("Confirmed"),
    Enrolment.State.HELD: gettext_lazy("A place is held"),
    Enrolment.State.OFFERED: gettext_lazy("A place is offered"),
    Enrolment.State.WAITING: gettext_lazy("Queue"),
}


@coordinators_only
def roster_xlsx(request: HttpRequest, public_id: str) -> HttpResponse:
    """The roster as a spreadsheet."""
    it = run_of(request, public_id)
    note_children(it.enrolments.live().values_list("person", flat=True), request.user, "run roster")
    return file_response(roster_workbook(it), XLSX, f"roster-{it.public_id}.xlsx")


@coordinators_only
def attendance_sheet(request: HttpRequest, public_id: str) -> HttpResponse:
    """A sheet to print and to sign, a line for each person confirmed."""
    it = run_of(request, public_id)
    rows = it.enrolments.confirmed().select_related("person", "affiliation__institution", "pool")
    rows = list(rows.order_by("person__sort_name", "pk"))
    conceal_names(enrolment.person for enrolment in rows)
    note_children([enrolment.person_id for enrolment in rows], request.user, "run roster")
    shown = {"run": it, "rows": rows, "sessions": it.sessions.planned()}
    return render(request, "courses/attendance_sheet.html", shown)


@coordinators_only
@require_POST
def act_on_enrolment(request: HttpRequest, public_id: str, enrolment_id: str) -> HttpResponse:
    """Take somebody out of a run, or out of its queue; they are told, and so is whoever is offered the place."""
    it = run_of(request, public_id)
    enrolment = get_object_or_404(it.enrolments.select_related("person", "pool"), public_id=enrolment_id)
    enrolment.run = enrolment.pool.run = it
    if enrolment.is_live and not confirmed(request):
        note_children([enrolment.person_id], request.user, "run roster")
        warning = _("%(name)s is taken out.") % {"name": name_shown_to(request.user, enrolment.person)}
        page = ask(request, it, actions.cancel_enrolment, enrolment, warning=warning)
        return page or redirect("courses:desk_roster", public_id)
    act(request, enrolment, actions.ACTIONS["enrolment"])
    return redirect("courses:desk_roster", public_id)


@coordinators_only
def rights_lost(request: HttpRequest) -> HttpResponse:
    """Enrolments whose ground is gone: the coordinator decides, nothing ends by itself."""
    today = request.cluster.today()
    lost = Enrolment.objects.visible_to(request.user).without_right(today).for_roster()
    rows = Paginator(lost.select_related("run__course", "person", "pool", "affiliation__institution"), PER_PAGE)
    page = rows.get_page(request.GET.get("page"))
    note_children([it.person_id for it in page], request.user, "rights lost")
    lacking = without_consent(Person.objects.filter(enrolments__in=list(page)), Purpose.TAKING_PART, today)
    for it in page:
        it.lacks_consent = it.state == Enrolment.State.CONFIRMED and it.person_id in lacking
    conceal_names((it.person for it in page), request.user)
    return render(request, "courses/desk_rights_lost.html", {"page": page})


def ask(
    request: HttpRequest, it: Run, action: Callable, *args: Any, warning: str = "", **facts: Any
) -> HttpResponse | None:
    """Ask before an action, also when it would mail nobody. None when it was refused, with a sentence."""
    foreseen = tried(request, actions.mailed_by, it, action, *args, **facts)
    return ask_before_mailing(request, it, foreseen.result, warning) if foreseen else None


def ask_or_do(
    request: HttpRequest, it: Run, said: str, action: Callable, *args: Any, warning: str = "", **facts: Any
) -> HttpResponse | None:
    """Let an action happen; ask first when it would mail anybody, or when there is something to warn of.

    None when it was refused: the sentence stands on the page, and the form is shown again.
    """
    if not confirmed(request):
        foreseen = tried(request, actions.mailed_by, it, action, *args, **facts)
        if not foreseen:
            return None
        if foreseen.result or warning:
            return ask_before_mailing(request, it, foreseen.result, warning)
    if not tried(request, action, *args, **facts):
        return None
    messages.success(request, said)
    return redirect("courses:desk_run", it.public_id)


def ask_before_mailing(request: HttpRequest, it: Run, people: list[tuple[str, int]], warning: str = "") -> HttpResponse:
    """Whom a change would mail (who in words, how many), and a form that comes back with all that was entered."""
    hidden = [(name, value) for name, values in request.POST.lists() for value in values if name not in NOT_REPEATED]
    shown = {"run": it, "hidden": hidden, "people": people, "total": sum(count for _who, count in people)}
    return render(request, "courses/desk_confirm.html", shown | {"warning": warning})


NOT_REPEATED = {"csrfmiddlewaretoken", "confirmed"}


def confirmed(request: HttpRequest) -> bool:
    """Whether somebody has seen who will be mailed, and went on."""
    return request.POST.get("confirmed") == "yes"


def run_of(request: HttpRequest, public_id: str) -> Run:
    """A run on this person's desk: 404 for any other."""
    it = get_object_or_404(Run.objects.editable_by(request.user).for_lists(), public_id=public_id)
    if not request.user.has_perm("courses.change_run", it):
        raise PermissionDenied
    return it
