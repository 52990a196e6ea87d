"""For whom a run is: by role, kind of institution, region and year of schooling; in words, and as one selection."""

from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.models import Run
from courses.opened import regions_of
from members.models import Affiliation, GroupMember, Institution, Person

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


def audience_in_words(run: Run) -> str:
    """For whom a run is: "teachers, students of the years 5 to 9 · schools · Petrogradsky"; nothing when for all."""
    return " · ".join(filter(None, [_people_in_words(run), kinds_in_words(run), regions_in_words(run)]))


def roles_in_words(run: Run) -> str:
    """For which roles a run is, in the order in which they are declared."""
    return ", ".join(str(word) for role, word in ROLES_ADDRESSED.items() if role in run.roles)


def kinds_in_words(run: Run) -> str:
    """For which kinds of institution a run is."""
    return ", ".join(str(word) for kind, word in KINDS_ADDRESSED.items() if kind in run.kinds)


def regions_in_words(run: Run) -> str:
    """For the institutions of which regions a run is."""
    return ", ".join(it.name for it in regions_of(run))


def stages_in_words(run: Run) -> str:
    """For which years of schooling a run is."""
    if run.stage_from is None and run.stage_until is None:
        return ""
    if run.stage_from is None:
        return _("students up to year %(last)s") % {"last": run.stage_until}
    if run.stage_until is None:
        return _("students from year %(first)s on") % {"first": run.stage_from}
    if run.stage_from == run.stage_until:
        return _("students of year %(year)s") % {"year": run.stage_from}
    return _("students of the years %(first)s to %(last)s") % {"first": run.stage_from, "last": run.stage_until}


def _people_in_words(run: Run) -> str:
    stages = stages_in_words(run)
    if not stages:
        return roles_in_words(run)
    if not run.roles:
        return _("%(students)s, and adults") % {"students": stages}
    words = [
        stages if role == Role.STUDENT else str(word) for role, word in ROLES_ADDRESSED.items() if role in run.roles
    ]
    return ", ".join(words)


def why_not_addressed(affiliation: Affiliation, run: Run) -> str:
    """The sentence that says for whom a run is, when it is not for this affiliation; or nothing."""
    if run.roles and affiliation.role not in run.roles:
        return _("This run is for: %(roles)s. Your role at your institution is another one.") % {
            "roles": roles_in_words(run)
        }
    if elsewhere := why_institution_not_addressed(affiliation.institution, run):
        return elsewhere
    if affiliation.role == Role.STUDENT and has_stages(run):
        return why_not_of_this_stage(stages_of([affiliation.person_id])[affiliation.person_id], run)
    return ""


def why_institution_not_addressed(institution: Institution, run: Run) -> str:
    """The sentence that says for whose people a run is, when it is not for those of this institution; or nothing."""
    if run.kinds and institution.kind not in run.kinds:
        return _("This run is for: %(kinds)s. Your institution is of another kind.") % {"kinds": kinds_in_words(run)}
    regions = {it.pk for it in regions_of(run)}
    if regions and institution.region_id not in regions:
        return _("This run is for institutions of: %(regions)s. Yours is elsewhere.") % {
            "regions": regions_in_words(run)
        }
    return ""


def has_stages(run: Run) -> bool:
    """Whether a run is for some years of schooling only."""
    return run.stage_from is not None or run.stage_until is not None


def why_not_of_this_stage(stages: set[int], run: Run) -> str:
    """Whom a class says to be in another year of schooling; where no class says it, nobody is turned away."""
    if not has_stages(run):
        return ""
    first, last = run.stage_from or 0, run.stage_until or 99
    if not stages or any(first <= it <= last for it in stages):
        return ""
    return _("This run is for %(stages)s. Your class is in another year.") % {"stages": stages_in_words(run)}


def stages_of(people: Collection[int]) -> dict[int, set[int]]:
    """For each of these people (by key) the years of schooling that their classes say."""
    stages: dict[int, set[int]] = {pk: set() for pk in people}
    classes = GroupMember.objects.now().filter(person__in=people).exclude(group__stage=None)
    for person, stage in classes.values_list("person", "group__stage"):
        stages[person].add(stage)
    return stages


def open_to(runs: QuerySet[Run], person: Person, day) -> QuerySet[Run]:
    """Of these runs, those in which a person has the right to take part on a day.

    The same answer as `taking_part.right_to_take_part` gives for one run, for all of them at once.
    """
    mine = Institution.objects.filter(pk__in=[it.institution_id for it in person.active_affiliations])
    members = set(mine.members_on(day).values_list("pk", flat=True))
    partners = set(mine.partners_on(day).values_list("pk", flat=True))
    wanted = Q(pk__in=[])
    if not person.active_affiliations:
        wanted |= Q(admits=Run.Admits.EVERYONE, roles=[], kinds=[], regions=None)
    for it in person.active_affiliations:
        admitted = Q(admits=Run.Admits.EVERYONE)
        if it.institution_id in members:
            admitted = Q()
        elif it.institution_id in partners:
            admitted |= Q(admits=Run.Admits.PARTNERS)
        wanted |= _addresses(it) & admitted
    return runs.filter(pk__in=Run.objects.filter(wanted).order_by().values("pk"))


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
