"""Two at once: the last place, two coordinators, a withdrawal, a pause, the clock. One wins, the other reads why."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from mentorship import actions
from mentorship.models import Mentor, MentorRequest, Pairing
from tests import factories as make
from tests.mentorship.factories import MentorFactory, MentorRequestFactory, PairingFactory

pytestmark = pytest.mark.django_db(transaction=True)
ONE_WINS = ["done", "refused"]


@pytest.fixture
def coordinator():
    return make.CoordinatorFactory().person


def states(pairing):
    it = Pairing.objects.select_related("request").get(pk=pairing.pk)
    return it.state, it.request.state


def test_the_last_place_is_taken_once(together, coordinator):
    mentor = MentorFactory(places=1)
    first, second = MentorRequestFactory(), MentorRequestFactory()
    done = together(
        lambda: actions.propose_mentor(first, by=coordinator, mentor=mentor),
        lambda: actions.propose_mentor(second, by=coordinator, mentor=mentor),
    )
    assert sorted(done) == ONE_WINS
    assert mentor.pairings.live().count() == 1
    assert sorted(MentorRequest.objects.values_list("state", flat=True)) == ["open", "proposed"]


def test_two_coordinators_ask_one_mentor_for_a_request(together, coordinator):
    other = make.CoordinatorFactory().person
    request, mentors = MentorRequestFactory(), [MentorFactory(), MentorFactory()]
    done = together(
        lambda: actions.propose_mentor(request, by=coordinator, mentor=mentors[0]),
        lambda: actions.propose_mentor(request, by=other, mentor=mentors[1]),
    )
    assert sorted(done) == ONE_WINS
    assert request.pairings.live().count() == 1


def test_two_coordinators_ask_for_the_same_intake(together, coordinator):
    other = make.CoordinatorFactory().person
    for _number in range(4):
        MentorRequestFactory()
    MentorFactory(places=2), MentorFactory(places=2)
    shown = actions.intake_for(coordinator).digest
    done = together(lambda: actions.propose_all(coordinator, shown), lambda: actions.propose_all(other, shown))
    assert sorted(done) == ONE_WINS
    assert Pairing.objects.count() == 4


def test_an_intake_and_a_single_question_do_not_ask_twice(together, coordinator):
    requests = [MentorRequestFactory() for _number in range(3)]
    mentor, other = MentorFactory(places=3), MentorFactory(places=1, languages=["en", "ru"])
    shown = actions.intake_for(coordinator).digest
    done = together(
        lambda: actions.propose_all(coordinator, shown),
        lambda: actions.propose_mentor(requests[1], by=coordinator, mentor=other),
    )
    assert sorted(done) == ONE_WINS
    assert all(it.pairings.live().count() <= 1 for it in requests)
    assert mentor.pairings.live().count() + other.pairings.live().count() in {1, 3}


def test_accepting_and_withdrawing_at_once(together):
    pairing = PairingFactory(state="proposed")
    done = together(
        lambda: actions.accept_proposal(Pairing.objects.get(pk=pairing.pk), by=pairing.mentor.person),
        lambda: actions.withdraw_request(MentorRequest.objects.get(pk=pairing.request_id), by=pairing.request.by),
    )
    assert sorted(done) == ONE_WINS
    assert states(pairing) in {("accepted", "accepted"), ("withdrawn", "withdrawn")}


def test_a_mentor_who_pauses_at_that_moment_is_asked_before_or_not_at_all(together, coordinator):
    request, mentor = MentorRequestFactory(), MentorFactory()
    asked, paused = together(
        lambda: actions.propose_mentor(request, by=coordinator, mentor=Mentor.objects.get(pk=mentor.pk)),
        lambda: actions.pause_mentor(Mentor.objects.get(pk=mentor.pk), by=mentor.person),
    )
    assert paused == "done"
    assert request.pairings.count() == (asked == "done")


def test_a_mentor_who_stops_at_that_moment_is_left_with_nothing_to_answer(together, coordinator):
    request, mentor = MentorRequestFactory(), MentorFactory()
    asked, ended = together(
        lambda: actions.propose_mentor(request, by=coordinator, mentor=Mentor.objects.get(pk=mentor.pk)),
        lambda: actions.end_mentor(Mentor.objects.get(pk=mentor.pk), by=mentor.person),
    )
    assert (asked, ended) in {("refused", "done"), ("done", "refused"), ("done", "done")}
    mentor.refresh_from_db()
    assert mentor.pairings.live().count() == (mentor.state == "active")


def test_an_answer_and_the_clock_at_once(together):
    pairing = PairingFactory(state="proposed", request__answer_by=now() - timedelta(minutes=1))
    done = together(
        lambda: actions.accept_proposal(Pairing.objects.get(pk=pairing.pk), by=pairing.mentor.person),
        lambda: actions.lapse_pairing(Pairing.objects.get(pk=pairing.pk), at=now()),
    )
    assert sorted(done) == ONE_WINS
    assert states(pairing) in {("accepted", "accepted"), ("lapsed", "open")}


def test_pressed_twice_is_agreed_once(together):
    pairing = PairingFactory(state="accepted")

    def agree():
        actions.agree_to_mentor(Pairing.objects.get(pk=pairing.pk), by=pairing.request.by)

    assert sorted(together(agree, agree)) == ONE_WINS
    assert states(pairing) == ("active", "paired")


def test_agreeing_and_taking_back_at_once(together, coordinator):
    pairing = PairingFactory(state="accepted")
    done = together(
        lambda: actions.agree_to_mentor(Pairing.objects.get(pk=pairing.pk), by=pairing.request.by),
        lambda: actions.withdraw_proposal(Pairing.objects.get(pk=pairing.pk), by=coordinator),
    )
    assert sorted(done) == ONE_WINS
    assert states(pairing) in {("active", "paired"), ("withdrawn", "open")}
