"""For whom something is (a run, a competition): by role, kind of institution, region and year of schooling.

In words, and as one selection.
"""

from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.models import Affiliation, GroupMember, Institution, Person
from members.models.audience import Addressed

Role, Kind = Affiliation.Role, Institution.Kind
ROLES_ADDRESSED = {
    Role.HEAD: gettext_lazy("heads"),
    Role.CONTACT: gettext_lazy("contacts"),
    Role.TEACHER: gettext_lazy("teachers"),
    Role.STAFF: gettext_lazy("staff"),
    Role.STUDENT: gettext_lazy("students"),
}
KINDS_ADDRESSED = {
    Kind.UNIVERSITY: gettext_lazy("universities"),
    Kind.METHODOLOGY_CENTRE: gettext_lazy("methodology centres"),
    Kind.SCHOOL: gettext_lazy("schools"),
    Kind.KINDERGARTEN: gettext_lazy("kindergartens"),
    Kind.COLLEGE: gettext_lazy("colleges"),
    Kind.SUPPLEMENTARY: gettext_lazy("centres of supplementary education"),
    Kind.COMPANY: gettext_lazy("companies"),
    Kind.AUTHORITY: gettext_lazy("public authorities"),
    Kind.ASSOCIATION: gettext_lazy("associations"),
}


def audience_in_words(it: Addressed) -> str:
    """For whom a run is: "teachers, students of the years 5 to 9 · schools · Petrogradsky"; nothing when for all."""
    return " · ".join(filter(None, [_people_in_words(it), kinds_in_words(it), regions_in_words(it)]))


def roles_in_words(it: Addressed) -> str:
    """For which roles a run is, in the order in which they are declared."""
    return ", ".join(str(word) for role, word in ROLES_ADDRESSED.items() if role in it.roles)


def kinds_in_words(it: Addressed) -> str:
    """For which kinds of institution a run is."""
    return ", ".join(str(word) for kind, word in KINDS_ADDRESSED.items() if kind in it.kinds)


def regions_in_words(it: Addressed) -> str:
    """For the institutions of which regions a run is."""
    return ", ".join(it.name for it in it.regions.all())


def stages_in_words(it: Addressed) -> str:
    """For which years of schooling a run is."""
    if it.stage_from is None and it.stage_until is None:
        return ""
    if it.stage_from is None:
        return _("students up to year %(last)s") % {"last": it.stage_until}
    if it.stage_until is None:
        return _("students from year %(first)s on") % {"first": it.stage_from}
    if it.stage_from == it.stage_until:
        return _("students of year %(year)s") % {"year": it.stage_from}
    return _("students of the years %(first)s to %(last)s") % {"first": it.stage_from, "last": it.stage_until}


def _people_in_words(it: Addressed) -> str:
    stages = stages_in_words(it)
    if not stages:
        return roles_in_words(it)
    if not it.roles:
        return _("%(students)s, and adults") % {"students": stages}
    words = [
        stages if role == Role.STUDENT else str(word) for role, word in ROLES_ADDRESSED.items() if role in it.roles
    ]
    return ", ".join(words)


def why_not_addressed(affiliation: Affiliation, it: Addressed) -> str:
    """The sentence that says for whom a run is, when it is not for this affiliation; or nothing."""
    if it.roles and affiliation.role not in it.roles:
        return _("This is for: %(roles)s. Your role at your institution is another one.") % {
            "roles": roles_in_words(it)
        }
    if elsewhere := why_institution_not_addressed(affiliation.institution, it):
        return elsewhere
    if affiliation.role == Role.STUDENT and has_stages(it):
        return why_not_of_this_stage(stages_of([affiliation.person_id])[affiliation.person_id], it)
    return ""


def why_institution_not_addressed(institution: Institution, it: Addressed) -> str:
    """The sentence that says for whose people a run is, when it is not for those of this institution; or nothing."""
    if it.kinds and institution.kind not in it.kinds:
        return _("This is for: %(kinds)s. Your institution is of another kind.") % {"kinds": kinds_in_words(it)}
    regions = {it.pk for it in it.regions.all()}
    if regions and institution.region_id not in regions:
        return _("This is for institutions of: %(regions)s. Yours is elsewhere.") % {"regions": regions_in_words(it)}
    return ""


def has_stages(it: Addressed) -> bool:
    """Whether a run is for some years of schooling only."""
    return it.stage_from is not None or it.stage_until is not None


def why_not_of_this_stage(stages: set[int], it: Addressed) -> str:
    """Whom a class says to be in another year of schooling; where no class says it, nobody is turned away."""
    if not has_stages(it):
        return ""
    first, last = it.stage_from or 0, it.stage_until or 99
    if not stages or any(first <= it <= last for it in stages):
        return ""
    return _("This is for %(stages)s. Your class is in another year.") % {"stages": stages_in_words(it)}


def stages_of(people: Collection[int]) -> dict[int, set[int]]:
    """For each of these people (by key) the years of schooling that their classes say."""
    stages: dict[int, set[int]] = {pk: set() for pk in people}
    classes = GroupMember.objects.now().filter(person__in=people).exclude(group__stage=None)
    for person, stage in classes.values_list("person", "group__stage"):
        stages[person].add(stage)
    return stages


def open_to(rows: QuerySet, person: Person, day) -> QuerySet:
    """Of these runs, those in which a person has the right to take part on a day.

    The same answer as `taking_part.right_to_take_part` gives for one run, for all of them at once.
    """
    mine = Institution.objects.filter(pk__in=[it.institution_id for it in person.active_affiliations])
    members = set(mine.members_on(day).values_list("pk", flat=True))
    partners = set(mine.partners_on(day).values_list("pk", flat=True))
    wanted = Q(pk__in=[])
    if not person.active_affiliations:
        wanted |= Q(admits=Addressed.Admits.EVERYONE, roles=[], kinds=[], regions=None)
    for it in person.active_affiliations:
        admitted = Q(admits=Addressed.Admits.EVERYONE)
        if it.institution_id in members:
            admitted = Q()
        elif it.institution_id in partners:
            admitted |= Q(admits=Addressed.Admits.PARTNERS)
        wanted |= _addresses(it) & admitted
    return rows.filter(pk__in=rows.model.objects.filter(wanted).order_by().values("pk"))


def _addresses(affiliation: Affiliation) -> Q:
    """Runs that are for this affiliation: `why_not_addressed` as a condition."""
    institution = affiliation.institution
    role = Q(roles=[]) | Q(roles__contains=[affiliation.role])
    kind = Q(kinds=[]) | Q(kinds__contains=[institution.kind])
    region = Q(regions=None) | Q(regions=institution.region_id) if institution.region_id else Q(regions=None)
    if affiliation.role != Role.STUDENT:
        return role & kind & region
    return role & kind & region & for_stages(stages_of([affiliation.person_id])[affiliation.person_id])


def for_stages(stages: set[int]) -> Q:
    """Runs that are for one of these years of schooling; for any year, when none is known."""
    if not stages:
        return Q()
    fitting = Q(pk__in=[])
    for stage in stages:
        first = Q(stage_from=None) | Q(stage_from__lte=stage)
        fitting |= first & (Q(stage_until=None) | Q(stage_until__gte=stage))
    return fitting
