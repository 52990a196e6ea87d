"""What mentorship keeps, and for how long: after its days it goes, once, and what others rest on stays."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile

from cluster_portal.models import Upload
from cluster_portal.uploads import keep_upload
from members.retention import people_without_ties, run_retention
from mentorship import retention
from mentorship.models import Concern, LogEntry, MentorApproval, Message, Milestone, PairingFile
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = pytest.mark.django_db
START = datetime(2027, 1, 10, 9, tzinfo=UTC)
NAMES = {
    "mentor_requests", "mentors", "pairing_reasons", "pairing_words", "pairing_words_with_students", "pairing_logs",
    "mentor_approvals", "pairing_feedback",
}  # fmt: skip


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START, tick=False):
        yield


def nightly(days):
    """What of mentorship the task of the night so many days later ends."""
    with time_machine.travel(START + timedelta(days=days), tick=False):
        return {name: count for name, count in run_retention().items() if count and name in NAMES}


def ended(**facts):
    return pair.PairingFactory(state="completed", **facts)


def share(pairing, name="a.txt"):
    file = PairingFile(pairing=pairing, by=pairing.mentor.person)
    file.upload = keep_upload(ContentFile(b"A text.", name=name), about=file, by=file.by)
    file.save()
    return file


def test_every_period_has_its_test_here():
    assert {it.name for it in retention.periods()} == NAMES


def test_what_two_adults_wrote_goes_a_year_after_the_end():
    pairing, live = ended(), pair.PairingFactory()
    for it in (pairing, live):
        pair.MessageFactory(pairing=it)
        share(it)
    assert nightly(365) == {}
    assert nightly(367)["pairing_words"] == 1
    assert nightly(367).get("pairing_words") is None
    assert [it.pairing for it in (Message.objects.get(), PairingFile.objects.get())] == [live, live]
    assert Upload.objects.count() == 1


def test_where_students_take_part_it_stays_for_three_years():
    wished = ended(request__with_students=True)
    had = pair.PairingStudentFactory(pairing=ended()).pairing
    for it in (wished, had):
        pair.MessageFactory(pairing=it)
    assert nightly(1095) == {"mentor_requests": 2}
    assert nightly(1097)["pairing_words_with_students"] == 2
    assert Message.objects.count() == 0


def test_a_file_that_shows_a_result_stays_with_it():
    pairing = ended()
    proof, other = share(pairing), share(pairing, "b.txt")
    pair.OutcomeFactory(pairing=pairing, evidence=proof)
    assert nightly(367)["pairing_words"] == 1
    assert list(PairingFile.objects.all()) == [proof]
    assert (nightly(368), other.pk != proof.pk) == ({}, True)


@pytest.mark.parametrize(("with_students", "period"), [(False, "pairing_words"), (True, "pairing_words_with_students")])
def test_what_was_told_and_why_it_was_hidden_goes_also_of_a_file_that_stays(with_students, period):
    pairing = ended(request__with_students=with_students)
    proof = share(pairing)
    pair.OutcomeFactory(pairing=pairing, evidence=proof)
    pair.ConcernFactory(pairing=pairing, message=None, file=proof)
    hidden = pair.TakenBackFactory(pairing=pairing, kind="file", text="", file=proof, because="No addresses")
    days = 1095 if with_students else 365
    assert period not in nightly(days)
    assert nightly(days + 2)[period] == 1
    hidden.refresh_from_db()
    assert (Concern.objects.count(), hidden.because, list(PairingFile.objects.all())) == (0, "", [proof])
    assert period not in nightly(days + 3)


def test_of_the_log_days_and_hours_stay():
    pairing = ended(goals="To win")
    for number in range(2):
        pair.LogEntryFactory(pairing=pairing, day=START.date(), minutes=60, what=f"Task {number}", coming="More")
    pair.MilestoneFactory(pairing=pairing)
    meeting = pair.MeetingFactory(pairing=pairing, place="Room 3")
    assert "pairing_logs" not in nightly(1095)
    assert nightly(1097)["pairing_logs"] == 1
    assert list(LogEntry.objects.values_list("minutes", "what", "coming")) == [(60, "", ""), (60, "", "")]
    meeting.refresh_from_db()
    pairing.refresh_from_db()
    assert (pairing.goals, meeting.place, meeting.online_link, Milestone.objects.count()) == ("", "", "", 0)
    assert nightly(1098) == {}


def test_who_approved_a_mentor_goes_with_what_it_allowed():
    pair.MentorApprovalFactory(student__pairing__state="completed", student__words=False)
    kept = pair.MentorApprovalFactory(student__words=False)
    assert "mentor_approvals" not in nightly(1095)
    assert nightly(1097)["mentor_approvals"] == 1
    assert list(MentorApproval.objects.all()) == [kept]


def test_of_feedback_the_number_stays():
    said = pair.PairingFeedbackFactory(pairing=ended(), text="Very kind.")
    assert "pairing_feedback" not in nightly(730)
    assert nightly(732)["pairing_feedback"] == 1
    said.refresh_from_db()
    assert (said.helpful, said.text) == (4, "")


@pytest.mark.parametrize("state", ["withdrawn", "closed"])
def test_what_a_teacher_wrote_goes_a_year_after_the_search(state):
    request = pair.MentorRequestFactory(state=state, state_since=START, title="Team", closed_because="Nobody")
    kept = pair.MentorRequestFactory(state_since=START)
    assert nightly(364) == {}
    assert nightly(366) == {"mentor_requests": 1}
    request.refresh_from_db()
    kept.refresh_from_db()
    assert (request.title, request.text, request.closed_because, bool(kept.text)) == ("Team", "", "", True)


def test_what_a_teacher_wrote_stays_while_somebody_helps():
    pairing = pair.PairingFactory()
    assert nightly(3000) == {}
    pairing.request.refresh_from_db()
    assert pairing.request.text != ""


@pytest.mark.parametrize("state", ["declined", "ended"])
def test_an_offer_goes_a_year_after_it_ended(state):
    mentor = pair.MentorFactory(state=state, state_since=START, declined_because="Later", contests=["IMO"])
    kept = pair.MentorFactory(state_since=START)
    assert nightly(364) == {}
    assert nightly(366) == {"mentors": 1}
    mentor.refresh_from_db()
    kept.refresh_from_db()
    assert (mentor.about, mentor.contests, mentor.declined_because, mentor.clearance_until) == ("", [], "", None)
    assert kept.about != ""


def test_why_somebody_said_no_goes_after_a_year():
    declined = pair.PairingFactory(state="declined", because="Ill")
    assert nightly(364) == {}
    assert nightly(366)["pairing_reasons"] == 1
    declined.refresh_from_db()
    assert declined.because == ""


def test_a_person_who_mentored_or_was_mentored_is_known_for_three_years_more():
    mentor = pair.PairingFactory(state="completed", mentor__state="ended", mentor__state_since=START).mentor.person
    asked = pair.MentorRequestFactory(by=make.PersonFactory(), state="closed", state_since=START).by
    student = pair.PairingStudentFactory(pairing__state="completed").person
    for person in (mentor, asked, student):
        assert person not in people_without_ties(START - timedelta(days=1))
        assert person in people_without_ties(START + timedelta(days=1))
