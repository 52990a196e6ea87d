from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, back_to, outcome, tried
from cluster_portal.links import read_link
from cluster_portal.moves import available_moves
from courses import actions
from courses.chain import chain_of
from courses.forms import ProgrammeFilter
from courses.models import Course, Enrolment, Run

PER_PAGE = 20
OFFER_AGE = timedelta(days=60)


@login_not_required
def programme(request: HttpRequest) -> HttpResponse:
    """What is on: the runs ahead, the next first."""
    narrow = ProgrammeFilter(request.GET)
    wanted = narrow.cleaned_data if narrow.is_valid() else {}
    rows = Run.objects.public().not_over(now()).matching(wanted.get("q", ""))
    if wanted.get("kind"):
        rows = rows.filter(course__kind=wanted["kind"])
    if wanted.get("host"):
        rows = rows.filter(host__slug=wanted["host"])
    if wanted.get("open"):
        rows = rows.filter(pk__in=Run.objects.open_on(now()))
    page = Paginator(rows.for_lists().order_by("first_start", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "courses/programme.html", {"page": page, "narrow": narrow, "now": now()})


@login_not_required
def course(request: HttpRequest, slug: str) -> HttpResponse:
    """One course and its runs."""
    it = get_object_or_404(Course.objects.visible_to(request.user), slug=slug)
    runs = it.runs.visible_to(request.user).for_lists().order_by("-first_start", "-pk")
    return render(request, "courses/course.html", {"it": it, "runs": runs, "now": now()})


@login_not_required
def run(request: HttpRequest, public_id: str) -> HttpResponse:
    """One run: its sessions and places, and the chain that says whether and why I can take part."""
    it = get_object_or_404(Run.objects.visible_to(request.user).for_page(), public_id=public_id)
    it.read_dates()
    return render(request, "courses/run.html", {"it": it, "now": now(), **_what_i_have(request, it)})


def _what_i_have(request: HttpRequest, it: Run) -> dict:
    """My enrolment in a run with its moves, the chain, and the sessions."""
    person = request.user if request.user.is_authenticated else None
    mine = person and person.enrolments.newest_in(it)
    chain = chain_of(it, person, mine)
    return {
        "mine": mine,
        "yours": bool(mine and mine.takes_place),
        "moves": available_moves(person, mine) if mine else {},
        "chain": chain,
        "can_enrol": any(link["enrols"] for link in chain),
        "sessions": list(it.sessions.all()),
        "instructors": list(it.instructors.all()),
    }


def enrol(request: HttpRequest, public_id: str) -> HttpResponse:
    """Enrol myself. Reading this address leads to the run: that is where signing in again comes back to."""
    it = get_object_or_404(Run.objects.visible_to(request.user), public_id=public_id)
    if request.method != "POST":
        return redirect(it)
    if enrolled := tried(request, actions.enrol, it, request.user, pool=request.POST.get("pool", "")):
        messages.success(request, said_after_enrolling(enrolled.result))
    return back_to(request, it, run)


def said_after_enrolling(enrolment: Enrolment) -> str:
    """What the person has now: a place, or a place in the queue."""
    if enrolment.state == Enrolment.State.CONFIRMED:
        return _("You are in. A mail with the dates for your calendar is on its way.")
    return _("All places are taken. You are number %(place)s in the queue, and get a mail when a place is yours.") % {
        "place": enrolment.place_in_queue()
    }


@require_POST
def act_on_enrolment(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make one move with my enrolment: take the offered place, decline it, leave."""
    it = get_object_or_404(request.user.enrolments.select_related("run__course", "run__host"), public_id=public_id)
    act(request, it, actions.ACTIONS["enrolment"])
    return back_to(request, it.run, run)


@login_not_required
def offer(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed link of an offered place: shows on GET, decides on POST, needs no sign-in."""
    rows = Enrolment.objects.select_related("run__course", "run__host", "person", "pool")
    it = rows.filter(public_id=read_link("courses.offer", token, OFFER_AGE)).first()
    if it is None or not it.person.is_active:
        return render(request, "courses/offer_bad.html", status=404)
    if request.method == "POST":
        _answer_offer(request, it)
        return redirect(request.path)
    return render(request, "courses/offer.html", {"it": it, "now": now()})


def _answer_offer(request: HttpRequest, it: Enrolment) -> None:
    answer = {"accept": actions.accept_offer, "decline": actions.decline_offer}.get(request.POST.get("answer", ""))
    if answer is None:
        raise Http404
    outcome(request, answer, it, by=it.person)
