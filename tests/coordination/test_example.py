"""The Petrogradsky example, loaded, and every page of it asked for."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import localdate, now

from cluster_portal.models import OutboxMail
from courses.certificates import lines_of, why_not_issued_yet
from courses.models import Course, Enrolment, Pathway, Pool, Run, Session
from members.models import Agreement, Certificate, Clause, Cluster, Institution, Party, Person, Region
from mentorship.actions import intake_for
from mentorship.channels import Access
from mentorship.desk_rows import rows_of
from mentorship.models import Mentor, MentorRequest, Outcome, Pairing
from mentorship.readers import channel_of
from tests import factories as make
from tests.examples import load_example

pytestmark = pytest.mark.django_db


@pytest.fixture
def example(demo):
    load_example("petrogradsky")


def test_thirteen_institutions_are_members(example):
    assert Institution.objects.members_on(localdate()).count() == 13


def test_the_course_has_sixteen_sessions_on_tuesdays_and_thursdays_at_four(example):
    run = Run.objects.get(course__title="AI Tools in Teaching")
    times = [session.starts_at.astimezone(run.zone) for session in run.sessions.all()]
    assert [(at.weekday(), at.hour) for at in times] == [(1, 16), (3, 16)] * 8


def test_a_course_is_over_and_half_of_those_who_completed_it_have_their_certificates(example):
    run = Run.objects.with_dates().get(course__title="AI in the work of a school")
    lines = lines_of(run)
    assert (why_not_issued_yet(run), sum(it.has_one for it in lines), sum(it.is_due for it in lines)) == ("", 8, 7)
    assert Certificate.objects.get(person__email="teacher@example.org").hours == 16


def test_the_guardian_has_the_certificate_of_the_student(example):
    it = Certificate.objects.get(person__email="student@example.org")
    assert (it.issued_to.email, it.title) == ("guardian@example.org", "AI foundations: how machines see")


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


def test_every_text_of_it_goes_through_gettext(demo, monkeypatch):
    monkeypatch.setattr(translation._trans, "gettext", lambda message: f"«{message}»")
    call_command("load_example", "petrogradsky")
    texts = {
        Cluster: ["name", "about"],
        Region: ["name"],
        Institution: ["name", "short_name"],
        Agreement: ["title", "place", "occasion"],
        Party: ["signed_by"],
        Clause: ["text"],
        Person: ["family_name", "given_name"],
        Course: ["title", "summary", "description"],
        Run: ["title", "place"],
        Session: ["title"],
        Mentor: ["about"],
        MentorRequest: ["title", "text"],
    }
    said = [text for model, fields in texts.items() for row in model.objects.values_list(*fields) for text in row]
    assert [text for text in said if text and not text.startswith("«")] == []


def test_it_is_told_in_a_language_and_its_people_read_it(demo, monkeypatch):
    words = {"School %(number)s": "Школа %(number)s", "Ivanova": "Иванова", "Anna": "Анна"}
    monkeypatch.setattr(translation._trans, "gettext", lambda message: words.get(message, message))
    call_command("load_example", "petrogradsky", language="ru")
    assert Institution.objects.get(slug="shkola-1").name == "Школа 1"
    assert Person.objects.get(email="person1@example.org").full_name == "Иванова Анна"
    assert set(Person.objects.values_list("language", flat=True)) == {"ru"}


def test_it_refuses_a_language_that_the_portal_does_not_speak(demo):
    with pytest.raises(CommandError, match="invalid choice: 'xx'"):
        call_command("load_example", "petrogradsky", "--language", "xx")


def test_the_pathway_says_where_it_leads_and_who_offers_it(example):
    it = Pathway.objects.get()
    assert (it.vocation, it.steps.count()) == ("Teacher who works with AI", 2)
    assert sorted(it.partners.values_list("short_name", flat=True)) == ["IMC", "ITMO"]


def person(role):
    return Person.objects.get(email=f"{role}@example.org")


def test_of_the_mentors_three_take_requests_and_one_waits_to_be_admitted(example):
    said = dict(Mentor.objects.values_list("person__email", "state"))
    assert said == {
        "mentor@example.org": "active", "instructor@example.org": "active", "juror2@example.org": "active",
        "juror@example.org": "offered",
    }  # fmt: skip


def test_requests_stand_in_every_state_that_somebody_has_to_answer(example):
    found = MentorRequest.objects.values_list("state", flat=True)
    assert sorted(found) == ["accepted", "open", "open", "paired", "paired", "proposed"]
    rows = {(row.text, row.count) for row in rows_of(person("coordinator"))}
    assert rows == {
        ("person offers to mentor", 1), ("request for a mentor was not answered in time", 1),
        ("teacher seeks a mentor", 1), ("completed pairing whose mentor can be thanked", 1),
    }  # fmt: skip
    intake = intake_for(person("coordinator"))
    assert (len(intake.pairs), len(intake.without)) == (1, 1)


def test_the_team_meets_one_student_is_approved_and_the_guardian_of_the_other_is_asked(example):
    team = Pairing.objects.active().with_people().get()
    assert (team.request.by, team.mentor.person) == (person("teacher"), person("mentor"))
    students = {it.person.given_name: it.state for it in team.students.select_related("person")}
    assert students == {"Sofia": "approved", "Ilya": "asked"}
    assert (team.log.count(), team.messages.count(), team.files.count(), team.milestones.count()) == (3, 2, 1, 3)
    assert team.meetings.get().starts_at > now()
    channel = channel_of(team)
    assert [it.given_name for it in channel.learners] == ["Sofia"]
    assert not channel.may(person("guardian"), Access.RECORD)
    assert channel.may(person("coordinator"), Access.TALK)
    asked = OutboxMail.objects.unfinished().filter(
        template="mentorship/mentor_asked", about_id=channel.students[1].public_id
    )
    assert {it.to for it in asked} == {person("guardian"), person("student")}


def test_the_team_was_third_in_its_district_and_its_name_may_be_said(example):
    it = Outcome.objects.get()
    assert (it.level, it.place, [one.person.given_name for one in it.students.all()]) == (
        "district",
        "third",
        ["Sofia"],
    )
    assert "Danilova Sofia" in Client().get(reverse("mentorship:outcomes")).content.decode()


def test_of_what_was_long_ago_nobody_is_written_to(example):
    over = Pairing.objects.get(state="completed")
    mails = OutboxMail.objects.unfinished().filter(about_id__in=[over.public_id, over.request.public_id])
    assert (over.request.by, mails.count()) == (person("teacher2"), 0)
