"""Dull objects for tests: valid, adult, in Moscow time. Say in the test what matters there."""

from datetime import UTC, date, datetime, timedelta

import factory
from django.http import HttpResponse
from django.utils.timezone import localdate, now
from factory.django import DjangoModelFactory

from cluster_portal.public_id import new_public_id
from competitions.models import Authorship, Competition, Criterion, Entry, Juror, Nomination, Plan, Review
from courses.models import Attendance, Course, Enrolment, FeedbackQuestion, Material, Pool, Question, Run, Seat, Session
from members.devices import hash_of, remember
from members.models import (
    Affiliation,
    Agreement,
    Application,
    Certificate,
    Clause,
    ConsentText,
    Coordinator,
    Device,
    ErasureRequest,
    Group,
    GroupMember,
    Guardianship,
    Institution,
    Party,
    Person,
    Purpose,
    Region,
)


class PersonFactory(DjangoModelFactory):
    class Meta:
        model = Person
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@example.org")
    family_name = factory.Sequence(lambda number: f"Family{number}")
    given_name = "Anna"
    birth_date = date(1990, 1, 1)
    password = "md5$salt$0e5cf14b7a6dd36ec4ce8e3c5cbd9d8e"


class RegionFactory(DjangoModelFactory):
    class Meta:
        model = Region

    name = factory.Sequence(lambda number: f"Region {number}")
    slug = factory.Sequence(lambda number: f"region-{number}")


class InstitutionFactory(DjangoModelFactory):
    class Meta:
        model = Institution

    name = factory.Sequence(lambda number: f"School {number}")
    kind = Institution.Kind.SCHOOL


class AffiliationFactory(DjangoModelFactory):
    class Meta:
        model = Affiliation

    person = factory.SubFactory(PersonFactory)
    institution = factory.SubFactory(InstitutionFactory)
    role = Affiliation.Role.TEACHER
    state = Affiliation.State.ACTIVE
    starts_on = factory.LazyAttribute(lambda it: date(2026, 1, 1) if it.state in {"active", "ended"} else None)
    ends_on = factory.LazyAttribute(lambda it: date(2026, 6, 1) if it.state == "ended" else None)


class CoordinatorFactory(DjangoModelFactory):
    """Of the whole cluster, unless a region is given."""

    class Meta:
        model = Coordinator

    person = factory.SubFactory(PersonFactory)
    since = date(2026, 1, 1)


class AgreementFactory(DjangoModelFactory):
    """A network agreement in force."""

    class Meta:
        model = Agreement

    kind = Agreement.Kind.NETWORK
    title = factory.Sequence(lambda number: f"Agreement {number}")
    state = Agreement.State.CONCLUDED
    valid_from = date(2026, 1, 1)
    concluded_on = factory.LazyAttribute(
        lambda it: date(2026, 1, 1) if it.state in {"concluded", "terminated"} else None
    )
    terminated_on = factory.LazyAttribute(lambda it: date(2026, 6, 1) if it.state == "terminated" else None)


class PartyFactory(DjangoModelFactory):
    class Meta:
        model = Party

    agreement = factory.SubFactory(AgreementFactory)
    institution = factory.SubFactory(InstitutionFactory)
    signed_on = date(2026, 1, 1)
    signatory = "Director"


class ClauseFactory(DjangoModelFactory):
    class Meta:
        model = Clause

    agreement = factory.SubFactory(AgreementFactory)
    number = factory.Sequence(lambda number: f"1.{number}")
    text = "Teachers of the parties take part in courses."
    right = Clause.Right.COURSES


class CourseFactory(DjangoModelFactory):
    class Meta:
        model = Course

    title = factory.Sequence(lambda number: f"Course {number}")
    kind = Course.Kind.COURSE
    summary = "What one learns."
    reviewed_on = factory.LazyFunction(localdate)


class RunFactory(DjangoModelFactory):
    class Meta:
        model = Run

    course = factory.SubFactory(CourseFactory)
    title = "spring 2027"
    state = Run.State.PUBLISHED
    time_zone = "Europe/Moscow"
    place = "Room 5"
    enrol_from = factory.LazyFunction(lambda: now() - timedelta(days=30))
    enrol_until = factory.LazyFunction(lambda: now() + timedelta(days=30))


class SessionFactory(DjangoModelFactory):
    class Meta:
        model = Session

    run = factory.SubFactory(RunFactory)
    starts_at = factory.Sequence(lambda number: datetime(2027, 3, 2, 13, tzinfo=UTC) + timedelta(weeks=number))
    ends_at = factory.LazyAttribute(lambda it: it.starts_at + timedelta(minutes=90))


