"""Students of a pairing: whom a teacher adds, whose yes lets them in, whose no keeps them out."""

from datetime import date, timedelta
from itertools import product

import pytest
import time_machine
from django.urls import reverse
from django.utils.timezone import localdate, now

from cluster_portal import hooks
from cluster_portal.hooks import GuardianPage
from cluster_portal.links import signed_token
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, available_moves
from members.actions import decide as consent
from members.actions import end_affiliation, end_guardianship
from members.consent import Deciders
from members.models import ConsentRequest, Person, Purpose, RecordView
from mentorship import actions, tasks
from mentorship.actions import students
from mentorship.child_parts import mentors
from mentorship.models import Mentor, MentorApproval, Pairing, PairingStudent
from mentorship.readers import channel_of
from mentorship.students import come_to
from tests import factories as make
from tests.mentorship import factories as mentoring

CHILD, MOTHER, FATHER, AUNT = range(1, 5)


@pytest.mark.parametrize("of_before", [None, True, False])
def test_what_words_come_to_at_every_age(of_before):
    """All combinations of words: a no blocks, a guardian's yes suffices, and one's own counts from the age on.

    Of who was a guardian before (the aunt) a no stands, and a yes does not count.
    """
    for alone, together in ((False, False), (False, True), (True, True)):
        deciders = Deciders(guardians=not alone, themself=together)
        for mother, father, own in product([None, True, False], repeat=3):
            words = {MOTHER: mother, FATHER: father, CHILD: own, AUNT: of_before}
            said = {person: yes for person, yes in words.items() if yes is not None}
            counting = ([] if alone else [mother, father, of_before]) + ([own] if together else [])
            guardian = alone or True in (mother, father)
            wanted = "approved" if guardian and (own or not together) else "asked"
            assert come_to(deciders, {MOTHER, FATHER}, said, CHILD) == ("refused" if False in counting else wanted)


pytestmark = pytest.mark.django_db


@pytest.fixture
def pairing(cast):
    request = mentoring.MentorRequestFactory(
        affiliation=cast.teacher.affiliations.get(), state="paired", with_students=True
    )
    return mentoring.PairingFactory(request=request)


@pytest.fixture
def group(cast):
    group = make.GroupFactory(institution=cast.school)
    group.keepers.add(cast.teacher)
    return group


@pytest.fixture
def child(group):
    child = make.GroupMemberFactory(group=group).person
    make.GuardianshipFactory(child=child)
    return child


@pytest.fixture
def mother(child):
    return child.guarded_by.get().guardian


@pytest.fixture
def student(cast, pairing, child, mother):
    return actions.add_students(pairing, [child], by=cast.teacher)[0]


def mails(template):
    rows = OutboxMail.objects.filter(template=f"mentorship/{template}").order_by("pk")
    return [it.to_id for it in rows]


def refused(action, *args, **facts):
    with pytest.raises(Refused) as caught:
        action(*args, **facts)
    return str(caught.value)


def test_guardians_are_asked_and_nothing_is_shared_before(pairing, student, child, mother):
    assert (student.state, mails("mentor_asked")) == ("asked", [mother.pk])
    mail = OutboxMail.objects.get()
    assert mail.subject == f"Say whether you agree: {pairing.mentor.person.full_name} as a mentor for Ilya"
    assert "/consent/" in hooks.mail_kinds[mail.template].secrets(mail)["decide"]
    assert child.pk not in channel_of(pairing).access


def test_one_guardians_yes_lets_them_in_and_the_teacher_hears_of_it(cast, pairing, student, child, mother):
    make.GuardianshipFactory(child=child)
    actions.approve_student(student, by=mother)
    assert (student.state, mails("student_settled")) == ("approved", [cast.teacher.pk])
    assert child.pk in channel_of(pairing).access


