"""Pathways for everybody, with one's own progress and that of one's children."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from courses.models import Course, Pathway
from courses.progress import next_runs, progress_on, taken_by
from courses.structured import pathway_as_data
from members.consent import guarded_now

PER_PAGE = 30


@login_not_required
def pathways(request: HttpRequest) -> HttpResponse:
    """Every pathway, and how far I am on those that I have begun."""
    page = Paginator(Pathway.objects.public().with_steps(), PER_PAGE).get_page(request.GET.get("page"))
    mine = None
    if request.user.is_authenticated:
        mine = taken_by([request.user], {step.course_id for it in page for step in it.steps.all()})[request.user.pk]
    for it in page:
        it.progress = progress_on(it, mine, {})
    return render(request, "courses/pathways.html", {"page": page})


@login_not_required
def pathway(request: HttpRequest, slug: str) -> HttpResponse:
    """One pathway: its courses, what it leads to, and how far I am, or my children are."""
    it = get_object_or_404(Pathway.objects.visible_to(request.user).with_steps(), slug=slug)
    courses = [step.course_id for step in it.steps.all()]
    children = guarded_now(request.user) if request.user.is_authenticated else []
    readers = [request.user, *children] if request.user.is_authenticated else []
    person = request.user if request.user.is_authenticated else None
    taken, runs = taken_by(readers, courses), next_runs(courses, person)
    public = set(Course.objects.visible_to(AnonymousUser()).filter(pk__in=courses).values_list("pk", flat=True))
    shown = {
        "it": it,
        "progress": progress_on(it, taken[person.pk] if person else None, runs),
        "children": [(child, progress_on(it, taken[child.pk], runs)) for child in children],
        "open": set(Course.objects.visible_to(request.user).filter(pk__in=courses).values_list("pk", flat=True)),
        "partners": list(it.partners.all()),
        "described": pathway_as_data(it, public, request.cluster) if it.state == Pathway.State.PUBLISHED else {},
    }
    return render(request, "courses/pathway.html", shown)
