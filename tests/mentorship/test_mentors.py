"""Mentors: offered, admitted or not, changed, paused, cleared, stopped; by whom and when."""

from datetime import timedelta

import pytest
from django.utils.timezone import localdate

from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused, available_moves
from members.models import Direction
from mentorship import actions
from mentorship.models import Mentor, MentorRequest, Pairing
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = pytest.mark.django_db
OFFER = {
    "about": "I judge at olympiads.",
    "contests": ["Open Olympiad"],
    "help": ["prepare"],
    "languages": ["en"],
    "formats": ["online"],
    "weekdays": [1],
    "time_zone": "Europe/Moscow",
    "hours_a_month": 4,
    "places": 2,
}


@pytest.fixture
def region():
    return make.RegionFactory()


@pytest.fixture
def offered(cast):
    return pair.MentorFactory(state="offered", clearance_until=None)


def templates_to(person):
    return list(OutboxMail.objects.filter(to=person).order_by("pk").values_list("template", flat=True))


def fresh(it):
    return type(it).objects.get(pk=it.pk)


def test_an_offer_waits_for_a_coordinator(cast):
    theme = Direction.objects.create(name="Robotics", slug="robotics")
    mentor = actions.offer_mentoring(by=cast.outsider, directions=[theme], **OFFER)
    assert (mentor.state, mentor.person, list(mentor.directions.all())) == ("offered", cast.outsider, [theme])
    assert list(Mentor.objects.waiting()) == [mentor]
    assert AuditEntry.objects.get(verb="mentorship.mentor.create").values == {"state": "offered"}


@pytest.mark.parametrize("age", [17, None])
def test_who_is_not_known_to_be_of_age_does_not_mentor(age):
    birth = localdate() - timedelta(days=age * 366) if age else None
    person = make.PersonFactory(birth_date=birth)
    with pytest.raises(Refused, match="Mentors are 18 or older"):
        actions.offer_mentoring(by=person, **OFFER)


@pytest.mark.parametrize("state", ["offered", "active", "paused"])
def test_nobody_offers_twice(state):
    mentor = pair.MentorFactory(state=state)
    with pytest.raises(Refused, match="already"):
        actions.offer_mentoring(by=mentor.person, **OFFER)


@pytest.mark.parametrize("state", ["declined", "ended"])
def test_who_was_declined_or_has_stopped_offers_again_with_what_is_true_now(state):
    mentor = pair.MentorFactory(state=state, declined_because="Too few hours.", places=9)
    until = mentor.clearance_until
    actions.offer_mentoring(by=mentor.person, **OFFER)
    mentor = fresh(mentor)
    assert (mentor.state, mentor.places, mentor.declined_because) == ("offered", 2, "")
    assert mentor.clearance_until == until


@pytest.mark.django_db(transaction=True)
def test_whoever_presses_twice_offers_once(together):
    person = make.PersonFactory()
    press = lambda: actions.offer_mentoring(by=person, **OFFER)  # noqa: E731
    assert sorted(together(press, press)) == ["done", "refused"]
    assert Mentor.objects.count() == 1


def test_admitting_notes_the_clearance_and_tells_them(cast, offered):
    until = localdate() + timedelta(days=100)
    actions.admit_mentor(offered, by=cast.coordinator, clearance_until=until)
    offered = fresh(offered)
    assert (offered.state, offered.clearance_until, offered.clearance_by) == ("active", until, cast.coordinator)
    assert templates_to(offered.person) == ["mentorship/admitted"]


def test_admitting_without_a_clearance_is_for_requests_without_students(cast, offered):
    actions.admit_mentor(offered, by=cast.coordinator)
    assert fresh(offered).clearance_until is None
    assert "not cleared for work with minors" in OutboxMail.objects.get().body_text


def test_who_comes_back_is_cleared_anew_or_not_at_all(client, cast, demo):
    mentor = pair.MentorFactory(state="offered")
    client.force_login(cast.coordinator)
    page = f"/desk/mentorship/mentors/{mentor.public_id}/"
    assert f'value="{mentor.clearance_until.isoformat()}"' in client.get(page).text
    client.post(f"{page}admit/", {"clearance_until": ""})
    assert (fresh(mentor).state, fresh(mentor).clearance_until) == ("active", None)


def test_a_clearance_that_is_over_is_not_noted(cast, offered):
    over = localdate() - timedelta(days=1)
    with pytest.raises(Refused, match="That day is over"):
        actions.admit_mentor(offered, by=cast.coordinator, clearance_until=over)
    mentor = pair.MentorFactory()
    with pytest.raises(Refused, match="That day is over"):
        actions.note_clearance(mentor, by=cast.coordinator, until=over)
    assert OutboxMail.objects.count() == 0


def test_declining_says_why(cast, offered):
    actions.decline_mentor(offered, by=cast.coordinator, reason="We need somebody on site.")
    assert (fresh(offered).state, fresh(offered).declined_because) == ("declined", "We need somebody on site.")
    assert "We need somebody on site." in OutboxMail.objects.get(to=offered.person).body_text


