from django import forms
from django.utils.translation import gettext_lazy as _

from members.forms.fields import BirthDateField
from members.forms.people import NAME_FIELDS, PastedLinesField, PersonChoiceField
from members.models import Cluster, Group, Institution, Person
from members.pasted import PastedPerson


class ClassForm(forms.ModelForm):
    """A class: where, its name and year."""

    class Meta:
        model = Group
        fields = ["institution", "name", "stage", "school_year"]

    def __init__(self, *args, by: Person | None = None, **options):
        super().__init__(*args, **options)
        self.fields["school_year"].min_value = 2000
        if self.instance.pk:
            del self.fields["institution"]
            return
        cluster = Cluster.current()
        self.fields["school_year"].initial = cluster.school_year_on(cluster.today())
        self.fields["institution"].queryset = institutions = Institution.objects.with_classes_of(by)
        if len(only := institutions[:2]) == 1:
            self.fields["institution"].initial = only[0]

    def clean_stage(self):
        stage = self.cleaned_data["stage"]
        if stage is not None and stage > 13:
            raise forms.ValidationError(_("Write the year of schooling: a number from 0 to 13."))
        return stage

    def clean_school_year(self):
        year = self.cleaned_data["school_year"]
        if not 2000 <= year <= 2100:
            raise forms.ValidationError(_("Write the year in which the school year begins, such as 2026."))
        return year

    def validate_constraints(self):
        """The action says why a second class of this name is refused."""


class StudentForm(forms.ModelForm):
    """One student of a class. No e-mail: a student need not sign in."""

    birth_date = BirthDateField(required=False, help_text=_("Without it the portal takes the student for a child."))

    class Meta:
        model = Person
        fields = [*NAME_FIELDS, "birth_date"]

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["given_name"].required = True
        if self.instance.pk and self.instance.has_claimed:
            for name in NAME_FIELDS:
                self.fields[name].disabled = True
                self.fields[name].help_text = _("The student signs in and writes it themself.")

    def said(self) -> PastedPerson:
        """What was filled in, as a line of a list says it."""
        return PastedPerson("", **self.cleaned_data)


class ClassListForm(forms.Form):
    """A pasted class list."""

    people = PastedLinesField(
        label=_("One student a line"),
        help_text=_("Family name, given name and, if known, birth date: “Ivanova Anna 17.05.2012”, or columns."),
    )


class KeeperForm(forms.Form):
    """Another teacher of the class."""

    person = PersonChoiceField(Person.objects.none(), label=_("Teacher"))

    def __init__(self, *args, group: Group, **options):
        super().__init__(*args, **options)
        teachers = Person.objects.teaching_at(group.institution).exclude(keeps_groups=group)
        self.fields["person"].queryset = teachers


class MoveUpForm(forms.Form):
    """Who goes along into the next school year."""

    going = forms.ModelMultipleChoiceField(
        Person.objects.none(), label=_("Who goes along"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args, group: Group, **options):
        super().__init__(*args, **options)
        here = Person.objects.filter(pk__in=group.memberships.now().values("person"))
        self.fields["going"].queryset = here
        self.fields["going"].label_from_instance = lambda person: person.full_name
        self.fields["going"].initial = here
