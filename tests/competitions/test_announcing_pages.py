"""The pages of a competition: what everybody reads of it, in which phase; what coordinators do with it on the desk."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.models import OutboxMail
from competitions import actions
from competitions.desk_rows import drafts
from competitions.institution_parts import held, won
from competitions.models import Competition, LevelExample, Nomination
from members.models import Cluster
from tests import factories as make
from tests.browsing import said
from tests.rfc5546 import read_feed

pytestmark = pytest.mark.django_db
OPENS, CLOSES = datetime(2027, 6, 1, 6, tzinfo=UTC), datetime(2027, 6, 30, 21, tzinfo=UTC)
LIST = "/competitions/"
FACTS = {
    "title": "Plans of 2027", "summary": "For the age of AI.", "language": "en", "opens_at": "2027-06-01T09:00",
    "closes_at": "2027-06-30T23:59", "judged_until": "2027-08-31T23:59", "results_on": "2027-09-05",
    "admits": "members", "is_blind": "on", "jurors_per_entry": "3", "tie_rule": "criteria",
}  # fmt: skip


@pytest.fixture(autouse=True)
def moscow(db):
    Cluster.objects.create(pk=1, name="Cluster", time_zone="Europe/Moscow")


@pytest.fixture
def june(db):
    """Open from 1 June 09:00 to 30 June 23:59:59 in Moscow; with a rubric."""
    it = make.CompetitionFactory(
        title="June plans", opens_at=OPENS, closes_at=CLOSES, judged_until=CLOSES + timedelta(days=60),
        results_on=datetime(2027, 9, 5).date(), about="## Why\n\n- **bold** <script>", rules="1. Be kind",
    )  # fmt: skip
    make.NominationFactory(competition=it, title="Beginners")
    criterion = make.CriterionFactory(competition=it, title="Clarity")
    LevelExample.objects.create(criterion=criterion, score=5, text="Every step says what students do")
    return it


@pytest.fixture
def client(demo, moscow):
    client = Client()
    client.force_login(make.CoordinatorFactory().person)
    return client


def text_of(path, client=None):
    response = (client or Client()).get(path)
    assert response.status_code == 200
    return response.content.decode()


def wrong(response):
    return sorted(response.context["form"].errors)


@pytest.mark.parametrize(
    ("at", "standing", "countdown"),
    [
        (OPENS - timedelta(days=2), "Opens 1 June 2027", "Entries from 1 June 2027, 09:00, Moscow time"),
        (CLOSES - timedelta(days=1), "Open until 30 June 2027", "Entries until 30 June 2027, 23:59:59, Moscow time"),
        (CLOSES - timedelta(seconds=1), "Open until 30 June 2027", "Entries until 30 June 2027, 23:59:59, Moscow time"),
        (CLOSES, "The jury reads", None),
    ],
)
def test_a_page_says_the_phase_and_counts_down_in_a_zone_that_it_names(june, at, standing, countdown):
    with time_machine.travel(at, tick=False):
        response = Client().get(june.get_absolute_url())
    assert response.context["standing"].word == standing
    assert (response.context["countdown"] and response.context["countdown"].said) == countdown
    assert (countdown or "data-countdown") in response.content.decode() or countdown is None


def test_who_lives_elsewhere_reads_the_deadline_by_their_own_clock_too(june):
    reader = make.PersonFactory(time_zone="Asia/Seoul")
    client = Client()
    with time_machine.travel(OPENS, tick=False):
        client.force_login(reader)
        assert client.get(june.get_absolute_url()).context["countdown"].here == "1 July 2027, 05:59, Seoul time"


def test_everybody_reads_the_rubric_with_its_examples_and_safe_text(june):
    with time_machine.travel(OPENS, tick=False):
        text = text_of(june.get_absolute_url())
    for word in ("Beginners", "Clarity", "0 to 5 points, weight 1", "Every step says what students do"):
        assert word in text
    assert "<h3>Why</h3>" in text
    assert "<strong>bold</strong> &lt;script&gt;" in text


def test_a_draft_is_there_for_its_keeper_only(june, client):
    Competition.objects.filter(pk=june.pk).update(state="draft")
    assert Client().get(june.get_absolute_url()).status_code == 404
    assert text_of(june.get_absolute_url(), client)
    assert june.title not in text_of(LIST, client)


def test_the_chain_says_whether_one_can_enter(cast, june):
    client = Client()
    with time_machine.travel(OPENS, tick=False):
        client.force_login(cast.teacher)
        response = client.get(june.get_absolute_url())
    assert [link["status"] for link in response.context["chain"]] == ["done", "done", "next", "open"]
    assert reverse("competitions:enter", args=[june.slug]) in response.content.decode()
    with time_machine.travel(OPENS, tick=False):
        client.force_login(cast.outsider)
        response = client.get(june.get_absolute_url())
    assert [link["status"] for link in response.context["chain"]] == ["broken", "open", "open"]
    assert reverse("competitions:enter", args=[june.slug]) not in response.content.decode()


def test_after_the_deadline_nobody_is_asked_whether_they_can_enter(june):
    with time_machine.travel(CLOSES, tick=False):
        response = Client().get(june.get_absolute_url())
    assert response.context["chain"] == []
    assert "Entries were taken until 30 June 2027, 23:59:59, Moscow time." in response.content.decode()


def test_my_entries_stand_on_the_page(cast, june):
    client = Client()
    mine = make.AuthorshipFactory(person=cast.teacher, entry__competition=june, entry__title="Mine").entry
    make.AuthorshipFactory(entry__competition=june, entry__title="Theirs")
    with time_machine.travel(OPENS, tick=False):
        client.force_login(cast.teacher)
        text = text_of(june.get_absolute_url(), client)
    assert mine.get_absolute_url() in text
    assert "Theirs" not in text


def test_the_list_shows_what_takes_entries_first():
    names = {"Open": (-5, 5), "Opensoon": (3, 9), "Closesnext": (-5, 2), "Judged": (-30, -3)}
    for title, (opens, closes) in names.items():
        make.CompetitionFactory(title=title, opens_at=now() + timedelta(opens), closes_at=now() + timedelta(closes))
    titles = [it.title for it in Client().get(LIST).context["page"] if it.title in names]
    assert titles == ["Closesnext", "Open", "Opensoon", "Judged"]


@pytest.mark.parametrize("path", [LIST, "/desk/competitions/"])
def test_lists_ask_the_same_number_of_times_for_one_and_for_three(path, client):
    counts = []
    for _ in range(2):
        make.CompetitionFactory(host=make.InstitutionFactory()).regions.add(make.RegionFactory())
        client.get(path)
        with CaptureQueriesContext(connection) as seen:
            client.get(path)
        counts.append(len(seen))
        make.CompetitionFactory(host=make.InstitutionFactory())
    assert counts[0] == counts[1]


def test_a_page_asks_the_same_number_of_times_for_one_criterion_and_for_three(june, cast):
    client, counts = Client(), []
    client.force_login(cast.teacher)
    for _ in range(2):
        client.get(june.get_absolute_url())
        with CaptureQueriesContext(connection) as seen:
            client.get(june.get_absolute_url())
        counts.append(len(seen))
        for criterion in make.CriterionFactory.create_batch(2, competition=june):
            LevelExample.objects.create(criterion=criterion, score=1, text="One")
        make.NominationFactory.create_batch(2, competition=june)
    assert counts[0] == counts[1]


def test_results_name_only_who_agreed_and_say_nothing_before_they_are_out(june):
    entry = make.EntryFactory(competition=june, state="admitted", place="first", title="Winning plan")
    decided = {"may_be_published": True, "decided_at": now()}
    make.AuthorshipFactory(entry=entry, person__family_name="Namedova", **decided)
    make.AuthorshipFactory(entry=entry, person__family_name="Silentova", is_lead=False)
    child = make.ChildFactory(family_name="Childova")
    make.AuthorshipFactory(entry=entry, person=child, is_lead=False, **decided)
    make.EntryFactory(competition=june, state="admitted", place="participant", title="Another plan")
    assert "Winning plan" not in text_of(june.get_absolute_url())
    Competition.objects.filter(pk=june.pk).update(state="concluded")
    text = text_of(june.get_absolute_url())
    assert "Winning plan</a>" not in text
    plan = make.PlanFactory(entry=entry)
    assert f'<a href="{plan.get_absolute_url()}">Winning plan</a>' in text_of(june.get_absolute_url())
    for word, is_there in (("Winning plan", True), ("Namedova", True), ("Silentova", False), ("Childova", False),
                           ("Another plan", False)):  # fmt: skip
        assert (word in text) is is_there


def test_search_engines_read_an_event_at_its_page(june):
    with time_machine.travel(OPENS, tick=False):
        text = text_of(june.get_absolute_url())
    facts = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', text)[1])
    assert (facts["@type"], facts["name"], facts["eventStatus"]) == (
        "EducationEvent", "June plans", "https://schema.org/EventScheduled",
    )  # fmt: skip
    assert (facts["startDate"], facts["endDate"]) == ("2027-06-01T09:00:00+03:00", "2027-06-30T23:59:59+03:00")
    assert facts["location"]["@type"] == "VirtualLocation"


def test_the_deadline_stands_in_the_public_calendar_and_in_that_of_who_writes(june):
    author = make.AuthorshipFactory(entry__competition=june).person
    make.CompetitionFactory(state="draft")
    with time_machine.travel(OPENS, tick=False):
        for path in ("/calendar.ics", reverse("competitions:competition_ics", args=[june.slug])):
            text = text_of(path)
            (one,) = read_feed(text)
            assert (one.starts_at, one.ends_at) == (CLOSES - timedelta(minutes=1), CLOSES)
            assert "TRANSP:TRANSPARENT" in text
        client = Client()
        client.force_login(author)
        client.post("/me/calendar/address/", {"what": "renew"})
        assert len(read_feed(text_of(f"/me/calendar/{author.calendar_feed.token}.ics"))) == 1
    with time_machine.travel(CLOSES, tick=False):
        assert "VEVENT" not in text_of("/calendar.ics")


def test_a_competition_is_described_by_the_clock_of_the_cluster_to_the_end_of_the_minute(client):
    response = client.post("/desk/competitions/new/", FACTS)
    it = Competition.objects.get()
    assert response["Location"] == f"/desk/competitions/{it.slug}/"
    assert (it.state, it.opens_at, it.closes_at) == ("draft", OPENS, CLOSES)
    shown = client.get(f"/desk/competitions/{it.slug}/edit/").context["form"]
    assert shown["closes_at"].value().strftime("%Y-%m-%dT%H:%M") == "2027-06-30T23:59"
    client.post(f"/desk/competitions/{it.slug}/edit/", FACTS | {"title": "Another", "seen": shown["seen"].value()})
    it.refresh_from_db()
    assert (it.title, it.closes_at) == ("Another", CLOSES)


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"title": ""}, "title"),
        ({"closes_at": "2027-05-30T23:59"}, "closes_at"),
        ({"judged_until": "2027-06-30T23:59"}, "judged_until"),
        ({"results_on": "2027-08-30"}, "results_on"),
        ({"opens_at": "yesterday"}, "opens_at"),
        ({"stage_from": "9", "stage_until": "5"}, "stage_until"),
        ({"jurors_per_entry": "0"}, "jurors_per_entry"),
        ({"author_limit": "0"}, "author_limit"),
        ({"tie_rule": "dice"}, "tie_rule"),
    ],
)
def test_bad_input_is_named_beside_its_field(client, bad, field):
    response = client.post("/desk/competitions/new/", FACTS | bad)
    assert (response.status_code, wrong(response)) == (200, [field])
    assert Competition.objects.count() == 0


def test_a_coordinator_of_a_region_names_a_host_of_theirs(demo):
    region = make.RegionFactory()
    mine, other = make.InstitutionFactory(region=region), make.InstitutionFactory()
    client = Client()
    client.force_login(make.CoordinatorFactory(region=region).person)
    for bad in ({}, {"host": other.pk}):
        assert wrong(client.post("/desk/competitions/new/", FACTS | bad)) == ["host"]
    client.post("/desk/competitions/new/", FACTS | {"host": mine.pk})
    it = Competition.objects.get()
    assert it.host == mine
    theirs = make.CompetitionFactory(host=other)
    assert client.get(f"/desk/competitions/{theirs.slug}/").status_code == 404
    assert [it.pk for it in client.get("/desk/competitions/").context["page"]] == [it.pk]


@pytest.mark.parametrize(
    "path", ["", "new/", "{}/", "{}/edit/", "{}/again/", "{}/criteria/new/", "{}/nominations/new/"]
)
def test_the_desk_of_competitions_is_for_coordinators(demo, june, path):
    address = f"/desk/competitions/{path.format(june.slug)}"
    assert Client().get(address).status_code == 302
    client = Client()
    client.force_login(make.AffiliationFactory(role="head").person)
    assert client.get(address).status_code == 403


def test_a_criterion_is_added_then_its_levels_are_described(client, june):
    path = f"/desk/competitions/{june.slug}/criteria/"
    response = client.post(f"{path}new/", {"title": "Safety", "lowest": "1", "highest": "3", "weight": "1.5"})
    criterion = june.criteria.get(title="Safety")
    assert response["Location"] == f"{path}{criterion.public_id}/"
    form = client.get(response["Location"]).context["form"]
    assert [name for name in form.fields if name.startswith("example_")] == ["example_1", "example_2", "example_3"]
    facts = {"title": "Safety", "lowest": "1", "highest": "3", "weight": "1.5", "seen": form["seen"].value()}
    client.post(response["Location"], facts | {"example_3": "Nobody enters names"})
    assert list(criterion.examples.values_list("score", "text")) == [(3, "Nobody enters names")]
    bad = client.post(response["Location"], facts | {"lowest": "3"})
    assert wrong(bad) == ["highest"]


def test_of_a_wide_scale_examples_are_asked_for_at_five_points(client, june):
    criterion = make.CriterionFactory(competition=june, lowest=0, highest=100)
    form = client.get(f"/desk/competitions/{june.slug}/criteria/{criterion.public_id}/").context["form"]
    assert form.levels == [0, 25, 50, 75, 100]


def test_nominations_are_added_moved_up_and_removed(client, june):
    path = f"/desk/competitions/{june.slug}/nominations/"
    client.post(f"{path}new/", {"title": "Experts"})
    experts = Nomination.objects.get(title="Experts")
    client.post(f"{path}{experts.public_id}/act/", {"move": "up"})
    assert [it.title for it in june.nominations.all()] == ["Experts", "Beginners"]
    client.post(f"{path}{experts.public_id}/", {"title": "Masters"})
    assert june.nominations.first().title == "Masters"
    client.post(f"{path}{experts.public_id}/act/", {"move": "remove"})
    assert [it.title for it in june.nominations.all()] == ["Beginners"]
    other = make.NominationFactory()
    assert client.post(f"{path}{other.public_id}/act/", {"move": "remove"}).status_code == 404
    assert client.post(f"{path}{june.nominations.get().public_id}/act/", {"move": "dance"}).status_code == 404
    assert client.get(f"/desk/competitions/{june.slug}/entrants/new/").status_code == 404


def test_publishing_is_one_press_and_a_refusal_is_said(client):
    it = make.CompetitionFactory(state="draft")
    response = client.post(f"/desk/competitions/{it.slug}/act/", {"move": "publish"}, follow=True)
    assert said(response) == ["Authors want to know by what they are judged. Add the criteria, then publish."]
    make.CriterionFactory(competition=it)
    response = client.post(f"/desk/competitions/{it.slug}/act/", {"move": "publish"}, follow=True)
    assert said(response) == ["The competition is published: everybody sees it now."]
    assert client.post(f"/desk/competitions/{it.slug}/act/", {"move": "conclude"}).status_code == 404


def test_cancelling_says_first_whom_it_mails_and_how_many(client):
    it = make.CriterionFactory().competition
    make.AuthorshipFactory(entry__competition=it)
    make.JurorFactory.create_batch(2, competition=it)
    path = f"/desk/competitions/{it.slug}/act/"
    asked = client.post(path, {"move": "cancel"})
    assert (sorted(asked.context["people"]), asked.context["total"]) == ([("Authors", 1), ("Jurors", 2)], 3)
    it.refresh_from_db()
    assert (it.state, OutboxMail.objects.count()) == ("published", 0)
    client.post(path, {"move": "cancel", "confirmed": "yes"})
    it.refresh_from_db()
    assert (it.state, OutboxMail.objects.count()) == ("cancelled", 3)
    assert "This competition was cancelled." in text_of(it.get_absolute_url())


def test_moving_the_deadline_of_a_published_one_asks_first(client, june):
    with time_machine.travel(OPENS, tick=False):
        client.force_login(make.CoordinatorFactory().person)
        make.AuthorshipFactory(entry__competition=june)
        path = f"/desk/competitions/{june.slug}/edit/"
        form = client.get(path).context["form"]
        facts = FACTS | {"title": june.title, "closes_at": "2027-07-02T18:00", "seen": form["seen"].value()}
        asked = client.post(path, facts)
        assert asked.context["people"] == [("Authors", 1)]
        again = dict(asked.context["hidden"])
        client.post(path, again | {"confirmed": "yes"})
        june.refresh_from_db()
        assert june.closes_at == datetime(2027, 7, 2, 15, 1, tzinfo=UTC)
        mail = OutboxMail.objects.get()
        assert mail.subject == "Hand in until 2 July 2027, 18:00:59, Moscow time: the deadline of June plans has moved"


def test_somebody_elses_change_meanwhile_is_noticed(client, june):
    path = f"/desk/competitions/{june.slug}/edit/"
    seen = client.get(path).context["form"]["seen"].value()
    actions.change_competition(june, by=make.CoordinatorFactory().person, summary="Changed meanwhile")
    response = client.post(path, FACTS | {"seen": seen})
    assert "Somebody else changed this meanwhile" in str(response.context["form"].non_field_errors())


def test_holding_again_leads_to_the_new_draft(client, june):
    path = f"/desk/competitions/{june.slug}/again/"
    response = client.post(path, {"title": "June plans 2028", "opens_on": "2028-06-01"})
    again = Competition.objects.get(state="draft")
    assert response["Location"] == f"/desk/competitions/{again.slug}/"
    assert again.closes_at == datetime(2028, 6, 30, 21, tzinfo=UTC)
    assert wrong(client.post(path, {"title": "", "opens_on": "soon"})) == ["opens_on", "title"]


def test_drafts_wait_on_the_desk_of_who_keeps_them(client):
    it = make.CompetitionFactory(state="draft")
    (row,) = drafts(make.CoordinatorFactory().person)
    assert (row.count, row.url) == (1, f"/desk/competitions/{it.slug}/")
    assert list(drafts(make.CoordinatorFactory(region=make.RegionFactory()).person)) == []


def test_an_institution_shows_what_it_holds_and_what_its_people_won():
    school = make.InstitutionFactory()
    it = make.CompetitionFactory(host=school, title="Plans", state="concluded")
    make.CompetitionFactory(host=school, state="draft")
    entry = make.EntryFactory(competition=it, state="admitted", place="second", title="Second plan")
    author = make.AffiliationFactory(institution=school)
    make.AuthorshipFactory(entry=entry, person=author.person, affiliation=author)
    (part,) = held(school, None)
    assert part.rows == [("Plans", it.get_absolute_url(), "Results are out")]
    (part,) = won(school, None)
    assert part.rows == [("Second plan", f"{it.get_absolute_url()}#results", "Second place, Plans")]
    Competition.objects.filter(pk=it.pk).update(state="published")
    assert list(won(school, None)) == []
