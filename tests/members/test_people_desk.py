"""People at the desk: roles, moving, handing over, addresses that fail, who has not answered."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from courses.models import Enrolment
from members import actions
from members.addresses import correctable_by, who_can_correct
from members.models import Affiliation, ConsentRequest, Guardianship, Party, Person
from members.unanswered import unanswered_in
from tests import factories as make

pytestmark = pytest.mark.django_db
State = Affiliation.State


@pytest.fixture
def signed_in(demo):
    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in


def url_of(name, *args):
    return reverse(f"members:{name}", args=args)


def of(person):
    return person.affiliations.order_by("pk").first()


def mails(template):
    return [mail.to for mail in OutboxMail.objects.filter(template=template)]


def history(person):
    return list(person.affiliations.order_by("pk").values_list("institution__name", "role", "state"))


def test_a_changed_role_leaves_the_old_one_in_the_history(cast):
    actions.change_role(of(cast.teacher), "staff", by=cast.contact)
    assert history(cast.teacher) == [("School 1", "teacher", "ended"), ("School 1", "staff", "active")]
    assert (mails("members/role_changed"), mails("members/ended")) == ([cast.teacher], [])


def test_a_contact_makes_no_heads(cast):
    with pytest.raises(Refused, match="invited by the head or the coordinator"):
        actions.change_role(of(cast.teacher), "head", by=cast.contact)
    assert history(cast.teacher) == [("School 1", "teacher", "active")]


def test_the_same_role_again_is_refused(cast):
    with pytest.raises(Refused, match="in this role already"):
        actions.change_role(of(cast.teacher), "teacher", by=cast.contact)


def test_a_changed_role_takes_no_right_from_what_one_is_enrolled_in(cast, run):
    it = make.EnrolmentFactory(run=run, person=cast.teacher, affiliation=of(cast.teacher))
    actions.change_role(of(cast.teacher), "staff", by=cast.contact)
    today = now().date()
    assert list(Enrolment.objects.without_right(today)) == []
    actions.end_affiliation(cast.teacher.affiliations.active().get(), by=cast.contact)
    assert list(Enrolment.objects.without_right(today)) == [it]


def test_a_coordinator_of_both_moves_somebody_at_once(cast):
    new = make.InstitutionFactory(name="School 9")
    actions.move_person(of(cast.teacher), new, "teacher", by=cast.coordinator)
    assert history(cast.teacher) == [("School 1", "teacher", "ended"), ("School 9", "teacher", "active")]
    assert mails("members/admitted") == [cast.teacher]


def test_who_only_speaks_for_both_invites(cast):
    other = make.AffiliationFactory(person=cast.contact, institution__name="School 9", role="contact").institution
    actions.move_person(of(cast.teacher), other, "teacher", by=cast.contact)
    assert history(cast.teacher) == [("School 1", "teacher", "active"), ("School 9", "teacher", "invited")]
    assert mails("members/invitation") == [cast.teacher]


def test_who_has_no_address_is_moved_by_a_coordinator_only(cast):
    other = make.AffiliationFactory(person=cast.contact, role="contact").institution
    student = make.AffiliationFactory(institution=cast.school, role="student", person__email=None)
    with pytest.raises(Refused, match="no e-mail to be invited by"):
        actions.move_person(student, other, "student", by=cast.contact)
    assert history(student.person) == [("School 1", "student", "active")]


def test_moving_to_where_one_is_is_no_move(cast):
    with pytest.raises(Refused, match="Change their role instead"):
        actions.move_person(of(cast.teacher), cast.school, "staff", by=cast.coordinator)


PAGES = ["desk_person", "desk_change_role", "desk_move", "desk_hand_over"]
WHO = {
    ("coordinator", "teacher"): [200, 200, 200, 403],
    ("coordinator", "contact"): [200, 200, 200, 200],
    ("contact", "teacher"): [200, 200, 200, 403],
    ("contact", "contact"): [200, 403, 403, 200],
    ("contact", "head"): [200, 403, 403, 403],
    ("contact", "elsewhere"): [404, 404, 404, 404],
    ("teacher", "colleague"): [403, 403, 403, 403],
}


@pytest.mark.parametrize(("reader", "about"), WHO)
def test_who_may_do_what_with_whom(reader, about, cast, signed_in):
    it = {
        "head": lambda: make.AffiliationFactory(institution=cast.school, role="head"),
        "elsewhere": make.AffiliationFactory,
    }.get(about, lambda: of(getattr(cast, about)))()
    client = signed_in(getattr(cast, reader))
    assert [client.get(url_of(page, it.public_id)).status_code for page in PAGES] == WHO[reader, about]


def test_the_pages_change_role_move_and_hand_over(cast, signed_in):
    client = signed_in(cast.coordinator)
    client.post(url_of("desk_change_role", of(cast.teacher).public_id), {"role": "staff"})
    new = make.InstitutionFactory(name="School 9")
    active = cast.teacher.affiliations.active().get()
    client.post(url_of("desk_move", active.public_id), {"institution": new.pk, "role": "teacher"})
    assert [state for _name, _role, state in history(cast.teacher)] == ["ended", "ended", "active"]
    assert "School 9" in client.get(url_of("desk_person", active.public_id)).content.decode()
    cast.colleague.set_password("a long enough password")
    cast.colleague.save()
    own = signed_in(cast.contact)
    response = own.post(url_of("desk_hand_over", of(cast.contact).public_id), {"to": cast.colleague.pk})
    assert response["Location"] == reverse("coordination:me")
    assert list(Person.objects.speaking_for(cast.school)) == [cast.colleague]


def test_a_refused_change_says_why_and_changes_nothing(cast, signed_in):
    page = signed_in(cast.coordinator).post(url_of("desk_change_role", of(cast.contact).public_id), {"role": "staff"})
    assert "Nobody else answers for School 1" in page.content.decode()
    assert history(cast.contact) == [("School 1", "contact", "active")]


def test_of_somebody_invited_the_page_shows_the_address_alone(cast, signed_in):
    it = make.AffiliationFactory(institution=cast.school, state="invited", person__family_name="Secret")
    make.AffiliationFactory(person=it.person, institution__name="Elsewhere")
    page = signed_in(cast.contact).get(url_of("desk_person", it.public_id)).content.decode()
    assert (it.person.email in page, "Secret" in page, "Elsewhere" in page) == (True, False, False)


def test_no_search_and_no_order_tell_who_stands_behind_an_invited_address(cast):
    cast.outsider.family_name, cast.outsider.contact_email = "Aaaa", "private@example.org"
    cast.outsider.save()
    make.AffiliationFactory(institution=cast.school, state="invited", person=cast.outsider)
    rows = Affiliation.objects.decidable_by(cast.contact)
    assert [list(rows.for_lists(asked)) for asked in ("aaaa", "private", "Anna Aaaa")] == [[], [], []]
    assert [it.person for it in rows.for_lists(cast.outsider.email.upper())] == [cast.outsider]
    shown = [it.shown_name.casefold() for it in rows.for_lists()]
    assert (shown, shown[0]) == (sorted(shown), min(shown))
    assert cast.outsider.email in shown


def test_who_was_invited_by_name_and_never_signed_in_is_found_by_it(cast):
    person = make.PersonFactory(family_name="Новёнок", password="!")
    it = make.AffiliationFactory(institution=cast.school, state="invited", person=person)
    rows = Affiliation.objects.decidable_by(cast.contact)
    assert [list(rows.for_lists(asked)) for asked in ("новенок", person.email)] == [[it], [it]]


def test_the_page_of_somebody_invited_shows_no_address_that_they_keep_for_themself(cast, signed_in):
    person = make.PersonFactory(contact_email="private@example.org")
    it = make.AffiliationFactory(institution=cast.school, state="invited", person=person)
    client = signed_in(cast.contact)
    pages = [client.get(url) for url in (url_of("desk_person", it.public_id), url_of("desk_people"))]
    assert [(person.email in page, "private" in page) for page in [it.content.decode() for it in pages]] == [
        (True, False), (True, False),
    ]  # fmt: skip
    (line,) = unanswered_in(cast.school, cast.contact)
    assert (line.name, line.address) == (person.email, "")


def test_the_coordinator_hands_over_on_a_page(cast, signed_in):
    client, url = signed_in(cast.coordinator), url_of("desk_leave_coordination", cast.coordinator.public_id)
    assert "Hand over first: name another coordinator." in client.post(url, {}).content.decode()
    assert "Nobody else signs in with this address" in client.post(url, {"email": "who@example.org"}).content.decode()
    cast.colleague.set_password("a long enough password")
    cast.colleague.save()
    assert client.post(url, {"email": cast.colleague.email.upper()})["Location"] == reverse("coordination:me")
    assert list(Person.objects.coordinators()) == [cast.colleague]


def test_a_regional_coordinator_takes_nobodys_office(cast, signed_in):
    regional = make.CoordinatorFactory(region=make.RegionFactory()).person
    url = url_of("desk_leave_coordination", cast.coordinator.public_id)
    assert signed_in(regional).post(url, {"email": regional.email}).status_code == 403
    assert signed_in(cast.coordinator).get(url_of("desk_leave_coordination", cast.teacher.public_id)).status_code == 404


def fail(person):
    Person.objects.filter(pk=person.pk).update(address_failed_at=now())


@pytest.fixture
def guardian(cast):
    group = actions.create_class(cast.school, cast.teacher, [cast.teacher], name="7 B", school_year=2026)
    student = make.AffiliationFactory(
        institution=cast.school, role="student", person__email=None, person__birth_date="2016-05-17"
    ).person
    group.memberships.create(person=student, since="2026-09-01")
    it = make.PersonFactory(email=None, contact_email="old@example.org")
    Guardianship.objects.create(guardian=it, child=student, how="paper")
    return it


CORRECTS = {"contact": True, "coordinator": True, "teacher": True, "colleague": False, "outsider": False}


@pytest.mark.parametrize("reader", CORRECTS)
def test_a_guardians_address_is_corrected_by_the_teachers_of_the_class_and_above(reader, cast, guardian):
    assert correctable_by(getattr(cast, reader)).filter(pk=guardian.pk).exists() is CORRECTS[reader]


def test_nobody_corrects_their_own_mark_or_another_schools(cast):
    assert not correctable_by(cast.contact).filter(pk=cast.contact.pk).exists()
    assert not correctable_by(cast.contact).filter(pk=make.AffiliationFactory().person_id).exists()


def test_who_belongs_nowhere_is_corrected_by_the_whole_cluster(cast):
    applicant = make.ApplicationFactory().applicant
    colleague = make.CoordinatorFactory(region=make.RegionFactory()).person
    fail(applicant)
    fail(colleague)
    found = correctable_by(cast.coordinator).with_failed_address()
    assert set(found) & {applicant, colleague, cast.coordinator} == {applicant, colleague}
    assert set(correctable_by(colleague)) & {applicant, cast.coordinator} == set()
    assert who_can_correct([applicant])[applicant.pk] == []


def test_who_can_correct_is_named(cast, guardian):
    found = who_can_correct([guardian, cast.colleague, cast.outsider])
    assert {it.pk for it in found[guardian.pk]} == {cast.contact.pk, cast.teacher.pk}
    assert (found[cast.colleague.pk], found[cast.outsider.pk]) == ([cast.contact], [])


def test_a_corrected_address_clears_the_mark_and_keeps_the_sign_in(cast):
    fail(cast.teacher)
    actions.correct_address(cast.teacher, "new@example.org", by=cast.contact)
    it = Person.objects.get(pk=cast.teacher.pk)
    assert (it.email, it.address, it.address_failed_at) == (cast.teacher.email, "new@example.org", None)


def test_the_invitation_goes_again_to_the_corrected_address(cast):
    it = actions.invite_person(cast.school, "wrong@example.org", "teacher", by=cast.contact, family_name="New")
    fail(it.person)
    actions.correct_address(it.person, "right@example.org", by=cast.contact)
    sent = OutboxMail.objects.filter(template="members/invitation").order_by("pk").values_list("address", flat=True)
    assert (list(sent), Person.objects.get(pk=it.person_id).email) == (
        ["wrong@example.org", "right@example.org"],
        "right@example.org",
    )


def test_an_address_of_somebody_else_is_no_correction(cast):
    it = actions.invite_person(cast.school, "wrong@example.org", "teacher", by=cast.contact, family_name="New")
    fail(it.person)
    with pytest.raises(Refused, match="known already"):
        actions.correct_address(it.person, cast.colleague.email, by=cast.contact)


@pytest.fixture
def invited_head(cast):
    """Invited to lead another institution; the mail came back."""
    it = make.AffiliationFactory(role="head", state="invited", person__password="!").person
    fail(it)
    return it


def address_of(person):
    return Person.objects.values_list("email", "contact_email").get(pk=person.pk)


def test_nobody_takes_the_invitation_of_another_institutions_head_by_inviting_them_too(cast, invited_head):
    before = address_of(invited_head)
    actions.invite_person(cast.school, invited_head.email, "teacher", by=cast.contact)
    assert not correctable_by(cast.contact).filter(pk=invited_head.pk).exists()
    with pytest.raises(Refused, match="Others answer for this person too"):
        actions.correct_address(invited_head, "thief@example.org", by=cast.contact)
    assert address_of(invited_head) == before


def test_a_contact_does_not_correct_the_address_of_their_own_invited_head(cast):
    it = make.AffiliationFactory(institution=cast.school, role="head", state="invited", person__password="!").person
    fail(it)
    assert not correctable_by(cast.contact).filter(pk=it.pk).exists()
    with pytest.raises(Refused, match="Others answer for this person too"):
        actions.correct_address(it, "thief@example.org", by=cast.contact)
    assert correctable_by(cast.coordinator).filter(pk=it.pk).exists()
    actions.correct_address(it, "right@example.org", by=cast.coordinator)
    assert address_of(it) == ("right@example.org", "")


def test_the_address_of_an_invitation_that_arrives_stays(cast):
    it = actions.invite_person(cast.school, "new@example.org", "teacher", by=cast.contact, family_name="New")
    with pytest.raises(Refused, match="Mail arrives"):
        actions.correct_address(it.person, "other@example.org", by=cast.contact)


def test_a_coordinator_who_never_signed_in_is_corrected_by_the_whole_cluster_only(cast):
    it = make.AffiliationFactory(institution=cast.school, state="invited", person__password="!").person
    make.CoordinatorFactory(person=it)
    fail(it)
    with pytest.raises(Refused, match="Others answer for this person too"):
        actions.correct_address(it, "thief@example.org", by=cast.contact)
    actions.correct_address(it, "right@example.org", by=cast.coordinator)


@pytest.mark.parametrize("failed", [True, False])
def test_a_teacher_redirects_nobodys_mail_who_signs_in(cast, guardian, failed):
    Person.objects.filter(pk=guardian.pk).update(email="claimed@example.org", password="md5$salt$x", contact_email="")
    if failed:
        fail(guardian)
    with pytest.raises(Refused, match="keeps their own profile"):
        actions.correct_address(guardian, "thief@example.org", by=cast.teacher)
    assert address_of(guardian) == ("claimed@example.org", "")


def test_the_mail_of_somebody_who_signs_in_is_redirected_only_when_it_comes_back(cast):
    with pytest.raises(Refused, match="keeps their own profile"):
        actions.correct_address(cast.teacher, "thief@example.org", by=cast.contact)
    fail(cast.teacher)
    actions.correct_address(cast.teacher, "right@example.org", by=cast.contact)


def test_somebody_who_signs_in_becomes_nobodys_by_an_invitation(cast):
    fail(cast.outsider)
    make.AffiliationFactory(institution=cast.school, person=cast.outsider, state="invited")
    assert not correctable_by(cast.contact).filter(pk=cast.outsider.pk).exists()
    with pytest.raises(Refused, match="keeps their own profile"):
        actions.correct_address(cast.outsider, "thief@example.org", by=cast.contact)


def test_a_guardian_of_children_elsewhere_too_is_no_teachers_to_redirect(cast, guardian):
    sibling = make.AffiliationFactory(role="student", person__email=None).person
    Guardianship.objects.create(guardian=guardian, child=sibling, how="paper")
    with pytest.raises(Refused, match="Others answer for this person too"):
        actions.correct_address(guardian, "thief@example.org", by=cast.teacher)
    assert address_of(guardian) == (None, "old@example.org")


def test_a_teacher_corrects_the_address_of_a_student_of_their_class(cast, guardian):
    student = guardian.guards.get().child
    actions.correct_address(student, "student@example.org", by=cast.teacher)
    assert address_of(student) == (None, "student@example.org")


def test_addresses_that_fail_are_listed_and_corrected(cast, guardian, signed_in):
    fail(guardian)
    fail(make.PersonFactory(email="foreign@example.org"))
    client = signed_in(cast.contact)
    page = client.get(url_of("desk_addresses")).content.decode()
    assert ("old@example.org" in page, cast.teacher.full_name in page, "foreign" in page) == (True, True, False)
    desk = client.get(reverse("coordination:desk")).content.decode()
    assert "address that fails" in desk
    url = url_of("desk_address", guardian.public_id)
    assert signed_in(cast.colleague).get(url).status_code == 404
    assert signed_in(cast.teacher).get(url).status_code == 200
    assert client.post(url, {"email": "New@example.org"})["Location"] == url_of("desk_addresses")
    assert Person.objects.get(pk=guardian.pk).address == "new@example.org"
    assert "All mail arrives" in client.get(url_of("desk_addresses")).content.decode()


@pytest.fixture
def waiting(cast):
    """An invitation, a request and a signature that wait at the school."""
    Party.objects.create(agreement=make.AgreementFactory(state="open", title="Robotics"), institution=cast.school)
    return (
        make.AffiliationFactory(institution=cast.school, state="invited", person__family_name="Secret"),
        make.AffiliationFactory(institution=cast.school, state="asked", person__family_name="Asking"),
    )


def test_who_has_not_answered_is_one_list(cast, waiting):
    invited, _asked = waiting
    rows = {(it.name, str(it.what)) for it in unanswered_in(cast.school, cast.contact)}
    assert rows == {
        (invited.person.email, "Invitation. Role: Teacher"),
        (cast.contact.full_name, "Asking Anna asks to join. Role: Teacher"),
        (cast.contact.full_name, "Signature: Robotics"),
    }


def test_a_consent_that_waits_stands_in_the_list_with_the_guardian(cast, guardian):
    student = guardian.guards.get().child
    asked = ConsentRequest.objects.create(child=student, purpose="photo")
    (row,) = unanswered_in(cast.school, cast.contact)
    assert (row.name, str(row.what), row.since, row.address) == (
        guardian.full_name,
        f"Consent for {student.full_name}",
        asked.asked_at,
        "old@example.org",
    )


def test_a_word_about_an_erasure_that_waits_stands_in_the_list_of_a_coordinator(cast):
    child = make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory()).person
    mother, father = (make.GuardianshipFactory(child=child).guardian for _ in range(2))
    asked = actions.request_erasure(child, by=mother)
    (row,) = unanswered_in(cast.school, cast.coordinator)
    assert (row.name, str(row.what), row.since, row.address, row.child) == (
        father.full_name, f"Whether {child.full_name} is erased", asked.asked_at, father.address, child.pk,
    )  # fmt: skip
    assert unanswered_in(cast.school, cast.contact) == []
    child.guarded_by.filter(guardian=father).update(ended_at=now())
    assert unanswered_in(cast.school, cast.coordinator) == []
    child.guarded_by.filter(guardian=father).update(ended_at=None)
    actions.say_word(asked, by=father, agrees=True)
    assert unanswered_in(cast.school, cast.coordinator) == []


def test_the_list_is_shown_and_printed_for_ones_own_institutions(cast, waiting, signed_in):
    client = signed_in(cast.contact)
    page = client.get(url_of("desk_unanswered")).content.decode()
    sheet = client.get(url_of("unanswered_sheet", cast.school.slug)).content.decode()
    assert ("Signature: Robotics" in page, "Signature: Robotics" in sheet, "Secret" in sheet) == (True, True, False)
    foreign = make.InstitutionFactory()
    assert client.get(url_of("desk_unanswered") + f"?institution={foreign.slug}").status_code == 404
    assert client.get(url_of("unanswered_sheet", foreign.slug)).status_code == 404
    assert signed_in(cast.teacher).get(url_of("desk_unanswered")).status_code == 403


def offer_to(person, pool):
    return make.EnrolmentFactory(run=pool.run, pool=pool, person=person, state="offered", affiliation=of(person))


def test_an_offered_place_stands_in_the_list_with_whoever_can_accept_it(cast):
    offered, pool = offer_to(cast.teacher, make.PoolFactory()), make.PoolFactory()
    (row,) = unanswered_in(cast.school, cast.contact)
    assert (row.name, str(row.what), row.since, row.address, row.child) == (
        cast.teacher.full_name, f"Offered place: {offered.run}", offered.state_since, cast.teacher.address, None,
    )  # fmt: skip
    child = make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory()).person
    offered = offer_to(child, pool)
    what = f"Offered place for {child.full_name}: {offered.run}"
    row = unanswered_in(cast.school, cast.contact)[-1]
    assert (row.name, str(row.what), row.child) == (child.full_name, what, child.pk)
    guardian = make.GuardianshipFactory(child=child).guardian
    row = unanswered_in(cast.school, cast.contact)[-1]
    assert (row.name, str(row.what), row.child) == (guardian.full_name, what, child.pk)


def test_three_rows_cost_as_many_queries_as_one(cast, guardian, waiting, signed_in):
    client = signed_in(cast.contact)

    def queries(url):
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        return len(captured)

    fail(guardian)
    pages = [url_of(name) for name in ("desk_addresses", "desk_unanswered")]
    pool = make.PoolFactory()
    offer_to(guardian.guards.get().child, pool)
    before = [queries(url) for url in pages]
    for _ in range(2):
        offer_to(
            make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory()).person, pool
        )
    for state in ("invited", "asked", "active"):
        fail(make.AffiliationFactory(institution=cast.school, state=state).person)
        Party.objects.create(agreement=make.AgreementFactory(state="open"), institution=cast.school)
    assert [queries(url) for url in pages] == before
