"""Two coordinators at one run: nobody overwrites the other unasked. And places of a sort that was forgotten."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from courses import actions
from courses.models import Pool, Run
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(cast, demo):
    client = Client()
    client.force_login(cast.coordinator)
    return client


@pytest.fixture
def draft():
    return make.RunFactory(state="draft", title="spring")


def opened(client, address) -> dict:
    """What a browser would send from the form at this address, as it is drawn."""
    form = client.get(address).context["form"]
    facts = {name: form[name].value() for name in form.fields}
    sent = {name: "" if value is None else value for name, value in facts.items() if value not in (None, [])}
    return sent | {name: value.strftime("%Y-%m-%dT%H:%M") for name, value in sent.items() if hasattr(value, "hour")}


def test_second_of_two_editors_is_told_and_loses_nothing(client, draft):
    address = reverse("courses:desk_edit_run", args=[draft.public_id])
    mine, theirs = opened(client, address), opened(client, address)
    assert client.post(address, theirs | {"title": "summer"}).status_code == 302
    answer = client.post(address, mine | {"title": "autumn"})
    assert answer.status_code == 200
    assert "Somebody else changed this meanwhile." in answer.content.decode()
    assert answer.context["form"]["title"].value() == "autumn"
    assert Run.objects.get().title == "summer"
    again = re.search(r'name="seen" value="(\w+)"', answer.content.decode())[1]
    assert client.post(address, mine | {"title": "autumn", "seen": again}).status_code == 302
    assert Run.objects.get().title == "autumn"


def test_form_that_nobody_else_touched_is_saved_at_once(client, draft):
    address = reverse("courses:desk_edit_run", args=[draft.public_id])
    assert client.post(address, opened(client, address) | {"title": "winter"}).status_code == 302
    assert Run.objects.get().title == "winter"


def test_places_online_are_added_to_a_run_in_the_room(client, draft):
    make.PoolFactory(run=draft, sort="room") if not draft.pools.exists() else None
    address = reverse("courses:desk_new_places", args=[draft.public_id])
    assert address in client.get(reverse("courses:desk_run", args=[draft.public_id])).content.decode()
    assert [it[0] for it in client.get(address).context["form"].fields["sort"].choices] == ["online"]
    assert client.post(address, {"sort": "online", "places": "40"}).status_code == 302
    assert sorted(draft.pools.values_list("sort", "places"))[0] == ("online", 40)
    assert address not in client.get(reverse("courses:desk_run", args=[draft.public_id])).content.decode()
    assert client.get(address).status_code == 302


@pytest.mark.parametrize(
    ("state", "sort", "said"),
    [
        ("draft", "room", "The run has places of this sort already. Change their number instead."),
        ("cancelled", "online", "This run is cancelled or closed, so its places stay as they are."),
    ],
)
def test_places_that_cannot_be_added(cast, state, sort, said):
    run = make.RunFactory(state=state)
    Pool.objects.get_or_create(run=run, sort="room", defaults={"places": 5})
    with pytest.raises(actions.pools.Refused) as refused:
        actions.add_places(run, sort, 10, by=cast.coordinator)
    assert str(refused.value) == said
    assert list(run.pools.values_list("sort", flat=True)) == ["room"]
