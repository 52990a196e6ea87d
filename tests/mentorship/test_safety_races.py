"""Where minors take part, what comes in between two looks: whoever is second sees what the first has done."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils.timezone import now

from cluster_portal.models import OutboxMail
from mentorship import actions
from mentorship.actions import leaving
from mentorship.models import Meeting, Mentor, MentorRequest, Pairing, PairingStudent
from mentorship.students import profile_of
from tests import factories as make
from tests.mentorship import factories as mentoring

pytestmark = pytest.mark.django_db(transaction=True)
IN_DAYS = timedelta(days=30)


@pytest.fixture
def coordinator():
    return make.CoordinatorFactory().person


@pytest.fixture
def pairing():
    affiliation = make.AffiliationFactory(role="teacher")
    return mentoring.PairingFactory(request__affiliation=affiliation, request__with_students=True)


@pytest.fixture
def meanwhile(together):
    """Run the second while the first is done and not committed; what became of both."""
    done, through = threading.Event(), threading.Event()

    def run(first, second):
        def hold():
            with transaction.atomic():
                first()
                done.set()
                through.wait(2)

        def follow():
            done.wait(30)
            second()
            through.set()

        return together(hold, follow)

    return run


def plan(pairing):
    facts = {"time_zone": "UTC", "place": "", "online_link": "https://meet.example.net/1"}
    start = now() + IN_DAYS
    it = Pairing.objects.get(pk=pairing.pk)
    actions.plan_meeting(it, pairing.mentor.person, start, start + timedelta(hours=1), **facts)


def take_clearance(pairing, by):
    actions.note_clearance(Mentor.objects.get(pk=pairing.mentor_id), by=by, until=None)


def test_a_meeting_planned_while_the_clearance_is_taken_away_is_cancelled(pairing, coordinator, meanwhile):
    mentoring.PairingStudentFactory(pairing=pairing)
    assert meanwhile(lambda: plan(pairing), lambda: take_clearance(pairing, coordinator)) == ["done", "done"]
    assert Meeting.objects.get().state == "cancelled"


def test_no_meeting_is_planned_while_the_clearance_is_being_taken_away(pairing, coordinator, meanwhile):
    mentoring.PairingStudentFactory(pairing=pairing)
    assert meanwhile(lambda: take_clearance(pairing, coordinator), lambda: plan(pairing)) == ["done", "refused"]


def test_a_student_let_in_while_the_clearance_is_taken_away_has_no_meeting(pairing, coordinator, meanwhile):
    row = mentoring.PairingStudentFactory(pairing=pairing, state="asked")
    guardian, start = row.person.guarded_by.get().guardian, now() + IN_DAYS
    mentoring.MeetingFactory(pairing=pairing, starts_at=start, ends_at=start + timedelta(hours=1))
    done = meanwhile(
        lambda: actions.approve_student(PairingStudent.objects.get(pk=row.pk), by=guardian),
        lambda: take_clearance(pairing, coordinator),
    )
    assert (done, Meeting.objects.get().state) == (["done", "done"], "cancelled")


def test_who_agrees_while_the_mentor_changes_their_words_hears_of_it(pairing, meanwhile):
    row = mentoring.PairingStudentFactory(pairing=pairing, state="asked")
    guardian, seen = row.person.guarded_by.get().guardian, profile_of(pairing.mentor)
    mentor = Mentor.objects.get(pk=pairing.mentor_id)
    done = meanwhile(
        lambda: actions.approve_student(PairingStudent.objects.get(pk=row.pk), by=guardian, seen=seen),
        lambda: actions.change_mentor(mentor, by=pairing.mentor.person, about="Something else"),
    )
    told = OutboxMail.objects.filter(template="mentorship/mentor_changed")
    assert (done, [it.to for it in told]) == (["done", "done"], [guardian])


def test_a_teacher_who_is_erased_and_an_intake_do_not_wait_for_each_other(coordinator, together, monkeypatch):
    affiliation = make.AffiliationFactory(role="teacher")
    first = mentoring.PairingFactory(state="proposed", mentor__places=5, request__affiliation=affiliation)
    mentoring.MentorRequestFactory(affiliation=affiliation)
    digest, one_is_back = actions.intake_for(coordinator).digest, threading.Event()
    withdraw = leaving.withdraw_request

    def slowly(request, by):
        withdraw(request, by=by)
        if request.pk == first.request_id:
            one_is_back.set()
            threading.Event().wait(2)

    def ask():
        one_is_back.wait(30)
        actions.propose_all(coordinator, digest)

    monkeypatch.setattr(leaving, "withdraw_request", slowly)
    assert together(lambda: actions.leave_mentorship(affiliation.person), ask) == ["done", "refused"]
    assert set(MentorRequest.objects.values_list("state", flat=True)) == {"withdrawn"}
