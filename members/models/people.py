import re
from datetime import date

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.timezone import now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster_portal.prepared import prepared
from cluster_portal.public_id import PublicIdField
from cluster_portal.search import beginning, folded
from cluster_portal.states import move
from members.models.ages import ADULT_AGE, latest_birth_date_of_an_adult, years_between
from members.models.cluster import Cluster, validate_time_zone


def validate_plain_name(name: str) -> None:
    """Refuse a name that a mail program or a browser could take for a link or for markup."""
    if re.search(r"[<>/\\{}\[\]@\x00-\x1f]|www\.|\b\w+\.(com|ru|org|net|kr)\b", name, re.IGNORECASE):
        raise ValidationError(_("A name holds letters, spaces, hyphens and apostrophes only. Remove links and markup."))


class PersonQuerySet(models.QuerySet):
    def active(self):
        """People who are neither suspended nor erased."""
        return self.filter(suspended_at=None, erased_at=None)

    def signing_in_with(self, emails):
        """Who signs in with one of these addresses, or has confirmed it as another of theirs."""
        emails = {it.strip().lower() for it in emails if it}
        confirmed = Person.objects.filter(emailaddress__email__in=emails, emailaddress__verified=True)
        return self.filter(Q(email__in=emails) | Q(pk__in=confirmed.values("pk")))

    def with_address(self, email):
        """The one who signs in with this address, before whoever has confirmed it as another of theirs; or None."""
        first = models.Case(models.When(email=email.strip().lower(), then=0), default=1)
        return self.signing_in_with([email]).order_by(first, "pk").first()

    def claimed(self):
        """People who sign in with a password of their own."""
        return self.exclude(email=None).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)

    def findable_by(self, person):
        """People whom a search may show: those in the institutions that one keeps; nobody to the public."""
        if not person.is_authenticated or not person.has_desk:
            return self.none()
        kept = Affiliation.objects.visible_to(person).known()
        return self.active().filter(pk__in=kept.values("person"))

    def erasable_by(self, by):
        """Other people whom a coordinator may erase: everybody, or those who are or were in their region only.

        Never whoever has more to say than a region: coordinators and superusers. An invitation makes nobody theirs.
        """
        rows = self.filter(erased_at=None, merged_into=None).exclude(pk=by.pk)
        if by.coordinates_whole_cluster:
            return rows
        regions = [role.region_id for role in by.coordinator_roles]
        there = Affiliation.objects.filter(institution__region__in=regions)
        elsewhere = Affiliation.objects.live().exclude(pk__in=there.values("pk"))
        own = there.filter(state__in=[Affiliation.State.ACTIVE, Affiliation.State.ENDED])
        rows = rows.filter(pk__in=own.values("person"), coordinating=None, is_superuser=False)
        return rows.exclude(pk__in=elsewhere.values("person"))

    def possible_instructors(self, by):
        """Adults of the institutions that one keeps: whoever may be named as an instructor."""
        kept = Affiliation.objects.visible_to(by).active().exclude(role=Affiliation.Role.STUDENT)
        too_young = models.Q(birth_date__gt=latest_birth_date_of_an_adult(Cluster.current().today()))
        return self.active().filter(pk__in=kept.values("person")).exclude(too_young)

    def coordinators(self):
        """Who coordinates anything now."""
        return self.filter(pk__in=Coordinator.objects.now().values("person"))

    def coordinating_region(self, region_id):
        """Who coordinates the whole cluster, or this region."""
        roles = Coordinator.objects.now().filter(Q(region=None) | Q(region=region_id))
        return self.active().filter(coordinating__in=roles).distinct()

    def leading(self, institutions):
        """Heads of institutions (rows or keys): who signs for them."""
        there = Affiliation.objects.active().filter(institution__in=institutions, role=Affiliation.Role.HEAD)
        return self.active().filter(pk__in=there.values("person"))

    def successors_in(self, institution, leaver):
        """Who can take over from somebody in an institution: grown-up colleagues who sign in by themselves."""
        return self.teaching_at(institution).claimed().exclude(pk=leaver.pk)

    def students_of(self, institution):
        """Who learns in an institution now."""
        there = Affiliation.objects.active().filter(institution=institution, role=Affiliation.Role.STUDENT)
        return self.active().filter(pk__in=there.values("person"))

    def teaching_at(self, institution):
        """Who may keep classes of an institution: everybody who belongs to it and is not a student there."""
        there = Affiliation.objects.active().filter(institution=institution).exclude(role=Affiliation.Role.STUDENT)
        return self.active().filter(pk__in=there.values("person"))

    def called(self, family_name, given_name):
        """People with this name, whatever their patronymic, in any case, ё as е."""
        name = folded(family_name, given_name)
        return self.filter(Q(sort_name=name) | Q(sort_name__startswith=f"{name} "))

    def called_one_of(self, names):
        """People with one of these names (family and given name, folded), as `called` compares each."""
        return self.filter(sort_name__regex=beginning(names)) if names else self.none()

    def with_failed_address(self):
        """People whose mail came back; the oldest first."""
        return self.filter(address_failed_at__isnull=False).order_by("address_failed_at", "pk")

    def speaking_for_any(self, institutions):
        """Heads and contacts of these institutions, each person once."""
        there = Affiliation.objects.speaking().filter(institution__in=institutions)
        return self.active().filter(pk__in=there.values("person"))

    def speaking_for(self, institution):
        """Heads and contacts of an institution: who answers for it."""
        return (
            self.active()
            .filter(
                affiliations__institution=institution,
                affiliations__state=Affiliation.State.ACTIVE,
                affiliations__role__in=Affiliation.SPEAKING_ROLES,
            )
            .distinct()
        )


