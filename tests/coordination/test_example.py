"""The Petrogradsky example, loaded, and every page of it asked for."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import localdate

from courses.models import Enrolment, Pool, Run
from members.models import Institution, Person
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def example(demo):
    call_command("load_example", "petrogradsky")


def test_thirteen_institutions_are_members(example):
    assert Institution.objects.members_on(localdate()).count() == 13


def test_the_course_has_sixteen_sessions_on_tuesdays_and_thursdays_at_four(example):
    run = Run.objects.get(course__title="AI Tools in Teaching")
    times = [session.starts_at.astimezone(run.zone) for session in run.sessions.all()]
    assert [(at.weekday(), at.hour) for at in times] == [(1, 16), (3, 16)] * 8


def test_counters_say_what_enrolments_say(example):
    assert [(p.taken, p.counted) for p in Pool.objects.with_people() if p.taken != p.counted] == []
    assert Enrolment.objects.in_queue().count() == 3


def test_loading_it_again_keeps_what_is_there(example, capsys):
    people = Person.objects.count()
    call_command("load_example", "petrogradsky")
    assert (Person.objects.count(), "kept as it is" in capsys.readouterr().out) == (people, True)


def test_it_refuses_a_database_with_real_people(demo):
    make.PersonFactory(email="real.person@school.test")
    with pytest.raises(CommandError, match="holds real people"):
        call_command("load_example", "petrogradsky")
    assert not Institution.objects.exists()


def test_demo_people_never_exist_without_demo(settings):
    settings.DEMO = False
    call_command("load_example", "petrogradsky")
    assert not Person.objects.filter(email="coordinator@example.org").exists()


@pytest.mark.parametrize("today", [date(2026, 1, 5), date(2027, 2, 20), date(2030, 8, 31)])
def test_it_loads_as_of_any_day(demo, today):
    call_command("load_example", "petrogradsky", today=today)
    first = Run.objects.with_dates().get(course__title="AI Tools in Teaching").first_start
    assert 0 < (first.date() - today).days < 28
