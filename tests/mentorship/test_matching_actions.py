"""Asked, accepted or declined, agreed or refused, lapsed, taken back: request and pairing move together."""

from datetime import timedelta

import pytest
from django.utils import translation
from django.utils.timezone import localdate, now

from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused, available_moves
from members.actions import end_affiliation
from members.models import Direction, Tie
from mentorship import actions
from mentorship.candidates import mentors_to_ask, needs_of, offers_of
from mentorship.clock import answer_until
from mentorship.matching import Wall, walls
from mentorship.matching_words import against_in_words, why_in_words
from mentorship.models import MentorRequest, Pairing
from tests import factories as make
from tests.mentorship.factories import MentorFactory, MentorRequestFactory, PairingFactory, TermsFactory

pytestmark = pytest.mark.django_db
PROPOSED, FOUND, PAIRED = "mentorship/proposed", "mentorship/mentor_found", "mentorship/paired"
QUERIES_OF_AN_INTAKE = 8  # the cluster, requests and themes, mentors and themes, who was asked, where mentors work
AGAIN, NOT_AGREED, LAPSED = "mentorship/sought_again", "mentorship/not_agreed", "mentorship/lapsed"


@pytest.fixture
def sought(cast):
    """What the teacher asks for; its clock is nearly over."""
    at = cast.teacher.affiliations.get()
    return MentorRequestFactory(affiliation=at, answer_by=now() + timedelta(hours=1))


@pytest.fixture
def mentor(cast):
    return MentorFactory()


def states(pairing):
    pairing.refresh_from_db()
    pairing.request.refresh_from_db()
    return pairing.state, pairing.request.state


def templates_to(person):
    return list(OutboxMail.objects.filter(to=person).order_by("pk").values_list("template", flat=True))


def has_a_new_clock(request):
    request.refresh_from_db()
    return abs(request.answer_by - answer_until(now())) < timedelta(minutes=1)


def in_state(cast, state, mentor=None, **facts):
    at = cast.teacher.affiliations.get()
    return PairingFactory(state=state, request__affiliation=at, mentor=mentor or MentorFactory(), **facts)


# Asking


def test_a_mentor_is_asked_and_owes_the_answer(cast, sought, mentor):
    pairing = actions.propose_mentor(sought, by=cast.coordinator, mentor=mentor)
    assert states(pairing) == ("proposed", "proposed")
    assert pairing.by_hand
    assert pairing.answer_by == pairing.request.answer_by
    assert has_a_new_clock(sought)
    assert templates_to(mentor.person) == [PROPOSED]
    assert templates_to(cast.teacher) == []


def test_the_clock_is_the_one_that_is_agreed(cast, sought, mentor):
    TermsFactory(answer_days=3)
    pairing = actions.propose_mentor(sought, by=cast.coordinator, mentor=mentor)
    assert timedelta(days=2) < pairing.answer_by - now() < timedelta(days=4)


def test_a_request_that_had_risen_rests(cast, mentor):
    request = MentorRequestFactory(risen_at=now())
    actions.propose_mentor(request, by=cast.coordinator, mentor=mentor)
    request.refresh_from_db()
    assert request.risen_at is None


def test_two_requests_for_one_mentor_are_one_mail(cast, mentor):
    for _number in range(2):
        actions.propose_mentor(MentorRequestFactory(), by=cast.coordinator, mentor=mentor)
    mail = OutboxMail.objects.get(to=mentor.person, state="queued")
    assert mail.subject == "Say yes or no: 2 teachers ask for your help"
    assert mail.body_text.count("/mentorship/asked/") == 2


@pytest.mark.parametrize("state", ["proposed", "accepted", "paired", "withdrawn", "closed"])
def test_nobody_is_asked_for_what_is_not_open(cast, mentor, state):
    request = MentorRequestFactory(state=state)
    with pytest.raises(Refused, match="Somebody is asked already, or the request is over"):
        actions.propose_mentor(request, by=cast.coordinator, mentor=mentor)
    assert Pairing.objects.count() == OutboxMail.objects.count() == 0


def test_nobody_is_asked_for_what_does_not_matter_any_more(cast, mentor):
    past = localdate() - timedelta(days=2)
    request = MentorRequestFactory(needed_from=past, needed_by=past)
    with pytest.raises(Refused, match="The day until which it mattered is over"):
        actions.propose_mentor(request, by=cast.coordinator, mentor=mentor)


