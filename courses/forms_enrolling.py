from typing import Any

from django import forms
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from courses.holding import asks_for_guardian, needs_consent, why_not_after_a_refusal
from courses.models import Question, Run, newest_of
from courses.opened import questions_of
from courses.opening import why_not_now
from members.consent import deciders_at
from members.forms.fields import BirthDateField
from members.models import AgePolicy, Cluster, Person
from members.models.ages import years_between
from members.models.people import validate_plain_name
from members.taking_part import right_to_take_part

PLAIN = [validate_plain_name]  # a form that is no form of the model does not ask the model's validators
YES_NO = [(Question.YES, _("Yes")), (Question.NO, _("No"))]
GUARDIAN = {"guardian_family_name": "family_name", "guardian_given_name": "given_name", "guardian_email": "email"}


def field_for(question: Question) -> forms.Field:
    """The field in which a question is answered."""
    facts: dict[str, Any] = {"label": question.text, "required": question.is_required}
    if question.is_sensitive:
        facts["help_text"] = _("Only those who organise it see your answer, and it is erased after the last session.")
    if question.kind == Question.Kind.TEXT:
        return forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": 2}), **facts)
    choices = YES_NO if question.kind == Question.Kind.YES_NO else [(it, it) for it in question.choices]
    if not question.is_required:
        choices = [("", _("No answer")), *choices]
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **facts)


class AnswersForm(forms.Form):
    """The questions of a run, in their order."""

    def __init__(self, *args, questions: list[Question], said: dict[int, str] | None = None, **options):
        super().__init__(*args, **options)
        self.questions = questions
        for question in questions:
            self.fields[f"question_{question.public_id}"] = field = field_for(question)
            field.initial = (said or {}).get(question.pk, "")

    def answers(self) -> dict[str, str]:
        """Public id of the question → what was said."""
        return {it.public_id: self.cleaned_data[f"question_{it.public_id}"] for it in self.questions}


class EnrolForm(AnswersForm):
    """What has to be known before somebody enrols, and nothing else: an age, a guardian, the run's questions.

    `pool` is the sort of places that a button has chosen already; a guardian chooses on the form.
    """

    asked = forms.CharField(widget=forms.HiddenInput, initial="yes", required=False)

    def __init__(self, *args, run: Run, person: Person, pool: str = "", by_guardian: bool = False, **options):
        super().__init__(*args, questions=questions_of(run), **options)
        self.run, self.person, self.pool, self.today = run, person, pool, Cluster.current().today()
        pools = list(run.pools.all())
        if pool or (by_guardian and len(pools) > 1):
            self._add_pools([(it.public_id, it.get_sort_display()) for it in pools], chosen=pool)
        if not by_guardian:
            self._add_person()
        first = [name for name in ("pool", "birth_date", *GUARDIAN) if name in self.fields]
        self.order_fields(first)

    @property
    def is_needed(self) -> bool:
        """Whether anything has to be asked of somebody who could enrol now; who could not, is told why at once."""
        visible = [it for it in self.fields if it not in {"pool", "asked"}]
        return bool(visible) and self._may_enrol()

    def _may_enrol(self) -> bool:
        if self.person.enrolments.live().filter(run=self.run).exists() or why_not_now(self.run, now()):
            return False
        if why_not_after_a_refusal(newest_of(self.person, self.run)):
            return False
        return right_to_take_part(self.person, self.run, self.today).holds

    def _add_pools(self, choices: list[tuple[str, Any]], chosen: str) -> None:
        widget = forms.HiddenInput if chosen else forms.RadioSelect
        self.fields["pool"] = forms.CharField(widget=widget, initial=chosen, required=False)
        if not chosen:
            self.fields["pool"] = forms.ChoiceField(label=_("How"), choices=choices, widget=widget)

    def _add_person(self) -> None:
        """The birth date where it is unknown; a guardian where none is named and one may decide."""
        if self.person.birth_date is None:
            self.fields["birth_date"] = BirthDateField(
                help_text=_("By it we know whether a guardian has to consent. Other people never see it.")
            )
        if self._may_need_guardian():
            self._add_guardian()

    def _may_need_guardian(self) -> bool:
        if self.person.birth_date is not None:
            return asks_for_guardian(self.person, self.today)
        return not self.person.guarded_by.now().exists()

    def _add_guardian(self) -> None:
        surely = asks_for_guardian(self.person, self.today) and self.person.birth_date is not None
        why = "" if surely else _("Only if you are a child: a guardian has to consent then.")
        self.fields["guardian_family_name"] = Person._meta.get_field("family_name").formfield(
            label=_("Family name of a parent or guardian"), required=surely, help_text=why, validators=PLAIN
        )
        self.fields["guardian_given_name"] = Person._meta.get_field("given_name").formfield(
            label=_("Given name of a parent or guardian"), required=surely, validators=PLAIN
        )
        self.fields["guardian_email"] = forms.EmailField(
            label=_("E-mail of a parent or guardian"),
            max_length=254,
            required=surely,
            help_text=_("We ask there for consent. Not your own address."),
        )

    def clean_guardian_email(self):
        email = self.cleaned_data["guardian_email"].strip().lower()
        if email and email in {(self.person.email or "").lower(), self.person.contact_email.lower()}:
            raise forms.ValidationError(_("This is your own address. Enter the one of your parent or guardian."))
        return email

    def clean(self):
        cleaned = super().clean()
        if "guardian_email" in self.fields and self._is_child(cleaned.get("birth_date")):
            for name in GUARDIAN:
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("At your age a guardian has to consent. Enter their name and e-mail."))
        return cleaned

    def _is_child(self, entered) -> bool:
        born = self.person.birth_date or entered
        if born is None:
            return needs_consent(self.person)
        return deciders_at(years_between(born, self.today), AgePolicy.current()).guardians

    def facts(self) -> dict[str, Any]:
        """What `sign_up` is called with: the guardian only where the age asks for one."""
        said = self.cleaned_data
        guardian = {known: said[name] for name, known in GUARDIAN.items() if said.get(name)}
        is_child = self._is_child(said.get("birth_date"))
        return {
            "pool": said.get("pool") or self.pool,
            "answers": self.answers(),
            "birth_date": said.get("birth_date"),
            "guardian": guardian if is_child else None,
        }
