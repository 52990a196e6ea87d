"""Copies, erasure, merging in mentorship: nobody is left waiting, no child's record is erased by others."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils.timezone import localdate, now

from cluster_portal import hooks
from cluster_portal.models import AuditEntry, CalendarEntry, OutboxMail, Upload
from cluster_portal.outbox import queue_mail
from cluster_portal.uploads import keep_upload
from members.actions import erase_person, merge_people
from members.models import Tie
from mentorship import actions
from mentorship.channels import Access
from mentorship.models import (
    LogEntry,
    Mentor,
    MentorApproval,
    MentorRequest,
    Message,
    Outcome,
    Pairing,
    PairingFile,
    PairingStudent,
)
from mentorship.readers import channel_of
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = pytest.mark.django_db


@pytest.fixture
def pairing(cast):
    affiliation = cast.teacher.affiliations.get()
    return pair.PairingFactory(request__affiliation=affiliation, request__with_students=True)


@pytest.fixture
def child(pairing):
    return pair.PairingStudentFactory(pairing=pairing, person=make.GuardianshipFactory().child).person


def erase(person, cast):
    erase_person(person, by=cast.coordinator, reason="asked")


def fresh(it):
    return type(it)._base_manager.get(pk=it.pk)


def unsent(template):
    rows = OutboxMail.objects.filter(template=f"mentorship/{template}").exclude(state="cancelled").order_by("to")
    return list(rows.values_list("to", flat=True))


def planned(pairing, by):
    starts = now() + timedelta(days=3)
    times = {"starts_at": starts, "ends_at": starts + timedelta(hours=1), "time_zone": "Europe/Moscow"}
    return actions.plan_meeting(pairing, by=by, place="Room 3", **times)


def two(**facts):
    """One person twice."""
    facts = {"family_name": "Ivanova", "given_name": "Anna", "birth_date": localdate() - timedelta(days=12_000)} | facts
    return make.PersonFactory(**facts), make.PersonFactory(**facts)


def test_a_mentor_who_is_erased_leaves_nobody_waiting(cast, pairing, child):
    mentor, guardian = pairing.mentor.person, child.guarded_by.get().guardian
    accepted = pair.PairingFactory(mentor=pairing.mentor, state="accepted")
    meeting = planned(pairing, mentor)
    erase(mentor, cast)
    assert (fresh(pairing).state, fresh(pairing.request).state, fresh(meeting).state) == (
        "dissolved", "open", "cancelled",
    )  # fmt: skip
    assert (fresh(accepted).state, fresh(accepted.request).state) == ("withdrawn", "open")
    assert fresh(pairing.mentor).state == "ended"
    assert unsent("mentor_left") == sorted([cast.teacher.pk, guardian.pk])  # the child has no address
    assert unsent("mentor_gone") == [accepted.request.by_id]
    assert CalendarEntry.objects.exclude(status="cancelled").count() == 0


def test_no_mail_that_waits_says_the_name_of_who_is_erased(cast, pairing, child):
    mentor = pairing.mentor.person
    name = mentor.full_name
    planned(pairing, mentor)
    queue_mail("mentorship/paired", about=pairing, to=cast.teacher)
    assert name in OutboxMail.objects.get(template="mentorship/paired").body_text
    erase(mentor, cast)
    said = OutboxMail.objects.exclude(state="cancelled").values_list("subject", "body_text")
    assert [subject for subject, body in said if name in subject + body] == []
    assert not OutboxMail.objects.filter(body_text__contains=name).exists()


def test_a_request_whose_time_is_over_is_not_opened_again(cast, pairing):
    MentorRequest.objects.update(needed_from=localdate() - timedelta(9), needed_by=localdate() - timedelta(1))
    erase(pairing.mentor.person, cast)
    assert fresh(pairing.request).state == "paired"


def test_a_teacher_who_is_erased_takes_every_request_back(cast):
    affiliation = make.AffiliationFactory()
    teacher = affiliation.person
    facts = {"request__affiliation": affiliation}
    active = pair.PairingFactory(**facts)
    asked = pair.PairingFactory(state="proposed", **facts)
    open_one = pair.MentorRequestFactory(affiliation=affiliation, title="Said by me", text="In my words")
    erase(teacher, cast)
    assert [fresh(it.request).state for it in (active, asked)] == ["paired", "withdrawn"]
    assert [fresh(it).state for it in (active, asked)] == ["dissolved", "withdrawn"]
    assert (fresh(open_one).state, fresh(open_one).title, fresh(open_one).text) == ("withdrawn", "", "")
    assert unsent("teacher_left") == [active.mentor.person_id]
    assert unsent("request_withdrawn") == [asked.mentor.person_id]
    assert fresh(active.request).title != ""


def test_a_student_who_is_erased_is_out_at_once_and_the_result_stays_without_evidence(cast, pairing, child):
    student = PairingStudent.objects.get()
    file = pair.PairingFileFactory(pairing=pairing, by=cast.teacher)
    reached = pair.OutcomeFactory(pairing=pairing, evidence=file, evidence_link="https://example.org/ilya")
    reached.students.add(student)
    pair.MessageFactory(pairing=pairing, by=child, text="What I wrote")
    erase(child, cast)
    assert fresh(student).state == "left"
    outcome = Outcome.objects.get()
    assert (outcome.evidence, outcome.evidence_link, outcome.students.count()) == (None, "", 1)
    assert (Message.objects.count(), PairingFile.objects.count(), Upload.objects.count()) == (0, 0, 0)


def test_a_guardian_who_is_erased_approves_no_more(cast, pairing, child):
    student, guardian = PairingStudent.objects.get(), child.guarded_by.get().guardian
    actions.refuse_student(student, by=guardian)
    actions.approve_student(student, by=guardian)
    assert fresh(student).state == "approved"
    erase(guardian, cast)
    assert not channel_of(pairing).of(guardian)
    assert actions.settle_students() == 1
    assert (fresh(student).state, MentorApproval.objects.count()) == ("asked", 3)


def test_a_mentor_does_not_erase_themself_out_of_a_childs_record(cast, pairing, child):
    mentor = pairing.mentor.person
    pair.MessageFactory(pairing=pairing, by=mentor, text="To a child")
    pair.PairingFileFactory(pairing=pairing, by=mentor)
    alone = pair.PairingFactory(mentor=pairing.mentor)
    pair.MessageFactory(pairing=alone, by=mentor, text="To an adult")
    pair.PairingFileFactory(pairing=alone, by=mentor)
    erase(mentor, cast)
    assert list(Message.objects.values_list("text", flat=True)) == ["To a child"]
    assert list(PairingFile.objects.values_list("pairing", flat=True)) == [pairing.pk]
    assert channel_of(fresh(pairing)).may(cast.coordinator, Access.TALK)
    assert fresh(mentor).full_name == "Erased person"


def test_a_copy_has_ones_own_words_and_not_those_of_others(cast, pairing, child):
    mentor = pairing.mentor.person
    pair.MessageFactory(pairing=pairing, by=mentor, text="Mine")
    pair.MessageFactory(pairing=pairing, by=cast.teacher, text="Of the teacher")
    pair.PairingFeedbackFactory(pairing=pairing, by=cast.teacher, text="About the mentor")
    said = str(list(hooks.personal_data["mentorship"].export(mentor)))
    assert ("'Mine'" in said, "Of the teacher" in said, "About the mentor" in said) == (True, False, False)
    assert child.full_name not in said


def test_a_student_who_takes_part_is_tied_to_the_mentor(cast):
    student = pair.PairingStudentFactory(state="asked", person=make.GuardianshipFactory().child)
    guardian, mentor = student.person.guarded_by.get().guardian, student.pairing.mentor.person
    assert Tie.objects.count() == 0
    actions.approve_student(student, by=guardian)
    tie = Tie.objects.get()
    assert ({tie.first_id, tie.second_id}, tie.kind) == ({mentor.pk, student.person_id}, "mentor")
    assert (tie.about_model, tie.about_id) == ("mentorship.pairing", student.pairing.public_id)
    actions.dissolve_pairing(student.pairing, by=mentor)
    assert Tie.objects.count() == 1  # whoever mentored somebody does not judge them later either


def test_two_mentors_become_one_with_both_their_pairings_and_the_shorter_clearance(cast):
    kept, gone = two()
    today = localdate()
    paused = pair.MentorFactory(person=kept, state="paused", clearance_until=today + timedelta(days=20))
    active = pair.MentorFactory(person=gone, clearance_until=today + timedelta(days=200), clearance_by=cast.coordinator)
    pairings = [pair.PairingFactory(mentor=it) for it in (paused, active)]
    merge_people(kept, gone, by=cast.coordinator)
    mentor = Mentor.objects.get()
    assert (mentor.pk, mentor.person, mentor.state) == (active.pk, kept, "active")
    assert (mentor.clearance_until, mentor.clearance_by) == (today + timedelta(days=20), None)
    assert sorted(mentor.pairings.values_list("pk", flat=True)) == sorted(it.pk for it in pairings)


def test_one_mentor_of_two_entries_is_the_kept_ones(cast):
    kept, gone = two()
    mentor = pair.MentorFactory(person=gone)
    merge_people(kept, gone, by=cast.coordinator)
    assert fresh(mentor).person == kept


def test_two_teachers_become_one_who_still_works_there(cast):
    kept, gone = two()
    for person in (kept, gone):
        make.AffiliationFactory(person=person, institution=cast.school)
    requests = [
        pair.MentorRequestFactory(affiliation=person.affiliations.get(), state="paired") for person in (kept, gone)
    ]
    for request in requests:
        pair.PairingFactory(request=request)
    merge_people(kept, gone, by=cast.coordinator)
    assert [fresh(it).by for it in requests] == [kept, kept]
    assert not Pairing.objects.left_alone().exists()


@pytest.mark.parametrize("mentor_is_kept", [True, False])
def test_who_turns_out_to_be_mentor_and_teacher_of_one_pairing_does_not_help_themself(mentor_is_kept, cast):
    kept, gone = two()
    mentor, teacher = (kept, gone) if mentor_is_kept else (gone, kept)
    it = pair.MentorFactory(person=mentor, places=3)
    affiliation = make.AffiliationFactory(person=teacher, institution=cast.school)
    asked = pair.PairingFactory(mentor=it, state="accepted", request__affiliation=affiliation)
    active = pair.PairingFactory(mentor=it, request__affiliation=affiliation)
    for by in (kept, gone):
        pair.LogEntryFactory(pairing=active, by=by, day=localdate(), what="The same")
        pair.PairingFeedbackFactory(pairing=active, by=by)
    merge_people(kept, gone, by=cast.coordinator)
    assert (fresh(asked).state, fresh(asked.request).state, fresh(active).state) == ("withdrawn", "open", "dissolved")
    assert (LogEntry.objects.count(), active.feedback.count()) == (1, 1)
    assert unsent("pairing_ended") == [kept.pk]


def test_who_turns_out_to_be_mentor_and_student_of_one_pairing_is_no_student(cast, pairing):
    kept, gone = two()
    Mentor.objects.filter(pk=pairing.mentor_id).update(person=kept)
    student = pair.PairingStudentFactory(pairing=pairing, person=gone)
    merge_people(kept, gone, by=cast.coordinator)
    assert (fresh(student).state, fresh(student).person) == ("left", kept)


@pytest.mark.parametrize(
    ("states", "stays"),
    [
        (("approved", "refused"), "refused"),
        (("asked", "approved"), "asked"),
        (("left", "approved"), "approved"),
        (("approved", "left"), "approved"),
    ],
)
def test_of_two_students_of_one_pairing_the_more_careful_one_stays(states, stays, cast, pairing):
    kept, gone = two()
    rows = [
        pair.PairingStudentFactory(pairing=pairing, person=person, state=state, words=False)
        for person, state in zip((kept, gone), states, strict=True)
    ]
    for row in rows:
        pair.MentorApprovalFactory(student=row)
        pair.OutcomeFactory(pairing=pairing).students.add(row)
    merge_people(kept, gone, by=cast.coordinator)
    student = PairingStudent.objects.get()
    assert (student.state, student.person) == (stays, kept)
    assert (student.approvals.count(), student.outcomes.count()) == (2, 2)


def test_no_mail_and_no_line_of_the_audit_says_what_is_said_in_a_pairing(cast, pairing, child, demo):
    """Coordinators read both, of pairings too in which they may not read messages."""
    mentor = pairing.mentor.person
    student = PairingStudent.objects.get()
    actions.write_goals(pairing, by=mentor, goals="Secretgoals")
    actions.add_step(pairing, by=mentor, title="Secretstep")
    actions.write_log(pairing, by=mentor, day=localdate(), minutes=60, what="Secretlog", coming="Secretnext")
    actions.send_message(pairing, by=mentor, text="Secretmessage")
    actions.share_file(pairing, by=mentor, file=ContentFile(b"Secretcontent", name="Secretfile.txt"))
    actions.refuse_student(student, by=child.guarded_by.get().guardian)
    planned(pairing, mentor)
    starts = now() + timedelta(days=4)
    link = {"time_zone": "Europe/Moscow", "online_link": "https://secretlink.example.org/", "place": ""}
    actions.plan_meeting(pairing, by=mentor, starts_at=starts, ends_at=starts + timedelta(hours=1), **link)
    actions.complete_pairing(pairing, by=mentor)
    said = str(list(OutboxMail.objects.values())) + str(list(AuditEntry.objects.values()))
    assert OutboxMail.objects.filter(template="mentorship/message").count() > 0
    assert "secret" not in said.casefold().replace("{secret", "").replace("secret:", "")


def test_mails_and_audit_are_read_by_coordinators_of_the_whole_cluster_only(cast, pairing):
    actions.send_message(pairing, by=pairing.mentor.person, text="Hello.")
    regional = make.CoordinatorFactory(region=make.RegionFactory()).person
    people = (cast.coordinator, regional, cast.teacher, cast.contact, pairing.mentor.person)
    seen = [(OutboxMail.objects.visible_to(it).exists(), AuditEntry.objects.visible_to(it).exists()) for it in people]
    assert seen == [(True, True), *[(False, False)] * 4]


def test_a_file_of_a_pairing_opens_for_its_readers_only(cast, client, pairing, demo):
    two_adults = pair.PairingFactory()
    shared = PairingFile(pairing=two_adults, by=two_adults.mentor.person)
    shared.upload = keep_upload(ContentFile(b"A text.", name="a.txt"), about=shared, by=shared.by)
    shared.save()
    found = []
    for person in (two_adults.mentor.person, cast.coordinator, cast.teacher):
        client.force_login(person)
        found.append(hooks.upload_readers["mentorship.pairingfile"](person, shared.upload))
    assert found == [True, False, False]


@pytest.mark.parametrize("taken_from_kept", [True, False])
@pytest.mark.parametrize("other_state", ["ended", "paused"])
def test_merging_gives_no_clearance_back_that_was_taken_away(taken_from_kept, other_state, cast):
    people = two()
    taken, other = people if taken_from_kept else people[::-1]
    actions.note_clearance(pair.MentorFactory(person=taken), by=cast.coordinator, until=None)
    pair.MentorFactory(person=other, state=other_state)
    merge_people(*people, by=cast.coordinator)
    assert Mentor.objects.get().clearance_until is None


@pytest.mark.parametrize("mentor_is_kept", [True, False])
def test_a_clearance_that_is_shorter_by_merging_acts_at_once(mentor_is_kept, cast, pairing, child):
    people = two()
    mentor, other = people if mentor_is_kept else people[::-1]
    Mentor.objects.filter(pk=pairing.mentor_id).update(person=mentor)
    meeting = planned(fresh(pairing), mentor)
    pair.MentorFactory(person=other, state="ended", clearance_until=localdate() - timedelta(days=9))
    merge_people(*people, by=cast.coordinator)
    guardian = child.guarded_by.get().guardian
    assert fresh(meeting).state == "cancelled"
    assert guardian.pk in unsent("meeting_blocked")
    assert {guardian.pk, cast.teacher.pk} <= set(unsent("not_cleared"))


def test_what_guardians_were_told_of_meetings_forgets_a_student_who_is_erased(cast, pairing, child):
    planned(pairing, pairing.mentor.person)
    guardian = child.guarded_by.get().guardian
    erase(child, cast)
    told = OutboxMail.objects.filter(template="mentorship/meeting_planned")
    assert set(told.filter(to=guardian).values_list("state", "subject", "body_text")) == {("cancelled", "", "")}
    assert not told.exclude(to=guardian).filter(body_text="").exists()
