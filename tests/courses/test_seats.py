"""Sessions that people choose: one in a slot, swapped without losing the old place, wished for when full."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as locmem
from django.utils.timezone import now

from cluster_portal.delivery import deliver_due_mail
from cluster_portal.models import CalendarEntry, OutboxMail
from cluster_portal.moves import Refused
from courses import actions
from courses.models import Enrolment, Pool, Seat, Session
from tests import factories as make
from tests.rfc5546 import Calendar

pytestmark = pytest.mark.django_db
NOON = datetime(2027, 3, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def meeting():
    """A plenary at noon in Moscow; after it mobile, robots and C++ in parallel, a place each."""
    run = make.RunFactory(course__title="Meeting of coordinators", course__kind="event")
    make.PoolFactory(run=run, places=50)
    make.SessionFactory(run=run, title="Opening", starts_at=NOON, ends_at=NOON + HOUR)
    return run


def parallel(run, title, start=NOON + HOUR, end=None, places=1):
    session = make.SessionFactory(run=run, title=title, starts_at=start, ends_at=end or start + HOUR)
    make.PoolFactory(run=None, session=session, places=places)
    return session


@pytest.fixture
def mobile(meeting):
    return parallel(meeting, "Mobile")


@pytest.fixture
def robots(meeting):
    return parallel(meeting, "Robots")


@pytest.fixture
def cpp(meeting):
    return parallel(meeting, "C++")


@pytest.fixture
def mine(meeting, cast):
    return actions.enrol(meeting, cast.teacher, by=cast.teacher)


@pytest.fixture
def theirs(meeting, cast):
    return actions.enrol(meeting, cast.colleague, by=cast.colleague)


def choose(enrolment, session):
    return actions.choose_seat(enrolment, session, by=enrolment.person)


def wish(enrolment, session):
    return actions.wish(enrolment, session, by=enrolment.person)


def swap(enrolment, session):
    return actions.swap_seat(enrolment, session, by=enrolment.person)


def has(enrolment):
    """The topics of what somebody has and wishes for."""
    rows = enrolment.seats.live().order_by("session__title").values_list("session__title", "state")
    return {title: str(state) for title, state in rows}


def consistent(run):
    pools = Pool.objects.filter(session__run=run).with_people()
    return all(pool.taken == pool.counted <= pool.places for pool in pools)


def templates(person):
    rows = OutboxMail.objects.filter(to=person, template__contains="seat").order_by("pk")
    wishes = OutboxMail.objects.filter(to=person, template="courses/wish_granted")
    return [it.template.partition("/")[2] for it in (rows | wishes).order_by("pk")]


def test_a_free_session_is_chosen_and_counted(meeting, mine, mobile):
    seat = choose(mine, mobile)
    assert (seat.state, mobile.pools.get().taken) == ("confirmed", 1)
    assert (has(mine), templates(mine.person)) == ({"Mobile": "confirmed"}, ["seat_chosen"])
    assert consistent(meeting)


def test_a_full_session_is_refused_and_says_what_helps(mine, theirs, mobile):
    choose(theirs, mobile)
    with pytest.raises(Refused, match="You can wait for one and keep what you have"):
        choose(mine, mobile)
    assert has(mine) == {}


def test_of_a_slot_one_session_is_chosen(mine, mobile, robots):
    choose(mine, mobile)
    with pytest.raises(Refused, match="You have a place in “Mobile” at that time"):
        choose(mine, robots)


def test_sessions_at_different_times_are_both_chosen(meeting, mine, mobile):
    later = parallel(meeting, "Design", NOON + 2 * HOUR)
    choose(mine, mobile)
    choose(mine, later)
    assert has(mine) == {"Design": "confirmed", "Mobile": "confirmed"}


def test_a_swap_frees_the_old_place(meeting, mine, mobile, robots):
    choose(mine, mobile)
    swap(mine, robots)
    assert (has(mine), templates(mine.person)) == ({"Robots": "confirmed"}, ["seat_chosen", "seat_swapped"])
    assert (mobile.pools.get().taken, robots.pools.get().taken, consistent(meeting)) == (0, 1, True)


def test_a_swap_to_a_full_session_leaves_everything(meeting, mine, theirs, mobile, robots):
    choose(mine, mobile)
    choose(theirs, robots)
    with pytest.raises(Refused, match="All places in this session are taken"):
        swap(mine, robots)
    assert (has(mine), consistent(meeting)) == ({"Mobile": "confirmed"}, True)


def test_a_long_session_is_swapped_for_two_short_ones(meeting, mine, mobile):
    later = parallel(meeting, "Design", NOON + 2 * HOUR)
    whole = parallel(meeting, "Whole afternoon", NOON + HOUR, NOON + 3 * HOUR)
    choose(mine, mobile)
    choose(mine, later)
    swap(mine, whole)
    assert (has(mine), consistent(meeting)) == ({"Whole afternoon": "confirmed"}, True)


def test_without_a_seat_there_is_nothing_to_swap(mine, mobile):
    with pytest.raises(Refused, match="no place at that time"):
        swap(mine, mobile)


def test_nobody_has_a_session_twice(mine, mobile):
    choose(mine, mobile)
    with pytest.raises(Refused, match="already"):
        choose(mine, mobile)


def test_a_wish_keeps_the_old_place_and_becomes_a_swap(meeting, mine, theirs, mobile, robots):
    choose(mine, mobile)
    theirs_seat = choose(theirs, robots)
    wish(mine, robots)
    assert has(mine) == {"Mobile": "confirmed", "Robots": "waiting"}
    actions.give_up_seat(theirs_seat, by=theirs.person)
    assert (has(mine), has(theirs)) == ({"Robots": "confirmed"}, {})
    assert (templates(mine.person), consistent(meeting)) == (["seat_chosen", "wish_granted"], True)


def test_wishes_are_fulfilled_in_their_order_and_pass_places_on(meeting, cast, mine, theirs, mobile, robots):
    third = actions.enrol(meeting, make.AffiliationFactory(institution=cast.school).person, by=cast.coordinator)
    seat = choose(third, robots)
    choose(mine, mobile)
    wish(mine, robots)
    wish(theirs, mobile)
    actions.give_up_seat(seat, by=third.person)
    assert (has(mine), has(theirs)) == ({"Robots": "confirmed"}, {"Mobile": "confirmed"})
    assert consistent(meeting)


def test_the_first_to_wish_is_the_first_served(meeting, cast, mine, theirs, robots):
    third = actions.enrol(meeting, make.AffiliationFactory(institution=cast.school).person, by=cast.coordinator)
    seat = choose(third, robots)
    first, second = wish(theirs, robots), wish(mine, robots)
    numbers = dict(Seat.objects.numbered().values_list("pk", "number"))
    assert [numbers[it.pk] for it in (first, second, seat)] == [1, 2, None]
    actions.give_up_seat(seat, by=third.person)
    assert (has(theirs), has(mine)) == ({"Robots": "confirmed"}, {"Robots": "waiting"})


def test_two_who_wish_for_each_others_places_exchange_them(meeting, mine, theirs, mobile, robots):
    choose(mine, mobile)
    choose(theirs, robots)
    assert wish(mine, robots).state == "waiting"
    assert wish(theirs, mobile).state == "confirmed"
    assert (has(mine), has(theirs), consistent(meeting)) == ({"Robots": "confirmed"}, {"Mobile": "confirmed"}, True)
    assert templates(mine.person) == ["seat_chosen", "wish_granted"]


def test_three_in_a_ring_exchange_their_places(meeting, cast, mine, theirs, mobile, robots, cpp):
    third = actions.enrol(meeting, make.AffiliationFactory(institution=cast.school).person, by=cast.coordinator)
    choose(mine, mobile)
    choose(theirs, robots)
    choose(third, cpp)
    wish(mine, robots)
    wish(theirs, cpp)
    wish(third, mobile)
    assert [has(it) for it in (mine, theirs, third)] == [
        {"Robots": "confirmed"}, {"C++": "confirmed"}, {"Mobile": "confirmed"},
    ]  # fmt: skip
    assert consistent(meeting)


def test_a_wish_for_what_is_free_is_refused(mine, mobile):
    with pytest.raises(Refused, match="free now"):
        wish(mine, mobile)


def test_a_second_wish_in_a_slot_is_refused(mine, theirs, cast, meeting, mobile, robots):
    third = actions.enrol(meeting, make.AffiliationFactory(institution=cast.school).person, by=cast.coordinator)
    choose(theirs, mobile)
    choose(third, robots)
    wish(mine, mobile)
    with pytest.raises(Refused, match="You wait for “Mobile” at that time"):
        wish(mine, robots)
    with pytest.raises(Refused, match="You wait for this session already"):
        wish(mine, mobile)


def test_who_no_longer_waits_is_not_served_and_gets_no_mail(mine, theirs, robots):
    seat = choose(theirs, robots)
    actions.give_up_seat(wish(mine, robots), by=mine.person)
    actions.give_up_seat(seat, by=theirs.person)
    assert (has(mine), templates(mine.person), robots.pools.get().taken) == ({}, [], 0)


def test_giving_up_twice_is_refused(mine, mobile):
    seat = choose(mine, mobile)
    actions.give_up_seat(seat, by=mine.person)
    with pytest.raises(Refused, match="already answered"):
        actions.give_up_seat(seat, by=mine.person)


def test_seats_end_with_the_enrolment_and_are_served_on(meeting, mine, theirs, mobile):
    choose(mine, mobile)
    wish(theirs, mobile)
    actions.cancel_enrolment(mine, by=mine.person)
    assert (has(mine), has(theirs), consistent(meeting)) == ({}, {"Mobile": "confirmed"}, True)


def test_only_who_has_a_place_chooses(meeting, cast, mobile):
    meeting.pools.update(places=1, taken=1)
    waiting = actions.enrol(meeting, cast.teacher, by=cast.teacher)
    with pytest.raises(Refused, match="as soon as you have a place in the run"):
        choose(waiting, mobile)


def test_who_is_in_the_room_has_no_place_online(meeting, mine):
    session = parallel(meeting, "Webinar")
    session.pools.update(sort="online")
    with pytest.raises(Refused, match="This session has no such places: In the room"):
        choose(mine, session)


def test_what_has_begun_is_not_chosen_and_not_given_up(mine, mobile):
    seat = choose(mine, mobile)
    Session.objects.filter(pk=mobile.pk).update(starts_at=now() - HOUR, ends_at=now() + HOUR)
    with pytest.raises(Refused, match="has begun"):
        actions.give_up_seat(seat, by=mine.person)
    with pytest.raises(Refused, match="has begun"):
        choose(mine, mobile)


def test_a_cancelled_session_ends_its_seats_with_a_mail(meeting, cast, mine, theirs, mobile):
    choose(mine, mobile)
    wish(theirs, mobile)
    actions.cancel_session(mobile, by=cast.coordinator)
    assert (has(mine), has(theirs), consistent(meeting)) == ({}, {}, True)
    assert (templates(mine.person)[-1], templates(theirs.person)) == ("seat_cancelled", ["seat_cancelled"])
    with pytest.raises(Refused, match="was cancelled"):
        choose(mine, mobile)


def test_a_cancelled_run_ends_every_seat(meeting, cast, mine, mobile):
    choose(mine, mobile)
    actions.cancel_run(meeting, by=cast.coordinator)
    assert (has(mine), consistent(meeting)) == ({}, True)
    assert not CalendarEntry.objects.filter(person=mine.person).exclude(status="cancelled").exists()


def test_fewer_places_than_taken_are_refused(cast, mine, theirs, mobile):
    actions.set_session_places(mobile, {"room": 2}, by=cast.coordinator)
    choose(mine, mobile)
    choose(theirs, mobile)
    with pytest.raises(Refused, match="2 places are taken"):
        actions.set_session_places(mobile, {"room": 1}, by=cast.coordinator)
    assert mobile.pools.get().places == 2


def test_a_cancelled_session_gets_no_places(cast, meeting, mobile):
    actions.cancel_session(mobile, by=cast.coordinator)
    with pytest.raises(Refused, match="was cancelled"):
        actions.set_session_places(mobile, {"room": 3}, by=cast.coordinator)


def test_more_places_go_to_those_who_wish(meeting, cast, mine, theirs, mobile):
    make.PoolFactory(run=meeting, sort="online")
    choose(theirs, mobile)
    wish(mine, mobile)
    actions.set_session_places(mobile, {"room": 2, "online": 5}, by=cast.coordinator)
    assert (has(mine), consistent(meeting)) == ({"Mobile": "confirmed"}, True)
    assert list(mobile.pools.order_by("sort").values_list("sort", "places")) == [("online", 5), ("room", 2)]


def test_a_session_that_people_count_on_stays_for_everybody(meeting, cast, mine):
    with pytest.raises(Refused, match="as one for everybody"):
        actions.set_session_places(meeting.sessions.get(), {"room": 5}, by=cast.coordinator)


def test_before_anybody_is_in_a_session_becomes_a_choice(meeting, cast):
    session = actions.set_session_places(meeting.sessions.get(), {"room": 5}, by=cast.coordinator)
    assert (session.pools.get().places, meeting.sessions.plenary().count()) == (5, 0)


def add(run, by, start, **facts):
    return actions.add_session(run, start, start + HOUR, by=by, **facts)


def test_only_sessions_with_own_places_run_in_parallel(meeting, cast, mobile):
    add(meeting, cast.coordinator, mobile.starts_at, title="Photo", own_places={"room": 3})
    with pytest.raises(Refused, match="Another session of this run takes place then"):
        add(meeting, cast.coordinator, mobile.starts_at, title="For all")
    with pytest.raises(Refused, match="Another session of this run takes place then"):
        add(meeting, cast.coordinator, NOON, title="Beside the plenary", own_places={"room": 3})


def test_a_new_choice_mails_nobody(meeting, cast, mine):
    before = OutboxMail.objects.count()
    add(meeting, cast.coordinator, NOON + 5 * HOUR, title="Photo", own_places={"room": 3})
    assert OutboxMail.objects.count() == before


def test_a_session_is_not_moved_beside_another_that_its_people_chose(meeting, cast, mine, mobile):
    later = parallel(meeting, "Design", NOON + 2 * HOUR)
    choose(mine, mobile)
    choose(mine, later)
    with pytest.raises(Refused, match="People who chose this session are in “Mobile”"):
        actions.move_session(later, mobile.starts_at, mobile.ends_at, by=cast.coordinator)


def test_moving_a_choice_tells_those_who_chose_it(meeting, cast, mine, theirs, mobile):
    choose(mine, mobile)
    actions.move_session(mobile, NOON + 4 * HOUR, NOON + 5 * HOUR, by=cast.coordinator)
    assert (templates(mine.person)[-1], templates(theirs.person)) == ("seat_moved", [])


# What calendars show


def shown(person):
    """What the calendar of a person shows after all mail, in order and reversed."""
    deliver_due_mail()
    messages = []
    for mail in locmem.outbox:
        if mail.to == [person.email]:
            parts = [it for it in mail.message().walk() if it.get_content_type() == "text/calendar"]
            messages += [it.get_payload(decode=True).decode() for it in parts if it.get_filename()]
    forwards, backwards = Calendar(), Calendar()
    for message in messages:
        forwards.take(message)
    for message in reversed(messages + messages):
        backwards.take(message)
    assert forwards.meetings() == backwards.meetings()
    return sorted((it.starts_at, it.status) for it in forwards.meetings())


def test_calendars_follow_the_seats(meeting, cast, mine, mobile, robots):
    plenary = (NOON, "confirmed")
    later = parallel(meeting, "Design", NOON + 3 * HOUR)
    assert shown(mine.person) == [plenary]
    seat = choose(mine, mobile)
    assert shown(mine.person) == [plenary, (NOON + HOUR, "confirmed")]
    swap(mine, robots)
    choose(mine, later)
    assert shown(mine.person) == [plenary, (NOON + HOUR, "confirmed"), (NOON + 3 * HOUR, "confirmed")]
    assert not CalendarEntry.objects.about(mobile).exclude(status="cancelled").exists()
    actions.move_session(later, NOON + 4 * HOUR, NOON + 5 * HOUR, by=cast.coordinator)
    actions.cancel_session(robots, by=cast.coordinator)
    assert shown(mine.person) == [plenary, (NOON + 4 * HOUR, "confirmed")]
    actions.cancel_enrolment(mine, by=mine.person)
    assert (shown(mine.person), Seat.objects.get(pk=seat.pk).state) == ([], "cancelled")


def test_choosing_tells_of_that_session_only(mine, mobile, robots):
    choose(mine, mobile)
    mail = OutboxMail.objects.get(template="courses/seat_chosen")
    assert [(method, text.count("BEGIN:VEVENT")) for method, text in mail.calendar] == [("REQUEST", 1)]
    swap(mine, robots)
    mail = OutboxMail.objects.get(template="courses/seat_swapped")
    assert sorted(method for method, _text in mail.calendar) == ["CANCEL", "REQUEST"]


def test_a_held_place_shows_its_choice_as_tentative(meeting, cast, mobile):
    meeting.needs_approval = True
    meeting.save()
    held = actions.enrol(meeting, cast.teacher, by=cast.teacher)
    choose(held, mobile)
    assert shown(cast.teacher) == [(NOON, "tentative"), (NOON + HOUR, "tentative")]
    actions.approve_enrolment(held, by=cast.coordinator)
    assert shown(cast.teacher) == [(NOON, "confirmed"), (NOON + HOUR, "confirmed")]


def test_the_mail_of_the_run_names_only_what_one_is_in(meeting, cast, mine, mobile, robots):
    choose(mine, mobile)
    actions.change_run(meeting, by=cast.coordinator, place="Hall")
    text = OutboxMail.objects.get(template="courses/sessions_changed").body_text
    assert [title in text for title in ("Opening", "Mobile", "Robots")] == [True, True, False]


def test_the_own_page_lists_only_what_one_is_in(mine, mobile, robots):
    choose(mine, mobile)
    ahead = Session.objects.ahead_for(mine.person, now())
    assert [it.title for it in ahead] == ["Opening", "Mobile"]


def test_reminders_come_for_sessions_that_one_is_in(mine, theirs, mobile, robots):
    from courses.reminders import DAY_AHEAD, DAY_IS_LATE, reminder

    choose(mine, mobile)
    kind = reminder("courses/reminder_day", DAY_AHEAD, DAY_IS_LATE)
    at = mobile.starts_at - DAY_AHEAD
    wanted = list(kind.due(at - timedelta(minutes=1), at + timedelta(minutes=1)))
    assert [(it.about, it.to) for it in wanted] == [(mobile, mine.person)]


def test_a_child_of_whom_consent_is_refused_loses_the_seat(meeting, cast, mobile):
    enrolment = make.EnrolmentFactory(run=meeting, person=cast.teacher, state="held")
    enrolment.pool.taken = 1
    enrolment.pool.save()
    choose(enrolment, mobile)
    actions.refuse_enrolment(Enrolment.objects.get(pk=enrolment.pk), by=cast.coordinator)
    assert (has(enrolment), consistent(meeting)) == ({}, True)
