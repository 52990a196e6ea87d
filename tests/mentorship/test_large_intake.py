"""An intake that takes longer than a page may: the workers arrange it, and ask for it just as it was shown."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.long_work import carry_on_all
from cluster_portal.models import LongWork
from mentorship import actions, arranging
from mentorship.models import MentorRequest, Pairing
from tests import factories as make
from tests.mentorship.factories import MentorFactory, MentorRequestFactory, PairingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo", "large")]


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr(arranging, "LARGE", 0)


@pytest.fixture
def here(cast, client):
    client.force_login(cast.coordinator)
    return reverse("mentorship:desk_intake")


@pytest.fixture
def sought(cast):
    MentorFactory(person__family_name="Orlov")
    return MentorRequestFactory(affiliation=cast.teacher.affiliations.get())


def look(client, here, **changes):
    client.post(here, changes | {"do": "look"})
    carry_on_all()
    return client.get(here)


def ask(client, here, shown, **changes):
    client.post(here, changes | {"do": "ask", "digest": shown.context["digest"]})
    carry_on_all()
    return client.get(here)


def test_few_are_arranged_while_the_page_waits(client, here, sought, monkeypatch):
    monkeypatch.setattr(arranging, "LARGE", 1)
    assert "Orlov" in client.get(here).text
    assert LongWork.objects.count() == 0


def test_many_are_arranged_by_the_workers_shown_and_asked_for_just_so(client, here, sought):
    assert "Arrange all open requests" in client.get(here).text
    assert LongWork.objects.count() == 0
    client.post(here, {"do": "look"})
    assert "You can leave this page" in client.get(here).text
    carry_on_all()
    shown = client.get(here)
    assert "Orlov" in shown.text
    assert Pairing.objects.count() == 0
    done = ask(client, here, shown)
    assert "A mentor is asked for 1 request" in done.text
    assert Pairing.objects.get().request == sought
    assert LongWork.objects.count() == 1


def test_what_the_workers_show_is_what_a_page_shows(client, here, sought, monkeypatch):
    for _number in range(2):
        MentorRequestFactory(contest="Chess Cup")
    MentorFactory(places=1, contests=["Chess Cup"])
    PairingFactory(mentor=MentorFactory(places=1, languages=["ko", "en"]))
    kept = look(client, here)
    monkeypatch.setattr(arranging, "LARGE", 1_000)
    at_once = client.get(here)
    assert [{**row, "it": row["it"].pk} for row in kept.context["rows"]] == [
        {**row, "it": row["it"].pk} for row in at_once.context["rows"]
    ]
    assert kept.context["digest"] == at_once.context["digest"]


def test_changes_by_hand_stay(client, here, sought):
    other = MentorFactory(person__family_name="Petrov", contests=[])
    pinned = {f"for-{sought.public_id}": other.public_id}
    shown = look(client, here, **pinned)
    assert shown.context["rows"][0]["pinned"] == other.public_id
    ask(client, here, shown, **pinned)
    assert Pairing.objects.get().mentor == other


def test_a_choice_that_is_not_possible_any_more_is_said(client, here, sought):
    abroad = MentorFactory(languages=["ko"])
    shown = look(client, here, **{f"for-{sought.public_id}": abroad.public_id})
    assert "1 choice of yours is not possible any more" in shown.text


def test_what_has_changed_since_is_not_asked_for_and_the_page_says_so(client, here, sought):
    shown = look(client, here)
    actions.change_request(sought, by=sought.by, needed_by=sought.needed_by, text="Quite another thing.")
    assert "This is not what you were shown" in ask(client, here, shown).text
    assert Pairing.objects.count() == 0
    ask(client, here, look(client, here))
    assert Pairing.objects.count() == 1


def test_what_was_answered_since_is_shown_no_more(client, here, sought):
    look(client, here)
    actions.withdraw_request(sought, by=sought.by)
    MentorRequestFactory()
    assert client.get(here).context["rows"] == []


def test_what_was_found_long_ago_is_arranged_anew(client, here, sought):
    look(client, here)
    with time_machine.travel(now() + timedelta(minutes=59), tick=False):
        assert "Orlov" in client.get(here).text
    with time_machine.travel(now() + timedelta(minutes=61), tick=False):
        assert "Arrange all open requests" in client.get(here).text


def test_pressed_twice_is_begun_once(client, here, sought):
    client.post(here, {"do": "look"})
    again = client.post(here, {"do": "look"}, follow=True)
    assert "This is under way already" in again.text
    assert LongWork.objects.count() == 1


def test_who_coordinates_no_more_when_the_workers_come_asks_nobody(cast, client, here, sought):
    shown = look(client, here)
    client.post(here, {"do": "ask", "digest": shown.context["digest"]})
    cast.coordinator.coordinator_roles[0].delete()
    carry_on_all()
    assert LongWork.objects.get().problem == "Whoever asked for this does not coordinate here any more."
    assert Pairing.objects.count() == 0


def test_each_coordinator_has_a_look_of_their_own(cast, client, here, sought):
    look(client, here)
    region = make.RegionFactory()
    regional = make.CoordinatorFactory(region=region).person
    MentorRequestFactory(affiliation__institution__region=region)
    client.force_login(regional)
    assert "Arrange all open requests" in client.get(here).text
    assert len(look(client, here).context["rows"]) == 1


def test_more_requests_cost_no_more_questions(client, here, sought):
    counts = []
    for _number in range(2):
        MentorRequestFactory()
        look(client, here)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(here).status_code == 200
        counts.append(len(seen))
    assert (counts[0], MentorRequest.objects.count()) == (counts[1], 3)
