"""How long what is kept: the table of /privacy/ is what the nightly task does."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.celery import app
from cluster_portal.models import AuditEntry, OutboxMail, Upload
from cluster_portal.moves import Refused
from cluster_portal.outbox import queue_mail
from cluster_portal.uploads import keep_upload
from competitions import retention as competitions
from courses import retention as courses
from members import actions, retention
from members.models import (
    Affiliation,
    Application,
    ApplicationNote,
    Cluster,
    Device,
    ErasureRequest,
    ErasureWord,
    GroupMember,
    Import,
    Person,
    RecordView,
)
from members.tasks import run_retention
from mentorship import retention as mentorship
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = pytest.mark.django_db
START = datetime(2027, 1, 10, 9, tzinfo=UTC)
NAMES = {
    "invitations", "declined", "unconfirmed_people", "unconfirmed_applications", "refused_applications", "mail",
    "imports", "erasure_requests", "classes", "record_views", "sessions", "devices", "device_codes",
    "confirmed_devices", "people", "students", "certificates",
}  # fmt: skip


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START, tick=False):
        yield


def nightly(days: float) -> dict[str, int]:
    """What the task of the night so many days later ends, without what it does not."""
    with time_machine.travel(START + timedelta(days=days), tick=False):
        return {name: count for name, count in run_retention().items() if count}


def test_every_period_has_its_test():
    elsewhere = {it.name for app in (courses, competitions, mentorship) for it in app.periods()}
    here = {it.name for it in retention.periods() if it.days is not None} - elsewhere
    assert here == NAMES  # theirs: courses/test_questions.py, competitions/test_personal_data.py, mentorship/…retention


def test_the_privacy_page_shows_every_period_with_its_time(client):
    page = client.get(reverse("coordination:privacy")).content.decode()
    missing = [it.name for it in retention.periods() if str(it.what) not in page or it.how_long not in page]
    assert missing == []


def test_the_night_does_it():
    assert app.conf.beat_schedule["run retention"]["task"] == run_retention.name


def test_nothing_else_ends_what_the_table_ends():
    seldom = {name for name, entry in app.conf.beat_schedule.items() if entry["schedule"] != 60.0}
    others = {"recount pools", "release reserves", "settle held", "recheck conflicts", "settle library"}
    mentoring = {"resume mentors", "notice departures", "notice stalled pairs", "keep minors safe"}
    assert seldom == {"run retention", *others, *mentoring}


def test_an_invitation_is_withdrawn_after_180_days():
    it = make.AffiliationFactory(state="invited")
    assert nightly(179) == {}
    assert nightly(181) == {"invitations": 1}
    it.refresh_from_db()
    assert it.state == Affiliation.State.DECLINED


def test_a_declined_request_is_deleted_after_a_year():
    it = make.AffiliationFactory(state="declined")
    kept = make.AffiliationFactory(state="ended")
    assert nightly(364) == {}
    assert nightly(366) == {"declined": 1}
    assert list(Affiliation.objects.values_list("pk", flat=True)) == [kept.pk]
    assert it.pk != kept.pk


def test_a_sign_up_that_was_never_confirmed_is_erased_after_30_days():
    person = make.PersonFactory(family_name="Neverconfirmed")
    EmailAddress.objects.create(user=person, email=person.email)
    confirmed = make.PersonFactory()
    EmailAddress.objects.create(user=confirmed, email=confirmed.email, verified=True)
    assert nightly(29) == {}
    assert nightly(31) == {"unconfirmed_people": 1}
    assert list(Person.objects.exclude(erased_at=None)) == [person]


def test_who_was_entered_by_a_school_is_no_forgotten_sign_up():
    person = make.AffiliationFactory().person
    EmailAddress.objects.create(user=person, email=person.email)
    assert nightly(31) == {}


def application(state):
    person = make.PersonFactory()
    it = Application.objects.create(state=state, name="School", kind="school", why="Because", applicant=person)
    ApplicationNote.objects.create(application=it, by=person, text="Note")
    return it


def test_an_application_that_was_never_confirmed_goes_after_a_week():
    application("unconfirmed")
    assert nightly(6) == {}
    assert nightly(8) == {"unconfirmed_applications": 1}
    assert Application.objects.count() == 0


@pytest.mark.parametrize("state", ["declined", "withdrawn"])
def test_a_refused_application_goes_after_a_year(state):
    application(state)
    kept = application("received")
    assert nightly(364) == {}
    assert nightly(366) == {"refused_applications": 1}
    assert list(Application.objects.values_list("pk", flat=True)) == [kept.pk]


@pytest.mark.parametrize("state", ["granted", "declined", "withdrawn"])
def test_a_closed_request_to_erase_goes_after_a_year_with_its_words(state):
    it = make.ErasureRequestFactory(state=state)
    ErasureWord.objects.create(request=it, by=make.PersonFactory())
    kept = make.ErasureRequestFactory()
    assert nightly(364) == {}
    assert nightly(366) == {"erasure_requests": 1}
    assert (list(ErasureRequest.objects.all()), ErasureWord.objects.count()) == ([kept], 0)


def test_the_text_of_mail_goes_after_its_days(settings):
    it = make.AffiliationFactory()
    mail = queue_mail("members/admitted", about=it, to=it.person)
    OutboxMail.objects.filter(pk=mail.pk).update(state="sent", sent_at=START)
    assert nightly(settings.MAIL_BODY_DAYS - 1) == {}
    assert nightly(settings.MAIL_BODY_DAYS + 1) == {"mail": 1}


def test_the_files_of_an_import_go_after_30_days():
    it = Import.objects.create(kind="people", by=make.PersonFactory(), counts={"accepted": 3})
    it.file = keep_upload(ContentFile(b"Ivanova;Anna", "class.txt"), about=it, by=it.by)
    it.save()
    assert nightly(29) == {}
    assert nightly(31) == {"imports": 1}
    it.refresh_from_db()
    assert (it.file, it.counts, Upload.objects.count()) == (None, {"accepted": 3}, 0)


def test_who_was_in_a_class_goes_after_three_years():
    over = make.GroupMemberFactory(until=date(2027, 1, 10))
    kept = make.GroupMemberFactory()
    assert "classes" not in nightly(3 * 365)
    assert nightly(3 * 365 + 2)["classes"] == 1
    assert list(GroupMember.objects.values_list("pk", flat=True)) == [kept.pk]
    assert over.pk != kept.pk


def pupil(**facts):
    """A pupil with a guardian, in a class of their school."""
    group = make.GroupFactory()
    member = make.GroupMemberFactory(group=group, **facts)
    make.AffiliationFactory(person=member.person, institution=group.institution, role="student")
    make.GuardianshipFactory(child=member.person)
    return member


@pytest.mark.parametrize("way", ["take_out", "archive_class", "move_up"])
def test_who_left_the_last_class_is_forgotten_after_the_years_of_the_table(way, cast):
    member = pupil()
    guardian = member.person.guarded_by.get().guardian
    if way == "take_out":
        actions.take_out(member, by=cast.teacher)
    elif way == "archive_class":
        actions.archive_class(member.group, by=cast.teacher)
    else:
        actions.move_up(member.group, by=cast.teacher, going=[])
    assert nightly(364) == {}
    assert nightly(367) == {"students": 1}
    assert member.person.affiliations.get().state == "ended"
    nightly(3 * 365 + 2)
    assert Person.objects.get(pk=member.person.pk).erased_at is None
    nightly(4 * 365 + 3)
    emptied = Person.objects.filter(pk__in=[member.person.pk, guardian.pk]).values_list("family_name", "birth_date")
    assert list(emptied) == [("", None), ("", None)]


def test_who_goes_on_in_another_class_stays_a_student(cast):
    member = pupil()
    new = make.GroupFactory(institution=member.group.institution)
    actions.take_out(member, by=cast.teacher)
    make.GroupMemberFactory(group=new, person=member.person)
    assert "students" not in nightly(1000)


def test_a_student_who_never_was_in_a_class_is_let_go_by_nobody():
    make.AffiliationFactory(role="student")
    assert "students" not in nightly(2000)


def test_a_guardian_and_a_child_who_is_grown_up_do_not_keep_each_other():
    person = make.PersonFactory()
    make.GuardianshipFactory(child=person, guardian=make.AffiliationFactory().person)
    assert person in retention.people_without_ties(START + timedelta(days=1))


def test_who_looked_at_a_record_goes_after_a_year():
    RecordView.objects.create(child=make.PersonFactory(), viewer="x", page="class")
    assert nightly(364) == {}
    assert nightly(366) == {"record_views": 1}


def test_an_ended_session_goes_after_a_day_and_its_browser_after_90():
    session = Session.objects.create(session_key="s", session_data="x", expire_date=START + timedelta(days=14))
    UserSession.objects.create(user=make.PersonFactory(), ip="203.0.113.7", user_agent="x", session_key="s")
    assert nightly(14.5) == {}
    assert nightly(15.5) == {"sessions": 1}
    assert nightly(89) == {}
    assert nightly(91) == {"devices": 1}
    assert session.session_key == "s"


def test_the_browser_of_somebody_still_signed_in_stays():
    Session.objects.create(session_key="s", session_data="x", expire_date=START + timedelta(days=400))
    UserSession.objects.create(user=make.PersonFactory(), ip="203.0.113.7", user_agent="x", session_key="s")
    assert nightly(91) == {}


def test_a_device_that_is_not_used_for_90_days_is_forgotten():
    make.DeviceFactory()
    make.DeviceFactory(used_on=(START + timedelta(days=5)).date())
    assert nightly(90) == {}
    assert nightly(92) == {"confirmed_devices": 1}


def test_a_code_that_is_not_entered_is_forgotten_after_a_day():
    make.DeviceFactory()
    Device.objects.create(person=make.PersonFactory())
    assert nightly(0.9) == {}
    assert nightly(1.1) == {"device_codes": 1}


def test_people_without_any_tie_are_erased_after_three_years():
    person = make.PersonFactory()
    assert nightly(3 * 365 - 1) == {}
    assert nightly(3 * 365 + 1) == {"people": 1}
    assert Person.objects.get(pk=person.pk).erased_at is not None
    assert AuditEntry.objects.get(verb="members.person.erase").actor == ""


def has_affiliation(person):
    make.AffiliationFactory(person=person)


def coordinates(person):
    make.CoordinatorFactory(person=person)


def guards(person):
    child = make.AffiliationFactory(person=make.ChildFactory(birth_date=date(2018, 1, 1))).person
    make.GuardianshipFactory(guardian=person, child=child)


def is_guarded(person):
    Person.objects.filter(pk=person.pk).update(birth_date=date(2018, 1, 1))
    make.GuardianshipFactory(guardian=make.AffiliationFactory().person, child=person)


def is_in_a_class(person):
    make.GroupMemberFactory(person=person)


def holds_a_place(person):
    make.EnrolmentFactory(person=person)


def signed_in_lately(person):
    Person.objects.filter(pk=person.pk).update(last_login=START + timedelta(days=365))


def teaches(person):
    run = make.RunFactory()
    make.SessionFactory(run=run, starts_at=START + timedelta(days=2000), ends_at=START + timedelta(days=2001))
    run.instructors.add(person)


def mentors(person):
    pair.PairingFactory(mentor__person=person)


def asks_for_a_mentor(person):
    pair.MentorRequestFactory(by=person)


def is_mentored(person):
    pair.PairingStudentFactory(person=person)


TIES = [mentors, asks_for_a_mentor, is_mentored]
TIES += [has_affiliation, coordinates, guards, is_guarded, is_in_a_class, holds_a_place, signed_in_lately, teaches]


@pytest.mark.parametrize("tie", TIES, ids=lambda it: it.__name__)
def test_one_tie_is_enough_to_stay(tie):
    person = make.PersonFactory()
    tie(person)
    assert person not in retention.people_without_ties(START + timedelta(days=1))


@pytest.mark.parametrize("tie", [has_affiliation, holds_a_place], ids=lambda it: it.__name__)
def test_a_tie_that_ended_counts_for_three_years_more(tie):
    person = make.PersonFactory()
    tie(person)
    ended = START + timedelta(days=300)
    person.affiliations.update(state="ended", ends_on=ended.date(), state_since=ended)
    person.enrolments.update(state="cancelled", state_since=ended)
    assert person not in retention.people_without_ties(START + timedelta(days=299))
    assert person in retention.people_without_ties(START + timedelta(days=301))


def test_a_thousand_rows_go_in_batches(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    child = make.PersonFactory(last_login=START + timedelta(days=300))
    RecordView.objects.bulk_create(RecordView(child=child, viewer="x", page="class") for _ in range(10))
    assert nightly(366) == {"record_views": 10}


def test_who_cannot_be_erased_yet_does_not_keep_others(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 1)
    people = make.PersonFactory.create_batch(3)

    def erase(person, **facts):
        if person == people[0]:
            raise Refused("Hand over first.")
        actions.erase_person(person, **facts)

    monkeypatch.setattr(retention, "erase_person", erase)
    nightly(3 * 365 + 1)
    assert list(Person.objects.filter(erased_at=None)) == [people[0]]


def test_one_bad_row_does_not_keep_the_others(monkeypatch, caplog):
    rows = make.AffiliationFactory.create_batch(7, state="declined")
    bad = rows[3].pk

    def delete(some):
        if bad in {it.pk for it in some}:
            raise ValueError("a row that something else points to")
        retention._delete(some)

    whole = retention.periods()
    broken = [replace(it, end=delete) if it.name == "declined" else it for it in whole]
    monkeypatch.setattr(retention, "periods", lambda: broken)
    assert nightly(366) == {"declined": 6}
    assert list(Affiliation.objects.values_list("pk", flat=True)) == [bad]
    said = [it.getMessage() for it in caplog.records if it.levelname == "ERROR"]
    assert said == [f"Row {bad} is over in declined and could not be ended."]


def test_running_twice_changes_nothing_more():
    make.AffiliationFactory(state="invited")
    assert nightly(181) == {"invitations": 1}
    assert nightly(181) == {}


def test_the_time_in_words():
    said = {it.name: it.how_long.replace("\N{NO-BREAK SPACE}", " ") for it in retention.periods()}
    assert (said["classes"], said["imports"], said["declined"], said["audit"]) == (
        "3 years", "30 days", "1 year", "for good",
    )  # fmt: skip
    assert now() == START


def test_a_guardian_who_acts_by_link_is_no_forgotten_sign_up():
    guardian = make.GuardianshipFactory().guardian
    EmailAddress.objects.create(user=guardian, email=guardian.email)
    assert nightly(31) == {}


def test_days_are_over_by_the_clock_of_the_cluster():
    """Five in the morning of 23 November in Seoul: 24 August is 91 days ago, though in London it is 90."""
    Cluster.objects.create(pk=1, name="C", time_zone="Asia/Seoul")
    make.DeviceFactory(used_on=date(2026, 8, 24))
    stays = make.DeviceFactory(used_on=date(2026, 8, 25))
    with time_machine.travel(datetime(2026, 11, 22, 20, tzinfo=UTC), tick=False):
        run_retention()
    assert list(Device.objects.all()) == [stays]