def test_any_no_blocks_and_can_be_taken_back(pairing, student, child, mother):
    father = make.GuardianshipFactory(child=child).guardian
    actions.approve_student(student, by=mother)
    actions.refuse_student(student, by=father)
    assert (student.state, child.pk in channel_of(pairing).access) == ("refused", False)
    actions.approve_student(student, by=mother)
    assert student.state == "refused"
    actions.approve_student(student, by=father)
    assert student.state == "approved"


def test_from_fourteen_on_the_student_agrees_too(cast, pairing, group):
    young = make.ChildFactory(birth_date=localdate() - timedelta(days=15 * 366), email="y@example.org")
    make.GroupMemberFactory(group=group, person=young)
    guardian = make.GuardianshipFactory(child=young).guardian
    student = actions.add_students(pairing, [young], by=cast.teacher)[0]
    assert mails("mentor_asked") == sorted([young.pk, guardian.pk])
    actions.approve_student(student, by=guardian)
    assert student.state == "asked"
    actions.approve_student(student, by=young)
    assert student.state == "approved"


def test_who_is_of_age_decides_alone(cast, pairing, group):
    grown = make.PersonFactory(birth_date=date(2000, 1, 1))
    make.GroupMemberFactory(group=group, person=grown)
    guardian = make.GuardianshipFactory(child=grown).guardian
    student = actions.add_students(pairing, [grown], by=cast.teacher)[0]
    assert refused(actions.approve_student, student, guardian).startswith("You do not decide this today")
    actions.approve_student(student, by=grown)
    assert (student.state, mails("mentor_asked")) == ("approved", [grown.pk])


def test_a_birthday_asks_for_another_word(cast, pairing, group):
    child = make.ChildFactory(birth_date=localdate() - timedelta(days=5000))
    make.GroupMemberFactory(group=group, person=child)
    guardian = make.GuardianshipFactory(child=child).guardian
    student = actions.add_students(pairing, [child], by=cast.teacher)[0]
    actions.approve_student(student, by=guardian)
    with time_machine.travel(now() + timedelta(days=200)):
        assert actions.settle_students() == 1
    student.refresh_from_db()
    assert student.state == "asked"


def test_the_end_of_a_guardianship_ends_the_approval(student, child, mother):
    make.GuardianshipFactory(child=child)
    actions.approve_student(student, by=mother)
    end_guardianship(child.guarded_by.get(guardian=mother), by=mother)
    student.refresh_from_db()
    assert student.state == "asked"


def test_a_consent_taken_back_takes_the_child_out_of_the_meetings(cast, pairing, student, child, mother):
    actions.approve_student(student, by=mother)
    mentoring.MeetingFactory(pairing=pairing)
    actions.settle_students(child)
    assert child.calendar_entries.get().status == "confirmed"
    text = make.ConsentTextFactory()
    ConsentRequest.objects.create(child=child, purpose=Purpose.TAKING_PART)
    consent(child, Purpose.TAKING_PART, "refused", by=mother, channel="signed_in", text=text)
    assert child.calendar_entries.get().status == "cancelled"
    assert child.pk not in channel_of(pairing).access


def test_only_students_of_ones_own_classes_are_added(cast, pairing):
    stranger = make.GroupMemberFactory().person
    said = "Choose students of your classes who are not in this pairing yet."
    assert refused(actions.add_students, pairing, [stranger], by=cast.teacher) == said
    assert refused(actions.add_students, pairing, [], by=cast.teacher) == said


def test_nobody_is_added_twice(cast, pairing, student, child):
    assert refused(actions.add_students, pairing, [child], by=cast.teacher).startswith("Choose students")


def test_without_a_guardian_nobody_could_approve(cast, pairing, group):
    alone = make.GroupMemberFactory(group=group).person
    said = refused(actions.add_students, pairing, [alone], by=cast.teacher)
    assert said.startswith("Nobody is entered as a guardian of Ilya")
    assert PairingStudent.objects.count() == 0


