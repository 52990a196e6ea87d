"""Who may do what with courses, runs and enrolments. When it is possible stands in MOVES."""

import rules

from members.rules import guards_the_child


@rules.predicate
def is_the_enrolled_person(person, enrolment):
    return enrolment is not None and enrolment.person_id == person.pk


@rules.predicate
def guards_the_enrolled_child(person, enrolment):
    return enrolment is not None and guards_the_child(person, enrolment.person)


@rules.predicate
def coordinates_the_run(person, run):
    return run is not None and person.coordinates(run.host.region_id if run.host else None)


@rules.predicate
def teaches_the_run(person, run):
    return run is not None and person in run.instructors.all()


@rules.predicate
def coordinates_the_enrolment(person, enrolment):
    return enrolment is not None and coordinates_the_run(person, enrolment.run)


@rules.predicate
def coordinates_the_session(person, session):
    return session is not None and coordinates_the_run(person, session.run)


@rules.predicate
def keeps_the_booked_class(person, booking):
    return booking is not None and booking.is_kept_by(person)


@rules.predicate
def brought_the_enrolled_student(person, enrolment):
    return enrolment is not None and keeps_the_booked_class(person, enrolment.booking)


@rules.predicate
def coordinates_the_booking(person, booking):
    return booking is not None and coordinates_the_run(person, booking.run)


@rules.predicate
def has_the_seat(person, seat):
    return seat is not None and is_the_enrolled_person(person, seat.enrolment)


@rules.predicate
def guards_the_seated_child(person, seat):
    return seat is not None and guards_the_enrolled_child(person, seat.enrolment)


@rules.predicate
def coordinates_the_cluster(person, pathway):
    return person.coordinates_whole_cluster


rules.add_perm("courses.publish_pathway", coordinates_the_cluster)
rules.add_perm("courses.retire_pathway", coordinates_the_cluster)


@rules.predicate
def reads_the_work(person, work):
    if work is None or is_the_enrolled_person(person, work.enrolment):
        return False
    run = work.enrolment.run
    return coordinates_the_run(person, run) or teaches_the_run(person, run)


@rules.predicate
def wrote_the_work(person, work):
    enrolment = work and work.enrolment
    return is_the_enrolled_person(person, enrolment) or guards_the_enrolled_child(person, enrolment)


rules.add_perm("courses.change_run", coordinates_the_run)
rules.add_perm("courses.lead_run", teaches_the_run | coordinates_the_run)
rules.add_perm("courses.accept_finalwork", reads_the_work)
rules.add_perm("courses.return_finalwork", reads_the_work)
rules.add_perm("courses.hand_in_finalwork", wrote_the_work)
rules.add_perm("courses.publish_run", coordinates_the_run)
rules.add_perm("courses.cancel_run", coordinates_the_run)
rules.add_perm("courses.close_run", coordinates_the_run)
rules.add_perm("courses.cancel_session", coordinates_the_session)
rules.add_perm("courses.accept_enrolment", is_the_enrolled_person | guards_the_enrolled_child)
rules.add_perm("courses.decline_enrolment", is_the_enrolled_person | guards_the_enrolled_child)
rules.add_perm(
    "courses.cancel_enrolment",
    is_the_enrolled_person | coordinates_the_enrolment | guards_the_enrolled_child | brought_the_enrolled_student,
)
rules.add_perm("courses.release_classbooking", keeps_the_booked_class | coordinates_the_booking)
rules.add_perm("courses.approve_enrolment", coordinates_the_enrolment & ~is_the_enrolled_person)
rules.add_perm("courses.refuse_enrolment", coordinates_the_enrolment & ~is_the_enrolled_person)
rules.add_perm("courses.cancel_seat", has_the_seat | guards_the_seated_child)
# The portal itself makes these moves, inside other actions; no person has a button for them.
rules.add_perm("courses.confirm_enrolment", rules.always_deny)
rules.add_perm("courses.hold_enrolment", rules.always_deny)
rules.add_perm("courses.wait_enrolment", rules.always_deny)
rules.add_perm("courses.offer_enrolment", rules.always_deny)
rules.add_perm("courses.lapse_enrolment", rules.always_deny)
rules.add_perm("courses.settle_classbooking", rules.always_deny)
rules.add_perm("courses.reopen_classbooking", rules.always_deny)
rules.add_perm("courses.confirm_seat", rules.always_deny)
rules.add_perm("courses.wait_seat", rules.always_deny)
