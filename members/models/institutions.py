from anyascii import anyascii
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Value, When
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from cluster_portal.ordering import naturally
from cluster_portal.public_id import PublicIdField
from cluster_portal.search import beginning, folded
from members.models.agreements import Coverage, Party

RESERVED_SLUGS = {"apply", "new", "standing"}  # addresses such as /members/apply/ are pages of their own


def transliterated_slug(name: str, otherwise: str = "institution") -> str:
    """A slug in Latin letters for a name in any script; for one of signs only, the word for what it is."""
    return slugify(anyascii(name))[:60].strip("-") or otherwise


class RegionQuerySet(models.QuerySet):
    def in_order(self):
        """As people count: region 2 before region 10."""
        return self.order_by(naturally("name"), "name")

    def with_coordinators(self):
        """Each region with how many institutions it has, and in `held` the roles that are held in it today."""
        roles = Region.coordinators.rel.related_model.objects
        held = models.Prefetch("coordinators", roles.now().select_related("person").order_by("pk"), to_attr="held")
        counted = self.annotate(institution_count=models.Count("institutions"))
        return counted.prefetch_related(held).in_order()


class Region(models.Model):
    """A part of the country with a coordinator of its own."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    slug = models.SlugField(max_length=60, unique=True)

    objects = RegionQuerySet.as_manager()

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ["name"]

    def __str__(self):
        return self.name


class DirectionQuerySet(models.QuerySet):
    def with_counts(self):
        """Each theme with how many institutions work on it."""
        return self.annotate(institution_count=models.Count("institutions")).order_by("name")


class Direction(models.Model):
    """What institutions work on together; on screen: theme."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    slug = models.SlugField(max_length=60, unique=True)

    objects = DirectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("theme")
        verbose_name_plural = _("themes")
        ordering = ["name"]

    def __str__(self):
        return self.name


class InstitutionQuerySet(models.QuerySet):
    def called_one_of(self, names):
        """Institutions whose name is, or begins with, one of these (folded)."""
        return self.filter(words__regex=beginning(names)) if names else self.none()

    def members_on(self, day):
        """Institutions that are members on a day: a bound party of a network agreement, or covered by one."""
        return self.filter(_is_party(day, network=True) | _is_covered(day))

    def partners_on(self, day):
        """Institutions that are bound on a day by an agreement of another kind than the network's."""
        return self.filter(_is_party(day, network=False))

    def with_standing(self, day):
        """Each institution with its `standing` on a day (a value of Institution.Standing), from the documents."""
        was_party = Exists(Party.objects.was_bound_before(day).filter(institution=OuterRef("pk")))
        was_covered = Exists(Coverage.objects.was_in_force_before(day).filter(institution=OuterRef("pk")))
        Standing = Institution.Standing
        return self.annotate(
            standing=Case(
                When(_is_party(day, network=True), then=Value(Standing.MEMBER)),
                When(_is_covered(day), then=Value(Standing.COVERED)),
                When(_is_candidate(day), then=Value(Standing.CANDIDATE)),
                When(_is_party(day, network=False), then=Value(Standing.PARTNER)),
                When(was_party | was_covered, then=Value(Standing.FORMER)),
                default=Value(Standing.NONE),
                output_field=models.CharField(),
            )
        )

    def for_directory(self, day):
        """With what a line of the directory or of an export shows."""
        return self.with_standing(day).select_related("region").prefetch_related("directions")

    def for_page(self, day):
        """With what an institution's own page shows."""
        return self.for_directory(day).select_related("logo").prefetch_related("links")

    def narrowed(self, kind="", region="", direction="", standing=""):
        """Of one kind, in one region, working on one theme (by their slugs), with one standing; "" does not count."""
        wanted = {"kind": kind, "region__slug": region, "directions__slug": direction, "standing": standing}
        return self.filter(**{name: value for name, value in wanted.items() if value})

    def in_order_of_standing(self):
        """What `with_standing` has found: members first, former ones last, each by name."""
        order = [When(standing=it, then=Value(number)) for number, it in enumerate(Institution.Standing.values)]
        return self.order_by(Case(*order, output_field=models.IntegerField()), "name", "pk")

    def with_classes_of(self, person):
        """Institutions whose classes this person may keep: where they teach, and those they answer for."""
        teaches = [it.institution_id for it in person.active_affiliations if it.role != "student"]
        return self.filter(models.Q(pk__in=teaches) | models.Q(pk__in=self.model.objects.invitable_by(person)))

    def invitable_by(self, person):
        """Institutions that this person keeps, and may invite into: those they speak for, those in their region."""
        if person.coordinates_whole_cluster:
            return self
        regions = [role.region_id for role in person.coordinator_roles]
        return self.filter(models.Q(pk__in=[it.pk for it in person.spoken_for]) | models.Q(region__in=regions))


