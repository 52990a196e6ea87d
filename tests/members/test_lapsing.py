"""Before a consent lapses, those whose word is then missing are asked, once; keepers see it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cluster_portal import hooks
from cluster_portal.models import OutboxMail
from cluster_portal.reminders import queue_due_reminders
from members import actions
from members.desk_rows import consents_lapsing
from members.lapsing import lapsing_soon
from members.models import ConsentDecision, Person, Purpose
from tests import factories as make
from tests.browsing import at
from tests.members.test_consent_pages import page_of

pytestmark = pytest.mark.django_db
PART = Purpose.TAKING_PART
START = datetime(2027, 1, 10, 9, tzinfo=UTC)
LAPSE = date(2027, 4, 10)


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(START, tick=False)
    return time_machine


@pytest.fixture
def group(cast):
    group = make.GroupFactory(institution=cast.school)
    group.keepers.add(cast.teacher)
    return group


def granted(group, months=3, **facts):
    """A pupil for whom a guardian has granted, for so many months."""
    facts = {"birth_date": date(2017, 5, 5), "family_name": "Gromov"} | facts
    child = make.GroupMemberFactory(group=group, **{f"person__{name}": it for name, it in facts.items()}).person
    guardian = make.GuardianshipFactory(child=child).guardian
    text = make.ConsentTextFactory(valid_months=months, version=ConsentDecision.objects.count() + 1)
    actions.request_consent([child], [PART], by=None)
    OutboxMail.objects.all().delete()
    actions.decide(child, PART, "granted", by=guardian, channel="link", text=text)
    return child, guardian, text


def mails_until(clock, last):
    """What has been written when every day up to the last has passed."""
    day = START
    while day.date() <= last:
        clock.move_to(day, tick=False)
        queue_due_reminders()
        day += timedelta(days=1)
    return list(OutboxMail.objects.filter(template="members/consent_lapsing").order_by("pk"))


def test_guardian_is_asked_thirty_days_before_the_months_are_over_and_once(clock, cast, group):
    _child, guardian, _text = granted(group)
    assert mails_until(clock, LAPSE - timedelta(days=33)) == []
    mail, *more = mails_until(clock, LAPSE + timedelta(days=2))
    assert (mail.to, mail.not_before.date(), more) == (guardian, LAPSE - timedelta(days=30), [])
    assert mail.subject == "Answer anew for Ilya G.: a consent lapses, AI cluster"
    assert "counts no more from 10 April 2027" in mail.body_text


def test_a_consent_that_is_written_down_too_late_is_asked_about_the_next_morning_and_once(clock, cast, group):
    _child, _guardian, text = granted(group, months=1)
    at = datetime(2027, 1, 12, 12, tzinfo=UTC)
    clock.move_to(at, tick=False)
    OutboxMail.objects.all().delete()
    late = make.GuardianshipFactory(child=make.GroupMemberFactory(group=group).person)
    Person.objects.filter(pk=late.child_id).update(birth_date=date(2017, 5, 5))
    actions.request_consent([late.child], [PART], by=None)
    seen = {"seen_on": date(2026, 12, 20), "recorded_by": cast.teacher, "channel": "paper", "text": text}
    actions.decide(late.child, PART, "granted", by=late.guardian, **seen)
    mail, *more = [it for it in mails_until(clock, date(2027, 1, 25)) if it.to == late.guardian]
    assert (mail.not_before.date(), more) == (date(2027, 1, 13), [])
    assert "counts no more from 20 January 2027" in mail.body_text
    assert hooks.mail_kinds[mail.template].still_due(mail) is True


def test_who_was_a_guardian_hears_of_no_lapse_and_the_mail_keeps_its_rule(clock, cast, group):
    child, guardian, text = granted(group)
    sibling = make.GroupMemberFactory(group=group, person__birth_date=date(2017, 5, 5)).person
    make.GuardianshipFactory(child=sibling, guardian=guardian)
    actions.request_consent([sibling], [PART], by=None)
    actions.decide(sibling, PART, "granted", by=guardian, channel="link", text=text)
    make.ConsentTextFactory(purpose=Purpose.NAME)
    actions.request_consent([sibling], [Purpose.NAME], by=None)  # open today, and no matter of this mail
    (mail,) = mails_until(clock, LAPSE - timedelta(days=31))
    ended = child.guarded_by.get()
    actions.end_guardianship(ended, by=cast.coordinator)
    mail.refresh_from_db()
    assert (mail.state, OutboxMail.objects.unfinished().filter(to=guardian, template=mail.template).count()) == (
        "cancelled", 0,
    )  # fmt: skip
    queue_due_reminders()
    anew = OutboxMail.objects.unfinished().get(to=guardian, template=mail.template)
    assert (ended.public_id in anew.body_text, "10 April 2027" in anew.body_text) == (False, True)


def test_who_has_renewed_is_not_asked(clock, cast, group):
    child, guardian, text = granted(group)
    (mail,) = mails_until(clock, LAPSE - timedelta(days=29))
    due = hooks.mail_kinds[mail.template].still_due
    assert due(mail) is True
    actions.decide(child, PART, "granted", by=guardian, channel="link", text=text)
    assert due(mail) is False
    assert lapsing_soon(Person.objects.filter(pk=child.pk)) == []


@pytest.mark.parametrize("ages", [(14, 18), (18, 18)])
def test_who_comes_of_age_is_asked_on_the_birthday(ages, clock, cast, group):
    actions.set_age_policy(cast.coordinator, *ages)
    born = date(2027 - ages[0], 2, 20)
    child, _guardian, _text = granted(group, months=None, birth_date=born, email="ilya@example.org")
    assert mails_until(clock, date(2027, 2, 18)) == []
    (mail,) = mails_until(clock, date(2027, 2, 25))
    assert (mail.to, mail.not_before.date()) == (child, date(2027, 2, 20))
    assert mail.subject == "Answer anew for yourself: a consent lapses, AI cluster"


def test_who_decided_beside_a_guardian_is_not_asked_again_at_eighteen(clock, cast, group):
    child, _guardian, text = granted(group, months=None, birth_date=date(2009, 2, 20), email="ilya@example.org")
    actions.decide(child, PART, "granted", by=child, channel="signed_in", text=text)
    assert mails_until(clock, date(2027, 2, 25)) == []


def test_a_birthday_ahead_lets_a_consent_lapse_and_a_no_does_not(clock, cast, group):
    child, guardian, text = granted(group, birth_date=date(2013, 2, 5))
    granted(group, months=12, family_name="Zorin")
    assert lapsing_soon(Person.objects.all()) == [child]
    actions.decide(child, PART, "refused", by=guardian, channel="link", text=text)
    assert lapsing_soon(Person.objects.all()) == []


@pytest.mark.parametrize("reader", ["coordinator", "contact"])
def test_the_desk_says_whose_consent_lapses(reader, clock, cast, group, demo):
    child, *_rest = granted(group)
    person = getattr(cast, reader)
    assert list(consents_lapsing(person)) == []
    clock.move_to(START + timedelta(days=65), tick=False)
    (row,) = consents_lapsing(person)
    assert (row.count, row.url) == (1, "/classes/")
    assert list(consents_lapsing(cast.teacher)) == []  # who has no desk sees it on the page of the class
    page = at(cast.teacher).get(page_of("class_consent", group))
    assert page.context["lapsing"] == [child]
    assert "A consent of 1 child lapses within 30 days" in page.content.decode()


def test_three_children_cost_as_many_queries_as_one(clock, cast, group):
    counted = []
    for more in (1, 2):
        for _number in range(more):
            granted(group)
        clock.move_to(START + timedelta(days=65), tick=False)
        with CaptureQueriesContext(connection) as captured:
            found = lapsing_soon(Person.objects.all())
        counted.append(len(captured))
        clock.move_to(START, tick=False)
        assert len(found) == 2 * more - 1
    assert counted[0] == counted[1]
