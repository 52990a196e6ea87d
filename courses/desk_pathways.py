"""The desk of pathways: coordinators of the cluster write them down, order their courses, publish and retire them."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, outcome_in, sent, tried
from cluster_portal.fresh import FreshForm
from cluster_portal.moves import available_moves
from courses import actions
from courses.forms import SEVERAL
from courses.models import Course, Pathway
from members.access import cluster_coordinators_only
from members.models import Institution

PER_PAGE = 50


class PathwayForm(FreshForm):
    """What a pathway says, without its courses."""

    class Meta:
        model = Pathway
        fields = ["title", "summary", "description", "vocation", "is_ordered", "partners"]
        widgets = {
            "summary": forms.Textarea(attrs={"rows": 2}),
            "description": forms.Textarea(attrs={"rows": 6}),
            "partners": forms.SelectMultiple(attrs={"size": 8}),
        }

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["partners"].queryset = Institution.objects.order_by("name", "pk")
        self.fields["partners"].help_text = SEVERAL


class StepForm(forms.Form):
    """One more course of a pathway."""

    course = forms.ModelChoiceField(Course.objects.none(), label=gettext_lazy("Course"))

    def __init__(self, *args, pathway: Pathway, **options):
        super().__init__(*args, **options)
        self.fields["course"].queryset = Course.objects.exclude(pathway_steps__pathway=pathway).order_by("title", "pk")


@cluster_coordinators_only
def pathways(request: HttpRequest) -> HttpResponse:
    """All pathways, drafts and retired ones too."""
    page = Paginator(Pathway.objects.with_steps(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "courses/desk_pathways.html", {"page": page})


@cluster_coordinators_only
def new_pathway(request: HttpRequest) -> HttpResponse:
    """Write a pathway down, then choose its courses."""
    form = PathwayForm(request.POST or None)
    if sent(request, form):
        it = actions.create_pathway(by=request.user, **form.cleaned_data)
        messages.success(request, _("The draft is kept. Choose its courses, then publish it."))
        return redirect("courses:desk_pathway", it.slug)
    return render(request, "courses/desk_pathway_form.html", {"form": form, "title": _("New pathway")})


@cluster_coordinators_only
def edit_pathway(request: HttpRequest, slug: str) -> HttpResponse:
    """Correct what a pathway says."""
    it = _pathway(slug)
    form = PathwayForm(request.POST or None, instance=_pathway(slug))
    if sent(request, form):
        actions.change_pathway(it, by=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("courses:desk_pathway", it.slug)
    return render(request, "courses/desk_pathway_form.html", {"form": form, "title": it.title, "it": it})


@cluster_coordinators_only
def pathway(request: HttpRequest, slug: str) -> HttpResponse:
    """One pathway on the desk: its courses in their order; a POST adds one."""
    it = _pathway(slug)
    form = StepForm(request.POST or None, pathway=it)
    if sent(request, form) and outcome_in(form, "course", actions.add_step, it, by=request.user, **form.cleaned_data):
        messages.success(request, _("The course is added."))
        return redirect("courses:desk_pathway", slug)
    shown = {"it": it, "form": form, "moves": available_moves(request.user, it)}
    return render(request, "courses/desk_pathway.html", shown)


@cluster_coordinators_only
@require_POST
def act_on_pathway(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish or retire."""
    act(request, _pathway(slug), actions.ACTIONS["pathway"])
    return redirect("courses:desk_pathway", slug)


@cluster_coordinators_only
@require_POST
def act_on_step(request: HttpRequest, slug: str, course: str) -> HttpResponse:
    """Move a course up, or take it out of the pathway."""
    step = get_object_or_404(_pathway(slug).steps, course__slug=course)
    action = {"up": actions.move_step_up, "remove": actions.remove_step}.get(request.POST.get("move", ""))
    if action is None:
        raise Http404
    if tried(request, action, step):
        messages.success(request, _("The courses are saved."))
    return redirect("courses:desk_pathway", slug)


def _pathway(slug: str) -> Pathway:
    return get_object_or_404(Pathway.objects.with_steps(), slug=slug)