class Institution(models.Model):
    """A university, school, kindergarten, company or other organisation. Whether it is a member, documents say."""

    class Kind(models.TextChoices):
        UNIVERSITY = "university", _("University")
        METHODOLOGY_CENTRE = "methodology_centre", _("Methodology centre")
        SCHOOL = "school", _("School")
        KINDERGARTEN = "kindergarten", _("Kindergarten")
        COLLEGE = "college", _("College")
        SUPPLEMENTARY = "supplementary", _("Supplementary-education centre")
        COMPANY = "company", _("Company")
        AUTHORITY = "authority", _("Public authority")
        ASSOCIATION = "association", _("Association")

    class Standing(models.TextChoices):
        MEMBER = "member", _("Member")
        COVERED = "covered", _("Member, covered")
        CANDIDATE = "candidate", _("Candidate")
        PARTNER = "partner", _("Partner")
        FORMER = "former", _("Former member")
        NONE = "none", _("Not a member")

    public_id = PublicIdField()
    slug = models.SlugField(max_length=64, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    short_name = models.CharField(_("short name"), max_length=80, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="institutions")
    about = models.TextField(_("about"), blank=True)
    website = models.URLField(_("website"), blank=True)
    directions = models.ManyToManyField(Direction, blank=True, related_name="institutions", verbose_name=_("themes"))
    logo = models.ForeignKey("cluster_portal.Upload", models.SET_NULL, null=True, blank=True, related_name="+")
    words = models.TextField(editable=False, default="")

    objects = InstitutionQuerySet.as_manager()
    AUDITED = ("kind",)

    class Meta:
        verbose_name = _("institution")
        verbose_name_plural = _("institutions")
        ordering = ["name", "pk"]
        indexes = [GinIndex(OpClass(F("words"), name="gin_trgm_ops"), name="institution_words")]

    def __str__(self):
        return self.short_name or self.name

    def save(self, **options):
        self.words = folded(self.name, self.short_name)
        if not self.slug:
            self.slug = self._free_slug()
        super().save(**options)

    def get_absolute_url(self):
        return reverse("members:institution", args=[self.slug])

    def speakers(self):
        """Heads and contacts: the affiliations of those who answer for it, heads first."""
        roles = self.affiliations.model.SPEAKING_ROLES
        return self.affiliations.active().filter(role__in=roles).select_related("person").order_by("-role", "pk")

    def _free_slug(self) -> str:
        slug = transliterated_slug(self.short_name or self.name)
        taken = slug in RESERVED_SLUGS or Institution.objects.filter(slug=slug).exists()
        return f"{slug[:55]}-{self.public_id[:6]}" if taken else slug


class InstitutionLink(models.Model):
    """An address that an institution shows on its page: a programme, a laboratory, a channel."""

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="links")
    title = models.CharField(_("title"), max_length=80)
    url = models.URLField(_("address"))

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["pk"]

    def __str__(self):
        return self.title


def _is_party(day, network: bool):
    return Exists(Party.objects.binding_on(day, network=network).filter(institution=OuterRef("pk")))


def _is_covered(day):
    return Exists(Coverage.objects.in_force_on(day).filter(institution=OuterRef("pk")))


def _is_candidate(day):
    """Its application was accepted by that day and not given up since, and no document has made it a member."""
    from members.models.applications import Application  # it points here

    accepted = Application.objects.hoping_on(day).filter(institution=OuterRef("pk"))
    signed = Party.objects.bound_between(OuterRef("accepted_on"), day).filter(institution=OuterRef("institution"))
    rolls = Coverage.objects.in_force_between(OuterRef("accepted_on"), day).filter(institution=OuterRef("institution"))
    return Exists(accepted.filter(~Exists(signed), ~Exists(rolls)))
