"""Final works: what is handed in, and what is said of it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cluster_portal.fresh import FreshForm
from courses.models import FinalWork
from members.forms.initiatives import FilesField


class WorkForm(FreshForm):
    """A text, files, or both."""

    files = FilesField(
        label=_("Files"),
        required=False,
        help_text=_("Ten at most, 20 MB each: PDF, Word, Excel, PowerPoint, text, pictures. New ones replace the old."),
    )

    class Meta:
        model = FinalWork
        fields = ["text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 10})}
        labels = {"text": _("Text")}

    def clean(self):
        cleaned = super().clean()
        if not self.errors and not cleaned.get("text", "").strip() and not cleaned.get("files"):
            self.add_error("text", _("There is nothing to hand in yet. Write a text or choose a file."))
        return cleaned


class NoteForm(forms.Form):
    """What the instructor says of a work."""

    note = forms.CharField(
        label=_("Note to the author"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Needed when you return the work: what is to be changed."),
    )
