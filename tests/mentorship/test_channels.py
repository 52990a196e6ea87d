"""Who reads and who writes in a pairing: the rule in all states at once, and that the database gives it its facts."""

from collections import Counter
from datetime import timedelta
from functools import cache
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate

from members.actions import decide
from members.actions.people import suspend_person
from members.consent import first_name_and_initial
from members.models import ConsentRequest, ConsentText, Purpose
from mentorship import actions
from mentorship.channels import ENDED, SEES, WATCHES, Access, Facts, Learner, access_in
from mentorship.models import MentorRequest, Pairing
from mentorship.readers import channel_of, channels_of
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
    """Every state of a pairing: of its students, of the clearance, of who else is there, of who is gone or has left."""
    watchers = [
        (frozenset(), frozenset()),
        (frozenset({MENTOR}), frozenset()),
        (frozenset({TEACHER}), frozenset({TEACHER})),
        (frozenset({COORDINATOR}), frozenset({CONTACT})),
    ]
    gone = [frozenset(it) for it in ((), (MENTOR,), (TEACHER,), (MENTOR, TEACHER), (MOTHER,), (CHILD,))]
    absent = [*((it, True) for it in gone), (frozenset(), False)]
    combined = product(STATES, [True, False], [True, False], list(learners()), watchers, absent)
    for state, with_students, is_cleared, students, (coordinators, contacts), (away, at_school) in combined:
        kept = tuple(
            Learner(it.person, it.is_minor, it.is_approved, it.has_consent, it.has_messages, it.guardians - away)
            for it in students
        )
        yield Facts(
            state,
            MENTOR,
            TEACHER,
            with_students,
            is_cleared,
            at_school,
            kept,
            coordinators - away,
            contacts - away,
            away,
        )


@cache
def walked():
    """Every state with what the rule says of it."""
    return [(it, access_in(it)) for it in everything()]


def test_no_adult_shares_a_channel_with_a_minor_that_no_other_adult_sees():
    seen = Counter()
    for facts, access in walked():
        readers = {person for person, it in access.items() if it & SEES}
        talking = {person for person, it in access.items() if Access.TALK in it}
        for _minor in readers & CHILDREN:
            assert len(talking & (ADULTS - {STUDENT})) >= 2, facts  # whichever adult it is, another one reads too
            seen["with a minor"] += 1
        seen["all"] += 1
    assert seen["all"] > 20_000
    assert seen["with a minor"] > 1_000  # the rule is not kept by letting nobody in


def test_a_minor_is_in_only_with_approval_and_consent():
    for facts, access in walked():
        for it in facts.students:
            if not (it.is_approved and it.has_consent):
                assert it.person not in access, facts
            if it.person in access and not it.has_messages:
                assert access[it.person] == Access.RECORD, facts


def test_nobody_reads_before_it_is_agreed_and_nobody_writes_once_it_is_ended():
    for facts, access in walked():
        if facts.state != Pairing.State.ACTIVE and facts.state not in ENDED:
            assert access == {}, facts
        if facts.state in ENDED:
            assert not any(it & (Access.PLAN | Access.WRITE) for it in access.values()), facts


def test_whoever_writes_reads_what_the_others_write():
    for _facts, access in walked():
        for it in access.values():
            assert Access.WRITE not in it or Access.TALK in it
            assert Access.PLAN not in it or Access.RECORD in it


CHANGES = Access.PLAN | Access.WRITE


def changing(access):
    return {person for person, it in access.items() if it & CHANGES}


def test_without_clearance_nobody_but_the_teacher_writes_or_plans_what_a_minor_reads():
    seen = Counter()
    for facts, access in walked():
        if not facts.is_cleared and facts.minors & access.keys():
            assert changing(access) <= {TEACHER}, facts
            seen[bool(changing(access))] += 1
    assert min(seen.values()) > 100


def test_without_the_teacher_nobody_writes_or_plans_what_a_minor_reads():
    seen = Counter()
    for facts, access in walked():
        if not facts.is_accompanied and facts.minors & access.keys():
            assert changing(access) == set(), facts
            seen[facts.has_teacher] += 1
    assert min(seen.values()) > 100


def test_the_model_check_would_notice_who_is_not_cleared_and_changes_what_minors_read(monkeypatch):
    monkeypatch.setattr("mentorship.channels._only_the_teacher", lambda facts, access: access)
    assert any(
        MENTOR in changing(access_in(it))
        for it in everything()
        if not it.is_cleared and it.minors & access_in(it).keys()
    )


def test_what_was_taken_back_is_read_by_who_watches_over_minors_whoever_has_left():
    for facts, access in walked():
        keeping = {person for person, it in access.items() if Access.KEPT in it}
        assert not keeping & {CHILD, OTHER_CHILD, STUDENT}, facts
        if access and (facts.with_students or facts.students):
            assert (facts.coordinators | facts.contacts) - facts.gone <= keeping, facts
        else:
            assert keeping == set(), facts


def test_whoever_is_gone_has_no_access():
    for facts, access in walked():
        assert not facts.gone & access.keys(), facts


def test_guardians_coordinator_and_school_read_and_never_write_or_plan():
    for facts, access in walked():
        for person in {MOTHER, COORDINATOR, CONTACT} & access.keys():
            assert not access[person] & (Access.PLAN | Access.WRITE), facts


def test_the_guardian_of_whoever_is_in_reads_all():
    for facts, access in walked():
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


def fresh(pairing):
    return Pairing.objects.with_people().get(pk=pairing.pk)