class PersonManager(BaseUserManager.from_queryset(PersonQuerySet)):
    def create_user(self, email=None, password=None, **fields):
        """Make a person; without an e-mail they cannot sign in."""
        person = self.model(email=(email or "").strip().lower() or None, **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email, password=None, **fields):
        """Make a person who may read /admin/."""
        return self.create_user(email, password, is_superuser=True, **fields)


class Person(AbstractBaseUser, PermissionsMixin):
    """Anybody we know: who signs in, and who cannot. Never deleted, but emptied in place."""

    public_id = PublicIdField()
    email = models.EmailField(_("e-mail to sign in with"), unique=True, null=True, blank=True)
    contact_email = models.EmailField(_("e-mail to write to"), blank=True)
    family_name = models.CharField(_("family name"), max_length=100, validators=[validate_plain_name])
    given_name = models.CharField(_("given name"), max_length=100, blank=True, validators=[validate_plain_name])
    patronymic = models.CharField(_("patronymic"), max_length=100, blank=True, validators=[validate_plain_name])
    name_on_certificate = models.CharField(
        _("name on certificate"), max_length=200, blank=True, validators=[validate_plain_name]
    )
    sort_name = models.CharField(max_length=310, editable=False, db_index=True)
    words = models.TextField(editable=False, default="")
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=5, default="en")
    time_zone = models.CharField(_("time zone"), max_length=40, blank=True, validators=[validate_time_zone])
    joined_at = models.DateTimeField(default=now, editable=False)
    suspended_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", editable=False
    )
    address_failed_at = models.DateTimeField(null=True, blank=True)

    objects = PersonManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["family_name"]
    AUDITED = ("language", "time_zone")

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["sort_name", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(email=""), name="person_email_is_null_not_empty"),
            models.CheckConstraint(
                condition=Q(email=None) | Q(email=models.functions.Lower("email")), name="person_email_is_lower_case"
            ),
        ]
        indexes = [GinIndex(OpClass(F("words"), name="gin_trgm_ops"), name="person_words")]

    def __str__(self):
        return self.public_id

    def save(self, **options):
        self.sort_name = folded(self.family_name, self.given_name, self.patronymic)
        self.words = folded(self.family_name, self.given_name, self.patronymic, self.email or "")
        super().save(**options)

    @property
    def is_active(self) -> bool:
        return self.suspended_at is None and self.erased_at is None

    @property
    def is_staff(self) -> bool:
        return self.is_superuser

    @property
    def full_name(self) -> str:
        """Family name first, as on a roster."""
        if self.erased_at is not None:
            return gettext("Erased person")
        return " ".join(filter(None, [self.family_name, self.given_name, self.patronymic]))

    @property
    def short_name(self) -> str:
        """As one greets: given name, with the patronymic where there is one."""
        return " ".join(filter(None, [self.given_name, self.patronymic])) or self.family_name or self.full_name

    @cached_property
    def selves(self) -> list["Person"]:
        """This entry, and all that were merged into it: consents and audit still point to those."""
        found, news = [self], [self]
        while news := list(Person.objects.filter(merged_into__in=news).order_by("pk")):
            found += news
        return found

    @property
    def address(self) -> str:
        """Where mail to this person goes, or nothing."""
        return self.contact_email or self.email or ""

    @property
    def has_claimed(self) -> bool:
        """Whether this person signs in with a password of their own."""
        return bool(self.email) and self.has_usable_password()

    def age_on(self, day: date) -> int | None:
        """Full years on a day, or None when the birth date is unknown."""
        return years_between(self.birth_date, day) if self.birth_date else None

    def is_adult_on(self, day: date) -> bool:
        """Whether this person is known to be 18 or older on a day."""
        age = self.age_on(day)
        return age is not None and age >= ADULT_AGE

    @cached_property
    def active_affiliations(self) -> list["Affiliation"]:
        """Where this person works or learns now, the oldest first."""
        return self._mine(active_of(person=self.pk))

    @cached_property
    def coordinator_roles(self) -> list["Coordinator"]:
        """The parts of the cluster that this person coordinates now."""
        return roles_on(person=self.pk, day=Cluster.current().today())

    def have_at_hand(self, affiliations: list["Affiliation"], roles: list["Coordinator"] | None = None) -> None:
        """Know from now on what was just read: where this person works or learns, and what they coordinate."""
        self.active_affiliations = self._mine(affiliations)
        if roles is not None:
            self.coordinator_roles = roles

    def _mine(self, affiliations: list["Affiliation"]) -> list["Affiliation"]:
        for it in affiliations:
            it.person = self
        return affiliations

    @property
    def is_coordinator(self) -> bool:
        """Whether this person coordinates anything."""
        return bool(self.coordinator_roles)

    @property
    def coordinates_whole_cluster(self) -> bool:
        return any(role.region_id is None for role in self.coordinator_roles)

    def coordinates(self, region_id: int | None) -> bool:
        """Whether this person coordinates the whole cluster or this region."""
        return any(role.region_id in {None, region_id} for role in self.coordinator_roles)

    @property
    def spoken_for(self) -> list:
        """The institutions for which this person answers as head or contact."""
        return [it.institution for it in self.active_affiliations if it.role in Affiliation.SPEAKING_ROLES]

    def is_head_of(self, institution) -> bool:
        """Whether this person leads an institution."""
        heads = [it for it in self.active_affiliations if it.role == Affiliation.Role.HEAD]
        return institution in [it.institution for it in heads]

    @property
    def has_desk(self) -> bool:
        return self.is_coordinator or bool(self.spoken_for)


