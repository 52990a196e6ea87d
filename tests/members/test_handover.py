"""Leaving: who answers for an institution, or coordinates, is never lost; a colleague takes over what was open."""

from functools import partial

import pytest
from django.urls import reverse

from cluster_portal import hooks
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from members import actions
from members.actions.answering import why_unanswered
from members.models import Affiliation, Coordinator, Initiative, Person
from tests import factories as make

pytestmark = pytest.mark.django_db
State = Affiliation.State


def of(person) -> Affiliation:
    return person.affiliations.get()


def mails(template):
    return [mail.to for mail in OutboxMail.objects.filter(template=template).order_by("pk")]


def speakers(institution):
    return set(Person.objects.speaking_for(institution))


@pytest.fixture
def heir(cast):
    cast.colleague.set_password("a long enough password")
    cast.colleague.save()
    return cast.colleague


def test_the_last_contact_of_a_member_cannot_end(cast):
    with pytest.raises(Refused, match="Nobody else answers for School 1"):
        actions.end_affiliation(of(cast.contact), by=cast.contact)
    assert speakers(cast.school) == {cast.contact}


def test_the_last_contact_cannot_be_ended_by_a_coordinator_either(cast):
    with pytest.raises(Refused, match="Hand over"):
        actions.end_affiliation(of(cast.contact), by=cast.coordinator)


def test_a_contact_beside_a_head_ends(cast):
    make.AffiliationFactory(institution=cast.school, role="head")
    actions.end_affiliation(of(cast.contact), by=cast.contact)
    assert of(cast.contact).state == State.ENDED


def test_a_suspended_head_does_not_count(cast):
    make.AffiliationFactory(institution=cast.school, role="head", person__suspended_at="2026-01-01T00:00Z")
    with pytest.raises(Refused):
        actions.end_affiliation(of(cast.contact), by=cast.contact)


def test_the_last_contact_of_no_member_ends():
    it = make.AffiliationFactory(role="contact")
    actions.end_affiliation(it, by=it.person)
    assert it.state == State.ENDED


@pytest.fixture
def candidate(cast):
    """The only head of a school whose application was accepted."""
    applied = make.ApplicationFactory(state="received", name="Hopeful")
    actions.accept_application(applied, cast.agreement, by=cast.coordinator)
    applied.refresh_from_db()
    return make.AffiliationFactory(institution=applied.institution, role="head")


def test_the_last_head_of_a_candidate_stays_until_the_addendum_was_given_up(candidate, cast):
    with pytest.raises(Refused, match="Nobody else answers for Hopeful"):
        actions.end_affiliation(candidate, by=candidate.person)
    applied = candidate.institution.applications.get()
    actions.withdraw_agreement(applied.addendum, by=cast.coordinator)
    actions.end_affiliation(candidate, by=candidate.person)
    assert candidate.state == State.ENDED


@pytest.mark.parametrize(("state", "signed_on", "stays"), [
    ("open", None, True), ("draft", None, False), ("open", "2026-01-01", False),
])  # fmt: skip
def test_the_last_head_of_a_partner_stays_while_its_signature_is_asked_for(state, signed_on, stays):
    memorandum = make.AgreementFactory(kind="memorandum", state=state, concluded_on=None)
    party = make.PartyFactory(agreement=memorandum, signed_on=signed_on)
    head = make.AffiliationFactory(institution=party.institution, role="head")
    assert bool(why_unanswered([head])) == stays


def test_the_last_contact_does_not_become_a_teacher(cast):
    with pytest.raises(Refused, match="Nobody else answers"):
        actions.change_role(of(cast.contact), "teacher", by=cast.coordinator)
    assert of(cast.contact).role == "contact"


def test_the_last_contact_does_not_move_away(cast):
    with pytest.raises(Refused, match="Nobody else answers"):
        actions.move_person(of(cast.contact), make.InstitutionFactory(), "teacher", by=cast.coordinator)