def child_in(pairing, **facts):
    student = mentoring.PairingStudentFactory(pairing=pairing, **facts)
    return student, student.person.guarded_by.get().guardian


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
READ_BY = {
    "mentor": SEES,
    "teacher": SEES,
    "student": SEES,
    "guardian": WATCHES,
    "coordinator": WATCHES,
    "contact": WATCHES,
}
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
def test_expired_clearance_stops_all_writing_and_planning_but_the_teachers(cast, pairing):
    child_in(pairing)
    pairing.mentor.clearance_until = localdate() - timedelta(days=1)
    pairing.mentor.save()
    channel = channel_of(pairing)
    assert channel.may(cast.teacher, Access.WRITE)
    for wanted in (Access.WRITE, Access.PLAN):
        assert not channel.may(pairing.mentor.person, wanted)
        assert channel.why_not(pairing.mentor.person, wanted).startswith("The mentor’s clearance for work with minors")


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
    assert (channel.of(student.person), channel.of(guardian)) == (left, WATCHES)


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


@pytest.mark.django_db
def test_the_facts_of_three_pairings_take_as_many_queries_as_those_of_one(pairing):
    def queries(number):
        rows = list(Pairing.objects.with_people()[:number])
        with CaptureQueriesContext(connection) as asked:
            channels_of(rows)
        return len(asked)

    child_in(pairing)
    for _number in range(2):
        child_in(mentoring.PairingFactory(request__with_students=True))
    assert queries(1) == queries(3)


@pytest.mark.django_db
def test_many_channels_are_each_what_it_is_alone(cast, pairing):
    region = make.RegionFactory()
    make.CoordinatorFactory(region=region)
    there = mentoring.PairingFactory(
        request__with_students=True, request__affiliation__institution__region=region, mentor__clearance_until=None
    )
    make.AffiliationFactory(institution=there.request.affiliation.institution, role="contact")
    for it in (pairing, there):
        child_in(it)
    rows = list(Pairing.objects.with_people())
    assert {key: it.facts for key, it in channels_of(rows).items()} == {it.pk: channel_of(it).facts for it in rows}


@pytest.mark.django_db
def test_who_reads_stays_as_it_was_agreed_whatever_the_request_says_later(cast, pairing):
    """A teacher who takes all students out and asks anew without any shuts nobody out of what was written."""
    student, _guardian = child_in(pairing, state="left")
    actions.dissolve_pairing(fresh(pairing), by=cast.teacher)
    actions.reopen_request(MentorRequest.objects.get(), by=cast.teacher)
    MentorRequest.objects.update(with_students=False)
    channel = channel_of(fresh(pairing))
    assert (channel.of(cast.coordinator), channel.of(cast.contact)) == (WATCHES, WATCHES)
    assert channel.of(student.person) == Access.NOTHING


@pytest.mark.django_db
def test_who_reads_is_frozen_when_the_teacher_agrees(cast):
    request = mentoring.MentorRequestFactory(affiliation=cast.teacher.affiliations.get(), state="accepted")
    MentorRequest.objects.update(with_students=True)
    pairing = mentoring.PairingFactory(state="accepted", request=request)
    assert not pairing.with_students
    actions.agree_to_mentor(fresh(pairing), by=cast.teacher)
    assert fresh(pairing).with_students


@pytest.mark.django_db
def test_what_two_adults_wrote_stays_theirs_when_the_request_is_asked_anew_with_students(cast):
    pairing = mentoring.PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    MentorRequest.objects.update(with_students=True)
    channel = channel_of(fresh(pairing))
    assert (channel.of(cast.coordinator), channel.of(cast.contact)) == (Access.RECORD, Access.NOTHING)


@pytest.mark.django_db
def test_a_student_who_has_left_keeps_a_pairing_watched(cast):
    pairing = mentoring.PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    child_in(pairing, state="left")
    assert channel_of(fresh(pairing)).of(cast.contact) == WATCHES


GONE = "The teacher is not at this school at the moment"


@pytest.mark.django_db
@pytest.mark.parametrize("gone", ["suspended", "left the school"])
def test_without_the_teacher_the_mentor_neither_writes_nor_plans_with_minors(cast, pairing, gone):
    child_in(pairing)
    if gone == "suspended":
        suspend_person(cast.teacher, by=cast.coordinator)
    else:
        cast.teacher.affiliations.update(state="ended", ends_on=localdate())
    channel = channel_of(fresh(pairing))
    mentor, kept = pairing.mentor.person, {"suspended": Access.NOTHING, "left the school": SEES}[gone]
    assert (channel.of(mentor), channel.of(cast.teacher)) == (SEES, kept)
    assert channel.why_not(mentor, Access.PLAN).startswith(GONE)
    assert channel.why_not(mentor, Access.WRITE).startswith(GONE)


@pytest.mark.django_db
def test_a_teacher_who_left_the_school_reads_no_whole_names_any_more(cast, pairing):
    student, _guardian = child_in(pairing)
    assert channel_of(pairing).name_of(student.person, cast.teacher) == student.person.full_name
    cast.teacher.affiliations.update(state="ended", ends_on=localdate())
    channel = channel_of(fresh(pairing))
    names = [channel.name_of(student.person, it) for it in (cast.teacher, pairing.mentor.person)]
    assert names == [first_name_and_initial(student.person)] * 2
    assert channel.name_of(pairing.mentor.person, student.person) == pairing.mentor.person.full_name