@pytest.mark.parametrize("gone", ["affiliation", "person"])
def test_nobody_is_asked_for_a_teacher_who_has_left(cast, sought, mentor, gone):
    if gone == "affiliation":
        end_affiliation(sought.affiliation, by=cast.contact)
    else:
        type(cast.teacher).objects.filter(pk=cast.teacher.pk).update(suspended_at=now())
    with pytest.raises(Refused, match="does not work there any more"):
        actions.propose_mentor(sought, by=cast.coordinator, mentor=mentor)
    assert actions.intake_for(cast.coordinator).requests == {}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"languages": ["ko"]}, "Speaks other languages: Korean"),
        ({"formats": ["room"]}, "Meets in another way: In person"),
        ({"clearance_until": None}, "Is not cleared for work with minors"),
        ({"clearance_until": localdate() + timedelta(days=30)}, "Is cleared for work with minors until"),
        ({"state": "paused"}, "Takes no requests now"),
        ({"state": "ended"}, "They are no mentor any more"),
        ({"state": "offered"}, "They are no mentor any more"),
    ],
)
def test_who_cannot_help_is_not_asked(cast, facts, said):
    request = MentorRequestFactory(with_students=True)
    with pytest.raises(Refused, match=said):
        actions.propose_mentor(request, by=cast.coordinator, mentor=MentorFactory(**facts))
    assert templates_to(cast.coordinator) == []


def test_nobody_mentors_oneself(cast, sought):
    with pytest.raises(Refused, match="Is who asked for it"):
        actions.propose_mentor(sought, by=cast.coordinator, mentor=MentorFactory(person=cast.teacher))


def test_who_has_no_place_free_is_not_asked(cast, sought):
    mentor = MentorFactory(places=1)
    PairingFactory(mentor=mentor)
    with pytest.raises(Refused, match="Has no place free"):
        actions.propose_mentor(sought, by=cast.coordinator, mentor=mentor)


@pytest.mark.parametrize("over", ["declined", "refused", "completed", "dissolved"])
def test_with_whom_it_is_over_is_not_asked_again_for_the_same(cast, sought, mentor, over):
    PairingFactory(state=over, request=sought, mentor=mentor)
    with pytest.raises(Refused, match="it did not come about"):
        actions.propose_mentor(sought, by=cast.coordinator, mentor=mentor)
    assert actions.propose_mentor(MentorRequestFactory(), by=cast.coordinator, mentor=mentor).state == "proposed"


@pytest.mark.parametrize("unanswered", ["lapsed", "withdrawn"])
def test_who_gave_no_answer_is_not_suggested_and_can_be_asked_by_hand(cast, sought, mentor, unanswered):
    PairingFactory(state=unanswered, request=sought, mentor=mentor)
    assert walls(needs_of([sought])[0], offers_of(mentors_to_ask())[0]) == [Wall.ASKED]
    assert actions.intake_for(cast.coordinator).pairs == {}
    assert actions.propose_mentor(sought, by=cast.coordinator, mentor=mentor).state == "proposed"


# Answering


def test_a_yes_of_the_mentor_asks_the_teacher(cast):
    pairing = in_state(cast, "proposed")
    actions.accept_proposal(pairing, by=pairing.mentor.person)
    assert states(pairing) == ("accepted", "accepted")
    assert has_a_new_clock(pairing.request)
    assert pairing.answer_by == pairing.request.answer_by
    assert templates_to(cast.teacher) == [FOUND]


def test_who_has_paused_since_can_still_say_yes(cast):
    pairing = in_state(cast, "proposed", MentorFactory(state="paused"))
    actions.accept_proposal(pairing, by=pairing.mentor.person)
    assert states(pairing) == ("accepted", "accepted")


@pytest.mark.parametrize("action", ["accept", "agree"])
def test_no_yes_counts_without_clearance_when_students_take_part(cast, action):
    short = MentorFactory(clearance_until=localdate())
    state = "proposed" if action == "accept" else "accepted"
    pairing = in_state(cast, state, short, request__with_students=True)
    with pytest.raises(Refused, match="clearance of the mentor for work with minors does not last"):
        actions.ACTIONS["pairing"][action](pairing, by=cast.teacher)
    assert states(pairing) == (state, state)


