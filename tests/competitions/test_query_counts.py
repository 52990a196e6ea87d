"""What shows rows of competitions asks the database as often for three of them as for one."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from competitions.models import LevelExample, Result, Score
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
CEILING = 52  # the desk asks once for each kind of row that any app puts there


@pytest.fixture
def june(cast):
    """Entries are taken now; the coordinator keeps it."""
    it = make.CompetitionFactory(title="Plans", host=cast.school, jurors_per_entry=1)
    make.CriterionFactory(competition=it)
    return it


def entered(competition, person=None, **facts):
    person = person or make.AffiliationFactory().person
    entry = make.EntryFactory(competition=competition, state="admitted", **facts)
    there = person.affiliations.first()
    make.AuthorshipFactory(entry=entry, person=person, affiliation=there, may_be_published=True, decided_at=now())
    return entry


def more_juries(june, cast):
    make.ReviewFactory(juror=make.JurorFactory(person=cast.teacher))


def more_entries_of_mine(june, cast):
    entered(june, cast.colleague)


def more_competitions(june, cast):
    make.CompetitionFactory(title="Plans of more", host=cast.school)


def more_drafts(june, cast):
    make.CompetitionFactory(state="draft", host=cast.school)


def more_plans(june, cast):
    make.PlanFactory(entry=entered(make.CompetitionFactory(state="concluded"), title="Plans", place="first"))


def more_won(june, cast):
    june = make.CompetitionFactory(state="concluded", host=cast.school)
    entered(june, cast.teacher, place="first")


def more_to_put_in(june, cast):
    entered(make.CompetitionFactory(state="concluded"), place="participant")


def more_judged(june, cast):
    review = make.ReviewFactory(entry=entered(june), juror__competition=june, state="completed")
    Score.objects.create(review=review, criterion=june.criteria.first(), value=3)


def more_levels(june, cast):
    criterion = make.CriterionFactory(competition=june)
    LevelExample.objects.create(criterion=criterion, score=1, text="One")
    make.NominationFactory(competition=june)


def more_jurors(june, cast):
    juror = make.JurorFactory(competition=june)
    make.AffiliationFactory(person=juror.person)


def more_others(june, cast):
    """What others gave the entry that the teacher has judged."""
    juror = make.JurorFactory(competition=june)
    review = make.ReviewFactory(
        entry=june.entries.get(), juror=juror, state="completed", for_jury="Good", for_author="Hm"
    )
    Score.objects.create(review=review, criterion=june.criteria.first(), value=3)


def more_authors(june, cast):
    make.AuthorshipFactory(entry=june.entries.get(), is_lead=False, affiliation=make.AffiliationFactory())


def named(name):
    return lambda june: reverse(f"competitions:{name}")


def of_june(name):
    return lambda june: reverse(f"competitions:{name}", args=[june.slug])


def of_its_entry(name):
    return lambda june: reverse(f"competitions:{name}", args=[june.entries.first().public_id])


def desk_entry(june):
    return reverse("competitions:desk_jury_entry", args=[june.slug, june.entries.first().public_id])


def page(name, query=""):
    return lambda june: reverse(name) + query


def of_its_host(june):
    return june.host.get_absolute_url()


LISTS = [
    (named("juries"), "teacher", more_juries),
    (page("coordination:me"), "teacher", more_juries),
    (page("coordination:me"), "colleague", more_entries_of_mine),
    (page("coordination:home"), None, more_competitions),
    (page("coordination:home"), None, more_plans),
    (page("coordination:search", "?q=plans"), None, more_competitions),
    (page("coordination:search", "?q=plans"), None, more_plans),
    (page("coordination:desk"), "coordinator", more_drafts),
    (page("coordination:desk"), "coordinator", more_judged),
    (of_its_host, None, more_competitions),
    (of_its_host, None, more_won),
    (of_june("competition"), "colleague", more_entries_of_mine),
    (of_june("desk_competition"), "coordinator", more_levels),
    (of_june("desk_jury"), "coordinator", more_judged),
    (of_june("desk_results_xlsx"), "coordinator", more_judged),
    (of_june("desk_protocol"), "coordinator", more_judged),
    (desk_entry, "coordinator", more_jurors),
    (named("desk_library"), "coordinator", more_to_put_in),
    (of_its_entry("authors"), "colleague", more_authors),
]


@pytest.mark.parametrize(
    ("where", "reader", "add"), LISTS, ids=[f"{number}-{it[2].__name__}" for number, it in enumerate(LISTS)]
)
def test_three_rows_cost_as_many_queries_as_one(where, reader, add, june, cast):
    if add in (more_jurors, more_authors):
        entered(june, cast.colleague)
    client, counts = Client(), []
    if reader:
        client.force_login(getattr(cast, reader))
    for more in (1, 2):
        for _number in range(more):
            add(june, cast)
        counts.append(asked(client, where(june)))
    assert counts[0] == counts[1] <= CEILING


def test_what_others_gave_costs_as_many_queries_for_three_as_for_one(june, cast):
    counts, criterion = [], june.criteria.get()
    juror = make.JurorFactory(competition=june, person=cast.teacher)
    mine = make.ReviewFactory(entry=entered(june), juror=juror, state="completed", others_seen_at=now())
    Score.objects.create(review=mine, criterion=criterion, value=1)
    client = Client()
    client.force_login(cast.teacher)
    for more in (1, 2):
        for _number in range(more):
            more_others(june, cast)
        counts.append(asked(client, mine.get_absolute_url()))
    assert counts[0] == counts[1] <= CEILING


def test_what_the_jury_said_costs_as_many_queries_for_three_as_for_one(cast):
    june, counts = make.CompetitionFactory(state="concluded"), []
    make.CriterionFactory(competition=june)
    entry = entered(june, cast.colleague, place="first")
    Result.objects.create(entry=entry, reviews=1, mean=80, rank=1)
    client = Client()
    client.force_login(cast.colleague)
    for more in (1, 2):
        for _number in range(more):
            more_others(june, cast)
        counts.append(asked(client, reverse("competitions:entry_feedback", args=[entry.public_id])))
    assert counts[0] == counts[1] <= CEILING


def asked(client, url):
    assert client.get(url).status_code == 200  # what is read once stays
    with CaptureQueriesContext(connection) as captured:
        client.get(url)
    return len(captured)