def test_handing_over_gives_role_requests_and_classes(cast, heir):
    request = make.AffiliationFactory(institution=cast.school, state="asked")
    group = actions.create_class(cast.school, cast.contact, [cast.contact], name="7 B", school_year=2026)
    actions.hand_over(of(cast.contact), heir, by=cast.contact)
    assert speakers(cast.school) == {heir}
    assert list(group.keepers.all()) == [heir]
    assert mails("members/asked") == [heir]
    assert mails("members/handed_over") == [heir]
    assert mails("members/ended") == []
    assert request.state == State.ASKED


def test_a_coordinator_hands_over_for_somebody_who_is_told(cast, heir):
    actions.hand_over(of(cast.contact), heir, by=cast.coordinator)
    assert (mails("members/ended"), speakers(cast.school)) == ([cast.contact], {heir})


def test_a_contact_hands_nobody_elses_office_over(cast, heir):
    other = make.AffiliationFactory(institution=cast.school, role="contact")
    with pytest.raises(Refused, match="invited by the head or the coordinator"):
        actions.hand_over(other, heir, by=cast.contact)
    assert speakers(cast.school) == {cast.contact, other.person}


def test_the_button_is_there_for_who_may_press_it(client, cast, heir, demo):
    other = make.AffiliationFactory(institution=cast.school, role="contact")
    head = make.AffiliationFactory(institution=cast.school, role="head").person
    teacher = of(cast.teacher)
    shown = {}
    for name, by in {"contact": cast.contact, "themself": other.person, "head": head, "all": cast.coordinator}.items():
        client.force_login(by)
        page = client.get(reverse("members:desk_person", args=[other.public_id]))
        form = client.get(reverse("members:desk_hand_over", args=[other.public_id]))
        of_teacher = client.get(reverse("members:desk_person", args=[teacher.public_id]))
        shown[name] = (page.context["hands_over"], form.status_code, of_teacher.context["hands_over"])
    yes, no = (True, 200, False), (False, 403, False)
    assert shown == {"contact": no, "themself": yes, "head": yes, "all": yes}


def test_handing_over_to_somebody_who_speaks_already_adds_no_role(cast):
    other = make.AffiliationFactory(institution=cast.school, role="contact").person
    other.set_password("a long enough password")
    other.save()
    actions.hand_over(of(cast.contact), other, by=cast.contact)
    assert [it.role for it in other.affiliations.live()] == ["contact"]


@pytest.mark.parametrize("who", ["outsider", "contact"])
def test_nobody_from_outside_takes_over(cast, who):
    with pytest.raises(Refused, match="Choose a colleague"):
        actions.hand_over(of(cast.contact), getattr(cast, who), by=cast.contact)


def test_somebody_who_never_signed_in_does_not_take_over(cast):
    unclaimed = make.AffiliationFactory(institution=cast.school).person
    unclaimed.set_unusable_password()
    unclaimed.save()
    with pytest.raises(Refused, match="signs in with a password"):
        actions.hand_over(of(cast.contact), unclaimed, by=cast.contact)


def test_a_teacher_has_nothing_to_hand_over(cast, heir):
    with pytest.raises(Refused, match="Only heads and contacts"):
        actions.hand_over(of(cast.teacher), heir, by=cast.contact)


def test_a_teacher_who_leaves_keeps_no_class(cast):
    group = actions.create_class(
        cast.school, cast.teacher, [cast.teacher, cast.colleague], name="7 B", school_year=2026
    )
    actions.end_affiliation(of(cast.teacher), by=cast.contact)
    assert list(group.keepers.all()) == [cast.colleague]


def test_a_teacher_who_becomes_a_contact_goes_on_keeping_classes(cast):
    group = actions.create_class(cast.school, cast.teacher, [cast.teacher], name="7 B", school_year=2026)
    actions.change_role(of(cast.teacher), "contact", by=cast.coordinator)
    assert list(group.keepers.all()) == [cast.teacher]


def test_the_last_coordinator_of_the_cluster_stays(cast):
    make.CoordinatorFactory(region=make.RegionFactory())
    make.CoordinatorFactory(until="2026-02-01")
    with pytest.raises(Refused, match="Nobody else coordinates the whole cluster"):
        actions.leave_coordination(cast.coordinator, by=cast.coordinator)
    assert cast.coordinator.coordinating.now().count() == 1