def test_a_no_of_the_mentor_opens_the_request_again_and_the_coordinator_reads_why(cast):
    pairing = in_state(cast, "proposed")
    actions.decline_proposal(pairing, by=pairing.mentor.person, reason="I know no physics.")
    assert states(pairing) == ("declined", "open")
    assert has_a_new_clock(pairing.request)
    mail = OutboxMail.objects.get(to=cast.coordinator, template=AGAIN)
    assert "I know no physics." in mail.body_text
    assert templates_to(cast.teacher) == []


def test_the_reason_of_a_no_is_in_no_audit(cast):
    pairing = in_state(cast, "proposed")
    actions.decline_proposal(pairing, by=pairing.mentor.person, reason="I know no physics.")
    entries = AuditEntry.objects.filter(model="mentorship.pairing", object_id=pairing.public_id)
    assert [it.verb for it in entries] == ["mentorship.pairing.decline"]
    assert all("physics" not in f"{it.reason}{it.values}" for it in entries)


def test_when_the_teacher_agrees_they_are_a_pair(cast):
    pairing = in_state(cast, "accepted")
    actions.agree_to_mentor(pairing, by=cast.teacher)
    assert states(pairing) == ("active", "paired")
    assert pairing.began_on == localdate()
    assert templates_to(cast.teacher) == templates_to(pairing.mentor.person) == [PAIRED]
    tie = Tie.objects.get()
    assert {tie.first, tie.second} == {cast.teacher, pairing.mentor.person}
    assert (tie.kind, tie.about_id) == ("mentor", pairing.public_id)


def test_when_the_teacher_would_rather_have_another_nobody_is_blamed(cast):
    pairing = in_state(cast, "accepted")
    actions.refuse_mentor(pairing, by=cast.teacher, reason="We need somebody nearby.")
    assert states(pairing) == ("refused", "open")
    thanks = OutboxMail.objects.get(to=pairing.mentor.person, template=NOT_AGREED)
    assert "nearby" not in thanks.body_text
    assert "nearby" in OutboxMail.objects.get(to=cast.coordinator, template=AGAIN).body_text


ANSWERS = {"accept": "proposed", "decline": "proposed", "agree": "accepted", "refuse": "accepted"}
REASONS = {"decline": {"reason": "No."}, "refuse": {"reason": "No."}}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("state", Pairing.State)
def test_an_answer_counts_only_while_it_is_asked_for(cast, name, state):
    if ANSWERS[name] == state:
        return
    pairing = in_state(cast, state)
    before = states(pairing)
    with pytest.raises(Refused, match=r"already answered|time to answer is over"):
        actions.ACTIONS["pairing"][name](pairing, by=cast.teacher, **REASONS.get(name, {}))
    assert states(pairing) == before
    assert OutboxMail.objects.count() == 0


def test_after_a_withdrawal_the_mentor_reads_that_it_was_withdrawn(cast):
    pairing = in_state(cast, "proposed")
    actions.withdraw_request(pairing.request, by=cast.teacher)
    with pytest.raises(Refused, match="The teacher has withdrawn this request meanwhile"):
        actions.accept_proposal(Pairing.objects.get(pk=pairing.pk), by=pairing.mentor.person)


def test_a_coordinator_takes_a_proposal_back(cast):
    pairing = in_state(cast, "proposed")
    actions.withdraw_proposal(pairing, by=cast.coordinator)
    assert states(pairing) == ("withdrawn", "open")
    assert templates_to(pairing.mentor.person) == ["mentorship/request_withdrawn"]
    with pytest.raises(Refused, match="already answered"):
        actions.withdraw_proposal(pairing, by=cast.coordinator)


# Lapsing


@pytest.mark.parametrize(("state", "owes"), [("proposed", "mentor"), ("accepted", "teacher")])
def test_what_nobody_answers_lapses_and_the_coordinator_is_told(cast, state, owes):
    pairing = in_state(cast, state)
    actions.lapse_pairing(pairing, at=pairing.answer_by)
    assert states(pairing) == ("lapsed", "open")
    assert has_a_new_clock(pairing.request)
    assert templates_to(cast.coordinator) == [AGAIN]
    mentor = pairing.mentor.person
    assert templates_to(cast.teacher if owes == "teacher" else mentor) == [LAPSED]
    assert templates_to(mentor) == ([LAPSED] if owes == "mentor" else [NOT_AGREED])


