from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from cluster_portal.links import read_link, signed_token
from members.actions.applications import agreements_to_join
from members.forms.fields import AddressField
from members.forms.people import NAME_FIELDS
from members.models import Agreement, Application, Cluster, Institution, Person
from members.models.people import validate_plain_name

STAMP = "members.apply"
TOO_FAST, TOO_OLD = timedelta(seconds=3), timedelta(hours=12)


class ApplicationForm(forms.ModelForm):
    """An institution asks to join. Machines are told by a field that people do not see, and by their haste."""

    website = forms.URLField(
        label=_("Website"),
        required=False,
        assume_scheme="https",
        # The browser's own field would refuse an address that is typed without https://.
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "url"}),
    )
    family_name = forms.CharField(label=_("Family name"), max_length=100, validators=[validate_plain_name])
    given_name = forms.CharField(label=_("Given name"), max_length=100, validators=[validate_plain_name])
    patronymic = forms.CharField(
        label=_("Patronymic"), max_length=100, required=False, validators=[validate_plain_name]
    )
    email = AddressField(
        label=_("E-mail of the head"),
        help_text=_("We write to this address; nothing reaches the coordinator before you have answered our mail."),
    )
    fax = forms.CharField(
        label=_("Please leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    stamp = forms.CharField(required=False, widget=forms.HiddenInput)

    INSTITUTION = ("name", "kind", "region", "website")
    HEAD = (*NAME_FIELDS, "email")

    class Meta:
        model = Application
        fields = ["name", "kind", "region", "website", "why"]
        labels = {"region": _("Region")}
        widgets = {"why": forms.Textarea(attrs={"rows": 5})}
        help_texts = {"why": _("What you would bring and what you hope for. The coordinator reads it.")}

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.order_fields([*self.INSTITUTION, *self.HEAD, "why"])
        self.fields["stamp"].initial = signed_token(STAMP, "form")
        for name, purpose in zip(self.HEAD, ("family-name", "given-name", "additional-name", "email"), strict=True):
            self.fields[name].widget.attrs["autocomplete"] = purpose
        if not self.fields["region"].queryset.exists():
            del self.fields["region"]

    def clean_name(self):
        """Single spaces, so that the same institution is recognised."""
        return " ".join(self.cleaned_data["name"].split())

    def visible_fields(self):
        """Without the field that people do not see: the page draws it out of sight."""
        return [bound for bound in super().visible_fields() if bound.name != "fax"]

    def clean(self):
        super().clean()
        stamp = self.cleaned_data.get("stamp", "")
        if self.cleaned_data.get("fax"):
            self._ask_again(
                _("A field that people do not see was filled in, perhaps by your browser. Please send once more."),
                fax="",
            )
        elif read_link(STAMP, stamp, TOO_OLD) is None:
            self._ask_again(
                _("The form was open for long. All you typed is here: please look it through and send it once more."),
                stamp=signed_token(STAMP, "form"),
            )
        elif read_link(STAMP, stamp, TOO_FAST) is not None:
            self._ask_again(
                _("That was faster than people type. All you typed is here: please look it through and send once more.")
            )

    def _ask_again(self, said: str, **renewed: str) -> None:
        """Refuse kindly: what was typed stays, only what was wrong about the form itself is made anew."""
        self.data = self.data.copy()
        for name, value in renewed.items():
            self.data[name] = value
        self.add_error(None, said)

    def too_many(self) -> None:
        """Say that the day's number of applications is used up; what was typed stays."""
        self.add_error(
            None, _("Several applications came from your network or with this address today. Please send it tomorrow.")
        )

    def application(self) -> dict:
        """What `apply_to_join` asks for."""
        facts = {name: self.cleaned_data.get(name) for name in (*self.INSTITUTION, "why")}
        names = {name: self.cleaned_data[name] for name in NAME_FIELDS}
        return {"email": self.cleaned_data["email"], "names": names, **facts}


class NoteForm(forms.Form):
    """What coordinator and applicant write to each other."""

    text = forms.CharField(max_length=3000, widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(self, *args, label, help_text="", **options):
        super().__init__(*args, **options)
        self.fields["text"].label, self.fields["text"].help_text = label, help_text


class AcceptForm(forms.Form):
    """Into which agreement an applicant is taken, and which institution it is."""

    agreement = forms.ModelChoiceField(
        Agreement.objects.none(),
        label=_("Agreement that it joins"),
        help_text=_("An addendum to it is prepared as a draft; the signed text stays as it is."),
    )
    institution = forms.ModelChoiceField(
        Institution.objects.none(),
        label=_("Institution"),
        required=False,
        empty_label=_("New: enter it as the applicant wrote it"),
    )

    def __init__(self, *args, application: Application, by: Person, **options):
        super().__init__(*args, **options)
        agreements = Agreement.objects.filter(pk__in=[it.pk for it in agreements_to_join(Cluster.current().today())])
        self.fields["agreement"].queryset = agreements
        self.fields["agreement"].initial = agreements.first()
        self.fields["institution"].queryset = Institution.objects.invitable_by(by).order_by("name", "pk")
        self.fields["institution"].initial = next(iter(application.same_institutions()), None)
