from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now

from cluster_portal.moves import available_moves
from cluster_portal.prepared import rows_of
from courses.attendance import joining_page, ticket_path
from courses.bringing import may_bring
from courses.chain import chain_of, right_for
from courses.event import programme_of
from courses.feedback import asks_in_vain, why_no_feedback
from courses.materials import note_materials, seen_on_page
from courses.models import Course, Enrolment, Pathway, Run, newest_of
from courses.opened import open_run
from courses.places_words import say_whose
from courses.structured import course_as_data, run_as_data
from courses.words import has_no_places
from members.audience import audience_in_words


@login_not_required
def course(request: HttpRequest, slug: str) -> HttpResponse:
    """One course and its runs."""
    it = get_object_or_404(Course.objects.visible_to(request.user), slug=slug)
    runs = it.runs.visible_to(request.user).for_lists().order_by("-first_start", "-pk")
    shown = {"it": it, "now": now(), "directions": list(it.directions.all())}
    shown["earlier"] = [run for run in runs if has_no_places(run, now())]
    shown["runs"] = [run for run in runs if run not in shown["earlier"]]
    note_materials(shown["earlier"], request.user)
    shown["pathways"] = list(Pathway.objects.public().filter(steps__course=it))
    shown |= {"described": course_as_data(it, list(runs), request.cluster), **review_of(request, it)}
    return render(request, "courses/course.html", shown)


def review_of(request: HttpRequest, it: Course) -> dict:
    """Whether the content of a course is to be gone through again, and whether this reader may say that it was."""
    is_due = it.is_due_for_review_on(request.cluster.today())
    keeps = request.user.is_authenticated and request.user.is_coordinator
    may = is_due and keeps and Course.objects.editable_by(request.user).filter(pk=it.pk).exists()
    return {"review_is_due": is_due, "may_review": may}


@login_not_required
def run(request: HttpRequest, public_id: str) -> HttpResponse:
    """One run: its sessions and places, and the chain that says whether and why I can take part."""
    it = open_run(request.user, public_id)
    shown = {"it": it, "now": now(), **what_it_says(it), **_what_i_have(request, it), **review_of(request, it.course)}
    shown["materials"] = seen_on_page(it, request.user) if it.has_materials else []
    return render(request, "courses/run.html", shown | {"described": run_as_data(it, request.cluster)})


def what_it_says(it: Run) -> dict:
    """What `_run_facts.html` says of a run beside its own fields."""
    return {
        "instructors": rows_of(it, "instructors"),
        "partners": rows_of(it, "partners"),
        "directions": rows_of(it.course, "directions"),
        "audience": audience_in_words(it),
    }


def _comes_to_the_door(it: Run, mine: Enrolment) -> bool:
    """Whether the code for the door is of use: to who comes to the room."""
    return mine.state == Enrolment.State.CONFIRMED and it.is_live and not mine.is_online


def _what_i_have(request: HttpRequest, it: Run) -> dict:
    """My enrolment in a run with its moves, the chain, and the sessions."""
    person = request.user if request.user.is_authenticated else None
    mine = person and newest_of(person, it)
    if mine:
        mine.pool = next(pool for pool in rows_of(it, "pools") if pool.pk == mine.pool_id)
    right = right_for(it, person, mine) if person else None
    say_whose(it, right, request.cluster.today())
    chain = chain_of(it, person, mine, right)
    return {
        "mine": mine,
        "yours": bool(mine and mine.takes_place),
        "join": joining_page(mine) if mine else "",
        "ticket": ticket_path(mine) if mine and _comes_to_the_door(it, mine) else "",
        "waits": bool(mine and mine.state == Enrolment.State.WAITING),
        "moves": available_moves(person, mine) if mine and not it.is_over_at(now()) else {},
        "chain": chain,
        "is_over": has_no_places(it, now()),
        "can_enrol": any(link["enrols"] for link in chain),
        "brings": bool(person and may_bring(person, it)),
        "leads": bool(person and person.has_perm("courses.lead_run", it)),
        "asks_feedback": bool(mine and not why_no_feedback(mine, now()) and not asks_in_vain(it)),
        "sessions": rows_of(it, "sessions"),
        "days": programme_of(it, rows_of(it, "sessions"), mine, now()),
    }
