"""A teacher brings a class: N places as one party, all or none, held until consent; then certain, or free again."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from cluster_portal.models import CalendarEntry, OutboxMail
from cluster_portal.moves import Refused, available_moves
from cluster_portal.reminders import queue_due_reminders
from courses import actions
from courses.bringing import free_places, others_with_room, right_of_class, students_of
from courses.models import ClassBooking, Enrolment, Pool, Reserve
from members.actions import decide, take_out
from tests import factories as make
from tests.courses.conftest import class_of

pytestmark = pytest.mark.django_db
State, Booking = Enrolment.State, ClassBooking.State


def book(run, group, by, people=None, pool=""):
    return actions.book_class(run, group, people if people is not None else list(group.members.all()), by, pool=pool)


def fresh(it):
    return type(it).objects.get(pk=it.pk)


def taken(pool):
    return Pool.objects.get(pk=pool.pk).taken


def states(booking):
    return sorted(booking.enrolments.values_list("state", flat=True))


def readers(template):
    return list(OutboxMail.objects.filter(template=template).exclude(state="cancelled").values_list("to", flat=True))


def grant(child, text, decision="granted"):
    decide(child, "taking_part", decision, by=child.guarded_by.get().guardian, channel="link", text=text)


@pytest.fixture
def wide(run, pool):
    """The run with ten places."""
    Pool.objects.filter(pk=pool.pk).update(places=10)
    return run


def test_the_places_of_a_class_are_held_together(wide, pool, group, children, cast, text):
    it = book(wide, group, cast.teacher)
    assert (it.state, states(it), taken(pool)) == (Booking.HELD, ["held"] * 3, 3)
    assert {one.held_until for one in it.enrolments.all()} == {it.held_until}
    assert it.held_until <= wide.sessions.get().starts_at


def test_guardians_are_asked_once_and_by_one_mail(wide, group, children, cast, text):
    mother = children[0].guarded_by.get().guardian
    children[1].guarded_by.update(guardian=mother)
    book(wide, group, cast.teacher)
    other = children[2].guarded_by.get().guardian
    assert sorted(OutboxMail.objects.values_list("to", "template")) == sorted(
        (it.pk, "members/consent_asked") for it in (mother, other)
    )


def test_where_consent_stands_the_place_is_certain_at_once(wide, group, children, cast, text):
    grant(children[0], text)
    it = book(wide, group, cast.teacher)
    assert states(it) == ["confirmed", "held", "held"]
    assert readers("courses/confirmed") == [children[0].guarded_by.get().guardian.pk]


def test_with_all_consents_the_booking_is_settled_at_once(wide, group, children, cast, text):
    for child in children:
        grant(child, text)
    it = book(wide, group, cast.teacher)
    assert (it.state, readers("courses/class_settled")) == (Booking.SETTLED, [cast.teacher.pk])


def test_a_student_of_age_needs_no_consent(wide, group, children, cast, text):
    grown = make.PersonFactory()
    make.AffiliationFactory(person=grown, institution=cast.school, role="student")
    make.GroupMemberFactory(group=group, person=grown)
    assert states(book(wide, group, cast.teacher, [grown])) == ["confirmed"]


def test_a_child_without_guardian_is_held_too(wide, group, children, cast, text):
    children[0].guarded_by.all().delete()
    assert states(book(wide, group, cast.teacher)) == ["held"] * 3


def test_all_or_none_and_the_number_is_said(run, pool, group, children, cast, text):
    with pytest.raises(Refused) as refused:
        book(run, group, cast.teacher)
    said = "2 places are free here for School 1, and you chose 3 students. Choose fewer, or another run of the course."
    assert (str(refused.value), taken(pool)) == (said, 0)
    assert (ClassBooking.objects.count(), Enrolment.objects.count(), OutboxMail.objects.count()) == (0, 0, 0)


def test_a_full_run_refuses_and_puts_nobody_into_the_queue(run, pool, group, children, cast, text):
    for person in (cast.teacher, cast.colleague):
        actions.enrol(run, person, by=person)
    with pytest.raises(Refused, match="No place is free here for School 1"):
        book(run, group, cast.teacher, children[:1])
    assert Enrolment.objects.in_queue().count() == 0


def test_who_waits_is_offered_a_free_place_before_the_class(run, pool, group, children, cast, text):
    Pool.objects.filter(pk=pool.pk).update(places=3, taken=1)
    make.EnrolmentFactory(run=run, pool=pool)
    make.EnrolmentFactory(run=run, pool=pool, state=State.WAITING)
    with pytest.raises(Refused, match="1 place is free here"):
        book(run, group, cast.teacher, children[:2])


def test_a_reserve_of_another_school_is_not_for_the_class(wide, pool, group, children, cast, text):
    Reserve.objects.create(
        pool=pool, institution=make.InstitutionFactory(), places=8, release_on=now().date() + timedelta(days=9)
    )
    with pytest.raises(Refused, match="2 places are free here"):
        book(wide, group, cast.teacher)


def test_the_limit_of_an_institution_counts_the_class(wide, group, children, cast, text):
    wide.institution_limit = 2
    wide.save()
    with pytest.raises(Refused, match="2 places are free here"):
        book(wide, group, cast.teacher)
    assert states(book(wide, group, cast.teacher, children[:2])) == ["held", "held"]


def test_another_run_of_the_course_with_enough_places_is_named(run, group, children, cast):
    fitting, small = make.RunFactory(course=run.course), make.RunFactory(course=run.course)
    for it, places in ((fitting, 5), (small, 2)):
        make.SessionFactory(run=it)
        make.PoolFactory(run=it, places=places)
    make.PoolFactory(run=make.RunFactory(), places=9)
    assert others_with_room(run, group, 3) == [(fitting, 5)]


def test_a_class_is_booked_once_in_a_run(wide, group, children, cast, text):
    book(wide, group, cast.teacher, children[:1])
    with pytest.raises(Refused, match="booked here already"):
        book(wide, group, cast.teacher, children[1:])


def test_nobody_chosen_is_refused(wide, group, children, cast, text):
    with pytest.raises(Refused, match="Nobody is chosen"):
        book(wide, group, cast.teacher, [])


def test_who_left_the_class_meanwhile_is_not_brought(wide, group, children, cast, text):
    take_out(group.memberships.get(person=children[0]), by=cast.teacher)
    with pytest.raises(Refused, match="The class has changed"):
        book(wide, group, cast.teacher, children)


def test_a_class_that_is_put_away_is_not_brought(wide, group, children, cast, text):
    group.archived_at = now()
    with pytest.raises(Refused, match="put away"):
        book(wide, group, cast.teacher, children)


def test_without_a_published_document_nothing_is_held(wide, pool, group, children, cast):
    with pytest.raises(Refused, match="No document is published"):
        book(wide, group, cast.teacher)
    assert (taken(pool), ClassBooking.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"roles": ["teacher"]}, "This run is for: teachers. No class can be brought to it."),
        ({"kinds": ["kindergarten"]}, "This is for: kindergartens. Your institution is of another kind."),
        ({"state": "draft"}, "This run is not published yet."),
    ],
)
def test_a_run_that_is_not_for_the_class_says_for_whom_it_is(wide, group, children, cast, text, facts, said):
    for name, value in facts.items():
        setattr(wide, name, value)
    wide.save()
    with pytest.raises(Refused) as refused:
        book(wide, group, cast.teacher)
    assert str(refused.value) == said


def test_a_school_that_is_no_member_brings_no_class(wide, children, cast):
    stranger, _children = class_of(make.InstitutionFactory(name="School 9"), cast.outsider)
    assert right_of_class(wide, stranger).missing == (
        "School 9 is not a member of the cluster. Its head can ask the coordinator how to join."
    )


def test_who_fits_and_why_not(wide, group, children, cast, text):
    wide.stage_from, wide.stage_until = 5, 9
    group.stage = 7
    group.save()
    younger = make.GroupFactory(institution=cast.school, stage=3)
    group.memberships.filter(person=children[0]).update(group=younger)
    make.GroupMemberFactory(group=group, person=make.ChildFactory(family_name="Z"))
    make.EnrolmentFactory(run=wide, person=children[1])
    grant(children[2], text, "refused")
    assert [(it.person.family_name, it.why_not) for it in students_of(wide, group)] == [
        (children[1].family_name, "Is in this run already."),
        (children[2].family_name, "Consent to taking part was refused."),
        ("Z", "Is not a student of the institution any more."),
    ]
    assert [it.why_not for it in students_of(wide, younger)] == ["The run is for students of the years 5 to 9."]


def test_a_kindergarten_group_comes_the_same_way(wide, pool, cast, text):
    garden = make.PartyFactory(agreement=cast.agreement, institution__kind="kindergarten").institution
    teacher = make.AffiliationFactory(institution=garden).person
    group, _children = class_of(garden, teacher, name="Sunflowers", size=4)
    it = book(wide, group, teacher)
    assert (states(it), taken(pool)) == (["held"] * 4, 4)


def test_the_last_consent_settles_the_booking_and_the_teacher_reads_who_is_in(wide, group, children, cast, text):
    it = book(wide, group, cast.teacher)
    for child in children[:2]:
        grant(child, text)
    assert (fresh(it).state, readers("courses/class_settled")) == (Booking.HELD, [])
    grant(children[2], text)
    assert (fresh(it).state, readers("courses/class_settled")) == (Booking.SETTLED, [cast.teacher.pk])


def test_a_class_whose_guardians_all_say_no_is_told_so_too(wide, group, children, cast, text):
    it = book(wide, group, cast.teacher)
    for child in children:
        grant(child, text, "refused")
    assert (fresh(it).state, readers("courses/class_settled")) == (Booking.SETTLED, [cast.teacher.pk])
    assert "Nobody of the class has a place." in OutboxMail.objects.get(template="courses/class_settled").body_text


def test_unconsented_places_lapse_at_the_date_and_the_rest_stays(wide, pool, group, children, cast, text):
    it = book(wide, group, cast.teacher)
    grant(children[0], text)
    assert actions.lapse_overdue(it.held_until - timedelta(seconds=1)) == 0
    assert actions.lapse_overdue(it.held_until) == 2
    assert (fresh(it).state, states(it), taken(pool)) == (Booking.SETTLED, ["confirmed", "lapsed", "lapsed"], 1)
    mail = OutboxMail.objects.get(template="courses/class_settled")
    assert (mail.to, mail.subject) == (
        cast.teacher, f"Plan with 1 of 3 students: class {group.name} in {wide.course.title}",
    )  # fmt: skip
    came, _rest, out = mail.body_text.partition("These have none")
    assert [child.full_name in came for child in children] == [True, False, False]
    assert [child.full_name in out for child in children] == [False, True, True]


def test_a_refusal_frees_one_place_only(wide, pool, group, children, cast, text):
    it = book(wide, group, cast.teacher)
    grant(children[0], text, "refused")
    assert (states(it), taken(pool), fresh(it).state) == (["declined", "held", "held"], 2, Booking.HELD)


def test_one_is_taken_out_and_the_others_stay(wide, pool, group, children, cast, text):
    it = book(wide, group, cast.teacher)
    actions.cancel_enrolment(it.enrolments.get(person=children[0]), by=cast.teacher)
    assert (states(it), taken(pool)) == (["cancelled", "held", "held"], 2)


def test_more_students_are_added_later_until_the_same_date(wide, pool, group, children, cast, text):
    it = book(wide, group, cast.teacher, children[:1])
    actions.add_to_booking(it, children[1:], by=cast.teacher)
    assert (states(it), taken(pool), fresh(it).held_until) == (["held"] * 3, 3, it.held_until)
    assert {one.held_until for one in it.enrolments.all()} == {it.held_until}


def test_a_settled_booking_is_held_again_for_who_is_added(wide, group, children, cast, text):
    grant(children[0], text)
    it = book(wide, group, cast.teacher, children[:1])
    actions.add_to_booking(it, children[1:], by=cast.teacher)
    assert (fresh(it).state, states(it)) == (Booking.HELD, ["confirmed", "held", "held"])
    for child in children[1:]:
        grant(child, text)
    assert (fresh(it).state, readers("courses/class_settled")) == (Booking.SETTLED, [cast.teacher.pk] * 2)


def test_who_lapsed_can_be_brought_again(wide, group, children, cast, text):
    it = book(wide, group, cast.teacher, children[:1])
    actions.lapse_overdue(it.held_until)
    actions.add_to_booking(fresh(it), children[:1], by=cast.teacher)
    assert (fresh(it).state, states(it)) == (Booking.HELD, ["held", "lapsed"])


def test_adding_more_than_there_are_places_adds_nobody(run, group, children, cast, text):
    it = book(run, group, cast.teacher, children[:1])
    with pytest.raises(Refused, match="1 place is free here"):
        actions.add_to_booking(it, children[1:], by=cast.teacher)
    assert states(it) == ["held"]


def test_released_places_go_to_the_queue(run, pool, group, children, cast, text):
    it = book(run, group, cast.teacher, children[:2])
    first, second = (
        actions.enrol(run, cast.teacher, by=cast.teacher),
        actions.enrol(run, cast.colleague, by=cast.colleague),
    )
    actions.release_booking(it, by=cast.teacher)
    assert (fresh(it).state, states(it)) == (Booking.RELEASED, ["cancelled", "cancelled"])
    assert (fresh(first).state, fresh(second).state, taken(pool)) == (State.OFFERED, State.OFFERED, 2)
    assert len(readers("courses/taken_out_of_class")) == 2
    with pytest.raises(Refused, match="already answered"):
        actions.release_booking(it, by=cast.teacher)
    with pytest.raises(Refused, match="were given back"):
        actions.add_to_booking(it, children, by=cast.teacher)


def test_after_a_release_the_class_can_be_brought_again(wide, pool, group, children, cast, text):
    actions.release_booking(book(wide, group, cast.teacher), by=cast.teacher)
    assert (states(book(wide, group, cast.teacher)), taken(pool)) == (["held"] * 3, 3)


def test_the_teacher_is_told_when_somebody_else_gives_the_places_back(wide, group, children, cast, text):
    actions.release_booking(book(wide, group, cast.teacher), by=cast.coordinator)
    assert readers("courses/class_released") == [cast.teacher.pk]


def test_a_run_that_is_over_keeps_its_class(wide, group, children, cast, text):
    it = book(wide, group, cast.teacher)
    wide.sessions.update(starts_at=now() - timedelta(days=2), ends_at=now() - timedelta(days=1))
    with pytest.raises(Refused, match="This run is over"):
        actions.release_booking(it, by=cast.teacher)


def test_a_cancelled_run_ends_the_booking_and_tells_the_teacher(wide, group, children, cast, text):
    it = book(wide, group, cast.teacher)
    actions.cancel_run(wide, by=cast.coordinator)
    assert (fresh(it).state, states(it), readers("courses/class_released")) == (
        Booking.RELEASED, ["cancelled"] * 3, [cast.teacher.pk],
    )  # fmt: skip


def test_where_the_coordinator_approves_the_place_waits_for_that_too(wide, group, children, cast, text):
    wide.needs_approval = True
    wide.save()
    for child in children:
        grant(child, text)
    it = book(wide, group, cast.teacher)
    assert (states(it), len(readers("courses/held"))) == (["held"] * 3, 3)
    for one in it.enrolments.all():
        actions.approve_enrolment(one, by=cast.coordinator)
    assert fresh(it).state == Booking.SETTLED


def test_the_teacher_is_reminded_three_days_before(wide, group, children, cast, text):
    it = book(wide, group, cast.teacher)
    grant(children[0], text)
    due = it.held_until - timedelta(days=3)
    queue_due_reminders(due - timedelta(days=2))
    assert readers("courses/class_reminder") == []
    queue_due_reminders(due)
    mail = OutboxMail.objects.get(template="courses/class_reminder")
    assert (mail.to, mail.not_before, mail.not_after) == (cast.teacher, due, it.held_until)
    for child in children[1:]:
        grant(child, text)
    queue_due_reminders(due)
    assert OutboxMail.objects.get(template="courses/class_reminder").state == "cancelled"


@pytest.mark.parametrize("state", Booking)
@pytest.mark.parametrize("role", ["teacher", "colleague", "contact", "coordinator", "outsider"])
def test_who_may_give_all_places_back(role, state, wide, pool, group, cast):
    it = ClassBooking.objects.create(run=wide, pool=pool, group=group, by=cast.teacher, held_until=now(), state=state)
    keeps = role in {"teacher", "contact", "coordinator"} and state != Booking.RELEASED
    assert set(available_moves(getattr(cast, role), it)) == ({"release"} if keeps else set())


def test_free_places_are_those_of_the_institution(wide, pool, group, cast):
    pool = Pool.objects.get(pk=pool.pk)
    pool.run = wide
    assert free_places(pool, group, right_of_class(wide, group)) == 10


def test_a_held_student_is_busy_then_although_only_the_guardian_is_written_to(wide, group, children, cast, text):
    book(wide, group, cast.teacher)
    session, child = wide.sessions.get(), children[0]
    other = make.RunFactory(course__title="Other")
    make.PoolFactory(run=other)
    make.SessionFactory(run=other, starts_at=session.starts_at, ends_at=session.ends_at)
    with pytest.raises(Refused, match="At that time you have “"):
        actions.enrol(other, child, by=child)
    entries = CalendarEntry.objects.filter(person__in=children).values_list("status", flat=True)
    assert (list(entries), readers("courses/held")) == (["tentative"] * 3, [])


def test_the_calendar_of_a_student_who_came_in_is_certain(wide, group, children, cast, text):
    book(wide, group, cast.teacher)
    grant(children[0], text)
    assert [it.status for it in CalendarEntry.objects.filter(person=children[0])] == ["confirmed"]
