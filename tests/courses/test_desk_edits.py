"""Editing at the desk: what a form may not lose or accept, and whom it says it will mail."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from courses import actions
from courses.models import Pool, Run
from tests import factories as make
from tests.browsing import at

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def desk(cast, demo):
    return at(cast.coordinator)


def typed(client, run):
    """What the form of a run holds, as a browser sends it back."""
    sent = {}
    for field in client.get(reverse("courses:desk_edit_run", args=[run.public_id])).context["form"]:
        value = field.value()
        if isinstance(value, list):
            value = [getattr(it, "pk", it) for it in value]
        elif isinstance(value, datetime):
            value = value.strftime("%Y-%m-%dT%H:%M")
        if value not in (None, "", False, []):
            sent[field.html_name] = value
    return sent


def edit(client, run, **changes):
    url = reverse("courses:desk_edit_run", args=[run.public_id])
    return client.post(url, typed(client, run) | changes)


# Instructors


def test_who_changes_the_title_loses_no_instructor_of_another_region(run, demo):
    region = make.RegionFactory()
    Run.objects.filter(pk=run.pk).update(host=make.InstitutionFactory(region=region))
    afar = make.AffiliationFactory().person
    run.instructors.add(afar)
    client = at(make.CoordinatorFactory(region=region).person)
    assert edit(client, run, title="renamed").status_code == 302
    run.refresh_from_db()
    assert (run.title, list(run.instructors.all())) == ("renamed", [afar])


def test_an_instructor_of_another_region_can_be_taken_off_but_none_put_on(run, demo):
    region = make.RegionFactory()
    Run.objects.filter(pk=run.pk).update(host=make.InstitutionFactory(region=region))
    afar, stranger = make.AffiliationFactory().person, make.AffiliationFactory().person
    run.instructors.add(afar)
    client = at(make.CoordinatorFactory(region=region).person)
    assert edit(client, run, instructors=[stranger.pk]).context["form"].errors.keys() == {"instructors"}
    assert edit(client, run, instructors=[]).status_code == 302
    assert list(run.instructors.all()) == []


# Sessions


@pytest.mark.parametrize(("hours", "fits"), [(24, True), (24.1, False), (90_000, False)])
def test_a_session_lasts_a_day_at_most(run, cast, hours, fits):
    start = now() + timedelta(days=300)
    if fits:
        assert actions.add_session(run, start, start + hours * HOUR, by=cast.coordinator).run == run
        return
    with pytest.raises(Refused, match="24 hours at most"):
        actions.add_session(run, start, start + hours * HOUR, by=cast.coordinator)
    with pytest.raises(Refused, match="24 hours at most"):
        actions.move_session(run.sessions.get(), start, start + hours * HOUR, by=cast.coordinator)


def test_a_session_that_is_too_long_is_said_at_its_end(run, desk):
    url = reverse("courses:desk_new_session", args=[run.public_id])
    response = desk.post(url, {"starts_at": "2027-05-01T10:00", "ends_at": "2027-05-03T10:00"})
    assert response.context["form"].errors == {
        "ends_at": ["A session lasts 24 hours at most. Correct its end, or add a session for each day."]
    }


def test_a_session_has_no_places_that_nobody_in_the_run_can_choose(run, cast):
    start = now() + timedelta(days=300)
    said = "Nobody takes part in this run like this: Online. Give the run such places first."
    with pytest.raises(Refused) as refused:
        actions.add_session(run, start, start + HOUR, by=cast.coordinator, own_places={"room": 3, "online": 5})
    assert (str(refused.value), run.sessions.count(), Pool.objects.count()) == (said, 1, 1)
    own = actions.add_session(run, start, start + HOUR, by=cast.coordinator, own_places={"room": 3})
    with pytest.raises(Refused) as refused:
        actions.set_session_places(own, {"room": 3, "online": 5}, by=cast.coordinator)
    assert str(refused.value) == said
    actions.add_places(run, "online", 9, by=cast.coordinator)
    actions.set_session_places(own, {"room": 3, "online": 5}, by=cast.coordinator)
    assert sorted(own.pools.values_list("sort", flat=True)) == ["online", "room"]


# Whom it will mail


def asked(response):
    return dict(response.context["people"])


def test_a_new_joining_link_names_those_only_who_are_told_of_it(run, pool, cast, desk):
    online = make.PoolFactory(run=run, sort="online")
    for person in (cast.teacher, cast.colleague):
        actions.enrol(run, person, by=person, pool=pool.public_id)
    assert edit(desk, run, online_link="https://example.org/first").status_code == 302
    person = make.AffiliationFactory(institution=cast.school).person
    actions.enrol(run, person, by=person, pool=online.public_id)
    OutboxMail.objects.all().delete()
    assert asked(edit(desk, run, online_link="https://example.org/new")) == {"Confirmed": 1}
    edit(desk, run, online_link="https://example.org/new", confirmed="yes")
    assert list(OutboxMail.objects.values_list("to", flat=True)) == [person.pk]


@pytest.fixture
def child(run, children, text):
    """A child without an address, held for consent, with one guardian who has one."""
    make.EnrolmentFactory(run=run, pool=run.pools.get(), person=children[0], state="held")
    run.pools.update(taken=1)
    return children[0]


def test_guardians_are_counted_and_who_has_no_address_is_not(run, child, desk, cast):
    actions.enrol(run, cast.teacher, by=cast.teacher)
    OutboxMail.objects.all().delete()
    assert asked(edit(desk, run, place="Room 7")) == {"Confirmed": 1, "Guardians": 1}
    assert OutboxMail.objects.count() == 0
    url = reverse("courses:desk_act_on_run", args=[run.public_id])
    assert asked(desk.post(url, {"move": "cancel"})) == {"Confirmed": 1, "Guardians": 1}
    session = run.sessions.get()
    url = reverse("courses:desk_act_on_session", args=[run.public_id, session.public_id])
    response = desk.post(url, {"move": "cancel"})
    assert (asked(response), response.context["total"]) == ({"Confirmed": 1, "Guardians": 1}, 2)


def test_place_and_limit_changed_together_name_the_queue_too(run, cast, desk):
    Run.objects.filter(pk=run.pk).update(institution_limit=1)
    for person in (cast.teacher, cast.colleague):
        actions.enrol(run, person, by=person)
    OutboxMail.objects.all().delete()
    sent = {"place": "Room 7", "institution_limit": "2"}
    assert asked(edit(desk, run, **sent)) == {"Confirmed": 1, "Next in the queue": 1}
    assert asked(edit(desk, run, institution_limit="2")) == {"Next in the queue": 1}


def test_who_brought_a_class_is_named_when_the_run_is_cancelled(run, pool, group, children, text, cast, desk):
    run.pools.update(places=9)
    actions.book_class(run, group, children, cast.teacher)
    url = reverse("courses:desk_act_on_run", args=[run.public_id])
    assert asked(desk.post(url, {"move": "cancel"})) == {"Guardians": 3, "Who brought a class": 1}


def test_what_mails_nobody_is_done_at_once_but_an_end_is_asked_about(run, desk):
    assert edit(desk, run, place="Room 7").status_code == 302
    url = reverse("courses:desk_act_on_run", args=[run.public_id])
    assert asked(desk.post(url, {"move": "cancel"})) == {}
    assert Run.objects.get(pk=run.pk).state == "published"


def test_what_is_refused_is_said_before_anything_is_asked(run, desk):
    run.sessions.update(starts_at=now() - 2 * HOUR, ends_at=now() - HOUR)
    url = reverse("courses:desk_act_on_run", args=[run.public_id])
    response = desk.post(url, {"move": "cancel"}, follow=True)
    said = [str(it) for it in response.context["messages"]]
    assert said == ["This run is over, and people took part. Close it instead."]