class PoolFactory(DjangoModelFactory):
    class Meta:
        model = Pool

    run = factory.SubFactory(RunFactory)
    places = 2


class EnrolmentFactory(DjangoModelFactory):
    class Meta:
        model = Enrolment

    run = factory.SubFactory(RunFactory)
    pool = factory.LazyAttribute(lambda it: it.run.pools.first() or PoolFactory(run=it.run))
    person = factory.SubFactory(PersonFactory)
    state = Enrolment.State.CONFIRMED
    queued_at = factory.LazyAttribute(lambda it: now() if it.state in {"waiting", "offered"} else None)
    offered_until = factory.LazyAttribute(lambda it: now() + timedelta(days=2) if it.state == "offered" else None)
    held_until = factory.LazyAttribute(lambda it: now() + timedelta(days=14) if it.state == "held" else None)


class SeatFactory(DjangoModelFactory):
    """A place in a session that people choose."""

    class Meta:
        model = Seat

    state = Seat.State.CONFIRMED
    queued_at = factory.LazyAttribute(lambda it: now() if it.state == "waiting" else None)


class AttendanceFactory(DjangoModelFactory):
    """A mark on the roster, by nobody in particular."""

    class Meta:
        model = Attendance

    mark = Attendance.Mark.PRESENT
    how = Attendance.How.ROSTER
    pressed_at = factory.LazyFunction(now)


class QuestionFactory(DjangoModelFactory):
    class Meta:
        model = Question

    run = factory.SubFactory(RunFactory)
    text = "What do you eat?"
    kind = Question.Kind.TEXT


class ChildFactory(PersonFactory):
    """Ten years old, without an e-mail."""

    email = None
    given_name = "Ilya"
    birth_date = factory.LazyFunction(lambda: now().date() - timedelta(days=10 * 366))
    password = "!"


class GroupFactory(DjangoModelFactory):
    """A class of a school."""

    class Meta:
        model = Group

    institution = factory.SubFactory(InstitutionFactory)
    name = factory.Sequence(lambda number: f"7 {number}")
    school_year = 2026


class GroupMemberFactory(DjangoModelFactory):
    class Meta:
        model = GroupMember

    group = factory.SubFactory(GroupFactory)
    person = factory.SubFactory(ChildFactory)
    since = date(2026, 9, 1)


class GuardianshipFactory(DjangoModelFactory):
    class Meta:
        model = Guardianship

    guardian = factory.SubFactory(PersonFactory)
    child = factory.SubFactory(ChildFactory)
    how = Guardianship.How.CLASS_LIST


class ErasureRequestFactory(DjangoModelFactory):
    """A guardian asks to erase a child about whom another guardian decides too."""

    class Meta:
        model = ErasureRequest

    person = factory.SubFactory(ChildFactory)
    asked_by = factory.LazyAttribute(lambda it: GuardianshipFactory(child=it.person).guardian)
    state = ErasureRequest.State.ASKED


class ConsentTextFactory(DjangoModelFactory):
    """A document in force."""

    class Meta:
        model = ConsentText

    purpose = Purpose.TAKING_PART
    version = 1
    language = "en"
    title = factory.LazyAttribute(lambda it: f"Document on {it.purpose}")
    text = "What happens, what for, who sees it."
    legal_basis = "Consent"
    retention = "Until the end of the school year"
    contact = "data@example.org"
    sha256 = factory.Sequence(lambda number: f"{number:064x}")
    published_at = factory.LazyFunction(now)


class CertificateFactory(DjangoModelFactory):
    """A valid one, of eight hours, issued to the person."""

    class Meta:
        model = Certificate

    person = factory.SubFactory(PersonFactory)
    kind = Certificate.Kind.COMPLETION
    number = factory.Sequence(lambda number: f"2019-{number + 1:06}")  # no year in which tests issue any
    name_printed = factory.LazyAttribute(lambda it: it.person.full_name)
    title = "AI Tools in Teaching"
    issuer = "AI cluster"
    hours = 8
    begins_on = date(2026, 3, 2)
    ends_on = date(2026, 4, 27)
    issued_on = factory.LazyFunction(localdate)
    language = "en"
    about_model = "courses.run"
    about_id = factory.LazyFunction(new_public_id)