def test_nothing_lapses_before_its_time_or_after_an_answer(cast):
    early, answered = in_state(cast, "proposed"), in_state(cast, "active")
    with pytest.raises(Refused, match="answered meanwhile"):
        actions.lapse_pairing(early, at=early.answer_by - timedelta(seconds=1))
    with pytest.raises(Refused, match="answered meanwhile"):
        actions.lapse_pairing(answered, at=now() + timedelta(days=99))
    assert states(early) == ("proposed", "proposed")


def test_the_region_is_told_where_it_has_a_coordinator(cast):
    region = make.RegionFactory()
    there = make.CoordinatorFactory(region=region).person
    cast.school.region = region
    cast.school.save()
    pairing = in_state(cast, "proposed")
    actions.decline_proposal(pairing, by=pairing.mentor.person, reason="No time.")
    assert (templates_to(there), templates_to(cast.coordinator)) == ([AGAIN], [])


# The whole intake


def asked_for(count, **facts):
    return [MentorRequestFactory(asked_at=now() - timedelta(days=9 - number), **facts) for number in range(count)]


def test_a_whole_intake_is_proposed_just_as_it_was_shown(cast):
    requests, mentors = asked_for(3), [MentorFactory(places=2), MentorFactory(places=1)]
    intake = actions.intake_for(cast.coordinator)
    assert intake.pairs.keys() == {it.public_id for it in requests}
    assert Pairing.objects.count() == 0
    assert actions.propose_all(cast.coordinator, intake.digest) == 3
    made = {it.request.public_id: it.mentor.public_id for it in Pairing.objects.select_related("request", "mentor")}
    assert made == intake.pairs
    assert not Pairing.objects.filter(by_hand=True).exists()
    assert [len(templates_to(it.person)) for it in mentors] == [1, 1]
    assert {it.state for it in MentorRequest.objects.all()} == {"proposed"}


def test_the_longest_wait_gets_the_last_place_and_the_others_are_named(cast):
    first, second = asked_for(2)
    mentor = MentorFactory(places=1)
    intake = actions.intake_for(cast.coordinator)
    assert intake.pairs == {first.public_id: mentor.public_id}
    assert intake.without == [second.public_id]


def test_who_knows_the_olympiad_gets_its_team(cast):
    chess, physics = (MentorRequestFactory(contest=it) for it in ("Chess Cup", "Physics Olympiad"))
    knows_physics, knows_chess = (MentorFactory(contests=[it]) for it in ("physics olympiad", "chess cup"))
    assert actions.intake_for(cast.coordinator).pairs == {
        chess.public_id: knows_chess.public_id,
        physics.public_id: knows_physics.public_id,
    }


def test_what_is_changed_by_hand_stays_and_the_rest_is_arranged_around_it(cast):
    first, second = asked_for(2, contest="Chess Cup")
    knows, other = MentorFactory(places=1, contests=["Chess Cup"]), MentorFactory(places=1)
    assert actions.intake_for(cast.coordinator).pairs[first.public_id] in {knows.public_id, other.public_id}
    pinned = {first.public_id: other.public_id}
    intake = actions.intake_for(cast.coordinator, pinned)
    assert intake.pairs == {first.public_id: other.public_id, second.public_id: knows.public_id}
    left = actions.intake_for(cast.coordinator, pinned, [second.public_id])
    assert (left.pairs, left.without) == (pinned, [])
    assert actions.propose_all(cast.coordinator, left.digest, pinned, [second.public_id]) == 1
    assert Pairing.objects.get().by_hand


def test_a_pin_that_is_not_possible_is_dropped(cast):
    first, second = asked_for(2)
    mentor, abroad = MentorFactory(places=1), MentorFactory(languages=["ko"])
    pins = {first.public_id: abroad.public_id, second.public_id: mentor.public_id, "gone": mentor.public_id}
    intake = actions.intake_for(cast.coordinator, pins)
    assert intake.pinned == intake.pairs == {second.public_id: mentor.public_id}
    twice = {first.public_id: mentor.public_id, second.public_id: mentor.public_id}
    assert actions.intake_for(cast.coordinator, twice).pinned == {first.public_id: mentor.public_id}


