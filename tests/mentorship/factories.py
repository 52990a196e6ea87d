"""Dull mentors, requests and pairings: they fit each other, in English, online. Say in the test what matters there.

Whoever asks gets here by a member institution only where the test says so (`cast.teacher` does).
"""

from datetime import UTC, date, datetime, timedelta

import factory
from django.utils.timezone import localdate, now
from factory.django import DjangoModelFactory

from cluster_portal.models import Upload
from cluster_portal.public_id import new_public_id
from members.consent import deciders_of
from mentorship.models import (
    Concern,
    LogEntry,
    Meeting,
    Mentor,
    MentorApproval,
    MentorRequest,
    Message,
    Milestone,
    Outcome,
    Pairing,
    PairingFeedback,
    PairingFile,
    PairingStudent,
    TakenBack,
    Terms,
)
from tests import factories as make


class TermsFactory(DjangoModelFactory):
    """What usually is agreed: seven days, four weeks."""

    class Meta:
        model = Terms
        django_get_or_create = ["id"]

    id = 1


class MentorFactory(DjangoModelFactory):
    """An admitted mentor with two places, cleared for work with minors for a year."""

    class Meta:
        model = Mentor
        skip_postgeneration_save = True

    person = factory.SubFactory(make.PersonFactory, given_name="Gleb")
    state = Mentor.State.ACTIVE
    about = "I judge at olympiads."
    help = ["prepare", "project"]
    languages = ["en"]
    formats = ["online"]
    time_zone = "Europe/Moscow"
    places = 2
    clearance_until = factory.LazyFunction(lambda: localdate() + timedelta(days=365))

    @factory.post_generation
    def directions(self, create, rows, **_options):
        if create and rows:
            self.directions.set(rows)


class MentorRequestFactory(DjangoModelFactory):
    """A teacher asks for help with an olympiad, without students; a mentor is sought for it."""

    class Meta:
        model = MentorRequest
        skip_postgeneration_save = True

    affiliation = factory.SubFactory(make.AffiliationFactory)
    by = factory.LazyAttribute(lambda it: it.affiliation.person)
    state = MentorRequest.State.OPEN
    asked_at = factory.LazyFunction(now)
    state_since = factory.LazyAttribute(lambda it: it.asked_at)
    answer_by = factory.LazyAttribute(lambda it: it.asked_at + timedelta(days=7))
    title = factory.Sequence(lambda number: f"A mentor for team {number}")
    what_for = MentorRequest.For.CONTEST
    contest = "Open Olympiad in Informatics"
    help = ["prepare"]
    text = "Four students know graphs, and nothing of dynamic programming."
    languages = ["en"]
    formats = ["online"]
    needed_from = factory.LazyFunction(localdate)
    needed_by = factory.LazyAttribute(lambda it: it.needed_from + timedelta(days=90))

    @factory.post_generation
    def directions(self, create, rows, **_options):
        if create and rows:
            self.directions.set(rows)


REQUEST_OF = {"proposed": "proposed", "accepted": "accepted", "active": "paired", "completed": "paired"}


class PairingFactory(DjangoModelFactory):
    """Under way since today, unless a state is given; its request is in the state that belongs to it."""

    class Meta:
        model = Pairing

    state = Pairing.State.ACTIVE
    request = factory.SubFactory(
        MentorRequestFactory, state=factory.LazyAttribute(lambda it: REQUEST_OF.get(it.factory_parent.state, "open"))
    )
    mentor = factory.SubFactory(MentorFactory)
    state_since = factory.LazyAttribute(
        lambda it: it.request.state_since if it.state in {"proposed", "accepted"} else now()
    )
    answer_by = factory.LazyAttribute(lambda it: it.request.answer_by if it.state in {"proposed", "accepted"} else None)
    began_on = factory.LazyAttribute(
        lambda it: localdate() if it.state in {"active", "completed", "dissolved"} else None
    )
    ended_on = factory.LazyAttribute(lambda it: localdate() if it.state in {"completed", "dissolved"} else None)
    with_students = factory.LazyAttribute(lambda it: bool(it.began_on) and it.request.with_students)