def test_nobody_admits_declines_or_clears_themself(cast):
    own = pair.MentorFactory(person=cast.coordinator, state="offered")
    for act in (
        lambda: actions.admit_mentor(own, by=cast.coordinator),
        lambda: actions.decline_mentor(own, by=cast.coordinator, reason="No."),
        lambda: actions.note_clearance(own, by=cast.coordinator, until=localdate() + timedelta(days=9)),
    ):
        with pytest.raises(Refused, match="Another coordinator"):
            act()
    assert list(Mentor.objects.kept_by(cast.coordinator)) == []


def test_an_offer_is_answered_once(cast, offered):
    stale = fresh(offered)
    actions.admit_mentor(offered, by=cast.coordinator)
    with pytest.raises(Refused, match="already answered"):
        actions.decline_mentor(stale, by=cast.coordinator, reason="No.")


@pytest.mark.django_db(transaction=True)
def test_of_two_coordinators_one_answers(cast, together):
    offered, other = pair.MentorFactory(state="offered"), make.CoordinatorFactory().person
    results = together(
        lambda: actions.admit_mentor(fresh(offered), by=cast.coordinator),
        lambda: actions.decline_mentor(fresh(offered), by=other, reason="No."),
    )
    assert sorted(results) == ["done", "refused"]
    assert OutboxMail.objects.count() == 1


def test_a_clearance_is_noted_with_who_did_it_and_taken_away(cast):
    mentor, until = pair.MentorFactory(clearance_until=None), localdate() + timedelta(days=10)
    actions.note_clearance(mentor, by=cast.coordinator, until=until)
    assert (fresh(mentor).clearance_until, fresh(mentor).clearance_by) == (until, cast.coordinator)
    assert fresh(mentor).is_cleared_on(until)
    assert not fresh(mentor).is_cleared_on(until + timedelta(days=1))
    with pytest.raises(Refused, match="noted already"):
        actions.note_clearance(mentor, by=cast.coordinator, until=until)
    actions.note_clearance(mentor, by=cast.coordinator, until=None)
    assert fresh(mentor).clearance_until is None
    mails = OutboxMail.objects.filter(template="mentorship/clearance_noted").order_by("pk")
    assert [it.state for it in mails] == ["cancelled", "queued"]
    assert mails.last().subject == "Ask the coordinator: your clearance for work with minors was taken away"


@pytest.mark.parametrize("state", ["declined", "ended"])
def test_of_who_is_no_mentor_nothing_is_noted_or_changed(cast, state):
    mentor = pair.MentorFactory(state=state)
    with pytest.raises(Refused, match="no mentor any more"):
        actions.note_clearance(mentor, by=cast.coordinator, until=localdate() + timedelta(days=9))
    with pytest.raises(Refused, match="no mentor any more"):
        actions.change_mentor(mentor, by=mentor.person, places=5)


def test_changing_writes_which_fields_changed_and_no_words(cast):
    theme = Direction.objects.create(name="Robotics", slug="robotics")
    mentor = pair.MentorFactory(places=2)
    actions.change_mentor(mentor, by=mentor.person, directions=[theme], places=3, about="Something private.")
    line = AuditEntry.objects.get(verb="mentorship.mentor.change")
    assert (line.fields, line.values) == (["about", "directions", "places"], {"places": "3"})
    actions.change_mentor(mentor, by=mentor.person, directions=[theme], places=3)
    assert AuditEntry.objects.filter(verb="mentorship.mentor.change").count() == 1


def test_a_pause_ends_on_a_day_ahead_or_with_a_press():
    mentor, until = pair.MentorFactory(), localdate() + timedelta(days=5)
    with pytest.raises(Refused, match="not ahead"):
        actions.pause_mentor(mentor, by=mentor.person, until=localdate())
    actions.pause_mentor(mentor, by=mentor.person, until=until)
    assert (fresh(mentor).state, fresh(mentor).paused_until) == ("paused", until)
    actions.resume_mentor(mentor, by=mentor.person)
    assert (fresh(mentor).state, fresh(mentor).paused_until) == ("active", None)
    assert templates_to(mentor.person) == []


def test_who_pauses_still_answers_what_they_were_asked():
    proposal = pair.PairingFactory(state="proposed")
    actions.pause_mentor(proposal.mentor, by=proposal.mentor.person)
    assert fresh(proposal).state == "proposed"


def test_who_stops_gives_back_what_they_were_asked_about():
    mentor = pair.MentorFactory()
    asked, agreed = (pair.PairingFactory(state=state, mentor=mentor) for state in ("proposed", "accepted"))
    long_ago = agreed.request.answer_by
    actions.end_mentor(mentor, by=mentor.person)
    assert [fresh(it).state for it in (mentor, asked, agreed)] == ["ended", "withdrawn", "withdrawn"]
    requests = [fresh(asked.request), fresh(agreed.request)]
    assert [it.state for it in requests] == ["open", "open"]
    assert all(it.answer_by >= long_ago for it in requests)
    assert templates_to(agreed.request.by) == ["mentorship/mentor_gone"]
    assert templates_to(asked.request.by) == []
    assert templates_to(mentor.person) == []


