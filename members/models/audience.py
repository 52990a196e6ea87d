from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from members.models.institutions import Institution
from members.models.people import Affiliation


class Addressed(models.Model):
    """Something that people take part in by right: whom it admits, and for whom of these it is.

    `right` names the right that a clause gives (`Clause.Right`); members/taking_part.py answers who has it.
    """

    class Admits(models.TextChoices):
        MEMBERS = "members", _("Member institutions")
        PARTNERS = "partners", _("Members and partners")
        EVERYONE = "everyone", _("Everyone")

    admits = models.CharField(_("open to"), max_length=10, choices=Admits.choices, default=Admits.MEMBERS)
    roles = ArrayField(
        models.CharField(max_length=10, choices=Affiliation.Role.choices),
        verbose_name=_("for"),
        default=list,
        blank=True,
        help_text=_("Nobody chosen means: any role."),
    )
    kinds = ArrayField(
        models.CharField(max_length=20, choices=Institution.Kind.choices),
        verbose_name=_("kinds of institution"),
        default=list,
        blank=True,
        help_text=_("Nothing chosen means: any kind."),
    )
    regions = models.ManyToManyField(
        "members.Region",
        related_name="%(class)ss",
        blank=True,
        verbose_name=_("regions"),
        help_text=_("Nothing chosen means: any region."),
    )
    stage_from = models.PositiveSmallIntegerField(
        _("from year of schooling"), null=True, blank=True, validators=[MaxValueValidator(14)]
    )
    stage_until = models.PositiveSmallIntegerField(
        _("to year of schooling"), null=True, blank=True, validators=[MaxValueValidator(14)]
    )

    class Meta:
        abstract = True

    @property
    def right(self) -> str:
        """The right that a clause names for it."""
        raise NotImplementedError

    @property
    def is_addressed(self) -> bool:
        """Whether it is for some only: a role, a kind of institution, a region."""
        return bool(self.roles or self.kinds or self.regions.all())
