"""The desk of feedback: what a run asks those who took part."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import outcome_in, sent, tried
from courses import actions
from courses.actions.feedback import STANDARD, is_answered
from courses.desk import run_of
from courses.forms_feedback import FeedbackQuestionForm
from members.access import coordinators_only


@coordinators_only
def questions(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the run asks, in its order, and a form for one more question; the standard ones where it asks nothing."""
    it = run_of(request, public_id)
    form = FeedbackQuestionForm(request.POST or None)
    action = actions.add_feedback_question
    if sent(request, form) and outcome_in(form, None, action, it, by=request.user, **form.cleaned_data):
        messages.success(request, _("The question is added."))
        return redirect("courses:desk_feedback", public_id)
    rows = list(it.feedback_questions.all())
    standard = [] if rows else [_(text) for text, _kind in STANDARD]
    shown = {"run": it, "rows": rows, "form": form, "standard": standard, "stays": is_answered(it)}
    return render(request, "courses/desk_feedback.html", shown)


@coordinators_only
@require_POST
def standard(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask the standard questions."""
    if tried(request, actions.ask_standard_questions, run_of(request, public_id)):
        messages.success(request, _("The standard questions are asked when the last session is over."))
    return redirect("courses:desk_feedback", public_id)


@coordinators_only
def question(request: HttpRequest, public_id: str, question_id: str) -> HttpResponse:
    """Correct a question."""
    it = run_of(request, public_id)
    stored = get_object_or_404(it.feedback_questions, public_id=question_id)
    form = FeedbackQuestionForm(request.POST or None, instance=it.feedback_questions.get(pk=stored.pk))
    action = actions.change_feedback_question
    if sent(request, form) and outcome_in(form, None, action, stored, by=request.user, **form.cleaned_data):
        messages.success(request, _("The question is saved."))
        return redirect("courses:desk_feedback", public_id)
    return render(request, "courses/desk_feedback_question.html", {"run": it, "form": form})


@coordinators_only
@require_POST
def act_on_question(request: HttpRequest, public_id: str, question_id: str) -> HttpResponse:
    """Move a question up, or ask it no more."""
    it = run_of(request, public_id)
    asked = get_object_or_404(it.feedback_questions, public_id=question_id)
    asked.run = it
    made = {"up": actions.move_feedback_question_up, "remove": actions.remove_feedback_question}
    action = made.get(request.POST.get("move", ""))
    if action is None:
        raise Http404
    if tried(request, action, asked):
        messages.success(request, _("The questions are saved."))
    return redirect("courses:desk_feedback", public_id)
