"""The desk of what is taught: which courses are to be gone through again, and giving a run once more."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import sent, tried
from courses import actions
from courses.forms import RepeatForm
from courses.models import Course, Run
from members.access import coordinators_only

PER_PAGE = 50


@coordinators_only
def due_for_review(request: HttpRequest) -> HttpResponse:
    """The courses that I keep whose content is to be gone through again."""
    due = Course.objects.editable_by(request.user).due_for_review(request.cluster.today())
    page = Paginator(due, PER_PAGE).get_page(request.GET.get("page"))
    trail = [(reverse("courses:desk_runs"), _("Manage programme"))]
    return render(request, "courses/desk_review.html", {"page": page, "trail": trail})


@coordinators_only
@require_POST
def reviewed(request: HttpRequest, slug: str) -> HttpResponse:
    """Say that a course was gone through today and is right."""
    it = get_object_or_404(Course.objects.editable_by(request.user), slug=slug)
    actions.review_course(it, by=request.user)
    messages.success(request, _("%(course)s is noted as reviewed today.") % {"course": it})
    came_from_page = request.POST.get("next") == it.get_absolute_url()
    return redirect(it if came_from_page else "courses:desk_review")


@coordinators_only
def repeat(request: HttpRequest, public_id: str) -> HttpResponse:
    """Prepare the same run again, on other days."""
    it = get_object_or_404(Run.objects.editable_by(request.user).select_related("course"), public_id=public_id)
    form = RepeatForm(request.POST or None)
    if sent(request, form) and (again := tried(request, actions.repeat_run, it, **form.cleaned_data)):
        messages.success(request, _("The run is prepared on its new days. Look it through, then publish it."))
        return redirect("courses:desk_run", again.result.public_id)
    return render(request, "courses/desk_repeat.html", {"form": form, "run": it})
