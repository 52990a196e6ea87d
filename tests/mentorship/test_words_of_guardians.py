"""What was said of a mentor: a no stands, a yes holds as long as it may, and whoever planned with a child hears."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate, now

from cluster_portal import hooks
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, may_move
from members.actions import decide as consent
from members.actions import end_guardianship
from members.actions.people import suspend_person
from members.models import ConsentRequest, Person, Purpose
from mentorship import actions
from mentorship.channels import Access
from mentorship.models import Meeting, Mentor, Pairing, PairingStudent
from mentorship.readers import channel_of
from mentorship.students import profile_of
from tests import factories as make
from tests.mentorship import factories as mentoring

pytestmark = pytest.mark.django_db


@pytest.fixture
def pairing(cast):
    affiliation = cast.teacher.affiliations.get()
    return mentoring.PairingFactory(request__affiliation=affiliation, request__with_students=True)


@pytest.fixture
def group(cast):
    group = make.GroupFactory(institution=cast.school)
    group.keepers.add(cast.teacher)
    return group


@pytest.fixture
def child(group):
    return make.GuardianshipFactory(child=make.GroupMemberFactory(group=group).person).child


@pytest.fixture
def mother(child):
    return child.guarded_by.get().guardian


@pytest.fixture
def father(child, mother):
    return make.GuardianshipFactory(child=child).guardian


@pytest.fixture
def student(cast, pairing, child, mother):
    """A student whose mother has agreed."""
    student = actions.add_students(pairing, [child], by=cast.teacher)[0]
    actions.approve_student(student, by=mother)
    return student


def fresh(it):
    rows = Pairing.objects.with_people() if isinstance(it, Pairing) else type(it).objects
    return rows.get(pk=it.pk)


def is_in(student):
    return student.person_id in channel_of(fresh(student.pairing)).access


def sent_since(action, *args, **facts):
    """The mails that an action wrote: (template, reader)."""
    last = OutboxMail.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    action(*args, **facts)
    rows = OutboxMail.objects.filter(pk__gt=last).order_by("pk")
    return {(it.template.removeprefix("mentorship/"), it.to_id) for it in rows}


def refused(action, *args, **facts):
    with pytest.raises(Refused) as caught:
        action(*args, **facts)
    return str(caught.value)


# A no stands


def test_the_teacher_does_not_end_the_guardianship_of_who_said_no(cast, student, child, father):
    actions.refuse_student(student, by=father)
    theirs = child.guarded_by.get(guardian=father)
    said = "This guardian has said no to something for the child. Ask a coordinator to end the guardianship."
    assert refused(end_guardianship, theirs, by=cast.teacher) == said
    end_guardianship(theirs, by=cast.coordinator)
    assert fresh(student).state == "refused"


def test_who_said_no_and_then_yes_is_no_guardian_any_more_by_the_teacher(cast, student, child, father):
    actions.refuse_student(student, by=father)
    actions.approve_student(student, by=father)
    end_guardianship(child.guarded_by.get(guardian=father), by=cast.teacher)
    assert fresh(student).state == "approved"


def test_the_no_of_a_former_guardian_stands_whatever_the_others_say(cast, pairing, student, child, mother, father):
    actions.refuse_student(student, by=father)
    end_guardianship(child.guarded_by.get(guardian=father), by=father)
    actions.approve_student(student, by=mother)
    assert (student.state, is_in(student)) == ("refused", False)


def test_taking_out_and_adding_again_lifts_no_no(cast, pairing, student, child, mother, father):
    actions.refuse_student(student, by=father)
    actions.leave_student(student, by=cast.teacher)
    theirs = child.guarded_by.get(guardian=father)
    assert refused(end_guardianship, theirs, by=cast.teacher).startswith("This guardian has said no")
    assert actions.add_students(fresh(pairing), [child], by=cast.teacher)[0].state == "refused"
    actions.approve_student(student, by=mother)
    assert fresh(student).state == "refused"
    actions.approve_student(student, by=father)
    assert fresh(student).state == "approved"


def test_the_no_of_a_suspended_guardian_stands(cast, student, mother, father):
    actions.refuse_student(student, by=father)
    suspend_person(father, by=cast.coordinator)
    actions.approve_student(student, by=mother)
    assert student.state == "refused"


def test_a_coordinator_asks_everybody_anew_and_nothing_said_before_counts(cast, student, child, mother, father):
    actions.refuse_student(student, by=father)
    end_guardianship(child.guarded_by.get(guardian=father), by=cast.coordinator)
    assert sent_since(actions.ask_guardians_anew, student, by=cast.coordinator) == {("mentor_asked", mother.pk)}
    assert (student.state, is_in(student)) == ("asked", False)
    actions.approve_student(student, by=mother)
    assert (student.state, is_in(student)) == ("approved", True)


def test_who_is_a_party_asks_nobody_anew(cast, pairing, student, mother, father):
    actions.refuse_student(student, by=father)
    for person in (cast.teacher, mother, pairing.mentor.person):
        make.CoordinatorFactory(person=person)
        assert not may_move(Person.objects.get(pk=person.pk), fresh(student), "ask_anew")
    assert may_move(cast.coordinator, fresh(student), "ask_anew")


def test_a_coordinator_asks_anew_only_after_a_no(cast, student):
    assert refused(actions.ask_guardians_anew, student, by=cast.coordinator).startswith("This was already answered")


# A yes holds as long as it may


def test_who_comes_back_is_agreed_to_anew(cast, pairing, student, child, mother):
    actions.leave_student(student, by=cast.teacher)
    with time_machine.travel(now() + timedelta(days=80)):
        sent = sent_since(actions.add_students, fresh(pairing), [child], by=cast.teacher)
    assert sent == {("mentor_asked", mother.pk)}
    assert (fresh(student).state, is_in(student)) == ("asked", False)


def test_who_comes_back_on_the_same_day_is_asked_by_another_mail(cast, pairing, student, child, mother):
    actions.leave_student(student, by=cast.teacher)
    sent = sent_since(actions.add_students, fresh(pairing), [child], by=cast.teacher)
    assert sent == {("mentor_asked", mother.pk)}


def test_nobody_comes_back_past_the_checks(cast, client, demo, pairing, student, child):
    actions.leave_student(student, by=cast.teacher)
    child.group_memberships.update(until=localdate() - timedelta(days=1))
    client.force_login(cast.teacher)
    client.post(f"/mentorship/students/{student.public_id}/act/", {"move": "ask"})
    assert fresh(student).state == "left"
    said = "The student was taken out. Add them anew; then those who decide are asked again."
    assert refused(actions.ask_student, fresh(student), by=cast.teacher) == said
    assert refused(actions.add_students, fresh(pairing), [child], by=cast.teacher).startswith("Choose students")


def test_who_comes_back_is_one_of_thirty(cast, pairing, student, child):
    actions.leave_student(student, by=cast.teacher)
    for _number in range(30):
        mentoring.PairingStudentFactory(pairing=pairing)
    assert refused(actions.add_students, fresh(pairing), [child], by=cast.teacher).startswith("A pairing has 30")


def test_a_suspended_guardians_yes_counts_no_more_and_others_are_asked(cast, student, mother, father):
    assert is_in(student)
    suspend_person(mother, by=cast.coordinator)
    assert (fresh(student).state, is_in(student)) == ("asked", False)
    assert OutboxMail.objects.filter(template="mentorship/mentor_asked", to=father).count() == 1


def test_words_count_before_the_state_has_followed(student, mother):
    Person.objects.filter(pk=mother.pk).update(suspended_at=now())
    assert (fresh(student).state, is_in(student)) == ("approved", False)


def test_the_mentor_does_not_approve_themself(cast, pairing, student, child, mother):
    make.GuardianshipFactory(child=child, guardian=pairing.mentor.person)
    actions.refuse_student(student, by=mother)
    assert refused(actions.approve_student, student, pairing.mentor.person).startswith("You do not decide this today")
    assert not may_move(pairing.mentor.person, student, "approve")


def test_the_mentors_own_child_is_not_added_without_another_guardian(cast, pairing, group):
    own = make.GroupMemberFactory(group=group).person
    make.GuardianshipFactory(child=own, guardian=pairing.mentor.person)
    said = refused(actions.add_students, pairing, [own], by=cast.teacher)
    assert said.startswith("Nobody is entered as a guardian of Ilya who could approve the mentor")


def test_nobody_is_taken_out_of_an_ended_pairing(cast, client, demo, pairing, student, mother):
    actions.complete_pairing(fresh(pairing), by=cast.teacher)
    client.force_login(cast.teacher)
    client.post(f"/mentorship/students/{student.public_id}/act/", {"move": "leave"})
    assert fresh(student).state == "approved"
    assert channel_of(fresh(pairing)).may(mother, Access.TALK)
    assert refused(actions.leave_student, student, by=cast.teacher).startswith("This pairing is ended.")


# Whoever planned with the child hears


def test_the_mother_hears_that_the_child_is_out_and_not_by_whom(student, child, mother, father):
    sent = sent_since(actions.refuse_student, student, by=father)
    assert {it for it in sent if it[0] != "student_settled"} == {("student_paused", mother.pk)}
    mail = OutboxMail.objects.get(template="mentorship/student_paused")
    assert mail.subject.startswith("Know that Ilya does not take part in")
    assert father.full_name not in mail.body_text
    assert hooks.mail_kinds[mail.template].still_due(mail)
    actions.approve_student(student, by=father)
    assert not hooks.mail_kinds[mail.template].still_due(mail)


def test_after_a_consent_was_taken_back_the_others_hear_of_it(pairing, student, child, mother, father):
    mentoring.MeetingFactory(pairing=pairing)
    actions.settle_students(child)
    text = make.ConsentTextFactory()
    ConsentRequest.objects.create(child=child, purpose=Purpose.TAKING_PART)
    facts = {"by": father, "channel": "signed_in", "text": text}
    sent = sent_since(consent, child, Purpose.TAKING_PART, "refused", **facts)
    assert ("student_paused", mother.pk) in sent
    assert sent_since(actions.settle_students, child) == set()


def test_a_birthday_asks_the_child_at_once_and_tells_the_guardian(cast, pairing, group):
    young = make.ChildFactory(birth_date=localdate() - timedelta(days=5000), email="y@example.org")
    make.GroupMemberFactory(group=group, person=young)
    guardian = make.GuardianshipFactory(child=young).guardian
    student = actions.add_students(pairing, [young], by=cast.teacher)[0]
    actions.approve_student(student, by=guardian)
    with time_machine.travel(now() + timedelta(days=200)):
        sent = sent_since(actions.settle_students)
    wanted = {("student_settled", cast.teacher.pk), ("mentor_asked", young.pk), ("student_paused", guardian.pk)}
    assert sent == wanted


def test_who_agreed_hears_that_the_mentor_says_something_else(pairing, student, mother):
    mentor = pairing.mentor
    sent = sent_since(actions.change_mentor, mentor, mentor.person, about="I coach at my home", formats=["room"])
    assert sent == {("mentor_changed", mother.pk)}
    assert fresh(student).state == "approved"
    mail = OutboxMail.objects.get(template="mentorship/mentor_changed")
    assert hooks.mail_kinds[mail.template].still_due(mail)
    actions.approve_student(student, by=mother)
    assert not hooks.mail_kinds[mail.template].still_due(mail)


def test_what_guardians_do_not_read_tells_nobody(pairing, student):
    mentor = pairing.mentor
    assert sent_since(actions.change_mentor, mentor, mentor.person, places=5) == set()


def test_a_yes_is_to_what_was_read(client, pairing, student, mother):
    client.force_login(mother)
    address = f"/mentorship/students/{student.public_id}/mentor/"
    seen = profile_of(Mentor.objects.get())
    actions.change_mentor(pairing.mentor, pairing.mentor.person, about="I coach at my home")
    assert "Since then the mentor has changed what stands above" in client.get(address).text
    page = client.post(address, {"move": "approve", "seen": seen}, follow=True).text
    assert "The mentor has changed what they say of themself meanwhile" in page
    page = client.post(address, {"move": "approve", "seen": profile_of(Mentor.objects.get())}, follow=True).text
    assert "Since then the mentor has changed" not in page


# Whom no mail reaches


def test_the_teacher_reads_whom_no_mail_reaches(demo, client, cast, pairing, group):
    alone = make.GroupMemberFactory(group=group).person
    guardian = make.GuardianshipFactory(child=alone, guardian=make.PersonFactory(email=None)).guardian
    client.force_login(cast.teacher)
    said = f"No mail reaches {guardian.full_name}. Give them the slip"
    page = client.post(f"{pairing.get_absolute_url()}students/", {"students": alone.public_id}, follow=True).text
    assert said in page
    address = f"/mentorship/students/{PairingStudent.objects.get().public_id}/act/"
    page = client.post(address, {"move": "ask"}, follow=True).text
    assert (said in page, "Asked." in page) == (True, False)


def test_who_was_asked_today_is_not_asked_twice_and_the_teacher_reads_it(demo, client, cast, pairing, child, mother):
    student = actions.add_students(pairing, [child], by=cast.teacher)[0]
    client.force_login(cast.teacher)
    page = client.post(f"/mentorship/students/{student.public_id}/act/", {"move": "ask"}, follow=True).text
    assert "They were asked today already." in page


# Coordinators help along


def test_a_coordinator_takes_out_and_asks_anew_on_the_page(demo, client, cast, pairing, student, mother, father):
    actions.refuse_student(student, by=father)
    client.force_login(cast.coordinator)
    address = f"{pairing.get_absolute_url()}students/"
    assert f'href="{address}">All students' in client.get(pairing.get_absolute_url()).text
    page = client.get(address).text
    assert ("Ask the guardians anew" in page, "Add students" in page) == (True, False)
    act = f"/mentorship/students/{student.public_id}/act/"
    client.post(act, {"move": "ask_anew"})
    assert fresh(student).state == "asked"
    assert client.post(act, {"move": "ask"}).status_code == 403
    client.post(act, {"move": "leave"})
    assert fresh(student).state == "left"


def test_the_teacher_does_not_ask_anew_by_hand(demo, client, cast, student, father):
    actions.refuse_student(student, by=father)
    client.force_login(cast.teacher)
    act = f"/mentorship/students/{student.public_id}/act/"
    assert client.post(act, {"move": "ask_anew"}).status_code == 403
    page = client.get(f"{student.pairing.get_absolute_url()}students/").text
    assert f"Coordinators: {cast.coordinator.full_name}." in page


def test_a_mentor_who_coordinates_does_not_open_the_list(demo, client, pairing, student):
    make.CoordinatorFactory(person=pairing.mentor.person)
    client.force_login(pairing.mentor.person)
    assert client.get(f"{pairing.get_absolute_url()}students/").status_code == 404


def test_a_teacher_who_coordinates_adds_students_of_the_school_only(demo, client, cast, pairing, child):
    make.CoordinatorFactory(person=cast.teacher)
    far = make.ChildFactory(family_name="Farawayovich")
    make.AffiliationFactory(role="student", person=far)
    client.force_login(cast.teacher)
    page = client.get(f"{pairing.get_absolute_url()}students/").text
    assert (child.full_name in page, "Farawayovich" in page) == (True, False)


# Clearance and suspension


def meeting_in(pairing, hours):
    start = now() + timedelta(hours=hours)
    return mentoring.MeetingFactory(pairing=pairing, starts_at=start, ends_at=start + timedelta(hours=1))


@pytest.mark.parametrize("hours", [-0.5, 0.5, 24 * 10])
def test_clearance_taken_away_cancels_at_once_and_everybody_hears(hours, cast, pairing, student, mother):
    meeting = meeting_in(pairing, hours)
    other = make.CoordinatorFactory().person
    sent = sent_since(actions.note_clearance, pairing.mentor, cast.coordinator, None)
    assert Meeting.objects.get(pk=meeting.pk).state == "cancelled"
    assert {("meeting_blocked", it.pk) for it in (mother, cast.teacher, pairing.mentor.person)} <= sent
    told = {to for template, to in sent if template == "not_cleared"}
    assert told == {mother.pk, cast.teacher.pk, other.pk}


def test_a_shorter_clearance_cancels_what_lies_behind_it(cast, pairing, student):
    near, far = meeting_in(pairing, 30), meeting_in(pairing, 24 * 10)
    actions.note_clearance(pairing.mentor, cast.coordinator, localdate() + timedelta(days=3))
    states = [Meeting.objects.get(pk=it.pk).state for it in (near, far)]
    assert states == ["planned", "cancelled"]
    assert not OutboxMail.objects.filter(template="mentorship/not_cleared").exists()


def test_a_suspended_mentor_meets_nobody(cast, pairing, student, mother):
    meeting = meeting_in(pairing, 1)
    sent = sent_since(suspend_person, pairing.mentor.person, by=cast.coordinator)
    assert Meeting.objects.get(pk=meeting.pk).state == "cancelled"
    assert {("meeting_blocked", mother.pk), ("not_cleared", mother.pk), ("not_cleared", cast.teacher.pk)} <= sent


def test_the_mail_about_clearance_does_not_leave_once_it_is_noted_anew(cast, pairing, student):
    actions.note_clearance(pairing.mentor, cast.coordinator, None)
    mail = OutboxMail.objects.filter(template="mentorship/not_cleared").first()
    assert hooks.mail_kinds[mail.template].still_due(mail)
    actions.note_clearance(fresh(pairing).mentor, cast.coordinator, localdate() + timedelta(days=30))
    assert not hooks.mail_kinds[mail.template].still_due(mail)


def test_words_about_many_students_are_read_in_as_few_questions(pairing):
    for _number in range(3):
        mentoring.PairingStudentFactory(pairing=pairing)
    it = fresh(pairing)
    with CaptureQueriesContext(connection) as many:
        channel_of(it)
    PairingStudent.objects.exclude(pk=PairingStudent.objects.first().pk).update(state="left")
    with CaptureQueriesContext(connection) as one:
        channel_of(it)
    assert len(many) == len(one)
