"""Three days and one day before a deadline whoever has a draft is reminded, once, and not when it is of no use."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cluster_portal.models import OutboxMail
from cluster_portal.reminders import queue_due_reminders
from competitions.announcing_mails import DEADLINE_NEAR
from competitions.models import Competition, Entry
from members import actions
from tests import factories as make

pytestmark = pytest.mark.django_db
CLOSES = datetime(2027, 6, 30, 21, tzinfo=UTC)
THREE, ONE = CLOSES - timedelta(days=3), CLOSES - timedelta(days=1)


@pytest.fixture
def competition(db):
    return make.CompetitionFactory(title="Plans", opens_at=CLOSES - timedelta(days=30), closes_at=CLOSES)


def draft_of(competition, **facts):
    return make.AuthorshipFactory(entry__competition=competition, **facts).person


def remind(at):
    with time_machine.travel(at, tick=False):
        queue_due_reminders(at)


def reminders(**facts):
    rows = OutboxMail.objects.filter(template=DEADLINE_NEAR, **facts).exclude(state="cancelled")
    return sorted(rows.values_list("to", "not_before"))


def test_authors_with_a_draft_are_reminded_twice_however_many_drafts_they_have(competition):
    author = draft_of(competition)
    draft_of(competition, person=author)
    draft_of(competition, entry__state="submitted")
    draft_of(competition, state="invited")
    for at in (THREE - timedelta(hours=1), THREE, THREE + timedelta(minutes=1), ONE, ONE + timedelta(minutes=1)):
        remind(at)
    assert reminders() == [(author.pk, THREE), (author.pk, ONE)]


def test_what_is_handed_in_or_cancelled_meanwhile_is_not_reminded_of(competition):
    author = draft_of(competition)
    remind(THREE)
    Entry.objects.update(state="submitted", submitted_at=THREE)
    remind(THREE + timedelta(minutes=1))
    assert reminders() == []
    Entry.objects.update(state="draft")
    remind(ONE)
    assert reminders() == [(author.pk, ONE)]
    Competition.objects.update(state="cancelled")
    remind(ONE + timedelta(minutes=1))
    assert reminders() == []


def test_a_moved_deadline_moves_its_reminders(competition):
    draft_of(competition)
    remind(THREE)
    Competition.objects.update(closes_at=CLOSES + timedelta(days=5))
    remind(THREE + timedelta(minutes=1))
    assert reminders() == []
    remind(THREE + timedelta(days=5))
    assert [at for _reader, at in reminders()] == [THREE + timedelta(days=5)]


def test_who_stopped_this_mail_gets_none(competition):
    author = draft_of(competition)
    actions.stop_mail(author, DEADLINE_NEAR, by=author)
    remind(ONE)
    assert reminders() == []


def test_guardians_of_a_young_author_are_reminded_too(competition):
    bond = make.GuardianshipFactory()
    draft_of(competition, person=bond.child)
    remind(ONE)
    remind(ONE + timedelta(minutes=1))
    assert bond.guardian.pk in {reader for reader, _at in reminders()}
    assert "/entries/" not in OutboxMail.objects.get(to=bond.guardian).body_text


def test_the_mail_names_each_draft_and_its_deadline_with_the_zone(competition):
    author = draft_of(competition, entry__title="First plan")
    draft_of(competition, person=author, entry__title="Second plan")
    remind(ONE)
    mail = OutboxMail.objects.get()
    assert mail.subject == "Hand in your lesson plan until 30 June 2027, 20:59:59, UTC: Plans"
    for entry in author.authorships.all():
        assert f"{entry.entry.title}:" in mail.body_text
        assert entry.entry.get_absolute_url() in mail.body_text
    assert "⟦stop⟧" in mail.body_text


def test_more_authors_cost_no_more_questions(competition):
    counts = []
    for offset in (0, 1):
        for _ in range(2 + 2 * offset):  # a single mail asks less: it looks for none before it
            draft_of(competition)
        Competition.objects.update(closes_at=CLOSES + timedelta(days=9 * offset))
        with time_machine.travel(ONE, tick=False), CaptureQueriesContext(connection) as seen:
            queue_due_reminders(ONE + timedelta(days=9 * offset))
        counts.append(len(seen))
        OutboxMail.objects.all().delete()
    assert counts[0] == counts[1]
