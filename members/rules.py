"""Who may do what with people and agreements. When it is possible stands in MOVES."""

import rules


@rules.predicate
def is_the_person(person, affiliation):
    return affiliation is not None and affiliation.person_id == person.pk


@rules.predicate
def speaks_for_the_institution(person, affiliation):
    return affiliation is not None and affiliation.institution in person.spoken_for


@rules.predicate
def coordinates_the_institution(person, affiliation):
    return affiliation is not None and person.coordinates(affiliation.institution.region_id)


@rules.predicate
def coordinates_the_cluster(person):
    return person.is_authenticated and person.coordinates_whole_cluster


@rules.predicate
def is_about_a_head(person, affiliation):
    return affiliation is not None and affiliation.role == affiliation.Role.HEAD


@rules.predicate
def is_the_head(person, affiliation):
    return affiliation is not None and person.is_head_of(affiliation.institution)


decides_for_the_institution = ~is_the_person & (
    coordinates_the_institution | is_the_head | (speaks_for_the_institution & ~is_about_a_head)
)

rules.add_perm("members.accept_affiliation", is_the_person)
rules.add_perm("members.decline_affiliation", is_the_person)
rules.add_perm("members.admit_affiliation", decides_for_the_institution)
rules.add_perm("members.refuse_affiliation", decides_for_the_institution)
rules.add_perm("members.recall_affiliation", decides_for_the_institution)
rules.add_perm("members.take_back_affiliation", is_the_person)
rules.add_perm("members.end_affiliation", is_the_person | decides_for_the_institution)
rules.add_perm("members.open_agreement", coordinates_the_cluster)
rules.add_perm("members.conclude_agreement", coordinates_the_cluster)
rules.add_perm("members.withdraw_agreement", coordinates_the_cluster)
rules.add_perm("members.terminate_agreement", coordinates_the_cluster)