def test_a_coordinator_hands_over_all_parts_and_open_requests(cast, heir):
    lonely = make.AffiliationFactory(state="asked")
    actions.leave_coordination(cast.coordinator, by=cast.coordinator, to=heir)
    assert [it.person for it in Coordinator.objects.now()] == [heir]
    assert (mails("members/coordination_handed_over"), mails("members/asked")) == ([heir], [heir])
    assert lonely.state == State.ASKED


def test_who_coordinates_already_takes_over_without_a_second_role(cast, heir):
    make.CoordinatorFactory(person=heir)
    actions.leave_coordination(cast.coordinator, by=cast.coordinator, to=heir)
    assert heir.coordinating.count() == 1


def test_a_regional_coordinator_may_simply_leave(cast):
    role = make.CoordinatorFactory(region=make.RegionFactory())
    actions.leave_coordination(role.person, by=role.person)
    assert not role.person.coordinating.now().exists()


def test_who_does_not_coordinate_cannot_leave(cast):
    with pytest.raises(Refused, match="does not coordinate any more"):
        actions.leave_coordination(cast.teacher, by=cast.coordinator)


def test_nobody_takes_over_from_themselves(cast):
    with pytest.raises(Refused, match="Nobody else signs in"):
        actions.leave_coordination(cast.coordinator, by=cast.coordinator, to=cast.coordinator)


@pytest.mark.django_db(transaction=True)
def test_of_two_contacts_who_leave_at_once_one_stays(cast, together):
    other = make.AffiliationFactory(institution=cast.school, role="contact")
    leave = [partial(actions.end_affiliation, it, it.person) for it in (of(cast.contact), other)]
    assert sorted(together(*leave)) == ["done", "refused"]
    assert len(speakers(cast.school)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_coordinators_who_leave_at_once_one_stays(cast, together):
    other = make.CoordinatorFactory().person
    leave = [partial(actions.leave_coordination, person, person) for person in (cast.coordinator, other)]
    assert sorted(together(*leave)) == ["done", "refused"]
    assert Coordinator.objects.now().count() == 1


# Nobody leaves others without an answer: one rule, whichever way one goes


@pytest.fixture
def two_speakers(transactional_db):
    """A member with a head and a contact, and nobody else who answers for it."""
    school = make.PartyFactory(agreement=make.AgreementFactory()).institution
    return [make.AffiliationFactory(institution=school, role=role) for role in ("head", "contact")]


def ends(it):
    actions.end_affiliation(it, by=it.person)


def is_erased(it):
    actions.erase_person(it.person, by=it.person)


def becomes_a_teacher(it):
    actions.change_role(it, "teacher", by=make.CoordinatorFactory().person)


def moves_away(it):
    actions.move_person(it, make.InstitutionFactory(), "teacher", by=make.CoordinatorFactory().person)


WAYS_OUT = [ends, is_erased, becomes_a_teacher, moves_away]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", WAYS_OUT, ids=lambda it: it.__name__)
def test_of_a_head_and_a_contact_who_leave_at_once_one_stays(way, together, two_speakers):
    head, contact = two_speakers
    assert sorted(together(lambda: ends(head), lambda: way(contact))) == ["done", "refused"]
    assert head.institution.affiliations.speaking().count() == 1


def leaves(role):
    actions.leave_coordination(role.person, by=role.person)


def is_ended(role):
    actions.end_coordinator(role, by=role.person)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", [leaves, is_ended, is_erased], ids=lambda it: it.__name__)
def test_of_two_last_coordinators_who_leave_at_once_one_stays(way, together):
    first, second = make.CoordinatorFactory.create_batch(2)
    assert sorted(together(lambda: leaves(first), lambda: way(second))) == ["done", "refused"]
    assert Coordinator.objects.now().filter(region=None).count() == 1


@pytest.mark.parametrize("way", WAYS_OUT, ids=lambda it: it.__name__)
def test_every_way_out_is_refused_in_the_same_words(way, cast):
    with pytest.raises(Refused) as refused:
        way(of(cast.contact))
    told = "Nobody else answers for School 1. Hand over first: invite another head or contact."
    assert str(refused.value) == told


@pytest.mark.parametrize("way", [leaves, is_ended, is_erased], ids=lambda it: it.__name__)
def test_every_way_out_of_coordination_is_refused_in_the_same_words(way, cast):
    with pytest.raises(Refused) as refused:
        way(cast.coordinator.coordinating.get())
    told = "Nobody else coordinates the whole cluster. Hand over first: name another coordinator."
    assert str(refused.value) == told


def test_an_erased_teacher_keeps_no_class_and_an_erased_student_is_in_none(cast):
    pupil = make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory()).person
    group = actions.create_class(
        cast.school, cast.teacher, [cast.teacher, cast.colleague], name="7 B", school_year=2026
    )
    make.GroupMemberFactory(group=group, person=pupil)
    for person in (cast.teacher, pupil):
        actions.erase_person(person, by=cast.coordinator)
    assert (list(group.keepers.all()), group.members.count()) == ([cast.colleague], 0)
    assert (of(cast.teacher).state, of(pupil).state) == (State.ENDED, State.ENDED)


