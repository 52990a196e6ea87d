"""What a coordinator's part of the cluster comes to: each number against rows that could be counted wrongly."""

from datetime import datetime, timedelta

import pytest
from django.utils.timezone import localdate, now

from members.models import Cluster
from mentorship.clock import Owes
from mentorship.figures import (
    ages_of,
    answers_to,
    institutions_of,
    load_of,
    outcomes_of,
    pairs_of,
    teachers_never_served,
)
from mentorship.statistics import Waits
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(db):
    """Noon of today, so that a day ago is yesterday."""
    return datetime.combine(Cluster.current().today(), datetime.min.time(), tzinfo=Cluster.current().zone) + timedelta(
        hours=12
    )


@pytest.fixture
def elsewhere(cast):
    """A coordinator of a region, and whoever works there."""
    region = make.RegionFactory()
    return make.CoordinatorFactory(region=region).person, make.AffiliationFactory(institution__region=region)


def asked(at, days, **facts):
    since = at - timedelta(days=days)
    return pair.MentorRequestFactory(**{"asked_at": since, "state_since": since} | facts)


def test_what_waits_stands_in_its_class_of_age_under_who_owes_the_answer(cast, at):
    asked(at, 0)
    asked(at, 3)
    asked(at, 4)
    asked(at, 5, state="proposed")
    asked(at, 6, state="accepted")
    asked(at, 20, risen_at=at - timedelta(days=13), answer_by=at + timedelta(days=1))
    asked(at, 8, answer_by=at - timedelta(hours=1), state="proposed")
    asked(at, 40, state="closed")
    ages = ages_of(cast.coordinator, at)
    assert ages.limits == [3, 7]
    assert [dict(it) for it in ages.classes] == [
        {Owes.COORDINATOR: 2},
        {Owes.COORDINATOR: 1, Owes.MENTOR: 1, Owes.TEACHER: 1},
        {Owes.COORDINATOR: 1, Owes.MENTOR: 1},
    ]
    assert ages.longest == 20


def test_a_request_that_somebody_else_owes_since_yesterday_is_young_and_was_long_waited_for(cast, at):
    asked(at, 20, state_since=at - timedelta(days=1), state="proposed", answer_by=at + timedelta(days=6))
    ages = ages_of(cast.coordinator, at)
    assert [sum(it.values()) for it in ages.classes] == [1, 0, 0]
    assert ages.longest == 20


def test_nothing_that_waits_has_no_longest_wait(cast, at):
    assert ages_of(cast.coordinator, at).longest is None


def test_the_first_answer_is_that_a_mentor_is_asked_or_that_the_search_ends(cast, at):
    first = asked(at, 10, state="proposed")
    pair.PairingFactory(request=first, state="lapsed", proposed_at=at - timedelta(days=8))
    pair.PairingFactory(request=first, state="proposed", proposed_at=at - timedelta(days=1))
    asked(at, 10, state="closed", state_since=at - timedelta(days=6))
    asked(at, 30)
    asked(at, 30, state="withdrawn", state_since=at - timedelta(days=29))
    answer, agreement = answers_to(cast.coordinator, at)
    assert answer == Waits(count=4, answered=2, median=4, p90=None)
    assert agreement == Waits(count=4, answered=0, median=None, p90=None)


def test_agreement_counts_from_asking_to_the_first_pair(cast, at):
    for days in (2, 4, 9):
        it = asked(at, 20, state="paired")
        began = localdate(at, Cluster.current().zone) - timedelta(days=20 - days)
        pair.PairingFactory(request=it, began_on=began, proposed_at=at - timedelta(days=19))
        pair.PairingFactory(request=it, began_on=began + timedelta(days=1), state="dissolved")
    assert answers_to(cast.coordinator, at)[1] == Waits(count=3, answered=3, median=4, p90=9)
    asked(at, 19, state="closed", state_since=at)
    asked(at, 19, state="closed", state_since=at)
    assert answers_to(cast.coordinator, at)[1] == Waits(count=5, answered=3, median=9, p90=None)


def test_a_day_is_one_of_the_cluster_whatever_the_clock_of_the_reader(cast, at):
    midnight = at - timedelta(hours=12)
    it = asked(at, 0, asked_at=midnight - timedelta(minutes=1), state="proposed")
    pair.PairingFactory(request=it, state="proposed", proposed_at=midnight + timedelta(minutes=1))
    assert answers_to(cast.coordinator, at)[0].median == 1
    assert answers_to(cast.coordinator, at, since=Cluster.current().today())[0].count == 0
    assert answers_to(cast.coordinator, at, since=Cluster.current().today() - timedelta(days=1))[0].count == 1


def test_load_is_of_mentors_who_take_requests(cast):
    full, some = pair.MentorFactory(places=1), pair.MentorFactory(places=3)
    pair.MentorFactory(places=2)
    pair.MentorFactory(places=9, state="paused")
    pair.MentorFactory(places=9, state="offered")
    pair.PairingFactory(mentor=full)
    pair.PairingFactory(mentor=some, state="proposed")
    pair.PairingFactory(mentor=some, state="completed")
    it = load_of(cast.coordinator)
    assert (it.places, it.taken, it.full, it.some, it.free, it.paused) == (6, 2, 1, 1, 1, 1)


