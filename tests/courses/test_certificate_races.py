"""Certificates issued at the moment in which somebody is erased, merged or taken out, on real connections."""

import threading
import time
from datetime import date, timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils.timezone import now

from cluster_portal.moves import Refused
from courses import actions
from courses.actions.certificates import issue_to_many, run_to_certify
from courses.models import Attendance, Enrolment
from members.actions import correct_certificate, erase_person, merge_people
from members.models import Certificate, Person
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)
SAME = {"family_name": "Ivanova", "given_name": "Anna", "birth_date": date(1990, 1, 1)}


@pytest.fixture
def enrolment(cast):
    """Somebody who completed a run that is over."""
    run = make.RunFactory(gives_certificate=True, host=cast.school)
    session = make.SessionFactory(run=run, starts_at=now() - timedelta(days=2))
    it = make.EnrolmentFactory(run=run, person=make.PersonFactory(**SAME))
    Attendance.objects.create(session=session, enrolment=it, mark="present", how="roster", pressed_at=now())
    return it


def overtaken(action, other):
    """Let an action begin when another has happened and is not committed yet; return what came of the action."""
    happened, committed, result = threading.Event(), threading.Event(), []

    def first():
        with transaction.atomic():
            other()
            happened.set()
            committed.wait(30)
        connections.close_all()

    def second():
        try:
            result.append(action())
        except Refused as refused:
            result.append(str(refused))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=it) for it in (first, second)]
    threads[0].start()
    assert happened.wait(30)
    threads[1].start()
    while threads[1].is_alive() and not somebody_waits():
        time.sleep(0.05)
    committed.set()
    for it in threads:
        it.join(30)
    return result[0]


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return cursor.fetchone()[0] > 0


def press(enrolment, cast):
    """What a request does: everything is read anew."""
    it = Enrolment.objects.select_related("person", "pool").get(pk=enrolment.pk)
    return lambda: actions.issue_to(it, by=cast.coordinator)


def erase(person, cast):
    return lambda: erase_person(Person.objects.get(pk=person.pk), by=cast.coordinator)


def test_whoever_is_erased_meanwhile_gets_none(enrolment, cast):
    said = overtaken(press(enrolment, cast), erase(enrolment.person, cast))
    assert said == "This person was erased. Nothing is issued to them any more."
    assert not Certificate.objects.exists()


def test_whoever_is_erased_meanwhile_gets_none_among_many_either(enrolment, cast):
    run = run_to_certify(enrolment.run_id)
    overtaken(lambda: issue_to_many(run, [enrolment.pk], cast.coordinator), erase(enrolment.person, cast))
    assert not Certificate.objects.exists()


def test_of_two_entries_that_become_one_meanwhile_the_one_who_goes_gets_none(enrolment, cast):
    kept = make.PersonFactory(**SAME)
    merge = lambda: merge_people(kept, enrolment.person, by=cast.coordinator)  # noqa: E731
    said = overtaken(press(enrolment, cast), merge)
    assert said == "Somebody changed this entry at the same moment. Try once more."
    assert press(enrolment, cast)().person == kept


def test_whoever_is_taken_out_meanwhile_gets_none(enrolment, cast):
    row = Enrolment.objects.filter(pk=enrolment.pk)
    said = overtaken(press(enrolment, cast), lambda: row.update(state="cancelled"))
    assert said == "Ivanova Anna has not completed the run: Ended."


def test_a_name_is_not_corrected_for_whoever_is_erased_meanwhile(enrolment, cast):
    it = press(enrolment, cast)()
    correct = lambda: correct_certificate(it, by=cast.coordinator, name="Smith Anna")  # noqa: E731
    said = overtaken(correct, erase(enrolment.person, cast))
    assert said == "This person was erased. Nothing is issued to them any more."
    assert set(Certificate.objects.values_list("name_printed", flat=True)) == {""}


def test_a_certificate_is_corrected_for_the_entry_that_is_kept(enrolment, cast):
    it, kept = press(enrolment, cast)(), make.PersonFactory(**SAME)
    merge_people(kept, enrolment.person, by=cast.coordinator)
    assert correct_certificate(it, by=cast.coordinator, name="Smith Anna").person == kept


def test_what_was_read_before_is_read_anew(enrolment, cast):
    stale = press(enrolment, cast)
    kept = make.PersonFactory(**SAME)
    merge_people(kept, enrolment.person, by=cast.coordinator)
    assert stale().person == kept
