from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from courses.models import FeedbackQuestion

SCALE = [
    (5, _("5: I agree fully")),
    (4, "4"),
    (3, "3"),
    (2, "2"),
    (1, _("1: I do not agree at all")),
]


class FeedbackForm(forms.Form):
    """What a run asks those who took part, in its order."""

    def __init__(self, *args, questions: list[FeedbackQuestion], **options):
        super().__init__(*args, **options)
        self.questions = questions
        for question in questions:
            self.fields[f"feedback_{question.public_id}"] = _field_for(question)

    def answers(self) -> dict[str, Any]:
        """Public id of the question → the number, or what was written."""
        return {it.public_id: self.cleaned_data[f"feedback_{it.public_id}"] for it in self.questions}


def _field_for(question: FeedbackQuestion) -> forms.Field:
    if question.kind == FeedbackQuestion.Kind.TEXT:
        return forms.CharField(
            label=question.text,
            required=False,
            max_length=2000,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("Name nobody, not even yourself."),
        )
    return forms.TypedChoiceField(label=question.text, choices=SCALE, coerce=int, widget=forms.RadioSelect)


class FeedbackQuestionForm(forms.ModelForm):
    """One question to those who took part."""

    class Meta:
        model = FeedbackQuestion
        fields = ["text", "kind"]
        widgets = {"kind": forms.RadioSelect}

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["kind"].choices = FeedbackQuestion.Kind.choices
        self.fields["text"].help_text = _("For one to five: a sentence with which one can agree.")