@pytest.fixture
def waiting(cast):
    """An agreement that waits for the signature of the school."""
    it = make.AgreementFactory(title="Cooperation", state="open", concluded_on=None)
    make.PartyFactory(agreement=it, institution=cast.school, signed_on=None)
    return it


def accepts(cast):
    invited = make.AffiliationFactory(institution=cast.school, role="head", state="invited")
    actions.accept_invitation(invited, by=invited.person)
    return invited.person


def changes_role(cast):
    return actions.change_role(of(cast.colleague), "head", by=cast.coordinator).person


def moves(cast):
    elsewhere = make.AffiliationFactory(institution__region=cast.school.region)
    return actions.move_person(elsewhere, cast.school, "head", by=cast.coordinator).person


@pytest.mark.parametrize("becomes_head", [accepts, changes_role, moves])
def test_who_becomes_head_is_asked_for_the_signatures_that_are_missing(cast, waiting, becomes_head):
    head = becomes_head(cast)
    mail = OutboxMail.objects.get(template="members/agreement_open")
    assert (mail.to, mail.subject) == (head, "Sign: Cooperation")
    assert "- School 1" in mail.body_text
    assert hooks.mail_kinds[mail.template].still_due(mail)


def test_who_becomes_a_contact_or_comes_after_the_signature_is_not_asked(cast, waiting):
    actions.change_role(of(cast.colleague), "contact", by=cast.coordinator)
    waiting.parties.update(signed_on="2026-02-01")
    actions.change_role(of(cast.teacher), "head", by=cast.coordinator)
    assert mails("members/agreement_open") == []


def test_a_head_hands_the_signatures_over_and_the_mail_names_all_that_waits(cast, heir, waiting):
    head = make.AffiliationFactory(institution=cast.school, role="head")
    make.AffiliationFactory(institution=cast.school, state="asked")
    facts = {"responsible": cast.school, "starts_on": "2026-01-01", "state": "published"}
    Initiative.objects.create(title="Robots for all", **facts)
    Initiative.objects.create(title="Not yet", **facts | {"state": "draft"})
    actions.hand_over(head, heir, by=head.person)
    assert mails("members/agreement_open") == [heir]
    body = OutboxMail.objects.get(template="members/handed_over").body_text
    listed = [line for line in body.splitlines() if line.startswith("- ")]
    assert listed == [
        "- 1 person asks to join an institution", "- 1 agreement waits for your signature", "- Robots for all",
    ]  # fmt: skip


def test_a_coordinator_hands_applications_over(cast, heir):
    make.ApplicationFactory(name="School 9")
    actions.leave_coordination(cast.coordinator, by=cast.coordinator, to=heir)
    assert mails("members/application_received") == [heir]
    body = OutboxMail.objects.get(template="members/coordination_handed_over").body_text
    assert "- 1 institution asks to join the cluster" in body


def test_who_never_signed_in_answers_for_nobody(cast):
    make.AffiliationFactory(institution=cast.school, role="head", person__password="!")
    with pytest.raises(Refused, match="Nobody else answers for School 1"):
        actions.end_affiliation(cast.contact.affiliations.get(), by=cast.coordinator)
