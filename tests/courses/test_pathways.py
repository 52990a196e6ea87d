"""Pathways: the desk that keeps them, the pages that show them, and how far somebody is on one."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import now

from cluster_portal.hooks import GuardianPage
from cluster_portal.moves import Refused, available_moves
from courses import actions
from courses.models import Course, Pathway
from courses.pathway_parts import how_far, offered_together
from courses.progress import next_runs, progress_on, taken_by
from members.models import Certificate
from tests import factories as make
from tests.courses.test_structured import data_of

pytestmark = pytest.mark.django_db


def at(person):
    client = Client()
    if person:
        client.force_login(person)
    return client


def page(person, name, *args):
    return at(person).get(reverse(f"courses:{name}", args=args))


def press(person, name, *args, **data):
    response = at(person).post(reverse(f"courses:{name}", args=args), data, follow=True)
    return [str(it) for it in response.context["messages"]]


def pathway_of(*courses, title="Data analyst", state="published", **facts):
    it = actions.create_pathway(by=None, title=title, summary="From the first table to the first job.", **facts)
    for course in courses:
        actions.add_step(it, course, by=None)
    if state == "published":
        actions.publish_pathway(it, by=None)
    return Pathway.objects.with_steps().get(pk=it.pk)


@pytest.fixture
def courses():
    return [make.CourseFactory(title=f"Step {letter}") for letter in "ABC"]


@pytest.fixture
def way(courses):
    return pathway_of(*courses, is_ordered=True, vocation="Data analyst")


def run_of(course, days=-10, sessions=2, **facts):
    """A run whose sessions are a day apart, the first some days from now; negative days: it is over."""
    run = make.RunFactory(course=course, **facts)
    for number in range(sessions):
        begins = now() + timedelta(days=days + number)
        make.SessionFactory(run=run, starts_at=begins, ends_at=begins + timedelta(hours=1))
    return run


def attends(person, run, sessions):
    enrolment = make.EnrolmentFactory(run=run, person=person)
    for session in run.sessions.all()[:sessions]:
        make.AttendanceFactory(session=session, enrolment=enrolment)
    return enrolment


def certify(person, run, **facts):
    known = {
        "number": f"N-{Certificate.objects.count()}", "kind": "completion", "name_printed": "A", "title": "T",
        "issuer": "I", "language": "en", "about_model": "courses.run", "about_id": run.public_id,
    }  # fmt: skip
    days = dict.fromkeys(["begins_on", "ends_on", "issued_on"], date(2026, 11, 1))
    return Certificate.objects.create(person=person, **known | days | facts)


def progress(person, way):
    keys = [it.course_id for it in way.steps.all()]
    return progress_on(way, taken_by([person], keys)[person.pk], next_runs(keys))


def words(person, way):
    return [it.standing and it.standing.word for it in progress(person, way).stops]


def titles(way):
    return [it.course.title for it in Pathway.objects.with_steps().get(pk=way.pk).steps.all()]


# At the desk


def test_a_coordinator_makes_fills_orders_and_publishes_one(cast, demo, courses):
    partner = make.InstitutionFactory()
    facts = {"title": "Data analyst", "summary": "To the job.", "vocation": "Analyst", "is_ordered": "on"}
    said = press(cast.coordinator, "desk_new_pathway", **facts, partners=[partner.pk])
    assert said == ["The draft is kept. Choose its courses, then publish it."]
    for course in courses:
        assert press(cast.coordinator, "desk_pathway", "data-analyst", course=course.pk) == ["The course is added."]
    press(cast.coordinator, "desk_act_on_step", "data-analyst", courses[2].slug, move="up")
    press(cast.coordinator, "desk_act_on_step", "data-analyst", courses[0].slug, move="remove")
    said = press(cast.coordinator, "desk_act_on_pathway", "data-analyst", move="publish")
    it = Pathway.objects.get()
    assert said == ["Everybody sees the pathway now."]
    assert (it.state, list(it.partners.all()), titles(it)) == ("published", [partner], ["Step C", "Step B"])
    assert list(it.steps.values_list("position", flat=True)) == [1, 2]


def test_what_it_says_is_changed(cast, demo, way):
    said = press(cast.coordinator, "desk_edit_pathway", way.slug, title="Analyst", summary="Other", vocation="Job")
    way.refresh_from_db()
    assert (said, way.title, way.is_ordered, way.words) == (["Saved."], "Analyst", False, "analyst job other")


def test_a_course_stands_in_it_once(way, courses):
    with pytest.raises(Refused, match="in the pathway already"):
        actions.add_step(way, courses[0], by=None)


def test_the_form_offers_only_other_courses(cast, demo, way):
    other = make.CourseFactory()
    offered = page(cast.coordinator, "desk_pathway", way.slug).context["form"].fields["course"].queryset
    assert list(offered) == [other]


def test_the_first_course_cannot_move_up(way, cast):
    with pytest.raises(Refused, match="is the first already"):
        actions.move_step_up(way.steps.first(), by=cast.coordinator)


def test_without_a_course_nothing_is_published(cast):
    with pytest.raises(Refused, match="leads nowhere"):
        actions.publish_pathway(pathway_of(state="draft"), by=cast.coordinator)


def test_a_published_one_keeps_a_course(cast, courses):
    it = pathway_of(courses[0])
    with pytest.raises(Refused, match="one course at least"):
        actions.remove_step(it.steps.get(), by=cast.coordinator)
    actions.retire_pathway(it, by=cast.coordinator)
    actions.remove_step(it.steps.get(), by=cast.coordinator)
    assert titles(it) == []


def test_one_named_new_does_not_hide_the_page_that_makes_one():
    assert actions.create_pathway(by=None, title="New", summary="S").slug.startswith("new-")


@pytest.mark.parametrize("state", Pathway.State)
@pytest.mark.parametrize("role", ["coordinator", "regional", "teacher"])
def test_moves_by_role_and_state(role, state, cast):
    regional = make.CoordinatorFactory(region=make.RegionFactory()).person
    person = {"coordinator": cast.coordinator, "regional": regional, "teacher": cast.teacher}[role]
    allowed = {"draft": {"publish"}, "published": {"retire"}, "retired": {"publish"}}
    expected = allowed[state] if role == "coordinator" else set()
    assert set(available_moves(person, Pathway(state=state))) == expected


def test_the_desk_pages_are_for_coordinators_of_the_cluster(cast, demo, way):
    regional = make.CoordinatorFactory(region=make.RegionFactory()).person
    addresses = [("desk_pathways",), ("desk_new_pathway",), ("desk_pathway", way.slug), ("desk_edit_pathway", way.slug)]
    for person, status in ((cast.coordinator, 200), (regional, 403), (cast.contact, 403)):
        assert {page(person, *it).status_code for it in addresses} == {status}
    assert page(cast.coordinator, "desk_pathway", "nothing").status_code == 404


def test_a_course_of_another_pathway_is_not_moved(cast, demo, way):
    other = pathway_of(make.CourseFactory(title="Other"), title="Other")
    address = reverse("courses:desk_act_on_step", args=[way.slug, other.steps.get().course.slug])
    assert at(cast.coordinator).post(address, {"move": "remove"}).status_code == 404


# For everybody


def test_everybody_sees_published_ones_and_nobody_else_drafts(cast, demo, way):
    draft = pathway_of(title="Draft", state="draft")
    actions.retire_pathway(retired := pathway_of(make.CourseFactory(), title="Old"), by=None)
    assert list(page(None, "pathways").context["page"]) == [way]
    for person, status in ((None, 404), (cast.teacher, 404), (cast.coordinator, 200)):
        assert {page(person, "pathway", it.slug).status_code for it in (draft, retired)} == {status}
    assert page(None, "pathway", way.slug).status_code == 200


def test_the_page_says_vocation_partners_order_and_next_run(way, courses):
    way.partners.add(make.InstitutionFactory(name="Company 1"))
    run = run_of(courses[0], days=5)
    run_of(courses[0], days=50)
    response = page(None, "pathway", way.slug)
    text = response.content.decode()
    stops = response.context["progress"].stops
    assert [part in text for part in ("Company 1", "Data analyst", "One course after the other")] == [True] * 3
    is_open = response.context["open"]
    assert [(it.run, it.course.pk in is_open) for it in stops] == [(run, True), (None, False), (None, False)]
    assert [f'href="{it.get_absolute_url()}"' in text for it in courses] == [True, False, False]


def test_a_course_page_names_its_pathways(way, courses):
    run_of(courses[0], days=5)
    assert f'href="{way.get_absolute_url()}"' in at(None).get(courses[0].get_absolute_url()).content.decode()


def test_the_search_finds_it_by_its_vocation_in_spite_of_a_typo(way):
    found = at(None).get(reverse("coordination:search"), {"q": "analist"}).context["pathways"]
    assert list(found) == [way]


def test_a_partner_shows_it_on_its_page(way):
    partner = make.InstitutionFactory()
    way.partners.add(partner)
    (part,) = offered_together(partner, None)
    assert (part.title, part.rows) == ("Pathways", [(way.title, way.get_absolute_url(), "Data analyst")])
    assert list(offered_together(make.InstitutionFactory(), None)) == []


def test_search_engines_read_the_vocation_and_the_courses_that_everybody_may_see(way, courses):
    for course in courses[:2]:
        run_of(course)
    (data,) = data_of(page(None, "pathway", way.slug))
    assert (data["@type"], data["name"], data["occupationalCategory"]) == (
        "EducationalOccupationalProgram", "Data analyst", "Data analyst",
    )  # fmt: skip
    assert [it["name"] for it in data["hasCourse"]] == ["Step A", "Step B"]


# How far somebody is


def test_at_first_the_first_course_is_next(cast, way):
    assert words(cast.teacher, way) == ["Next step", None, None]
    assert progress(cast.teacher, way).said == "0 of 3 courses done"


def test_a_completed_run_makes_its_course_done_and_the_following_next(cast, way, courses):
    attends(cast.teacher, run_of(courses[0]), 2)
    assert words(cast.teacher, way) == ["Done", "Next step", None]


def test_a_run_that_was_not_completed_does_not_count(cast, way, courses):
    attends(cast.teacher, run_of(courses[0]), 1)
    assert words(cast.teacher, way) == ["Next step", None, None]


def test_a_run_under_way_says_how_far_it_is(cast, way, courses):
    attends(cast.teacher, run_of(courses[0], days=-2, sessions=4), 2)
    stop = progress(cast.teacher, way).stops[0]
    assert (stop.standing.word, stop.taken.said) == ("Under way", "2 of 4 sessions, 3 needed")


def test_a_place_in_a_run_that_asks_for_nothing_counts_when_it_is_over(cast, way, courses):
    attends(cast.teacher, run_of(courses[0], days=3, attendance_needed=0), 0)
    attends(cast.teacher, run_of(courses[1], attendance_needed=0), 0)
    assert words(cast.teacher, way) == ["Enrolled", "Done", None]


def test_a_second_attempt_does_not_hide_that_it_was_done(cast, way, courses):
    attends(cast.teacher, run_of(courses[0]), 2)
    attends(cast.teacher, run_of(courses[0], days=4), 0)
    assert words(cast.teacher, way)[0] == "Done"


def test_a_valid_certificate_counts_and_a_revoked_one_does_not(cast, way, courses):
    certify(cast.teacher, run_of(courses[0]), number="AB-1")
    certify(cast.teacher, run_of(courses[1]), state="revoked")
    certify(cast.colleague, run_of(courses[2]))
    stops = progress(cast.teacher, way).stops
    assert [it.taken and it.taken.said for it in stops] == ["Certificate AB-1", None, None]


def test_of_free_courses_the_next_is_one_that_can_be_taken(cast, courses):
    way = pathway_of(*courses)
    run_of(courses[1], days=5)
    assert words(cast.teacher, way) == [None, "Next step", None]


def test_who_has_done_all_is_told_so(cast, way, courses):
    for course in courses:
        certify(cast.teacher, run_of(course))
    response = page(cast.teacher, "pathway", way.slug)
    assert "You have completed every course of this pathway" in response.content.decode()
    assert page(cast.teacher, "pathways").context["page"][0].progress.is_complete


def test_a_guardian_sees_how_far_their_child_is_and_nobody_elses(cast, way, courses):
    child, other = make.ChildFactory(given_name="Mila"), make.ChildFactory(given_name="Stranger")
    make.GuardianshipFactory(child=child, guardian=cast.teacher)
    make.GuardianshipFactory(child=other)
    attends(child, run_of(courses[0]), 2)
    response = page(cast.teacher, "pathway", way.slug)
    text = response.content.decode()
    assert [(it, theirs.said) for it, theirs in response.context["children"]] == [(child, "1 of 3 courses done")]
    assert ["Mila" in text, "Stranger" in text] == [True, False]
    assert page(None, "pathway", way.slug).context["children"] == []


def test_the_page_of_a_child_says_it_too(cast, way, courses):
    child, beginner = make.ChildFactory(), make.ChildFactory()
    attends(child, run_of(courses[0]), 2)
    (part,) = how_far(GuardianPage(cast.teacher, [child, beginner]))
    (row,) = part.rows
    assert (part.child, row.title, row.word, row.notes) == (
        child.pk, way.title, "1 of 3 courses done", ["Next: Step B"],
    )  # fmt: skip


def test_lists_ask_as_often_for_three_as_for_one(cast, demo, way, courses):
    run_of(courses[0], days=3)
    addresses = [("pathways",), ("pathway", way.slug), ("desk_pathways",), ("desk_pathway", way.slug)]
    before = [queries(cast.coordinator, *it) for it in addresses]
    for number in range(2):
        more = make.CourseFactory()
        run_of(more, days=4)
        actions.add_step(way, more, by=None)
        pathway_of(more, title=f"More {number}")
    way.partners.add(*make.InstitutionFactory.create_batch(2))
    assert [queries(cast.coordinator, *it) for it in addresses] == before
    assert max(before) <= 25


def queries(person, *name):
    client = at(person)
    address = reverse(f"courses:{name[0]}", args=name[1:])
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_a_course_in_a_pathway_is_not_lost_with_it(way):
    assert Course.objects.filter(pathway_steps__pathway=way).count() == 3


def test_next_is_a_run_that_one_can_enter(cast, way, courses):
    hour = timedelta(hours=1)
    run_of(courses[0], days=-2, sessions=9, title="closed", enrol_until=now() - hour)
    run_of(courses[0], days=3, title="for others", kinds=["kindergarten"])
    run_of(courses[0], days=4, title="opens later", enrol_from=now() + hour)
    run_of(courses[0], days=20, title="open")
    keys = [courses[0].pk]
    assert [next_runs(keys, person)[keys[0]].title for person in (cast.teacher, None)] == ["open", "for others"]


def test_who_is_not_signed_in_has_no_next_step(way):
    shown = page(None, "pathway", way.slug).context["progress"].stops
    assert [it.standing for it in shown] == [None] * 3


def test_a_run_that_has_not_begun_says_when_it_does(cast, way, courses):
    run = run_of(courses[0], days=21)
    attends(cast.teacher, run, 0)
    stop = progress(cast.teacher, way).stops[0]
    day = date_format(run.sessions.first().starts_at.astimezone(run.zone), "j E Y")
    assert (stop.standing.word, stop.taken.said) == ("Enrolled", f"Begins on {day}")


def test_ones_own_page_says_how_far_one_is(cast, way, courses):
    client = at(cast.teacher)
    assert client.get("/me/").context["pathways"] == []
    attends(cast.teacher, run_of(courses[0]), 2)
    text = client.get("/me/").content.decode()
    assert ["My pathways" in text, "1 of 3 courses done" in text, way.get_absolute_url() in text] == [True] * 3


def test_partners_are_chosen_from_a_list_that_one_can_search(cast, demo, way):
    one, _other = make.InstitutionFactory.create_batch(2)
    client, address = at(cast.coordinator), reverse("courses:desk_edit_pathway", args=[way.slug])
    assert '<select name="partners"' in client.get(address).content.decode()
    client.post(address, {"title": way.title, "summary": way.summary, "partners": [one.pk]})
    assert list(Pathway.objects.get(pk=way.pk).partners.all()) == [one]
