"""The desk of questions: what a run asks of everybody who enrols."""

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from cluster_portal.buttons import outcome_in, sent, tried
from courses import actions
from courses.desk import run_of
from courses.models import Question
from members.access import coordinators_only

LONGEST_CHOICE = 80


class QuestionForm(forms.ModelForm):
    """One question; the choices stand a line each."""

    choices = forms.CharField(
        label=gettext_lazy("Choices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("One in a line, for “one of several” only."),
    )

    class Meta:
        model = Question
        fields = ["text", "kind", "choices", "is_required", "is_sensitive"]

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.initial["choices"] = "\n".join(self.instance.choices)
        self.fields["kind"].choices = Question.Kind.choices  # the first is chosen: most questions want a text

    def clean_choices(self):
        lines = [it.strip() for it in self.cleaned_data["choices"].splitlines() if it.strip()]
        if any(len(it) > LONGEST_CHOICE for it in lines):
            raise forms.ValidationError(_("A choice has 80 characters at most. Say it more briefly."))
        return list(dict.fromkeys(lines))

    def clean(self):
        cleaned = super().clean()
        is_choice = cleaned.get("kind") == Question.Kind.CHOICE
        if is_choice and "choices" in cleaned and len(cleaned["choices"]) < 2:
            self.add_error("choices", _("Enter two choices or more, one in a line."))
        if not is_choice:
            cleaned["choices"] = []
        return cleaned


@coordinators_only
def questions(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the run asks, in its order, and a form for one more question."""
    it = run_of(request, public_id)
    form = QuestionForm(request.POST or None)
    if sent(request, form) and outcome_in(form, None, actions.add_question, it, by=request.user, **form.cleaned_data):
        messages.success(request, _("The question is added."))
        return redirect("courses:desk_questions", public_id)
    rows = it.questions.annotate(answered=Count("answers"))
    return render(request, "courses/desk_questions.html", {"run": it, "rows": rows, "form": form})


@coordinators_only
def question(request: HttpRequest, public_id: str, question_id: str) -> HttpResponse:
    """Correct a question."""
    it = run_of(request, public_id)
    asked = get_object_or_404(it.questions, public_id=question_id)
    form = QuestionForm(request.POST or None, instance=asked)
    stored = Question.objects.get(pk=asked.pk)
    if sent(request, form) and outcome_in(
        form, None, actions.change_question, stored, by=request.user, **form.cleaned_data
    ):
        messages.success(request, _("The question is saved."))
        return redirect("courses:desk_questions", public_id)
    return render(request, "courses/desk_question.html", {"run": it, "form": form})


@coordinators_only
@require_POST
def act_on_question(request: HttpRequest, public_id: str, question_id: str) -> HttpResponse:
    """Move a question up, or ask it no more."""
    it = run_of(request, public_id)
    asked = get_object_or_404(it.questions, public_id=question_id)
    asked.run = it
    action = {"up": actions.move_question_up, "remove": actions.remove_question}.get(request.POST.get("move", ""))
    if action is None:
        raise Http404
    if tried(request, action, asked):
        messages.success(request, _("The questions are saved."))
    return redirect("courses:desk_questions", public_id)