def test_whoever_is_let_go_is_told_once(cast):
    proposal = pair.PairingFactory(state="proposed")
    actions.end_mentor(proposal.mentor, by=cast.coordinator)
    assert templates_to(proposal.mentor.person) == ["mentorship/ended"]


def test_pairings_under_way_are_ended_first(cast):
    active = pair.PairingFactory()
    pair.PairingFactory(state="completed", mentor=active.mentor)
    with pytest.raises(Refused, match="You are in 1 pairing that is under way"):
        actions.end_mentor(active.mentor, by=active.mentor.person)
    with pytest.raises(Refused, match="They are in 1 pairing"):
        actions.end_mentor(active.mentor, by=cast.coordinator)
    assert fresh(active.mentor).state == "active"


@pytest.mark.django_db(transaction=True)
def test_stopping_and_being_asked_at_once_leave_nobody_asked_who_has_stopped(cast, together):
    mentor = pair.MentorFactory()
    request = pair.MentorRequestFactory()
    results = together(
        lambda: actions.end_mentor(fresh(mentor), by=mentor.person),
        lambda: actions.propose_mentor(fresh(request), by=cast.coordinator, mentor=fresh(mentor)),
    )
    assert set(results) <= {"done", "refused"}
    live = Pairing.objects.live().filter(mentor=mentor).exists()
    assert (fresh(mentor).state, live) in {("ended", False), ("active", True)}
    assert (fresh(request).state == "proposed") == live


ALLOWED = {
    ("mentor", "offered"): {"end"},
    ("mentor", "active"): {"pause", "end"},
    ("mentor", "paused"): {"resume", "end"},
    ("mentor", "declined"): {"offer"},
    ("mentor", "ended"): {"offer"},
    ("coordinator", "offered"): {"admit", "decline", "end"},
    ("coordinator", "active"): {"end"},
    ("coordinator", "paused"): {"end"},
    ("regional", "offered"): {"admit", "decline", "end"},
    ("regional", "active"): {"end"},
    ("regional", "paused"): {"end"},
}


@pytest.mark.parametrize("state", Mentor.State)
@pytest.mark.parametrize("role", ["mentor", "coordinator", "regional", "elsewhere", "teacher", "outsider"])
def test_moves_by_role_and_state(cast, region, role, state):
    mentor = pair.MentorFactory(state=state)
    make.AffiliationFactory(person=mentor.person, institution__region=region, role="staff")
    person = {
        "mentor": mentor.person,
        "coordinator": cast.coordinator,
        "regional": make.CoordinatorFactory(region=region).person,
        "elsewhere": make.CoordinatorFactory(region=make.RegionFactory()).person,
        "teacher": cast.teacher,
        "outsider": cast.outsider,
    }[role]
    assert set(available_moves(person, mentor)) == ALLOWED.get((role, str(state)), set())


def test_regional_coordinators_keep_mentors_who_work_there_and_see_all(cast, region):
    there = make.AffiliationFactory(institution__region=region, role="staff").person
    gone = make.AffiliationFactory(institution__region=region, role="staff", state="ended").person
    mine, others = pair.MentorFactory(person=there), pair.MentorFactory(person=gone)
    regional = make.CoordinatorFactory(region=region).person
    assert list(Mentor.objects.kept_by(regional)) == [mine]
    assert set(Mentor.objects.visible_to(regional)) == {mine, others}
    assert set(Mentor.objects.kept_by(cast.coordinator)) == {mine, others}


SEES = {"accepted": True, "active": True, "completed": True, "dissolved": True}


@pytest.mark.parametrize("state", Pairing.State)
def test_a_teacher_sees_who_said_yes_and_never_who_said_no(state):
    it = pair.PairingFactory(state=state)
    assert Mentor.objects.visible_to(it.request.by).filter(pk=it.mentor_id).exists() == SEES.get(str(state), False)


def test_guardians_see_the_mentor_of_their_child_while_they_are_guardians():
    student = pair.PairingStudentFactory(state="asked")
    bond = make.GuardianshipFactory(child=student.person)
    stranger = make.PersonFactory()
    assert list(Mentor.objects.visible_to(bond.guardian)) == [student.pairing.mentor]
    assert list(Mentor.objects.visible_to(stranger)) == []
    type(bond).objects.update(ended_at=student.state_since)
    assert list(Mentor.objects.visible_to(bond.guardian)) == []


def test_loads_count_what_takes_a_place():
    mentor = pair.MentorFactory(places=3)
    for state in ("proposed", "active", "declined", "completed"):
        pair.PairingFactory(state=state, mentor=mentor)
    found = Mentor.objects.with_loads().get()
    assert (found.taken, found.free) == (2, 1)


def test_a_request_is_open_again_with_a_clock_of_its_own_when_its_mentor_stops(cast):
    proposal = pair.PairingFactory(state="accepted")
    MentorRequest.objects.update(risen_at=proposal.proposed_at)
    actions.end_mentor(proposal.mentor, by=cast.coordinator)
    request = fresh(proposal.request)
    assert (request.state, request.risen_at) == ("open", None)