class DeviceFactory(DjangoModelFactory):
    """A confirmed device."""

    class Meta:
        model = Device

    person = factory.SubFactory(PersonFactory)
    name = "Firefox, Linux"
    confirmed_at = factory.LazyFunction(now)
    used_on = factory.LazyFunction(localdate)
    key_hash = factory.Sequence(lambda number: hash_of(f"key {number}"))


def confirm_device(client, person):
    """Let the browser of a test be a confirmed device of this person."""
    key = new_public_id()
    device = DeviceFactory(person=person, key_hash=hash_of(key))
    client.cookies.update(remember(HttpResponse(), person, key).cookies)
    return device


class ApplicationFactory(DjangoModelFactory):
    class Meta:
        model = Application

    applicant = factory.SubFactory(PersonFactory)
    name = factory.Sequence(lambda number: f"School {number}")
    kind = "school"
    why = "Our teachers want it."
    state = Application.State.RECEIVED


class MaterialFactory(DjangoModelFactory):
    """A link that belongs to a run."""

    class Meta:
        model = Material

    run = factory.SubFactory(RunFactory)
    title = factory.Sequence(lambda number: f"Material {number}")
    kind = Material.Kind.LINK
    url = "https://slides.example.net/1"


class FeedbackQuestionFactory(DjangoModelFactory):
    class Meta:
        model = FeedbackQuestion

    run = factory.SubFactory(RunFactory)
    position = factory.Sequence(lambda number: number + 1)
    text = factory.Sequence(lambda number: f"Sentence {number}")


class CompetitionFactory(DjangoModelFactory):
    class Meta:
        model = Competition

    title = factory.Sequence(lambda number: f"Lesson plans {number}")
    summary = "Lesson plans for the age of AI."
    state = Competition.State.PUBLISHED
    opens_at = factory.LazyFunction(lambda: now() - timedelta(days=10))
    closes_at = factory.LazyAttribute(lambda it: it.opens_at + timedelta(days=20))
    judged_until = factory.LazyAttribute(lambda it: it.closes_at + timedelta(days=20))
    results_on = factory.LazyAttribute(lambda it: localdate(it.judged_until) + timedelta(days=5))


class NominationFactory(DjangoModelFactory):
    class Meta:
        model = Nomination

    competition = factory.SubFactory(CompetitionFactory)
    title = factory.Sequence(lambda number: f"Nomination {number}")


class CriterionFactory(DjangoModelFactory):
    class Meta:
        model = Criterion

    competition = factory.SubFactory(CompetitionFactory)
    title = factory.Sequence(lambda number: f"Criterion {number}")
    position = factory.Sequence(lambda number: number)


class EntryFactory(DjangoModelFactory):
    """A complete lesson plan; its first author comes with `AuthorshipFactory`."""

    class Meta:
        model = Entry

    competition = factory.SubFactory(CompetitionFactory)
    title = factory.Sequence(lambda number: f"Plan {number}")
    abstract = "Students ask a model and check what it says."
    subject = "Informatics"
    stage_from = 5
    stage_until = 7
    minutes = 45
    objectives = "They can say where a model errs."
    risks = "Nobody enters names of people."
    materials = "One computer for two."
    licence = Entry.Licence.BY
    submitted_at = factory.LazyAttribute(
        lambda it: None if it.state in {Entry.State.DRAFT, Entry.State.WITHDRAWN} else now()
    )
    refusal = factory.LazyAttribute(lambda it: "Not a plan." if it.state == Entry.State.DISQUALIFIED else "")
    state = Entry.State.DRAFT


class AuthorshipFactory(DjangoModelFactory):
    class Meta:
        model = Authorship

    entry = factory.SubFactory(EntryFactory)
    person = factory.SubFactory(PersonFactory)
    state = Authorship.State.CONFIRMED
    is_lead = True


class JurorFactory(DjangoModelFactory):
    class Meta:
        model = Juror

    competition = factory.SubFactory(CompetitionFactory)
    person = factory.SubFactory(PersonFactory)
    state = Juror.State.ACTIVE


class ReviewFactory(DjangoModelFactory):
    class Meta:
        model = Review

    entry = factory.SubFactory(EntryFactory, state=Entry.State.ADMITTED)
    juror = factory.SubFactory(JurorFactory, competition=factory.SelfAttribute("..entry.competition"))
    reading_order = 0.5


class PlanFactory(DjangoModelFactory):
    """A plan in the library; its authors have agreed when the test says so."""

    class Meta:
        model = Plan

    entry = factory.SubFactory(EntryFactory, state=Entry.State.ADMITTED, place=Entry.Place.FIRST)
