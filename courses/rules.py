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
def coordinates_the_enrolment(person, enrolment):
    return enrolment is not None and coordinates_the_run(person, enrolment.run)


@rules.predicate
def coordinates_the_session(person, session):
    return session is not None and coordinates_the_run(person, session.run)


rules.add_perm("courses.change_run", coordinates_the_run)
rules.add_perm("courses.publish_run", coordinates_the_run)
rules.add_perm("courses.cancel_run", coordinates_the_run)
rules.add_perm("courses.close_run", coordinates_the_run)
rules.add_perm("courses.cancel_session", coordinates_the_session)
rules.add_perm("courses.accept_enrolment", is_the_enrolled_person | guards_the_enrolled_child)
rules.add_perm("courses.decline_enrolment", is_the_enrolled_person | guards_the_enrolled_child)
rules.add_perm(
    "courses.cancel_enrolment", is_the_enrolled_person | guards_the_enrolled_child | coordinates_the_enrolment
)
rules.add_perm("courses.approve_enrolment", coordinates_the_enrolment)
rules.add_perm("courses.refuse_enrolment", coordinates_the_enrolment)
# The portal itself makes these moves, inside other actions; no person has a button for them.
rules.add_perm("courses.confirm_enrolment", rules.always_deny)
rules.add_perm("courses.hold_enrolment", rules.always_deny)
rules.add_perm("courses.wait_enrolment", rules.always_deny)
rules.add_perm("courses.offer_enrolment", rules.always_deny)
rules.add_perm("courses.lapse_enrolment", rules.always_deny)
