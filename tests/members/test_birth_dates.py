"""A birth date says who decides: nobody makes themself, or a child, older past those who do."""

from datetime import date, timedelta

import pytest
from django.utils.timezone import localdate, now

from cluster_portal import hooks
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from members import actions
from members.actions.imports import correct_by_list
from members.consent import may_decide
from members.forms import ClaimForm
from members.models import Person, Purpose, RecordView
from members.pasted import read_student
from tests import factories as make
from tests.browsing import at
from tests.members.test_consent_pages import page_of
from tests.members.test_imports import CLASS, judged, loaded

pytestmark = pytest.mark.django_db
ADULT = date(1990, 1, 1)
OVER = "By this birth date, others would decide about consent than now. Ask a coordinator to enter it."
SOONER = "By this birth date, others would decide about consent sooner. Ask a coordinator to enter it."
KEPT_THEMSELF = "This person keeps their own profile. Ask them to correct it."
KEPT = "Your school keeps your birth date. Ask your teacher or a coordinator to correct it."


def born(years):
    return date(localdate().year - years, 1, 1)


@pytest.fixture
def group(cast):
    return actions.create_class(cast.school, cast.teacher, [cast.teacher], name="7 B", school_year=2026)


@pytest.fixture
def child(group):
    """A pupil of fifteen who signs in."""
    child = make.PersonFactory(birth_date=born(15))
    make.GroupMemberFactory(group=group, person=child)
    make.AffiliationFactory(person=child, institution=group.institution, role="student")
    return child


@pytest.fixture
def mother(child):
    return make.GuardianshipFactory(child=child).guardian


@pytest.fixture
def no(child, mother):
    text = make.ConsentTextFactory()
    actions.request_consent([child], [Purpose.TAKING_PART], by=None)
    return actions.decide(child, Purpose.TAKING_PART, "refused", by=mother, channel="link", text=text)


def refusal(function, *args, **facts):
    with pytest.raises(Refused) as refused:
        function(*args, **facts)
    return str(refused.value)


def kept(person):
    return Person.objects.get(pk=person.pk).birth_date


def profile(person, birth_date):
    facts = {"family_name": person.family_name, "given_name": person.given_name, "language": "en"}
    return at(person).post("/me/profile/", facts | {"birth_date": birth_date.isoformat()})


@pytest.mark.parametrize("tie", ["guardian", "class", "student"])
def test_whoever_a_guardian_class_or_school_keeps_does_not_change_their_birth_date(tie, cast, group, demo):
    person = make.PersonFactory(birth_date=born(15))
    if tie == "guardian":
        make.GuardianshipFactory(child=person)
    elif tie == "class":
        make.GroupMemberFactory(group=group, person=person)
    else:
        make.AffiliationFactory(person=person, institution=cast.school, role="student")
    assert profile(person, ADULT).status_code == 302
    assert kept(person) == born(15)
    page = at(person).get("/me/profile/").content.decode()
    assert f"/desk/people/{person.public_id}/birth-date/" in page
    assert refusal(actions.change_profile, person, by=person, birth_date=date(born(15).year, 2, 2)) == KEPT


@pytest.mark.parametrize("new", [ADULT, None])
def test_a_minor_whom_nobody_keeps_does_not_grow_up_by_a_second_word(new, demo):
    person = make.PersonFactory(birth_date=born(15))
    assert refusal(actions.change_profile, person, by=person, birth_date=new) == OVER
    assert OVER in profile(person, ADULT).content.decode()
    assert kept(person) == born(15)


def test_an_adult_corrects_their_own_birth_date(demo):
    person = make.PersonFactory(birth_date=ADULT)
    profile(person, date(1991, 2, 2))
    assert kept(person) == date(1991, 2, 2)


def test_a_school_that_left_the_birth_date_out_is_asked_and_not_the_child(child, mother):
    Person.objects.filter(pk=child.pk).update(birth_date=None, password="!")
    child = Person.objects.get(pk=child.pk)
    assert "birth_date" not in ClaimForm(person=child).fields
    actions.claim_person(child, "a sentence to remember", ADULT)
    assert kept(child) is None


def test_a_teacher_does_not_lift_a_no_by_another_birth_date(cast, group, child, mother, no):
    assert refusal(actions.correct_student, child, by=cast.teacher, birth_date=date(2000, 1, 1)) == OVER
    assert refusal(correct_by_list, child, by=cast.teacher, birth_date=date(2000, 1, 1)) == KEPT_THEMSELF
    assert (kept(child), may_decide(mother, child)) == (born(15), True)


def test_a_guardian_who_has_said_nothing_yet_keeps_the_say(cast, group, child, mother):
    assert refusal(actions.correct_student, child, by=cast.teacher, birth_date=ADULT) == OVER


