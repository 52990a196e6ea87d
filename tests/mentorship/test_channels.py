"""Who reads and who writes in a pairing: the rule in all states at once, and that the database gives it its facts."""

from collections import Counter
from datetime import timedelta
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate

from members.actions import decide
from members.models import ConsentRequest, ConsentText, Purpose
from mentorship.channels import ENDED, SEES, Access, Facts, Learner, access_in
from mentorship.models import Pairing
from mentorship.readers import channel_of
from tests import factories as make
from tests.mentorship import factories as mentoring

MENTOR, TEACHER, COORDINATOR, CONTACT, MOTHER, CHILD, OTHER_CHILD, STUDENT = range(1, 9)
ADULTS = {MENTOR, TEACHER, COORDINATOR, CONTACT, MOTHER, STUDENT}
CHILDREN = {CHILD, OTHER_CHILD}
STATES = [it.value for it in Pairing.State]


def learners():
    """A child in every way, alone or beside another one and a student who is of age."""
    yield ()
    for approved, consent, messages in product([True, False], repeat=3):
        for guardians in ((), (MOTHER,), (MENTOR,), (TEACHER,), (MOTHER, MENTOR)):
            child = Learner(CHILD, True, approved, consent, messages, frozenset(guardians))
            yield (child,)
            yield (child, Learner(OTHER_CHILD, True, True), Learner(STUDENT, False, True))


def everything():
    """Every state of a pairing: of its students, of the clearance, of who else is there, of who is gone."""
    watchers = [
        (frozenset(), frozenset()),
        (frozenset({MENTOR}), frozenset()),
        (frozenset({TEACHER}), frozenset({TEACHER})),
        (frozenset({COORDINATOR}), frozenset({CONTACT})),
    ]
    gone = [frozenset(it) for it in ((), (MENTOR,), (TEACHER,), (MENTOR, TEACHER), (MOTHER,), (CHILD,))]
    combined = product(STATES, [True, False], [True, False], list(learners()), watchers, gone)
    for state, with_students, is_cleared, students, (coordinators, contacts), away in combined:
        kept = tuple(
            Learner(it.person, it.is_minor, it.is_approved, it.has_consent, it.has_messages, it.guardians - away)
            for it in students
        )
        yield Facts(state, MENTOR, TEACHER, with_students, is_cleared, kept, coordinators - away, contacts - away, away)


def test_no_adult_shares_a_channel_with_a_minor_that_no_other_adult_sees():
    seen = Counter()
    for facts in everything():
        access = access_in(facts)
        readers = {person for person, it in access.items() if it & SEES}
        talking = {person for person, it in access.items() if Access.TALK in it}
        for _minor in readers & CHILDREN:
            assert len(talking & (ADULTS - {STUDENT})) >= 2, facts  # whichever adult it is, another one reads too
            seen["with a minor"] += 1
        seen["all"] += 1
    assert seen["all"] > 20_000
    assert seen["with a minor"] > 1_000  # the rule is not kept by letting nobody in


def test_a_minor_is_in_only_with_approval_and_consent():
    for facts in everything():
        access = access_in(facts)
        for it in facts.students:
            if not (it.is_approved and it.has_consent):
                assert it.person not in access, facts
            if it.person in access and not it.has_messages:
                assert access[it.person] == Access.RECORD, facts


def test_nobody_reads_before_it_is_agreed_and_nobody_writes_once_it_is_ended():
    for facts in everything():
        access = access_in(facts)
        if facts.state != Pairing.State.ACTIVE and facts.state not in ENDED:
            assert access == {}, facts
        if facts.state in ENDED:
            assert not any(it & (Access.PLAN | Access.WRITE) for it in access.values()), facts


def test_whoever_writes_reads_what_the_others_write():
    for facts in everything():
        for it in access_in(facts).values():
            assert Access.WRITE not in it or Access.TALK in it
            assert Access.PLAN not in it or Access.RECORD in it


def test_without_clearance_the_mentor_and_minors_do_not_write_to_each_other():
    for facts in everything():
        access = access_in(facts)
        if not facts.is_cleared and facts.minors & access.keys():
            writing = {person for person, it in access.items() if Access.WRITE in it}
            assert writing <= {TEACHER}, facts


def test_whoever_is_gone_has_no_access():
    for facts in everything():
        assert not facts.gone & access_in(facts).keys(), facts


def test_guardians_coordinator_and_school_read_and_never_write_or_plan():
    for facts in everything():
        for person in {MOTHER, COORDINATOR, CONTACT} & access_in(facts).keys():
            assert not access_in(facts)[person] & (Access.PLAN | Access.WRITE), facts


def test_the_guardian_of_whoever_is_in_reads_all():
    for facts in everything():
        access = access_in(facts)
        for it in facts.students:
            if it.person in access:
                assert all(SEES in access[guardian] for guardian in it.guardians - facts.gone), facts


def test_two_adults_alone_are_read_by_nobody_else():
    access = access_in(
        Facts("active", MENTOR, TEACHER, coordinators=frozenset({COORDINATOR}), contacts=frozenset({CONTACT}))
    )
    assert access == {
        MENTOR: SEES | Access.PLAN | Access.WRITE,
        TEACHER: SEES | Access.PLAN | Access.WRITE,
        COORDINATOR: Access.RECORD,
    }