def test_without_clearance_no_student_is_added(cast, pairing, child):
    pairing.mentor.clearance_until = localdate() - timedelta(days=1)
    pairing.mentor.save()
    said = refused(actions.add_students, pairing, [child], by=cast.teacher)
    assert said.startswith("The mentor’s clearance for work with minors holds until")


def test_a_mentor_asked_for_the_teacher_alone_gets_no_students(cast, pairing, child):
    Pairing.objects.update(with_students=False)
    said = refused(actions.add_students, pairing, [child], by=cast.teacher)
    assert said.startswith("The mentor was asked to help you alone.")


def test_students_join_while_it_is_under_way(cast, pairing, child):
    actions.complete_pairing(pairing, by=cast.teacher)
    assert refused(actions.add_students, pairing, [child], by=cast.teacher).startswith("Students join while")


def test_after_a_no_to_taking_part_nobody_is_asked(cast, pairing, child, mother):
    text = make.ConsentTextFactory()
    ConsentRequest.objects.create(child=child, purpose=Purpose.TAKING_PART)
    consent(child, Purpose.TAKING_PART, "refused", by=mother, channel="signed_in", text=text)
    said = refused(actions.add_students, pairing, [child], by=cast.teacher)
    assert said == "Consent to taking part was refused or taken back for Ilya. Talk to the guardians first."


def test_thirty_students_at_most(cast, pairing, child):
    for _number in range(30):
        mentoring.PairingStudentFactory(pairing=pairing)
    assert refused(actions.add_students, pairing, [child], by=cast.teacher).startswith("A pairing has 30 students")


def test_a_stranger_decides_nothing(cast, student):
    for person in (cast.teacher, cast.coordinator, cast.outsider, student.pairing.mentor.person):
        assert refused(actions.approve_student, student, person).startswith("You do not decide this today")
    assert MentorApproval.objects.count() == 0


def test_whoever_was_taken_out_is_told(cast, student, mother):
    actions.approve_student(student, by=mother)
    actions.leave_student(student, by=cast.teacher)
    assert (student.state, mails("student_out")) == ("left", [mother.pk])
    assert refused(actions.approve_student, student, mother).startswith("There is nothing to decide any more")


def test_whoever_has_said_no_is_not_asked_again_and_again(cast, student, mother):
    actions.refuse_student(student, by=mother)
    said = refused(actions.ask_student, student, by=cast.teacher)
    assert said.startswith("Somebody who decides for Ilya has said no to this mentor. It stands until")
    assert said.endswith(f"asks the guardians anew: {cast.coordinator.full_name}.")


def test_after_a_yes_there_is_nothing_to_ask(cast, student, mother):
    actions.approve_student(student, by=mother)
    said = "Everybody who decides has answered. They can change their word at any time."
    assert refused(actions.ask_student, student, by=cast.teacher) == said


def test_asking_again_writes_once_a_day(cast, student):
    actions.ask_student(student, by=cast.teacher)
    assert len(mails("mentor_asked")) == 1
    with time_machine.travel(now() + timedelta(days=1)):
        actions.ask_student(student, by=cast.teacher)
    assert len(mails("mentor_asked")) == 2


def test_a_mail_that_asks_is_not_sent_after_the_answer(student, mother):
    mail = OutboxMail.objects.get(to=mother)
    assert hooks.mail_kinds[mail.template].still_due(mail)
    actions.approve_student(student, by=mother)
    assert not hooks.mail_kinds[mail.template].still_due(mail)


@pytest.mark.django_db(transaction=True)
def test_a_yes_and_a_no_at_once_end_in_a_no(pairing, student, child, mother, together):
    father = make.GuardianshipFactory(child=child).guardian
    done = together(
        lambda: actions.approve_student(PairingStudent.objects.get(), by=mother),
        lambda: actions.refuse_student(PairingStudent.objects.get(), by=father),
    )
    student.refresh_from_db()
    assert (done, student.state) == (["done", "done"], "refused")