def test_a_no_of_the_child_is_not_lifted_either(cast, group, child):
    text = make.ConsentTextFactory()
    actions.decide(child, Purpose.TAKING_PART, "refused", by=child, channel="signed_in", text=text)
    assert refusal(actions.correct_student, child, by=cast.teacher, birth_date=born(10)) == OVER


def test_a_teacher_corrects_the_day_of_a_student_who_signs_in(cast, group, child, mother, no):
    day = date(born(15).year, 3, 3)
    actions.correct_student(child, by=cast.teacher, birth_date=day, family_name=child.family_name)
    assert kept(child) == day
    assert not OutboxMail.objects.filter(template="members/birth_date_changed").exists()


def test_the_first_birth_date_adds_the_voice_of_the_child_and_tells_the_guardians(cast, group, child, mother):
    Person.objects.filter(pk=child.pk).update(birth_date=None)
    child = Person.objects.get(pk=child.pk)
    assert refusal(actions.correct_student, child, by=cast.teacher, birth_date=ADULT) == OVER
    actions.correct_student(child, by=cast.teacher, birth_date=born(15))
    mail = OutboxMail.objects.get(template="members/birth_date_changed")
    name = f"{child.given_name} {child.family_name[:1]}."
    assert (mail.to, mail.subject) == (mother, f"Check this: the birth date of {name} was corrected")
    due = hooks.mail_kinds["members/birth_date_changed"].still_due
    assert due(mail) is True
    child.guarded_by.update(ended_at=now())
    assert due(mail) is False


def test_a_coordinator_enters_it_and_the_guardians_are_told(cast, demo, child, mother, no):
    page = page_of("desk_birth_date", child)
    client = at(cast.coordinator)
    assert client.get(page).status_code == 200
    assert list(RecordView.objects.filter(child=child).values_list("page", flat=True)) == ["birth date"]
    assert client.post(page, {"birth_date": "2000-01-01"}).status_code == 302
    assert kept(child) == date(2000, 1, 1)
    assert OutboxMail.objects.get(template="members/birth_date_changed").to == mother


def test_nobody_else_opens_the_page_of_the_birth_date(cast, demo, child):
    elsewhere = make.CoordinatorFactory(region=make.RegionFactory()).person
    page = page_of("desk_birth_date", child)
    found = [at(it).get(page).status_code for it in (cast.contact, cast.teacher, child, elsewhere)]
    assert found == [403, 403, 403, 404]


def test_the_form_of_a_class_says_why_and_leaves_names_to_who_signs_in(cast, demo, group, child, mother, no):
    page = page_of("class_student", group, child)
    facts = {"family_name": "Other", "given_name": "Other", "birth_date": "2000-01-01"}
    answered = at(cast.teacher).post(page, facts).content.decode()
    assert (OVER in answered, kept(child)) == (True, born(15))
    at(cast.teacher).post(page, facts | {"birth_date": f"{born(15).year}-05-05"})
    held = Person.objects.get(pk=child.pk)
    assert (held.family_name, held.birth_date) == (child.family_name, date(born(15).year, 5, 5))


def test_a_class_list_lifts_no_word_by_a_birth_date(cast, group):
    person = actions.add_student(group, read_student("Gromov Ilya"), by=cast.teacher)
    mother, text = make.GuardianshipFactory(child=person).guardian, make.ConsentTextFactory()
    actions.decide(person, Purpose.TAKING_PART, "refused", by=mother, channel="paper", text=text)
    text = CLASS + "7 B;Gromov;Ilya;2000-01-01;;\n"
    assert judged("classes", text, cast.teacher, cast.school) == [("rejected", OVER)]
    assert loaded("classes", text, cast.teacher, cast.school) == [("rejected", OVER)]
    assert kept(person) is None


def eighteen_within_days():
    return localdate() - timedelta(days=18 * 365)


def test_a_teacher_does_not_bring_the_day_nearer_on_which_a_guardians_no_counts_no_more(cast, group, child, mother, no):
    assert refusal(actions.correct_student, child, by=cast.teacher, birth_date=eighteen_within_days()) == SOONER
    assert refusal(actions.correct_student, child, by=cast.teacher, birth_date=born(15) - timedelta(days=1)) == SOONER
    assert kept(child) == born(15)


def test_the_guardians_are_told_of_a_day_that_came_nearer(cast, child, mother, no):
    actions.change_profile(child, by=cast.coordinator, birth_date=eighteen_within_days())
    assert OutboxMail.objects.get(template="members/birth_date_changed").to == mother


def test_a_minor_whom_nobody_keeps_brings_their_own_day_no_nearer(demo):
    person = make.PersonFactory(birth_date=born(15))
    assert refusal(actions.change_profile, person, by=person, birth_date=eighteen_within_days()) == SOONER
    assert SOONER in profile(person, eighteen_within_days()).content.decode()
    profile(person, born(15) + timedelta(days=1))
    assert kept(person) == born(15) + timedelta(days=1)
