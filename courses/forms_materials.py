from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster_portal.fresh import FreshForm
from courses.models import Material, Run, Session
from courses.opening import in_run_zone


class MaterialForm(FreshForm):
    """What a material says; of one that is there, its kind and its file stay."""

    url = forms.URLField(label=_("Link"), assume_scheme="https", required=False)

    class Meta:
        model = Material
        fields = ["title", "url", "session", "shown", "is_public"]
        widgets = {"shown": forms.RadioSelect}

    def __init__(self, *args, run: Run, **options):
        super().__init__(*args, **options)
        session = self.fields["session"]
        # A session that was cancelled stays the material's own until somebody chooses another.
        session.queryset = run.sessions.filter(Q(state=Session.State.PLANNED) | Q(pk=self.instance.session_id))
        session.empty_label = _("The whole run")
        session.required = False
        session.label_from_instance = lambda it: _named(run, it)
        self.fields["shown"].choices = Material.Shown.choices
        self.fields["shown"].label = _("When it is shown")
        self.fields["shown"].help_text = _(
            "Before: as soon as it is added. After: when its session has ended, or the last one of the run."
        )
        self.fields["is_public"].help_text = _("Otherwise only those see it whose place is certain.")
        self.fields["url"].validators = [URLValidator(schemes=["http", "https"])]
        self.fields["url"].help_text = _("It begins with https:// or http://.")
        if self.instance.upload_id:
            del self.fields["url"]
        elif self.instance.pk:
            self.fields["url"].required = True


class NewMaterialForm(MaterialForm):
    """One more material: a file, or the address of something that lies elsewhere."""

    kind = forms.ChoiceField(label=_("What"), choices=Material.Kind.choices, widget=forms.RadioSelect, initial="file")
    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("PDF, Word, Excel, PowerPoint, text, PNG, JPEG or WebP, 20 MB at most."),
    )
    field_order = ["title", "kind", "file", "url", "session", "shown", "is_public"]

    def __init__(self, *args, run: Run, **options):
        super().__init__(*args, run=run, **options)
        if run.is_over_at(now()):  # what is added then is what was recorded
            self.fields["kind"].initial = Material.Kind.RECORDING
            self.initial["shown"] = Material.Shown.AFTER

    def clean(self):
        cleaned = super().clean()
        is_file = cleaned.get("kind") == Material.Kind.FILE
        if is_file and not cleaned.get("file") and "file" not in self.errors:
            self.add_error("file", _("Choose a file, or say that it is a link."))
        if not is_file and not cleaned.get("url") and "url" not in self.errors:
            self.add_error("url", _("Enter the address of the link or of the recording."))
        return cleaned

    def _post_clean(self):
        """Not by the model: it has no file before the action keeps it, and would refuse every one."""

    def facts(self) -> dict[str, Any]:
        """What the action wants: a file or an address, never both."""
        facts = dict(self.cleaned_data)
        if facts["kind"] == Material.Kind.FILE:
            return facts | {"url": ""}
        return facts | {"file": None}


def _named(run: Run, session: Session) -> str:
    """A session in a list to choose from."""
    gone = gettext("cancelled") if session.state == Session.State.CANCELLED else ""
    return " · ".join(filter(None, [in_run_zone(run, session.starts_at), session.title, gone]))
