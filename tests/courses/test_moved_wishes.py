"""A wish gives up what its person offered for it and nothing else: after a session has moved, or has begun."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.delivery import deliver_due_mail
from cluster_portal.models import CalendarEntry, OutboxMail
from cluster_portal.moves import Refused
from courses import actions
from courses.models import Pool, Run, Seat, Session
from tests import factories as make

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
TEN = (now() + timedelta(days=30)).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def meeting():
    run = make.RunFactory(course__title="Meeting", course__kind="event")
    make.PoolFactory(run=run, places=50)
    make.SessionFactory(run=run, title="Opening", starts_at=TEN - 2 * HOUR, ends_at=TEN - HOUR)
    return run


def session(run, title, start, hours=1, places=1):
    it = make.SessionFactory(run=run, title=title, starts_at=start, ends_at=start + hours * HOUR)
    make.PoolFactory(run=None, session=it, places=places)
    return it


@pytest.fixture
def robots(meeting):
    return session(meeting, "Robots", TEN)


@pytest.fixture
def design(meeting):
    return session(meeting, "Design", TEN + 2 * HOUR)


@pytest.fixture
def mine(meeting, cast):
    return actions.enrol(meeting, cast.teacher, by=cast.teacher)


@pytest.fixture
def their_seat(meeting, robots, cast):
    """The one place in Robots."""
    it = actions.enrol(meeting, cast.colleague, by=cast.colleague)
    return actions.choose_seat(it, robots, by=cast.colleague)


@pytest.fixture
def wished(mine, robots, their_seat):
    """I wait for Robots."""
    return actions.wish(mine, robots, by=mine.person)


def move_to(it, start, by, hours=1, **words):
    return actions.move_session(Session.objects.get(pk=it.pk), start, start + hours * HOUR, by=by, **words)


def has(enrolment):
    rows = enrolment.seats.live().order_by("session__title").values_list("session__title", "state")
    return {title: str(state) for title, state in rows}


def mails(template):
    return [it.to for it in OutboxMail.objects.filter(template=f"courses/{template}").order_by("pk")]


def said_in(template):
    return " ".join(OutboxMail.objects.get(template=f"courses/{template}").body_text.split())


def consistent(run):
    pools = Pool.objects.filter(session__run=run).with_people()
    return all(pool.taken == pool.counted for pool in pools)


def test_a_wish_ends_when_its_session_moves_onto_what_its_person_has(meeting, wished, mine, design, their_seat, cast):
    actions.choose_seat(mine, design, by=mine.person)
    move_to(wished.session, design.starts_at, by=cast.coordinator)
    assert (has(mine), mails("wish_ended"), mails("wish_moved")) == ({"Design": "confirmed"}, [mine.person], [])
    actions.give_up_seat(their_seat, by=cast.colleague)
    assert (has(mine), consistent(meeting)) == ({"Design": "confirmed"}, True)
    assert "is at the same time as “Design” now, which you have or wait for." in said_in("wish_ended")


def test_a_wish_ends_when_what_its_person_has_moves_onto_it(wished, mine, design, their_seat, cast):
    actions.choose_seat(mine, design, by=mine.person)
    move_to(design, wished.session.starts_at, by=cast.coordinator)
    assert (has(mine), mails("wish_ended")) == ({"Design": "confirmed"}, [mine.person])


def test_of_two_wishes_that_come_to_overlap_that_for_the_moved_session_ends(wished, mine, meeting, design, cast):
    outsider = make.AffiliationFactory(institution=cast.school).person
    actions.choose_seat(actions.enrol(meeting, outsider, by=outsider), design, by=outsider)
    actions.wish(mine, design, by=mine.person)
    move_to(wished.session, design.starts_at, by=cast.coordinator)
    assert (has(mine), mails("wish_ended")) == ({"Design": "waiting"}, [mine.person])


def test_a_wish_for_a_swap_stays_one_when_its_session_moves_a_little(meeting, wished, mine, their_seat, cast):
    beside = session(meeting, "Beside", TEN)
    actions.choose_seat(mine, beside, by=mine.person)
    move_to(wished.session, TEN + HOUR / 2, by=cast.coordinator)
    assert has(mine) == {"Beside": "confirmed", "Robots": "waiting"}
    actions.give_up_seat(their_seat, by=cast.colleague)
    assert has(mine) == {"Robots": "confirmed"}


def test_who_waits_for_a_moved_session_reads_its_new_time(wished, mine, cast):
    move_to(wished.session, TEN + 4 * HOUR, by=cast.coordinator)
    assert (mails("wish_moved"), mails("seat_moved")) == ([mine.person], [cast.colleague])
    assert "You go on waiting for a place in it." in said_in("wish_moved")


def test_the_mail_to_who_waits_is_not_sent_after_the_wish_was_given_up(wished, mine, cast, mailoutbox):
    move_to(wished.session, TEN + 4 * HOUR, by=cast.coordinator)
    actions.give_up_seat(wished, by=mine.person)
    deliver_due_mail()
    assert [it.to for it in mailoutbox if "for which you wait" in it.subject] == []


def test_the_desk_says_that_who_waits_is_told_of_a_move(client, wished, cast, demo):
    client.force_login(cast.coordinator)
    address = reverse("courses:desk_edit_session", args=[wished.session.run.public_id, wished.session.public_id])
    form = client.get(address).context["form"]
    entered = {name: form[name].value() or "" for name in form.fields} | {"place": "Hall"}
    entered |= {name: entered[name].strftime("%Y-%m-%dT%H:%M") for name in ("starts_at", "ends_at")}
    assert client.post(address, entered).context["people"] == [("Confirmed", 1), ("In the queue", 1)]


def test_a_wish_is_not_fulfilled_while_its_person_is_in_another_run_then(wished, mine, their_seat, cast):
    other = make.RunFactory(course__title="Other")
    make.PoolFactory(run=other)
    elsewhere = make.SessionFactory(run=other, starts_at=TEN + 10 * HOUR, ends_at=TEN + 11 * HOUR)
    actions.enrol(other, mine.person, by=mine.person)
    move_to(elsewhere, TEN, by=cast.coordinator)
    actions.give_up_seat(their_seat, by=cast.colleague)
    assert (has(mine), mails("wish_granted")) == ({"Robots": "waiting"}, [])
    assert CalendarEntry.objects.filter(person=mine.person, about_id=wished.session.public_id).count() == 0


def test_who_waits_next_has_what_the_first_cannot_take(meeting, wished, mine, their_seat, robots, cast):
    CalendarEntry.objects.create(
        person=mine.person, about_model="x.y", about_id="elsewhere", uid="e", status="confirmed",
        starts_at=TEN, ends_at=TEN + HOUR,
    )  # fmt: skip
    third = make.AffiliationFactory(institution=cast.school).person
    theirs = actions.enrol(meeting, third, by=third)
    actions.wish(theirs, robots, by=third)
    actions.give_up_seat(their_seat, by=cast.colleague)
    assert (has(mine), has(theirs), consistent(meeting)) == ({"Robots": "waiting"}, {"Robots": "confirmed"}, True)


@pytest.fixture
def begun(meeting, mine, time_machine):
    """I am in a session of three hours that has begun; two others begin in its last hour."""
    long = session(meeting, "Long", TEN + 4 * HOUR, hours=3, places=5)
    actions.choose_seat(mine, long, by=mine.person)
    time_machine.move_to(TEN + 5 * HOUR)
    return long


def roster(it):
    return it.seats.for_roster().count()


@pytest.mark.parametrize("press", [actions.swap_seat, actions.choose_seat])
def test_nobody_swaps_out_of_a_session_that_has_begun(press, begun, meeting, mine):
    short = session(meeting, "Short", TEN + 6 * HOUR)
    with pytest.raises(Refused, match="“Long” at that time was chosen, and it has begun"):
        press(mine, short, by=mine.person)
    assert (roster(begun), has(mine), consistent(meeting)) == (1, {"Long": "confirmed"}, True)


def test_nobody_wishes_to_be_out_of_a_session_that_has_begun(begun, meeting, mine, cast):
    short = session(meeting, "Short", TEN + 6 * HOUR)
    Run.objects.filter(pk=meeting.pk).update(enrol_until=now() + timedelta(days=1))
    theirs = actions.enrol(meeting, cast.colleague, by=cast.colleague)
    actions.choose_seat(theirs, short, by=cast.colleague)
    with pytest.raises(Refused, match="it has begun"):
        actions.wish(mine, short, by=mine.person)


def test_a_wish_is_not_fulfilled_out_of_a_session_that_has_begun(meeting, mine, cast, time_machine):
    long = session(meeting, "Long", TEN + 4 * HOUR, hours=3)
    short = session(meeting, "Short", TEN + 6 * HOUR)
    theirs = actions.enrol(meeting, cast.colleague, by=cast.colleague)
    seat = actions.choose_seat(theirs, short, by=cast.colleague)
    actions.choose_seat(mine, long, by=mine.person)
    actions.wish(mine, short, by=mine.person)
    time_machine.move_to(TEN + 5 * HOUR)
    actions.give_up_seat(seat, by=cast.colleague)
    assert (roster(long), has(mine)) == (1, {"Long": "confirmed", "Short": "waiting"})


def test_the_page_says_why_there_is_no_button_beside_a_session_that_has_begun(client, begun, meeting, mine):
    session(meeting, "Short", TEN + 6 * HOUR)
    client.force_login(mine.person)
    page = client.get(meeting.get_absolute_url()).content.decode()
    assert ("and it has begun. Choose a session after it." in page, "Swap to this" in page) == (True, False)


def test_who_leaves_on_the_second_day_stays_on_the_list_of_the_first(meeting, mine, time_machine):
    first = session(meeting, "First day", TEN + 4 * HOUR)
    second = session(meeting, "Second day", TEN + 28 * HOUR)
    for it in (first, second):
        actions.choose_seat(mine, it, by=mine.person)
    time_machine.move_to(TEN + 6 * HOUR)
    actions.cancel_enrolment(mine, by=mine.person)
    assert (roster(first), roster(second), consistent(meeting)) == (1, 0, True)
    assert (first.pools.get().taken, second.pools.get().taken) == (1, 0)


def test_a_session_that_has_begun_is_not_moved_with_its_list(begun, cast, time_machine):
    with pytest.raises(Refused, match="its time and its list stay"):
        move_to(begun, TEN + 30 * HOUR, by=cast.coordinator)
    assert move_to(begun, begun.starts_at, by=cast.coordinator, hours=3, title="Longer").title == "Longer"


def test_who_was_only_held_does_not_stay_on_a_list(meeting, cast, time_machine):
    Run.objects.filter(pk=meeting.pk).update(needs_approval=True)
    it = actions.enrol(meeting, cast.teacher, by=cast.teacher)
    first = session(meeting, "First day", TEN + 4 * HOUR)
    session(meeting, "Second day", TEN + 28 * HOUR)
    actions.choose_seat(it, first, by=cast.teacher)
    time_machine.move_to(TEN + 6 * HOUR)
    actions.lapse_enrolment(type(it).objects.get(pk=it.pk))
    assert (roster(first), Seat.objects.live().count(), consistent(meeting)) == (0, 0, True)
