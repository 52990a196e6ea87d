"""Who may do what with mentors and requests. When it is possible stands in MOVES."""

import rules

from members.consent import may_decide


@rules.predicate
def is_the_mentor(person, mentor):
    return mentor is not None and mentor.person_id == person.pk


@rules.predicate
def keeps_the_mentor(person, mentor):
    """Coordinators of the cluster, or of a region where the mentor works; never for themselves."""
    if mentor is None or mentor.person_id == person.pk or not person.is_coordinator:
        return False
    there = mentor.person.active_affiliations
    return person.coordinates_whole_cluster or any(person.coordinates(it.institution.region_id) for it in there)


@rules.predicate
def asked_for_it(person, request):
    return request is not None and request.by_id == person.pk


@rules.predicate
def coordinates_around(person, request):
    return request is not None and person.coordinates(request.affiliation.institution.region_id)


@rules.predicate
def coordinates_the_request(person, request):
    """Coordinators of its part of the cluster; never for what they ask for themselves."""
    return coordinates_around(person, request) and not asked_for_it(person, request)


@rules.predicate
def is_the_asked_mentor(person, request):
    """Whoever is asked now to help with a request."""
    return request is not None and request.pairings.live().filter(mentor__person=person).exists()


rules.add_perm("mentorship.offer_mentor", is_the_mentor)
rules.add_perm("mentorship.admit_mentor", keeps_the_mentor)
rules.add_perm("mentorship.decline_mentor", keeps_the_mentor)
rules.add_perm("mentorship.clear_mentor", keeps_the_mentor)
rules.add_perm("mentorship.change_mentor", is_the_mentor)
rules.add_perm("mentorship.pause_mentor", is_the_mentor)
rules.add_perm("mentorship.resume_mentor", is_the_mentor)
rules.add_perm("mentorship.end_mentor", is_the_mentor | keeps_the_mentor)
rules.add_perm("mentorship.change_mentorrequest", asked_for_it)
rules.add_perm("mentorship.propose_mentorrequest", coordinates_the_request)
rules.add_perm("mentorship.accept_mentorrequest", is_the_asked_mentor)
rules.add_perm("mentorship.pair_mentorrequest", asked_for_it)
rules.add_perm("mentorship.reopen_mentorrequest", asked_for_it | coordinates_the_request)
rules.add_perm("mentorship.withdraw_mentorrequest", asked_for_it)
rules.add_perm("mentorship.close_mentorrequest", coordinates_the_request)


@rules.predicate
def keeps_the_pairing(person, pairing):
    """Its mentor and its teacher: they plan, meet and write the log."""
    return pairing is not None and person.pk in {pairing.mentor.person_id, pairing.request.by_id}


@rules.predicate
def coordinates_the_pairing(person, pairing):
    return pairing is not None and coordinates_around(person, pairing.request)


@rules.predicate
def judges_the_pairing(person, pairing):
    """Coordinators who are not in it: they answer what they are told about it, and hide."""
    return coordinates_the_pairing(person, pairing) and not keeps_the_pairing(person, pairing)


@rules.predicate
def keeps_the_students(person, pairing):
    """Its teacher, and who judges it: they read whole names there, and can take a student out."""
    return pairing is not None and (person.pk == pairing.request.by_id or judges_the_pairing(person, pairing))


@rules.predicate
def keeps_the_meetings_pairing(person, meeting):
    return meeting is not None and keeps_the_pairing(person, meeting.pairing)


@rules.predicate
def keeps_the_outcomes_pairing(person, outcome):
    return outcome is not None and keeps_the_pairing(person, outcome.pairing)


@rules.predicate
def coordinates_the_outcomes_pairing(person, outcome):
    return outcome is not None and coordinates_the_pairing(person, outcome.pairing)


@rules.predicate
def decides_about_the_mentor(person, student):
    """Who decides for a student today: guardians, or the student; never the mentor about themself."""
    if student is None or person.pk == student.pairing.mentor.person_id:
        return False
    return may_decide(person, student.person)


@rules.predicate
def asked_for_the_students_mentor(person, student):
    return student is not None and asked_for_it(person, student.pairing.request)


@rules.predicate
def keeps_the_student(person, student):
    return student is not None and keeps_the_students(person, student.pairing)


@rules.predicate
def overrules_a_no(person, student):
    """Who judges the pairing, and is no guardian whose own word it is about."""
    if student is None or decides_about_the_mentor(person, student):
        return False
    return judges_the_pairing(person, student.pairing)


rules.add_perm("mentorship.complete_pairing", keeps_the_pairing | coordinates_the_pairing)
rules.add_perm("mentorship.dissolve_pairing", keeps_the_pairing | coordinates_the_pairing)


@rules.predicate
def thanks_for_the_pairing(person, pairing):
    """Coordinators thank its mentor; nobody thanks themself."""
    return coordinates_the_pairing(person, pairing) and not is_asked_to_mentor(person, pairing)


rules.add_perm("mentorship.remove_outcome", keeps_the_outcomes_pairing | coordinates_the_outcomes_pairing)
rules.add_perm("mentorship.cancel_meeting", keeps_the_meetings_pairing)
rules.add_perm("mentorship.ask_pairingstudent", asked_for_the_students_mentor)
rules.add_perm("mentorship.approve_pairingstudent", decides_about_the_mentor)
rules.add_perm("mentorship.refuse_pairingstudent", decides_about_the_mentor)
rules.add_perm("mentorship.ask_anew_pairingstudent", overrules_a_no)
rules.add_perm("mentorship.leave_pairingstudent", keeps_the_student)


@rules.predicate
def is_asked_to_mentor(person, pairing):
    return pairing is not None and is_the_mentor(person, pairing.mentor)


@rules.predicate
def asked_for_the_mentor(person, pairing):
    return pairing is not None and asked_for_it(person, pairing.request)


rules.add_perm("mentorship.accept_pairing", is_asked_to_mentor)
rules.add_perm("mentorship.decline_pairing", is_asked_to_mentor)
rules.add_perm("mentorship.agree_pairing", asked_for_the_mentor)
rules.add_perm("mentorship.refuse_pairing", asked_for_the_mentor)
rules.add_perm("mentorship.withdraw_pairing", coordinates_the_pairing & ~asked_for_the_mentor)
rules.add_perm("mentorship.lapse_pairing", rules.always_deny)
