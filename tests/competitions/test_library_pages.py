"""The pages of the library and its desk: who may press what, whose names are shown, how often the database is asked."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from competitions import actions
from competitions.models import Competition, Plan, UsageNote
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
LIBRARY, DESK = reverse("competitions:library"), reverse("competitions:desk_library")
POSTED = ["plan_thank", "plan_note", "plan_pick", "plan_take_out"]


def plan_of(**facts) -> Plan:
    """A plan in the library by one author who agrees."""
    entry = agreed(**facts)
    actions.settle_plan(entry)
    return entry.plan


def agreed(**facts):
    competition = make.CompetitionFactory(state=Competition.State.CONCLUDED)
    entry = make.EntryFactory(**{"competition": competition, "state": "admitted", "place": "first"} | facts)
    author = make.AuthorshipFactory(entry=entry)
    actions.decide_publishing(author, by=author.person, yes=True)
    entry.tools.create(name="A model")
    return entry


def said(client, page, status=200):
    answer = client.get(page)
    assert answer.status_code == status
    return answer.content.decode()


def asked(client, page):
    said(client, page)
    with CaptureQueriesContext(connection) as queries:
        said(client, page)
    return len(queries)


def of(plan, name, *rest):
    return reverse(f"competitions:{name}", args=[plan.slug, *rest])


def test_the_library_costs_as_many_queries_for_three_as_for_one(client):
    plan_of()
    one = asked(client, LIBRARY)
    plan_of(), plan_of()
    assert asked(client, LIBRARY) == one <= 20


def test_notes_and_adaptations_cost_as_many_queries_for_three_as_for_one(cast, client):
    plan, counts = plan_of(), []
    for more in (1, 2):
        for _number in range(more):
            UsageNote.objects.create(plan=plan, person=make.PersonFactory(), text="Good.")
            plan_of(adapted_from=plan)
        counts.append(asked(client, plan.get_absolute_url()))
    assert counts[0] == counts[1] <= 30


def test_plans_for_before_school_are_found_apart(client):
    early, late = plan_of(stage_from=0, stage_until=0), plan_of(stage_from=9, stage_until=9)
    text = said(client, LIBRARY + "?stage=0")
    assert (early.entry.title in text, late.entry.title in text) == (True, False)


def test_the_front_page_the_search_and_the_footer_lead_there(client):
    plan = plan_of(title="Arguing with a chatbot")
    contest = make.CompetitionFactory(title="Plans of the year")
    home = said(client, "/")
    found = said(client, "/search/?q=chatbto") + said(client, "/search/?q=plans+of+the+yaer")
    for text in (home, found):
        assert [it.get_absolute_url() in text for it in (plan, contest)] == [True, True]
    assert f'href="{LIBRARY}"' in said(client, "/privacy/")


def test_a_draft_and_a_plan_that_was_taken_out_are_nowhere(cast, client):
    plan = plan_of(title="Arguing with a chatbot")
    make.CompetitionFactory(title="Plans of the year", state="draft")
    actions.take_out_of_library(plan, by=cast.coordinator)
    for page in ("/", "/search/?q=chatbot", "/search/?q=plans+of+the+year", LIBRARY):
        text = said(client, page)
        assert [it for it in (f'href="{plan.get_absolute_url()}', "Plans of the year</a>") if it in text] == []


@pytest.mark.parametrize("name", POSTED)
def test_what_changes_something_is_posted(cast, client, name):
    client.force_login(cast.coordinator)
    assert client.get(of(plan_of(), name)).status_code == 405


@pytest.mark.parametrize("name", ["plan_pick", "plan_take_out"])
def test_only_who_keeps_the_library_recommends_and_takes_out(cast, client, name):
    plan = plan_of()
    for person in (cast.teacher, cast.contact, make.CoordinatorFactory(region=make.RegionFactory()).person):
        client.force_login(person)
        assert client.post(of(plan, name), {"note": "Try it."}).status_code == 404
        assert "For coordinators" not in said(client, plan.get_absolute_url())
    assert Plan.objects.public().get() == plan


def test_a_coordinator_recommends_and_takes_out(cast, client):
    plan = plan_of()
    client.force_login(cast.coordinator)
    client.post(of(plan, "plan_pick"), {"note": "Easy to begin with."})
    assert "Easy to begin with." in said(client, plan.get_absolute_url())
    client.post(of(plan, "plan_take_out"))
    said(client, plan.get_absolute_url(), status=410)


def test_a_note_shows_its_writer_but_no_childs_name(cast, client):
    plan, child = plan_of(), make.ChildFactory(family_name="Hiddenchild")
    for person in (cast.teacher, child):
        UsageNote.objects.create(plan=plan, person=person, text="Good.")
    text = said(client, plan.get_absolute_url())
    assert (cast.teacher.full_name in text, "Hiddenchild" in text) == (True, False)


def test_a_note_is_written_and_removed_by_its_writer_and_hidden_by_a_coordinator(cast, client):
    plan = plan_of()
    client.force_login(cast.teacher)
    client.post(of(plan, "plan_note"), {"text": "It took twice as long."})
    note = plan.notes.get()
    client.force_login(cast.colleague)
    assert client.post(of(plan, "remove_note", note.public_id)).status_code == 404
    client.force_login(cast.coordinator)
    client.post(of(plan, "remove_note", note.public_id))
    note.refresh_from_db()
    assert note.hidden_at is not None
    assert "It took twice as long." not in said(client, plan.get_absolute_url())


def test_the_desk_of_the_library_is_of_who_coordinates_the_cluster(cast, client):
    statuses = []
    for person in (cast.coordinator, make.CoordinatorFactory(region=make.RegionFactory()).person, cast.contact):
        client.force_login(person)
        statuses.append(client.get(DESK).status_code)
    assert statuses == [200, 403, 403]


def test_what_was_taken_out_or_took_part_only_is_put_in_at_the_desk(cast, client):
    part, out, silent = agreed(place="participant"), plan_of(), agreed(place="participant")
    make.AuthorshipFactory(entry=silent, is_lead=False)
    actions.take_out_of_library(out, by=cast.coordinator)
    client.force_login(cast.coordinator)
    text = said(client, DESK)
    assert [it.title in text for it in (part, out.entry, silent)] == [True, True, False]
    for entry in (part, out.entry):
        client.post(reverse("competitions:desk_put_into_library", args=[entry.public_id]))
    assert set(Plan.objects.public().values_list("entry", flat=True)) == {part.pk, out.entry_id}
    assert client.post(reverse("competitions:desk_put_into_library", args=[silent.public_id])).status_code == 404
    assert "Everything that may stand in the library stands there." in said(client, DESK)


def test_the_desk_of_the_library_costs_as_many_queries_for_three_as_for_one(cast, client):
    client.force_login(cast.coordinator)
    counts = []
    for more in (1, 2):
        for _number in range(more):
            agreed(place="participant")
            UsageNote.objects.create(plan=plan_of(), person=make.PersonFactory(), text="Good.")
        counts.append(asked(client, DESK))
    assert counts[0] == counts[1] <= 25


def test_my_page_shows_juries_and_lesson_plans(client):
    juror = make.JurorFactory(state="invited")
    entry = make.AuthorshipFactory(person=juror.person).entry
    client.force_login(juror.person)
    text = said(client, "/me/")
    assert [it.get_absolute_url() in text for it in (juror, entry)] == [True, True]


def test_a_plan_called_like_a_page_of_the_library_has_an_address_of_its_own(client):
    plan = plan_of(title="Feed")
    assert plan.slug == f"feed-{plan.public_id[:6]}"
    assert plan_of(title="???").slug == "plan"


def test_a_title_with_controls_breaks_neither_feed_nor_catalogue(client):
    plan = plan_of(title="Agents\x0bin class")
    assert "<title>Agents in class</title>" in said(client, reverse("competitions:library_feed"))
    assert "<dc:title>Agents in class</dc:title>" in said(client, of(plan, "plan_dc"))


def offered(client, query, name):
    return [str(label) for _value, label in client.get(LIBRARY + query).context["narrow"].fields[name].widget.choices]


def test_beside_each_choice_stands_how_many_plans_it_leaves_of_the_others(client):
    for number, subject in enumerate(["Maths", "Maths", "Maths", "Art"]):
        plan_of(subject=subject, licence="CC0-1.0" if number == 0 else "CC-BY-4.0", stage_from=number, stage_until=5)
    Plan.objects.get(entry__subject="Art").entry.tools.update(name="A brush")
    actions.settle_library()
    assert offered(client, "", "subject") == ["Any subject", "Maths (3)", "Art (1)"]
    assert offered(client, "?subject=Art", "subject") == ["Any subject", "Maths (3)", "Art (1)"]
    assert offered(client, "?subject=Art", "tool") == ["Any tool", "A brush (1)"]
    assert offered(client, "?tool=A+brush", "subject") == ["Any subject", "Art (1)"]
    assert offered(client, "?licence=CC0-1.0", "subject") == ["Any subject", "Maths (1)"]
    assert offered(client, "?stage=0", "licence") == ["Any licence", "CC0-1.0 (1)"]
    assert offered(client, "?subject=Art&tool=A+model", "tool") == ["Any tool", "A model (0)", "A brush (1)"]


def test_a_subject_is_one_however_it_is_spelt_and_thirty_are_offered(client):
    for subject in ("Алгёбра", "АЛГЕБРА", "Алгёбра"):
        plan_of(subject=subject)
    for number in range(31):
        plan_of(subject=f"Subject {number}")
    words = offered(client, "", "subject")
    assert (words[:2], len(words)) == (["Any subject", "Алгёбра (3)"], 31)
    assert len(client.get(LIBRARY + "?subject=алгебра").context["page"]) == 3
    assert offered(client, "?subject=алгебра", "subject")[:2] == ["Any subject", "алгебра (3)"]
    rare = next(it for it in (f"Subject {number}" for number in range(31)) if f"{it} (1)" not in words)
    assert offered(client, f"?subject={rare}", "subject")[1] == f"{rare} (1)"


@pytest.mark.parametrize("query", ["?subject=%00", "?subject=" + "x" * 200, "?tool=%25", "?licence=x&direction=%00"])
def test_what_no_field_can_hold_does_not_count(client, query):
    plan_of()
    assert client.get(LIBRARY + query).status_code == 200


def test_a_narrowed_library_costs_as_many_queries_for_three_as_for_one(client):
    plan_of(subject="Art")
    query = LIBRARY + "?subject=Art&tool=a+model&licence=CC-BY-4.0&q=plan"
    one = asked(client, query)
    plan_of(subject="Art"), plan_of(subject="Maths")
    assert asked(client, query) == one <= 24