def test_a_coordinator_who_mentors_counts_too(cast):
    pair.MentorFactory(person=cast.coordinator, places=4)
    assert load_of(cast.coordinator).places == 4


def test_pairs_under_way_that_do_not_meet_and_that_ended(cast):
    pair.PairingFactory()
    pair.PairingFactory(nudged_at=now())
    pair.PairingFactory(nudged_at=now(), stalled_at=now())
    pair.PairingFactory(state="completed", stalled_at=now())
    pair.PairingFactory(state="dissolved", ended_on=localdate() - timedelta(days=400))
    pair.PairingFactory(state="proposed")
    it = pairs_of(cast.coordinator)
    assert (it.active, it.nudged, it.stalled, it.completed, it.dissolved) == (3, 1, 1, 1, 1)
    assert pairs_of(cast.coordinator, localdate() - timedelta(days=365)).dissolved == 0


def test_outcomes_by_level_and_place_the_highest_level_first(cast):
    pair.OutcomeFactory(level="city", place="second")
    pair.OutcomeFactory(level="city", place="second", day=localdate())
    pair.OutcomeFactory(level="world", place="part", day=localdate())
    found = outcomes_of(cast.coordinator)
    assert [(level, dict(places)) for level, places in found.items()] == [
        ("world", {"part": 1}),
        ("city", {"second": 2}),
    ]
    assert outcomes_of(cast.coordinator, localdate()) == {"world": {"part": 1}, "city": {"second": 1}}


def test_institutions_with_what_they_asked_for_and_what_came_of_it(cast):
    own = cast.teacher.affiliations.get()
    paired = pair.MentorRequestFactory(affiliation=own, state="paired")
    it = pair.PairingFactory(request=paired)
    pair.PairingFactory(request=paired, state="dissolved")
    pair.MentorRequestFactory(affiliation=own)
    pair.MentorRequestFactory(affiliation=own, state="closed")
    for _ in range(2):
        outcome = pair.OutcomeFactory(pairing=it)
        outcome.students.add(*[pair.PairingStudentFactory(pairing=it) for _ in range(2)], it.students.first())
    mentor = pair.MentorFactory()
    make.AffiliationFactory(person=mentor.person, institution=cast.school)
    make.AffiliationFactory(person=mentor.person, institution=cast.school, role="staff")
    make.AffiliationFactory(person=pair.MentorFactory(state="ended").person, institution=cast.school)
    row = institutions_of(cast.coordinator, localdate()).get(pk=cast.school.pk)
    assert (row.asked, row.served, row.waiting, row.mentor_count) == (3, 1, 1, 1)
    assert (row.outcome_count, row.student_count) == (2, 4)


def test_members_that_never_asked_stand_there_and_strangers_do_not(cast):
    left = pair.MentorRequestFactory().affiliation.institution  # is no member, and asked
    make.InstitutionFactory()
    rows = {it.pk: it.asked for it in institutions_of(cast.coordinator, localdate())}
    assert rows == {cast.school.pk: 0, left.pk: 1}


def test_teachers_who_never_had_a_mentor_the_longest_wait_first(cast, at):
    late, lucky = cast.teacher.affiliations.get(), cast.colleague.affiliations.get()
    asked(at, 9, affiliation=late, state="closed")
    asked(at, 2, affiliation=late)
    asked(at, 99, affiliation=lucky, state="closed")
    pair.PairingFactory(request=asked(at, 9, affiliation=lucky, state="paired"), state="completed")
    other = pair.PairingFactory(request=asked(at, 30), state="declined").request.by
    found = list(teachers_never_served(cast.coordinator))
    assert [(it.pk, it.asked, it.waiting) for it in found] == [(other.pk, 1, 1), (cast.teacher.pk, 2, 1)]
    assert found[1].first_asked == at - timedelta(days=9)


def test_who_is_erased_is_reached_by_nobody_and_stands_in_no_list(cast, at):
    asked(at, 9, state="withdrawn", by=make.PersonFactory(erased_at=now()))
    assert list(teachers_never_served(cast.coordinator)) == []


def test_each_coordinator_counts_what_is_theirs(cast, at, elsewhere):
    coordinator, work = elsewhere
    for affiliation in (work, cast.teacher.affiliations.get()):
        request = asked(at, 5, affiliation=affiliation, state="paired")
        pair.OutcomeFactory(pairing=pair.PairingFactory(request=request, mentor__places=5))
        asked(at, 2, affiliation=affiliation)
    make.AffiliationFactory(person=pair.MentorFactory(places=7).person, institution=work.institution)
    for person, times in ((coordinator, 1), (cast.coordinator, 2)):
        assert sum(sum(it.values()) for it in ages_of(person, at).classes) == times
        assert answers_to(person, at)[0].count == 2 * times
        assert pairs_of(person).active == times
        assert outcomes_of(person) == {"city": {"second": times}}
        assert institutions_of(person, localdate()).count() == times
    assert (load_of(coordinator).places, load_of(cast.coordinator).places) == (7, 17)
    assert list(teachers_never_served(coordinator)) == []
    asked(at, 1, affiliation=make.AffiliationFactory(institution=work.institution))
    asked(at, 1, affiliation=make.AffiliationFactory())
    assert teachers_never_served(coordinator).count() == 1