ALLOWED = {
    ("guardian", "asked"): {"approve", "refuse"},
    ("guardian", "approved"): {"refuse"},
    ("guardian", "refused"): {"approve"},
    ("teacher", "asked"): {"leave"},
    ("teacher", "approved"): {"leave", "ask"},
    ("teacher", "refused"): {"leave", "ask"},
    ("teacher", "left"): {"ask"},
    ("coordinator", "asked"): {"leave"},
    ("coordinator", "approved"): {"leave"},
    ("coordinator", "refused"): {"leave", "ask_anew"},
}


@pytest.mark.parametrize("state", [it.value for it in PairingStudent.State])
@pytest.mark.parametrize("role", ["guardian", "student", "teacher", "coordinator", "mentor", "contact", "outsider"])
def test_moves_by_role_and_state(role, state, cast, pairing, student, child, mother):
    people = {"guardian": mother, "student": child, "mentor": pairing.mentor.person}
    person = people.get(role) or getattr(cast, role)
    student.state = state
    assert set(available_moves(person, student)) == ALLOWED.get((role, state), set())


def part_of(reader, child, token=""):
    return [row for part in mentors(GuardianPage(reader, [child], token)) for row in part.rows]


def test_guardians_see_the_mentor_on_the_page_of_the_child(pairing, student, child, mother):
    row = part_of(mother, child)[0]
    assert (row.title, row.word) == (pairing.mentor.person.full_name, "Waits for approval")
    assert [label for _address, label in row.links] == ["Read and decide"]
    actions.approve_student(student, by=mother)
    labels = [label for _address, label in part_of(mother, child)[0].links]
    assert labels == ["The mentor, and your word", "What they write and plan"]


def test_a_guardian_decides_on_a_page_and_reads_along(client, pairing, student, child, mother):
    client.force_login(mother)
    address = part_of(mother, child)[0].links[0][0]
    page = client.get(address)
    assert (page.status_code, pairing.mentor.about in page.text) == (200, True)
    assert pairing.mentor.person.email not in page.text
    client.post(address, {"move": "approve"})
    student.refresh_from_db()
    mentoring.MessageFactory(pairing=pairing, text="Try problem seven")
    read = client.get(part_of(mother, child)[0].links[1][0], follow=True)
    assert (student.state, "Try problem seven" in read.text) == ("approved", True)
    assert RecordView.objects.filter(child=child, viewer=mother.public_id, page="mentor").exists()


def test_the_same_by_a_mailed_link_without_an_account(client, pairing, student, child, mother):
    token = signed_token("members.consent", child.guarded_by.get().public_id)
    address = part_of(mother, child, token)[0].links[0][0]
    assert client.get(address).status_code == 404  # first the birth date
    client.post(f"/consent/{token}/", {"birth_date": child.birth_date.isoformat()})
    assert client.get(address).status_code == 200
    client.post(address, {"move": "approve"})
    student.refresh_from_db()
    mentoring.MessageFactory(pairing=pairing, text="Try problem seven")
    read = client.get(part_of(mother, child, token)[0].links[1][0])
    assert (student.state, read.status_code, "Try problem seven" in read.text) == ("approved", 200, True)


def test_a_link_of_another_child_opens_nothing(client, student):
    other = make.GuardianshipFactory()
    token = signed_token("members.consent", other.public_id)
    client.post(f"/consent/{token}/", {"birth_date": other.child.birth_date.isoformat()})
    assert client.get(f"/consent/{token}/mentors/{student.public_id}/").status_code == 404
    assert client.get(f"/consent/{token}/pairings/{student.public_id}/").status_code == 404


@pytest.mark.usefixtures("demo")
def test_the_teacher_adds_takes_out_and_asks_again_on_a_page(cast, client, pairing, child, mother):
    client.force_login(cast.teacher)
    address = f"{pairing.get_absolute_url()}students/"
    assert child.full_name in client.get(address).text
    client.post(address, {"students": [child.public_id]})
    student = PairingStudent.objects.get()
    assert mother.full_name in client.get(address).text
    client.post(f"/mentorship/students/{student.public_id}/act/", {"move": "leave"})
    student.refresh_from_db()
    assert student.state == "left"