def test_what_changed_since_it_was_shown_is_not_done(cast):
    asked_for(1)
    mentor = MentorFactory()
    shown = actions.intake_for(cast.coordinator).digest
    actions.pause_mentor(mentor, by=mentor.person)
    with pytest.raises(Refused, match="not what you were shown"):
        actions.propose_all(cast.coordinator, shown)
    assert Pairing.objects.count() == 0


def test_a_change_by_hand_that_was_not_looked_at_is_not_done(cast):
    (first,) = asked_for(1)
    mentor, other = MentorFactory(contests=[first.contest]), MentorFactory()
    shown = actions.intake_for(cast.coordinator)
    assert shown.pairs == {first.public_id: mentor.public_id}
    with pytest.raises(Refused, match="not what you were shown"):
        actions.propose_all(cast.coordinator, shown.digest, {first.public_id: other.public_id})


def test_there_is_nobody_to_ask_where_nobody_fits(cast):
    asked_for(1)
    with pytest.raises(Refused, match="There is nobody to ask"):
        actions.propose_all(cast.coordinator, actions.intake_for(cast.coordinator).digest)


def test_a_region_asks_for_its_own_and_any_mentor(cast):
    role = make.CoordinatorFactory(region=make.RegionFactory())
    own = MentorRequestFactory(affiliation__institution__region=role.region)
    MentorRequestFactory(affiliation__institution__region=make.RegionFactory())
    mentor = MentorFactory()
    assert actions.intake_for(role.person).pairs == {own.public_id: mentor.public_id}


def test_what_does_not_matter_any_more_is_not_matched(cast):
    past = localdate() - timedelta(days=2)
    MentorRequestFactory(needed_from=past, needed_by=past)
    MentorFactory()
    assert actions.intake_for(cast.coordinator).requests == {}


@pytest.mark.parametrize("count", [1, 3])
def test_an_intake_asks_the_database_as_often_for_one_as_for_three(cast, count, django_assert_num_queries):
    theme = Direction.objects.create(name="Robotics", slug="robotics")
    asked_for(count, directions=[theme])
    for _number in range(count):
        make.AffiliationFactory(person=MentorFactory(directions=[theme]).person)
    assert cast.coordinator.coordinates_whole_cluster
    with django_assert_num_queries(QUERIES_OF_AN_INTAKE):
        assert len(actions.intake_for(cast.coordinator).pairs) == count


# Words


def test_the_reasons_are_read_at_a_glance(cast, sought):
    region = make.RegionFactory()
    sought.contest, sought.weekdays = "Open Olympiad in Informatics", [1, 3]
    mentor = MentorFactory(contests=["open olympiad in informatics"], languages=["en", "ru"], weekdays=[1])
    make.AffiliationFactory(person=mentor.person, institution__region=region)
    need, offer = needs_of([sought])[0], offers_of(mentors_to_ask())[0]
    said = (
        "Knows “open olympiad in informatics”, gives the help that is asked for, speaks English, 2 places free, "
        "both have time on Tuesday"
    )
    assert why_in_words(need, offer, {}).startswith(said)
    assert against_in_words(need, offer) == []


def test_reasons_and_walls_are_said_in_each_language(cast, sought):
    mentor = MentorFactory(person=cast.teacher, languages=["ko"], state="paused", clearance_until=None, places=1)
    PairingFactory(mentor=mentor)
    sought.with_students = True
    need, offer = needs_of([sought])[0], offers_of(mentors_to_ask())[0]
    for language in ("en", "ru", "ko"):
        with translation.override(language):
            assert len(against_in_words(need, offer)) == 5


# Who may what


ALLOWED = {
    ("mentor", "proposed"): {"accept", "decline"},
    ("teacher", "accepted"): {"agree", "refuse"},
    ("coordinator", "proposed"): {"withdraw"},
    ("coordinator", "accepted"): {"withdraw"},
    ("mentor", "active"): {"complete", "dissolve"},
    ("teacher", "active"): {"complete", "dissolve"},
    ("coordinator", "active"): {"complete", "dissolve"},
}


@pytest.mark.parametrize("role", ["mentor", "teacher", "coordinator", "colleague", "outsider"])
@pytest.mark.parametrize("state", Pairing.State)
def test_moves_by_role_and_state(cast, role, state):
    pairing = in_state(cast, state)
    person = pairing.mentor.person if role == "mentor" else getattr(cast, role)
    assert set(available_moves(person, pairing)) == ALLOWED.get((role, state), set())
