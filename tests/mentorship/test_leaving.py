"""Mentors and teachers who leave: what was asked goes to others at once, what is under way the coordinator is shown."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate, now

from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from members.actions import change_role, end_affiliation, suspend_person
from mentorship import actions
from mentorship.actions import leaving
from mentorship.candidates import mentors_to_ask, open_requests
from mentorship.channels import Access
from mentorship.desk_rows import rows_of
from mentorship.leaving import has_left, why_alone
from mentorship.models import Mentor, MentorRequest, Pairing
from mentorship.readers import channel_of
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = pytest.mark.django_db


def leave(person, by):
    for affiliation in person.affiliations.active():
        end_affiliation(affiliation, by=by)


def suspend(person, by):
    suspend_person(person, by=by)


@pytest.fixture
def mentor():
    return pair.MentorFactory(person=make.AffiliationFactory(role="teacher").person)


def asked(mentor, state, cast, **facts):
    request = pair.MentorRequestFactory(
        affiliation=cast.teacher.affiliations.get(),
        state={"proposed": "proposed", "accepted": "accepted", "active": "paired"}[state],
        **facts,
    )
    return pair.PairingFactory(state=state, request=request, mentor=mentor)


def mails(template):
    rows = OutboxMail.objects.filter(template=f"mentorship/{template}").exclude(state="cancelled").order_by("pk")
    return list(rows.values_list("to", flat=True))


def desk(person):
    return {row.text: row.count for row in rows_of(person)}


@pytest.mark.parametrize("way", [leave, suspend])
@pytest.mark.parametrize("state", ["proposed", "accepted"])
def test_what_a_mentor_who_left_was_asked_goes_to_others(way, state, cast, mentor):
    pairing = asked(mentor, state, cast)
    assert actions.notice_departures() == 0
    way(mentor.person, cast.coordinator)
    assert (actions.notice_departures(), actions.notice_departures()) == (1, 0)
    pairing.refresh_from_db()
    assert (pairing.state, pairing.request.state) == ("withdrawn", "open")
    assert mails("mentor_gone") == ([cast.teacher.pk] if state == "accepted" else [])
    assert desk(cast.coordinator)["teacher seeks a mentor"] == 1


def test_who_never_had_a_place_of_work_has_left_nothing():
    mentor = pair.MentorFactory()
    assert (has_left(mentor), mentor in mentors_to_ask()) == (False, True)


def test_who_moves_to_another_school_has_not_left(cast, mentor):
    make.AffiliationFactory(person=mentor.person)
    end_affiliation(mentor.person.affiliations.active().first(), by=cast.coordinator)
    assert not has_left(mentor)


def test_who_left_is_not_asked_any_more(cast, mentor):
    leave(mentor.person, cast.coordinator)
    request = pair.MentorRequestFactory(affiliation=cast.teacher.affiliations.get())
    assert list(mentors_to_ask()) == []
    with pytest.raises(Refused, match="They are no mentor any more"):
        actions.propose_mentor(request, by=cast.coordinator, mentor=mentor)


def test_saying_yes_after_one_has_left_has_its_sentence(cast, mentor):
    proposed = asked(mentor, "proposed", cast)
    accepted = asked(mentor, "accepted", cast)
    leave(mentor.person, cast.coordinator)
    with pytest.raises(Refused, match="Your place of work in the cluster has ended"):
        actions.accept_proposal(proposed, by=mentor.person)
    with pytest.raises(Refused, match="The mentor has left the cluster meanwhile"):
        actions.agree_to_mentor(accepted, by=cast.teacher)


@pytest.mark.parametrize("way", [leave, suspend])
def test_a_pair_that_lost_its_mentor_is_shown_to_the_coordinator_with_its_sentence(way, cast, mentor, demo):
    pairing = asked(mentor, "active", cast)
    assert "pair has lost its mentor or its teacher" not in desk(cast.coordinator)
    way(mentor.person, cast.coordinator)
    assert actions.notice_departures() == 0
    pairing.refresh_from_db()
    assert pairing.state == "active"
    assert desk(cast.coordinator)["pair has lost its mentor or its teacher"] == 1
    assert why_alone(Pairing.objects.with_people().get()).startswith("The mentor has left the cluster. End the pairing")
    client = Client()
    client.force_login(cast.coordinator)
    assert "Somebody has left" in client.get(pairing.get_absolute_url()).content.decode()
    assert "has lost somebody" in client.get("/desk/mentorship/pairings/").content.decode()
    page = client.get(f"/desk/mentorship/mentors/{mentor.public_id}/").content.decode()
    assert "They have left the cluster" in page


def test_a_pair_that_lost_its_teacher_is_shown_too(cast, mentor):
    pairing = asked(mentor, "active", cast)
    leave(cast.teacher, cast.coordinator)
    assert list(Pairing.objects.left_alone()) == [pairing]
    assert why_alone(Pairing.objects.with_people().get()).startswith("The teacher does not work at this school")


def test_a_teacher_with_another_role_at_the_same_school_is_still_there(cast, mentor):
    pairing = asked(mentor, "active", cast)
    request = pair.MentorRequestFactory(affiliation=cast.teacher.affiliations.get())
    change_role(cast.teacher.affiliations.get(), "staff", by=cast.coordinator)
    assert (list(Pairing.objects.left_alone()), why_alone(pairing)) == ([], "")
    assert request in open_requests(cast.coordinator)
    assert actions.propose_mentor(request, by=cast.coordinator, mentor=mentor).state == "proposed"


def test_students_do_not_meet_nor_hear_from_a_mentor_who_left(cast, mentor):
    pairing = asked(mentor, "active", cast, with_students=True)
    pair.PairingStudentFactory(pairing=pairing)
    starts = now() + timedelta(hours=20)
    meeting = pair.MeetingFactory(pairing=pairing, starts_at=starts, ends_at=starts + timedelta(hours=1))
    assert channel_of(pairing).may(mentor.person, Access.WRITE)
    leave(mentor.person, cast.coordinator)
    with pytest.raises(Refused, match="The mentor has left the cluster: no meetings and no messages with students"):
        actions.send_message(pairing, by=mentor.person, text="Come to me.")
    assert actions.cancel_what_is_blocked(now()) == 1
    meeting.refresh_from_db()
    assert meeting.state == "cancelled"


def test_five_requests_wait_at_a_time_and_no_more(cast):
    mine = cast.teacher.affiliations.get()
    facts = {"affiliation": mine, "needed_from": localdate(), "needed_by": localdate() + timedelta(days=30)}
    last = pair.MentorRequestFactory.create_batch(5, **facts)[-1]
    pair.MentorRequestFactory(state="paired", **facts)
    new = {"title": "Another", "what_for": "team", "text": "x", "help": ["prepare"], "languages": ["en"],
           "formats": ["online"], "needed_from": localdate(), "needed_by": localdate()}  # fmt: skip
    with pytest.raises(Refused, match="5 requests of yours wait for an answer, which is the most at a time"):
        actions.ask_for_mentor(mine, by=cast.teacher, **new)
    actions.withdraw_request(last, by=cast.teacher)
    assert actions.ask_for_mentor(mine, by=cast.teacher, **new).state == "open"


def test_one_bad_row_does_not_keep_the_others_waiting(cast, mentor, monkeypatch, caplog):
    asked(mentor, "proposed", cast)
    other = asked(pair.MentorFactory(person=make.AffiliationFactory().person), "proposed", cast)
    for person in (mentor.person, other.mentor.person):
        suspend(person, cast.coordinator)
    real = leaving.give_back

    def broken(request, by, reason):
        if request.pk != other.request_id:
            raise ValueError("a row that cannot be given back")
        real(request, by, reason)

    monkeypatch.setattr(leaving, "give_back", broken)
    assert actions.notice_departures() == 1
    states = dict(MentorRequest.objects.values_list("pk", "state"))
    assert (states[other.request_id], Mentor.objects.count()) == ("open", 2)
    assert [it.levelname for it in caplog.records] == ["ERROR"]


def test_pairs_that_lost_somebody_long_ago_take_as_many_questions_for_four_as_for_two(cast, mentor):
    counted = []
    for _round in range(2):
        for _one in range(2):
            affiliation = make.AffiliationFactory(institution=cast.school)
            pair.PairingFactory(request__affiliation=affiliation, mentor=mentor)
            end_affiliation(affiliation, by=cast.coordinator)
        actions.notice_departures()
        with CaptureQueriesContext(connection) as asked_for:
            actions.notice_departures()
        counted.append(len(asked_for))
    assert len(mails("left_alone")) == 4
    assert counted[0] == counted[1]