def test_only_the_teacher_opens_the_list_of_students(cast, client, pairing, student):
    address = f"{pairing.get_absolute_url()}students/"
    act = f"/mentorship/students/{student.public_id}/act/"
    for person in (pairing.mentor.person, cast.outsider):
        client.force_login(person)
        assert (client.get(address).status_code, client.post(act, {"move": "leave"}).status_code) == (404, 404)


def test_a_stranger_does_not_open_the_page_of_the_mentor(cast, client, pairing, student):
    for person in (cast.outsider, pairing.mentor.person, cast.colleague):
        client.force_login(person)
        assert client.get(f"/mentorship/students/{student.public_id}/mentor/").status_code == 404


def test_the_ended_pairing_stays_to_be_read_by_the_guardian(pairing, student, child, mother):
    actions.approve_student(student, by=mother)
    actions.complete_pairing(Pairing.objects.get(), by=pairing.mentor.person)
    row = part_of(mother, child)[0]
    assert (row.word, [label for _address, label in row.links]) == ("Completed", ["What they write and plan"])


# Who keeps the students, and what is settled by itself


def test_a_teacher_who_left_the_school_neither_asks_nor_takes_out(cast, client, demo, pairing, student, child, mother):
    end_affiliation(cast.teacher.affiliations.get(), by=cast.coordinator)
    client.force_login(Person.objects.get(pk=cast.teacher.pk))
    address = reverse("mentorship:act_on_student", args=[student.public_id])
    assert [client.post(address, {"move": move}).status_code for move in ("ask", "leave")] == [404, 404]
    student.refresh_from_db()
    assert student.state == "asked"


def test_a_teacher_who_left_the_school_reads_of_no_student(cast, pairing, student, child, mother):
    end_affiliation(cast.teacher.affiliations.get(), by=cast.coordinator)
    actions.approve_student(student, by=mother)
    assert (student.state, mails("student_settled")) == ("approved", [])


def test_a_mail_with_the_name_of_a_student_does_not_leave_once_the_teacher_has(cast, student, mother):
    actions.approve_student(student, by=mother)
    mail = OutboxMail.objects.get(template="mentorship/student_settled")
    still_due = hooks.mail_kinds[mail.template].still_due
    assert still_due(mail)
    end_affiliation(cast.teacher.affiliations.get(), by=cast.coordinator)
    assert not still_due(mail)


def test_after_the_end_nothing_is_settled_any_more(cast, pairing, student, child, mother):
    actions.approve_student(student, by=mother)
    seen = PairingStudent.objects.unsettled().select_related("pairing").get()
    actions.complete_pairing(pairing, by=cast.teacher)
    child.guarded_by.update(ended_at=now())
    make.GuardianshipFactory(child=child)
    assert students._looked_at_again(seen) is False
    student.refresh_from_db()
    assert student.state == "approved"


def test_one_bad_row_leaves_no_unsafe_meeting_and_nobody_else_unsettled(cast, pairing, student, child, monkeypatch):
    bad = mentoring.PairingStudentFactory()
    other = mentoring.PairingStudentFactory(pairing=mentoring.PairingFactory(request__with_students=True), words=False)
    meeting = mentoring.MeetingFactory(pairing=bad.pairing, starts_at=now(), ends_at=now() + timedelta(hours=1))
    Mentor.objects.filter(pk=bad.pairing.mentor_id).update(clearance_until=None)
    settle = students.settle_student

    def broken(row):
        if row.pk == bad.pk:
            raise ValueError("a row that cannot be settled")
        return settle(row)

    monkeypatch.setattr(students, "settle_student", broken)
    assert tasks.keep_minors_safe() == 2
    meeting.refresh_from_db()
    other.refresh_from_db()
    assert (meeting.state, other.state) == ("cancelled", "asked")