class PairingStudentFactory(DjangoModelFactory):
    """A child with a guardian (who comes with it, or was there) whose yes it has where approved; or `words=False`."""

    class Meta:
        model = PairingStudent
        skip_postgeneration_save = True

    pairing = factory.SubFactory(PairingFactory, request__with_students=True)
    person = factory.SubFactory(make.ChildFactory)
    state = PairingStudent.State.APPROVED

    @factory.post_generation
    def words(self, create, wanted, **_options):
        if not create or wanted is False:
            return
        deciders, people = deciders_of(self.person), [self.person]
        if deciders.guardians:
            known = self.person.guarded_by.now().first() or make.GuardianshipFactory(child=self.person)
            people = [known.guardian, *(people if deciders.themself else [])]
        if self.state == PairingStudent.State.APPROVED:
            MentorApproval.objects.bulk_create(MentorApproval(student=self, by=it, granted=True) for it in people)


class MentorApprovalFactory(DjangoModelFactory):
    class Meta:
        model = MentorApproval

    student = factory.SubFactory(PairingStudentFactory)
    by = factory.SubFactory(make.PersonFactory)
    granted = True


class MilestoneFactory(DjangoModelFactory):
    class Meta:
        model = Milestone

    pairing = factory.SubFactory(PairingFactory)
    title = factory.Sequence(lambda number: f"Milestone {number}")


class MeetingFactory(DjangoModelFactory):
    """An hour online, in a year to come."""

    class Meta:
        model = Meeting

    pairing = factory.SubFactory(PairingFactory)
    starts_at = factory.Sequence(lambda number: datetime(2027, 3, 2, 13, tzinfo=UTC) + timedelta(weeks=number))
    ends_at = factory.LazyAttribute(lambda it: it.starts_at + timedelta(hours=1))
    time_zone = "Europe/Moscow"
    online_link = "https://meet.example.net/1"
    planned_by = factory.LazyAttribute(lambda it: it.pairing.mentor.person)


class LogEntryFactory(DjangoModelFactory):
    class Meta:
        model = LogEntry

    pairing = factory.SubFactory(PairingFactory)
    by = factory.LazyAttribute(lambda it: it.pairing.mentor.person)
    day = factory.Sequence(lambda number: date(2026, 3, 2) + timedelta(days=number))
    what = "We solved two problems of last year."


class MessageFactory(DjangoModelFactory):
    class Meta:
        model = Message

    pairing = factory.SubFactory(PairingFactory)
    by = factory.LazyAttribute(lambda it: it.pairing.mentor.person)
    text = factory.Sequence(lambda number: f"Message {number}")


class PairingFileFactory(DjangoModelFactory):
    """A file of which nobody reads the bytes."""

    class Meta:
        model = PairingFile

    public_id = factory.LazyFunction(new_public_id)
    pairing = factory.SubFactory(PairingFactory)
    by = factory.LazyAttribute(lambda it: it.pairing.mentor.person)
    upload = factory.LazyAttribute(
        lambda it: Upload.objects.create(
            about_model="mentorship.pairingfile",
            about_id=it.public_id,
            file="uploads/plan.pdf",
            name="plan.pdf",
            content_type="application/pdf",
            size=4,
            sha256="0" * 64,
            uploaded_by=it.by,
        )
    )


class TakenBackFactory(DjangoModelFactory):
    """Goals that were written over."""

    class Meta:
        model = TakenBack

    pairing = factory.SubFactory(PairingFactory, request__with_students=True)
    kind = TakenBack.Kind.GOALS
    text = "A prize in spring"
    by = factory.LazyAttribute(lambda it: it.pairing.mentor.person)


class ConcernFactory(DjangoModelFactory):
    """A teacher tells the coordinator about a message."""

    class Meta:
        model = Concern

    pairing = factory.LazyAttribute(lambda it: it.message.pairing)
    message = factory.SubFactory(MessageFactory)
    by = factory.LazyAttribute(lambda it: it.pairing.request.by)
    text = "It says where he lives."


class OutcomeFactory(DjangoModelFactory):
    class Meta:
        model = Outcome

    pairing = factory.SubFactory(PairingFactory)
    contest = "Open Olympiad in Informatics"
    level = Outcome.Level.CITY
    place = Outcome.Place.SECOND
    day = factory.Sequence(lambda number: date(2026, 3, 2) + timedelta(days=number))
    by = factory.LazyAttribute(lambda it: it.pairing.request.by)


class PairingFeedbackFactory(DjangoModelFactory):
    class Meta:
        model = PairingFeedback

    pairing = factory.SubFactory(PairingFactory)
    by = factory.LazyAttribute(lambda it: it.pairing.mentor.person)
    helpful = 4
