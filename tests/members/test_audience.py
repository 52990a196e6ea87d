"""For whom a run is: said in words, refused in words, and selected for the programme by the same answer."""

from itertools import product

import pytest

from courses import actions
from courses.models import Run
from members.audience import audience_in_words, for_stages, open_to, why_not_addressed
from members.models import Cluster, Person
from members.taking_part import right_to_take_part
from tests import factories as make

pytestmark = pytest.mark.django_db
TO_ALL = {"roles": [], "kinds": [], "stage_from": None, "stage_until": None}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, ""),
        ({"roles": ["student", "teacher"]}, "teachers, students"),
        ({"kinds": ["school", "university"]}, "universities, schools"),
        ({"stage_from": 5, "stage_until": 9}, "students of the years 5 to 9, and adults"),
        ({"stage_from": 5, "stage_until": 5, "roles": ["student"]}, "students of year 5"),
        ({"stage_from": 5, "roles": ["student", "teacher"]}, "teachers, students from year 5 on"),
        ({"stage_until": 4, "kinds": ["school"], "roles": ["student"]}, "students up to year 4 · schools"),
    ],
)
def test_the_audience_is_said_in_plain_words(facts, said):
    assert audience_in_words(make.RunFactory(**facts)) == said


def test_regions_are_named():
    run = make.RunFactory()
    run.regions.set([make.RegionFactory(name="North"), make.RegionFactory(name="South")])
    assert audience_in_words(run) == "North, South"


@pytest.fixture
def teacher(cast):
    return cast.teacher.active_affiliations[0]


def test_another_role_is_told_for_whom_it_is(teacher):
    assert why_not_addressed(teacher, make.RunFactory(roles=["head"])) == (
        "This is for: heads. Your role at your institution is another one."
    )


def test_another_kind_of_institution_is_told_for_whom_it_is(teacher):
    assert why_not_addressed(teacher, make.RunFactory(kinds=["kindergarten"])) == (
        "This is for: kindergartens. Your institution is of another kind."
    )


def test_another_region_is_told_for_whom_it_is(teacher):
    run = make.RunFactory()
    run.regions.add(make.RegionFactory(name="North"))
    assert why_not_addressed(teacher, run) == "This is for institutions of: North. Yours is elsewhere."


@pytest.fixture
def pupil(cast):
    """A student of the seventh year at the school, old enough to sign up."""
    pupil = make.AffiliationFactory(institution=cast.school, role="student").person
    make.GroupMemberFactory(group=make.GroupFactory(institution=cast.school, stage=7), person=pupil)
    return pupil


@pytest.mark.parametrize(("first", "last", "is_for"), [(5, 9, True), (8, None, False), (None, 6, False), (7, 7, True)])
def test_a_student_of_another_year_is_told_for_which_years_it_is(pupil, first, last, is_for):
    said = why_not_addressed(pupil.active_affiliations[0], make.RunFactory(stage_from=first, stage_until=last))
    assert (said == "") == is_for
    assert is_for or said.endswith("Your class is in another year.")


def test_a_run_for_everyone_turns_away_a_student_of_another_year(pupil, cast):
    run = make.RunFactory(admits="everyone", stage_from=9)
    day = Cluster.current().today()
    assert not right_to_take_part(pupil, run, day).holds
    assert right_to_take_part(cast.outsider, run, day).holds


def test_the_selection_of_the_programme_is_the_answer_of_the_run_page(cast, pupil):
    """Every combination of what a run may say, for everybody of the cast: two ways to one answer."""
    here, elsewhere = cast.school.region or make.RegionFactory(), make.RegionFactory()
    partner = make.AffiliationFactory(institution=make.InstitutionFactory(kind="company")).person
    all_roles, all_kinds = [[], ["teacher"], ["student"]], [[], [cast.school.kind], ["company"]]
    regions, years = [[], [here], [elsewhere]], [(None, None), (8, 9)]
    for admits, roles, kinds, region, stages in product(Run.Admits, all_roles, all_kinds, regions, years):
        run = make.RunFactory(admits=admits, roles=roles, kinds=kinds, stage_from=stages[0], stage_until=stages[1])
        run.regions.set(region)
    day = Cluster.current().today()
    for person in (cast.teacher, cast.contact, cast.outsider, pupil, partner):
        reader = Person.objects.get(pk=person.pk)
        chosen = set(open_to(Run.objects.all(), reader, day))
        runs = Run.objects.prefetch_related("regions").select_related("course")
        assert chosen == {run for run in runs if right_to_take_part(reader, run, day).holds}


def test_a_year_of_schooling_selects_what_is_for_it():
    make.RunFactory(title="for 5 to 6", stage_from=5, stage_until=6)
    both = [make.RunFactory(title="for 7 on", stage_from=7), make.RunFactory(title="for all")]
    assert list(Run.objects.filter(for_stages({7})).order_by("pk")) == both


def test_tied_facts_are_changed_and_named_once(cast, run):
    region = make.RegionFactory()
    changed = actions.change_run(run, by=cast.coordinator, partners=[cast.school], regions=[region], roles=["teacher"])
    assert changed == ["roles", "partners", "regions"]
    assert actions.change_run(run, by=cast.coordinator, partners=[cast.school], regions=[region]) == []