def test_the_model_check_would_notice_an_adult_alone_with_a_minor(monkeypatch):
    """The rule without its last wall lets a mentor and a child be alone: the check above is not empty."""
    monkeypatch.setattr("mentorship.channels._seeing", lambda access: ADULTS)
    alone = [
        facts
        for facts in everything()
        if (access := access_in(facts)).keys() & CHILDREN
        and len({person for person, it in access.items() if Access.TALK in it} & ADULTS) < 2
    ]
    assert alone


@pytest.fixture
def pairing(cast):
    request = mentoring.MentorRequestFactory(
        affiliation=cast.teacher.affiliations.get(), state="paired", with_students=True
    )
    return mentoring.PairingFactory(request=request)


def child_in(pairing, **facts):
    student = mentoring.PairingStudentFactory(pairing=pairing, **facts)
    guardian = make.GuardianshipFactory(child=student.person).guardian
    return student, guardian


def roles(channel, cast, guardian, student):
    people = {
        "mentor": channel.pairing.mentor.person,
        "teacher": cast.teacher,
        "student": student.person,
        "guardian": guardian,
        "coordinator": cast.coordinator,
        "contact": cast.contact,
        "colleague": cast.colleague,
    }
    return {name: channel.of(person) for name, person in people.items() if channel.of(person)}


ALL = SEES | Access.PLAN | Access.WRITE
READ_BY = {"mentor": SEES, "teacher": SEES, "student": SEES, "guardian": SEES, "coordinator": SEES, "contact": SEES}
TABLE = {
    "active": READ_BY | {"mentor": ALL, "teacher": ALL, "student": SEES | Access.WRITE},
    "completed": READ_BY,
    "dissolved": READ_BY,
}


@pytest.mark.django_db
@pytest.mark.parametrize("state", STATES)
def test_each_role_in_each_state(cast, pairing, state):
    student, guardian = child_in(pairing)
    end = localdate() if state in ENDED else None
    clock = pairing.request.answer_by if state in {"proposed", "accepted"} else None
    Pairing.objects.filter(pk=pairing.pk).update(state=state, ended_on=end, answer_by=clock)
    channel = channel_of(Pairing.objects.with_people().get(pk=pairing.pk))
    assert roles(channel, cast, guardian, student) == TABLE.get(state, {})


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["asked", "refused", "left"])
def test_student_and_guardian_wait_outside_until_the_mentor_is_approved(cast, pairing, state):
    student, guardian = child_in(pairing, state=state)
    channel = channel_of(pairing)
    assert (channel.of(student.person), channel.of(guardian)) == (Access.NOTHING, Access.NOTHING)


@pytest.mark.django_db
def test_expired_clearance_stops_all_writing_but_the_teachers(cast, pairing):
    child_in(pairing)
    pairing.mentor.clearance_until = localdate() - timedelta(days=1)
    pairing.mentor.save()
    channel = channel_of(pairing)
    assert channel.may(cast.teacher, Access.WRITE)
    assert not channel.may(pairing.mentor.person, Access.WRITE)
    assert channel.why_not(pairing.mentor.person, Access.WRITE).startswith(
        "The mentor’s clearance for work with minors"
    )


@pytest.mark.django_db
def test_a_mentor_who_stopped_is_not_cleared(pairing):
    student, _guardian = child_in(pairing)
    type(pairing.mentor).objects.filter(pk=pairing.mentor_id).update(state="ended")
    channel = channel_of(Pairing.objects.with_people().get(pk=pairing.pk))
    assert not channel.may(student.person, Access.WRITE)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("purpose", "left"), [(Purpose.TAKING_PART, Access.NOTHING), (Purpose.MESSAGES, Access.RECORD)]
)
def test_a_consent_taken_back_counts_at_once(pairing, purpose, left):
    student, guardian = child_in(pairing)
    mentoring.MentorApprovalFactory(student=student, by=guardian)
    text = make.ConsentTextFactory(purpose=purpose)
    ConsentRequest.objects.create(child=student.person, purpose=purpose)
    decide(student.person, purpose, "granted", by=guardian, channel="signed_in", text=text)
    assert Access.WRITE in channel_of(pairing).of(student.person)
    decide(student.person, purpose, "withdrawn", by=guardian, channel="signed_in", text=ConsentText.objects.get())
    channel = channel_of(Pairing.objects.with_people().get(pk=pairing.pk))
    assert (channel.of(student.person), channel.of(guardian)) == (left, SEES)


@pytest.mark.django_db
def test_a_former_guardian_reads_no_more(pairing):
    student, guardian = child_in(pairing)
    student.person.guarded_by.update(ended_at=pairing.proposed_at)
    assert channel_of(pairing).of(guardian) == Access.NOTHING


@pytest.mark.django_db
def test_the_facts_take_as_many_queries_for_three_students_as_for_one(pairing):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            channel_of(Pairing.objects.with_people().get(pk=pairing.pk))
        return len(asked)

    child_in(pairing)
    once = queries()
    child_in(pairing)
    child_in(pairing)
    assert queries() == once <= 20
