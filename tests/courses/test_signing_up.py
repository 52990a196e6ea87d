"""Students sign up themselves: what is missing is asked for, and nothing else; then the run says who has it."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate

from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from courses import actions
from courses.chain import chain_of
from courses.models import Enrolment, Run
from members.actions import decide
from members.models import Guardianship, Person
from tests import factories as make

pytestmark = pytest.mark.django_db
State = Enrolment.State
GUARDIAN = {
    "guardian_family_name": "Petrova", "guardian_given_name": "Anna", "guardian_email": "anna@example.org",
}  # fmt: skip


def born(years):
    return localdate() - timedelta(days=366 * years)


@pytest.fixture
def text():
    return make.ConsentTextFactory()


@pytest.fixture
def student(cast, text):
    """Signs in, learns at the member school; nobody knows how old they are or who guards them."""
    person = make.PersonFactory(birth_date=None, given_name="Ilya", family_name="Gromov")
    make.AffiliationFactory(institution=cast.school, role="student", person=person)
    return person


@pytest.fixture
def client(student):
    client = Client()
    client.force_login(student)
    return client


def address(run):
    return reverse("courses:enrol", args=[run.public_id])


def asked(response):
    return [name for name in response.context["form"].fields if name not in {"asked", "pool"}]


def press(client, run):
    """Press the button of the run page, and follow where it leads."""
    return client.post(address(run), {"pool": run.pools.get().public_id}, follow=True)


def test_the_button_leads_to_a_form_that_asks_for_what_is_missing(client, run):
    assert asked(press(client, run)) == ["birth_date", *GUARDIAN]
    assert Enrolment.objects.count() == 0


def test_who_has_a_birth_date_is_asked_for_the_guardian_only(client, run, student):
    Person.objects.filter(pk=student.pk).update(birth_date=born(12))
    assert asked(press(client, run)) == [*GUARDIAN]


def test_who_has_a_guardian_is_asked_for_the_birth_date_only(client, run, student):
    make.GuardianshipFactory(child=student)
    assert asked(press(client, run)) == ["birth_date"]


def test_of_whom_all_is_known_nothing_is_asked(client, run, student):
    Person.objects.filter(pk=student.pk).update(birth_date=born(12))
    make.GuardianshipFactory(child=student)
    assert "form" not in press(client, run).context
    assert Enrolment.objects.get().state == State.HELD


def test_reading_the_address_leads_to_the_run_where_nothing_is_asked(run, cast):
    client = Client()
    client.force_login(cast.teacher)
    assert client.get(address(run))["Location"] == run.get_absolute_url()


def test_who_has_no_right_is_told_why_and_asked_nothing(run, cast):
    client = Client()
    client.force_login(make.PersonFactory(birth_date=None))
    page = client.post(address(run), {"pool": run.pools.get().public_id}, follow=True)
    assert "form" not in page.context
    assert "You do not belong to an institution yet" in page.content.decode()


def test_a_student_signs_up_is_held_and_the_guardian_is_asked(client, run, student):
    facts = {"asked": "yes", "birth_date": born(12).isoformat(), **GUARDIAN}
    page = client.post(address(run), facts, follow=True).content.decode()
    it = Enrolment.objects.get()
    guardianship = Guardianship.objects.get()
    assert (it.state, it.person, it.person.birth_date) == (State.HELD, student, born(12))
    assert (guardianship.how, guardianship.asserted_by, guardianship.guardian.address) == (
        "child", student, "anna@example.org",
    )  # fmt: skip
    assert "Consent to taking part: waits for the answer of Anna P." in page
    mails = OutboxMail.objects.filter(to=guardianship.guardian).values_list("template", flat=True)
    assert sorted(mails) == ["courses/held", "members/consent_asked"]


def test_my_page_says_what_is_missing_and_who_has_it(client, run):
    client.post(address(run), {"asked": "yes", "birth_date": born(12).isoformat(), **GUARDIAN})
    page = client.get(reverse("coordination:me")).content.decode()
    assert "is held for you until" in page
    assert "waits for the answer of Anna P." in page


def test_a_teenager_decides_beside_the_guardian_and_reads_so(client, run, student):
    facts = {"asked": "yes", "birth_date": born(15).isoformat(), **GUARDIAN}
    page = client.post(address(run), facts, follow=True).content.decode()
    assert "waits for the answer of Anna P." in page
    assert "waits for your answer." in page


def test_consent_makes_the_place_certain_and_refusal_says_so_in_words(client, run, student, text):
    client.post(address(run), {"asked": "yes", "birth_date": born(12).isoformat(), **GUARDIAN})
    it, guardian = Enrolment.objects.get(), Guardianship.objects.get().guardian
    decide(student, "taking_part", "refused", by=guardian, channel="link", text=text)
    it.refresh_from_db()
    assert it.state == State.DECLINED
    assert "Consent to taking part was refused or taken back." in client.get(run.get_absolute_url()).content.decode()
    with pytest.raises(Refused, match="refused or taken back"):
        actions.enrol(run, Person.objects.get(pk=student.pk), by=student)
    decide(student, "taking_part", "granted", by=guardian, channel="link", text=text)
    assert actions.enrol(run, Person.objects.get(pk=student.pk), by=student).state == State.CONFIRMED


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        ({}, sorted(["birth_date", *GUARDIAN])),
        ({"birth_date": "2016-01-01"}, sorted(GUARDIAN)),
        ({"birth_date": "2016-01-01", **GUARDIAN, "guardian_email": ""}, ["guardian_email"]),
        ({"birth_date": "2016-01-01", **GUARDIAN, "guardian_email": "ilya@example.org"}, ["guardian_email"]),
        ({"birth_date": "2990-01-01", **GUARDIAN}, ["birth_date"]),
        (
            {"birth_date": "2016-01-01", **GUARDIAN, "guardian_family_name": "http://x.example"},
            ["guardian_family_name"],
        ),
    ],
)
def test_each_gap_is_said_at_its_field_and_nothing_is_kept(client, run, student, facts, wrong):
    Person.objects.filter(pk=student.pk).update(email="ilya@example.org")
    page = client.post(address(run), {"asked": "yes", **facts})
    assert sorted(page.context["form"].errors) == wrong
    assert (Enrolment.objects.count(), Guardianship.objects.count(), fresh(student).birth_date) == (0, 0, None)


def fresh(person):
    return Person.objects.get(pk=person.pk)


def test_a_student_kept_by_a_school_does_not_become_an_adult_here(client, run, student):
    page = client.post(address(run), {"asked": "yes", "birth_date": "1990-01-01"})
    assert "Ask your teacher or a coordinator to correct it" in page.content.decode()
    assert (Enrolment.objects.count(), fresh(student).birth_date) == (0, None)


def test_a_teacher_of_unknown_age_is_in_without_a_guardian(run, cast):
    Person.objects.filter(pk=cast.teacher.pk).update(birth_date=None)
    it = actions.sign_up(run, cast.teacher, by=cast.teacher, birth_date=date(1990, 1, 1))
    assert (it.state, Guardianship.objects.count()) == (State.CONFIRMED, 0)


def test_what_was_filled_in_is_forgotten_when_enrolling_is_refused(run, student):
    run.enrol_until = run.enrol_from + timedelta(hours=1)
    run.save()
    names = {"family_name": "Petrova", "given_name": "Anna", "email": "anna@example.org"}
    with pytest.raises(Refused, match="Enrolment closed"):
        actions.sign_up(run, student, by=student, birth_date=born(12), guardian=names)
    assert (fresh(student).birth_date, Guardianship.objects.count()) == (None, 0)


def test_a_child_names_the_first_guardian_only(run, student):
    make.GuardianshipFactory(child=student)
    names = {"family_name": "Petrova", "given_name": "Anna", "email": "anna@example.org"}
    with pytest.raises(Refused, match="A guardian is named already"):
        actions.sign_up(run, student, by=student, birth_date=born(12), guardian=names)


def test_while_guardians_disagree_the_page_says_who_settles_it(run, student, text):
    Person.objects.filter(pk=student.pk).update(birth_date=born(12))
    mother, father = (make.GuardianshipFactory(child=student).guardian for _ in range(2))
    decide(student, "taking_part", "granted", by=mother, channel="link", text=text)
    decide(student, "taking_part", "refused", by=father, channel="link", text=text)
    it = actions.enrol(run, fresh(student), by=student)
    said = [link["text"] for link in chain_of(Run.objects.for_lists().get(pk=run.pk), fresh(student), it)]
    assert any("Guardians disagree" in text for text in said)
