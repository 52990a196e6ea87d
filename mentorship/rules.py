"""Who may do what with mentors and requests. When it is possible stands in MOVES."""

import rules


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
def coordinates_the_request(person, request):
    return request is not None and person.coordinates(request.affiliation.institution.region_id)


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