class CoordinatorQuerySet(models.QuerySet):
    def now(self):
        """Roles that are held today."""
        return self.held_on(Cluster.current().today())

    def held_on(self, day):
        """Roles that are held on a day."""
        return self.filter(Q(until=None) | Q(until__gt=day), since__lte=day)


class Coordinator(models.Model):
    """Somebody coordinates the whole cluster, or one region of it."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="coordinating")
    region = models.ForeignKey("members.Region", models.PROTECT, null=True, blank=True, related_name="coordinators")
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)

    objects = CoordinatorQuerySet.as_manager()

    class Meta:
        verbose_name = _("coordinator")
        verbose_name_plural = _("coordinators")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "region"], condition=Q(until=None), nulls_distinct=False, name="coordinator_once"
            )
        ]

    def __str__(self):
        return f"{self.person} {self.region or ''}"


class AffiliationQuerySet(models.QuerySet):
    def active(self):
        """Affiliations in force."""
        return self.filter(state=Affiliation.State.ACTIVE)

    def asked(self):
        """People who wait for an institution's answer."""
        return self.filter(state=Affiliation.State.ASKED)

    def invited(self):
        """People who have not answered an invitation yet."""
        return self.filter(state=Affiliation.State.INVITED)

    def speaking(self):
        """Heads and contacts in force: who answers for an institution."""
        return self.active().filter(role__in=Affiliation.SPEAKING_ROLES)

    def worked_at(self, institution):
        """Affiliations of an institution that are or were in force, but its students'."""
        rows = self.filter(institution=institution, state__in=[Affiliation.State.ACTIVE, Affiliation.State.ENDED])
        return rows.exclude(role=Affiliation.Role.STUDENT)

    def between(self, first, last):
        """Those that were in force on any day from `first` to `last`."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=first), starts_on__lte=last)

    def known(self):
        """Affiliations that their person has had a part in: in force, or asked for. An invitation shows nobody."""
        return self.filter(state__in=[Affiliation.State.ASKED, Affiliation.State.ACTIVE])

    def live(self):
        """Affiliations that are in force or waiting for an answer."""
        return self.filter(state__in=[Affiliation.State.INVITED, Affiliation.State.ASKED, Affiliation.State.ACTIVE])

    def visible_to(self, person):
        """One's own; those of institutions one speaks for; those in the regions one coordinates."""
        if person.coordinates_whole_cluster:
            return self
        regions = [role.region_id for role in person.coordinator_roles]
        return self.filter(Q(person=person) | Q(institution__in=person.spoken_for) | Q(institution__region__in=regions))

    def for_lists(self, query=""):
        """With what a line in a list shows; whoever waits for an answer comes first, the oldest on top.

        Whom `shown_name` hides stands, and is found, by their address alone: neither may tell whose it is.
        """
        claimed = ~Q(person__email=None) & ~Q(person__password__startswith=UNUSABLE_PASSWORD_PREFIX)
        hidden = models.When(Q(state__in=Affiliation.UNANSWERED) & claimed, then="person__email")
        waiting = models.Case(models.When(state=Affiliation.State.ASKED, then=0), default=1)
        rows = self.select_related("person", "institution").annotate(
            found_by=models.Case(hidden, default="person__words", output_field=models.TextField()),
            stands_at=models.Case(hidden, default="person__sort_name", output_field=models.TextField()),
        )
        rows = rows.filter(found_by__contains=folded(query)) if folded(query) else rows
        return rows.order_by(waiting, "stands_at", "pk")

    def decidable_by(self, person):
        """What this person's desk may decide: as `visible_to`, without one's own."""
        return self.visible_to(person).exclude(person=person)


