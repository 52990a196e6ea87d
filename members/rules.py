"""Who may do what with people and agreements. When it is possible stands in MOVES."""

import rules

from cluster_portal import hooks
from members.consent import children_kept_by, deciders_of
from members.models import ErasureRequest, GroupMember


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
def is_about_who_answers(person, affiliation):
    return affiliation is not None and affiliation.role in affiliation.SPEAKING_ROLES


@rules.predicate
def is_the_head(person, affiliation):
    return affiliation is not None and person.is_head_of(affiliation.institution)


@rules.predicate
def is_the_applicant(person, application):
    return application is not None and application.applicant_id == person.pk


@rules.predicate
def coordinates_the_application(person, application):
    return application is not None and person.coordinates(application.region_id)


@rules.predicate
def keeps_the_initiative(person, initiative):
    if initiative is None or not person.is_authenticated:
        return False
    return person.coordinates(initiative.responsible.region_id) or initiative.responsible in person.spoken_for


@rules.predicate
def wrote_the_note(person, note):
    return note is not None and note.by_id == person.pk


@rules.predicate
def keeps_the_initiative_of_the_note(person, note):
    return note is not None and keeps_the_initiative(person, note.initiative)


@rules.predicate
def is_who_asked(person, request):
    return request is not None and request.asked_by_id == person.pk


@rules.predicate
def decides_about_the_erasure(person, request):
    return request is not None and ErasureRequest.objects.decidable_by(person).filter(pk=request.pk).exists()


@rules.predicate
def keeps_the_institution(person, institution):
    return institution is not None and (person.coordinates(institution.region_id) or institution in person.spoken_for)


@rules.predicate
def keeps_what_it_is_for(person, certificate):
    """Whoever keeps the run or the competition says so by a hook: this app knows neither."""
    keeps = certificate and hooks.certificate_keepers.get(certificate.about_model)
    return keeps is not None and keeps(person, certificate)


decides_for_the_institution = ~is_the_person & (
    coordinates_the_institution | is_the_head | (speaks_for_the_institution & ~is_about_a_head)
)

rules.add_perm("members.accept_affiliation", is_the_person)
rules.add_perm("members.decline_affiliation", is_the_person)
rules.add_perm("members.admit_affiliation", decides_for_the_institution)
rules.add_perm("members.refuse_affiliation", decides_for_the_institution)
rules.add_perm("members.recall_affiliation", decides_for_the_institution)
rules.add_perm("members.send_again_affiliation", decides_for_the_institution)
rules.add_perm("members.take_back_affiliation", is_the_person)
rules.add_perm("members.end_affiliation", is_the_person | decides_for_the_institution)
rules.add_perm(
    "members.hand_over_affiliation",
    is_about_who_answers & (is_the_person | coordinates_the_institution | is_the_head),
)
rules.add_perm("members.change_role_affiliation", decides_for_the_institution)
rules.add_perm("members.move_affiliation", decides_for_the_institution)
rules.add_perm("members.open_agreement", coordinates_the_cluster)
rules.add_perm("members.conclude_agreement", coordinates_the_cluster)
rules.add_perm("members.withdraw_agreement", coordinates_the_cluster)
rules.add_perm("members.terminate_agreement", coordinates_the_cluster)
rules.add_perm("members.sign_party", is_the_head)
rules.add_perm("members.confirm_application", is_the_applicant)
rules.add_perm("members.answer_application", is_the_applicant)
rules.add_perm("members.withdraw_application", is_the_applicant)
rules.add_perm("members.ask_back_application", coordinates_the_application & ~is_the_applicant)
rules.add_perm("members.accept_application", coordinates_the_application & ~is_the_applicant)
rules.add_perm("members.decline_application", coordinates_the_application & ~is_the_applicant)
rules.add_perm("members.publish_initiative", keeps_the_initiative)
rules.add_perm("members.complete_initiative", keeps_the_initiative)
rules.add_perm("members.abandon_initiative", keeps_the_initiative)
rules.add_perm("members.resume_initiative", keeps_the_initiative)
rules.add_perm("members.take_down_progressnote", wrote_the_note | keeps_the_initiative_of_the_note)
rules.add_perm("members.grant_erasurerequest", decides_about_the_erasure)
rules.add_perm("members.decline_erasurerequest", decides_about_the_erasure)
rules.add_perm("members.withdraw_erasurerequest", is_who_asked)
rules.add_perm("members.revoke_certificate", keeps_what_it_is_for)
rules.add_perm("members.supersede_certificate", keeps_what_it_is_for)
rules.add_perm("members.change_institution", rules.is_authenticated & keeps_the_institution)


@rules.predicate
def keeps_the_child(person, child):
    return child is not None and children_kept_by(person).filter(pk=child.pk).exists()


@rules.predicate
def guards_the_child(person, child):
    if child is None or not deciders_of(child).guardians:
        return False
    return child.guarded_by.now().filter(guardian=person).exists()


@rules.predicate
def coordinates_the_child(person, child):
    if child is None or not person.is_coordinator:
        return False
    classes = GroupMember.objects.now().filter(person=child).values_list("group__institution__region", flat=True)
    schools = child.affiliations.live().values_list("institution__region", flat=True)
    return person.coordinates_whole_cluster or any(map(person.coordinates, [*classes, *schools]))


rules.add_perm("members.keep_child", keeps_the_child)
rules.add_perm("members.overrule_guardian", coordinates_the_child)
rules.add_perm("members.name_guardian", keeps_the_child | guards_the_child)
rules.add_perm("members.write_consenttext", coordinates_the_cluster)