class Affiliation(models.Model):
    """A person belongs to an institution in a role: by invitation, or because they asked and were admitted."""

    class Role(models.TextChoices):
        HEAD = "head", _("Head")
        CONTACT = "contact", _("Contact")
        TEACHER = "teacher", _("Teacher")
        STAFF = "staff", _("Staff")
        STUDENT = "student", _("Student")

    class State(models.TextChoices):
        INVITED = "invited", _("Invited")
        ASKED = "asked", _("Waiting for the institution")
        ACTIVE = "active", _("Active")
        DECLINED = "declined", _("Declined")
        ENDED = "ended", _("Ended")

    SPEAKING_ROLES = (Role.HEAD, Role.CONTACT)
    UNANSWERED = (State.INVITED, State.DECLINED)
    MOVES = {
        "accept": move(
            [State.INVITED], State.ACTIVE, _("Accept the invitation"), _("You belong to the institution now.")
        ),
        "decline": move([State.INVITED], State.DECLINED, _("Decline"), _("You declined the invitation.")),
        "admit": move([State.ASKED], State.ACTIVE, _("Admit"), _("Admitted. A mail says so.")),
        "refuse": move([State.ASKED], State.DECLINED, _("Refuse"), _("Refused. A mail says so.")),
        "recall": move([State.INVITED], State.DECLINED, _("Withdraw the invitation"), _("The link works no more.")),
        "take_back": move([State.ASKED], State.DECLINED, _("Take back"), _("You do not ask any more.")),
        "end": move([State.ACTIVE], State.ENDED, _("End"), _("The affiliation ended today.")),
    }
    AUDITED = ("role",)

    public_id = PublicIdField()
    person = models.ForeignKey(Person, models.PROTECT, related_name="affiliations")
    institution = models.ForeignKey("members.Institution", models.PROTECT, related_name="affiliations")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    invited_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="invitations_sent")
    replaces = models.ForeignKey(  # where somebody is until they accept the invitation to move
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", editable=False
    )
    starts_on = models.DateField(_("since"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)

    objects = AffiliationQuerySet.as_manager()

    class Meta:
        verbose_name = _("affiliation")
        verbose_name_plural = _("affiliations")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "institution", "role"],
                condition=Q(state__in=["invited", "asked", "active"]),
                name="affiliation_once_while_live",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["active", "ended"], starts_on__isnull=False)
                | ~Q(state__in=["active", "ended"]) & Q(starts_on=None),
                name="affiliation_starts_exactly_when_active",
            ),
            models.CheckConstraint(
                condition=Q(state="ended", ends_on__isnull=False) | ~Q(state="ended") & Q(ends_on=None),
                name="affiliation_ends_exactly_when_ended",
            ),
        ]
        indexes = [models.Index(fields=["institution", "state"], name="affiliation_by_institution")]

    def __str__(self):
        return f"{self.person} {self.role} {self.institution}"

    @property
    def hides_who(self) -> bool:
        """Whether an institution knows no more than the address: an invitation must not tell who stands behind it."""
        return self.state in self.UNANSWERED and self.person.has_claimed

    @property
    def shown_address(self) -> str:
        """Where the institution reaches this person: of somebody whom it has only invited, what it wrote itself."""
        return self.person.email if self.hides_who else self.person.address

    @property
    def shown_name(self) -> str:
        """What the institution calls this person."""
        return (not self.hides_who and self.person.full_name) or self.shown_address


@prepared
def active_of(person):
    return Affiliation.objects.active().filter(person=person).select_related("institution").order_by("pk")


@prepared
def roles_on(person, day):
    return Coordinator.objects.held_on(day).filter(person=person)
