"""Classes: kept once, used again, moved up; students without e-mail, found again by name and birth date."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cluster_portal.moves import Refused
from members import actions
from members.actions.groups import next_year
from members.class_lists import judge_class_list
from members.models import Group, GroupMember, Person
from members.pasted import PastedPerson, read_student
from tests import factories as make

pytestmark = pytest.mark.django_db
BORN = date(2012, 5, 17)


@pytest.fixture
def group(cast):
    return actions.create_class(cast.school, cast.teacher, [cast.teacher], name="7 B", stage=7, school_year=2026)


def anna(**facts):
    return PastedPerson("", **{"family_name": "Ivanova", "given_name": "Anna", "birth_date": BORN} | facts)


READ = [
    ("Ivanova Anna 2012-05-17", ("Ivanova", "Anna", "", BORN)),
    ("Ivanova;Anna;17.05.2012", ("Ivanova", "Anna", "", BORN)),
    ("1. Иванова Алёна Петровна, 17.5.2012", ("Иванова", "Алёна", "Петровна", BORN)),
    ("12\tIvanova\tAnna\t17/05/2012", ("Ivanova", "Anna", "", BORN)),
    ("김 민수 2012.05.17", ("김", "민수", "", BORN)),
    ("김 민수 2012년 5월 17일", ("김", "민수", "", BORN)),
    ("Ivanova Anna", ("Ivanova", "Anna", "", None)),
]


@pytest.mark.parametrize(("line", "said"), READ)
def test_a_line_of_a_class_list_is_read_in_any_usual_dress(line, said):
    it = read_student(line)
    assert (it.family_name, it.given_name, it.patronymic, it.birth_date, it.problem) == (*said, "")


WRONG = [
    ("Ivanova", "family name and given name"),
    ("Ivanova Anna 31.02.2012", "not a birth date"),
    ("Ivanova Anna 17.05.2112", "not a birth date"),
    ("Ivanova Anna 7B", "no digits"),
    ("Ivanova <b>", "letters, spaces, hyphens"),
]


@pytest.mark.parametrize(("line", "problem"), WRONG)
def test_a_line_of_a_class_list_that_cannot_be_used_says_why(line, problem):
    assert problem in read_student(line).problem


def test_a_student_needs_no_address_and_belongs_to_the_institution(cast, group):
    person = actions.add_student(group, anna(), by=cast.teacher)
    own = person.affiliations.get()
    assert (person.email, person.has_claimed, person.birth_date) == (None, False, BORN)
    assert (own.institution, own.role, own.state) == (cast.school, "student", "active")


FOUND_AGAIN = [
    ({}, True),
    ({"family_name": "ИВАНОВА"}, False),
    ({"family_name": "IVANOVA"}, True),
    ({"patronymic": "Petrovna"}, True),
    ({"birth_date": None}, True),
    ({"birth_date": date(2011, 1, 1)}, False),
]


@pytest.mark.parametrize(("other", "same"), FOUND_AGAIN)
def test_who_is_known_by_name_and_birth_date_is_found_again(other, same, cast, group):
    first = actions.add_student(group, anna(), by=cast.teacher)
    second = actions.create_class(cast.school, cast.teacher, [cast.teacher], name="Chess", school_year=2026)
    assert (actions.add_student(second, anna(**other), by=cast.teacher) == first) is same


def test_a_birth_date_that_was_missing_is_taken_from_the_list(cast, group):
    person = actions.add_student(group, anna(birth_date=None), by=cast.teacher)
    other = actions.create_class(cast.school, cast.teacher, name="Chess", school_year=2026)
    actions.add_student(other, anna(), by=cast.teacher)
    person.refresh_from_db()
    assert person.birth_date == BORN


def test_a_student_of_another_institution_is_somebody_else(cast, group):
    elsewhere = make.AffiliationFactory(role="student", person__family_name="Ivanova", person__birth_date=BORN)
    assert actions.add_student(group, anna(), by=cast.teacher) != elsewhere.person


def test_two_of_one_name_want_a_birth_date(cast, group):
    for born in (BORN, date(2011, 1, 1)):
        actions.add_student(group, anna(birth_date=born), by=cast.teacher)
    with pytest.raises(Refused, match="Give the birth date"):
        actions.add_student(group, anna(birth_date=None), by=cast.teacher)


def test_nobody_is_in_a_class_twice(cast, group):
    actions.add_student(group, anna(), by=cast.teacher)
    with pytest.raises(Refused, match="in the class already"):
        actions.add_student(group, anna(), by=cast.teacher)


def test_nobody_is_added_to_a_class_that_is_put_away(cast, group):
    actions.archive_class(group, by=cast.teacher)
    with pytest.raises(Refused, match="put away"):
        actions.add_student(group, anna(), by=cast.teacher)


def test_a_bad_line_is_refused_by_the_action_too(cast, group):
    with pytest.raises(Refused, match="family name and given name"):
        actions.add_student(group, read_student("Ivanova"), by=cast.teacher)


def test_each_line_of_a_class_list_has_its_verdict(cast, group):
    actions.add_student(group, anna(), by=cast.teacher)
    actions.take_out(GroupMember.objects.get(), by=cast.teacher)
    actions.add_student(group, anna(given_name="Olga"), by=cast.teacher)
    text = "Ivanova Anna 17.05.2012\nIvanova Olga\nPetrov Petr 2012-01-01\nKim Min\nKim Min\nLee"
    assert [(it.well, it.verdict) for it in judge_class_list(text, group, cast.teacher)] == [
        (True, "A student of the institution already: is put into the class."),
        (False, "Is in the class already."),
        (True, "Will be entered."),
        (True, "Will be entered. The age stays unknown."),
        (False, "Twice in this list."),
        (False, "Write family name and given name."),
    ]


def test_taking_out_keeps_the_history(cast, group):
    actions.add_student(group, anna(), by=cast.teacher)
    member = group.memberships.get()
    actions.take_out(member, by=cast.teacher)
    assert (group.memberships.now().count(), group.memberships.count()) == (0, 1)
    with pytest.raises(Refused, match="left the class already"):
        actions.take_out(member, by=cast.teacher)


def test_a_student_who_leaves_the_school_leaves_its_classes(cast, group):
    person = actions.add_student(group, anna(), by=cast.teacher)
    actions.end_affiliation(person.affiliations.get(), by=cast.contact)
    assert (group.memberships.now().count(), group.memberships.count()) == (0, 1)


NEXT = [
    ("7 B", 7, ("8 B", 8)), ("9Б", 9, ("10Б", 10)), ("Class 2-1", 2, ("Class 3-1", 3)), ("Chess", None, ("Chess", None))
]  # fmt: skip


@pytest.mark.parametrize(("name", "stage", "raised"), NEXT)
def test_a_class_is_called_after_its_next_year(name, stage, raised):
    found = next_year(Group(name=name, stage=stage, school_year=2026))
    assert (found["name"], found["stage"], found["school_year"]) == (*raised, 2027)


def test_moving_up_takes_along_who_goes_and_keeps_the_old_class(cast, group):
    goes = actions.add_student(group, anna(), by=cast.teacher)
    actions.add_student(group, anna(given_name="Olga"), by=cast.teacher)
    new = actions.move_up(group, by=cast.teacher, going=[goes])
    group.refresh_from_db()
    assert ([it.person for it in new.memberships.now()], new.name, list(new.keepers.all())) == (
        [goes], "8 B", [cast.teacher],
    )  # fmt: skip
    assert (group.archived_at is not None, group.memberships.count(), group.memberships.now().count()) == (True, 2, 0)


def test_a_class_moves_up_once(cast, group):
    actions.move_up(group, by=cast.teacher, going=[])
    with pytest.raises(Refused, match="moved up, or is over"):
        actions.move_up(group, by=cast.teacher, going=[])


def test_a_class_does_not_move_into_one_that_is_there(cast, group):
    actions.create_class(cast.school, cast.teacher, name="8 B", school_year=2027)
    with pytest.raises(Refused, match="in this school year"):
        actions.move_up(group, by=cast.teacher, going=[])
    group.refresh_from_db()
    assert group.archived_at is None


def test_a_second_class_of_one_name_and_year_is_refused(cast, group):
    with pytest.raises(Refused, match="in this school year"):
        actions.create_class(cast.school, cast.teacher, name="7 B", school_year=2026)
    other = actions.create_class(cast.school, cast.teacher, name="7 C", school_year=2026)
    with pytest.raises(Refused, match="in this school year"):
        actions.change_class(other, by=cast.teacher, name="7 B")


def test_putting_away_and_taking_out_again(cast, group):
    actions.archive_class(group, by=cast.teacher)
    with pytest.raises(Refused, match="put away already"):
        actions.archive_class(group, by=cast.teacher)
    actions.restore_class(group, by=cast.teacher)
    with pytest.raises(Refused, match="not put away"):
        actions.restore_class(group, by=cast.teacher)
    assert list(Group.objects.current()) == [group]


def test_a_class_that_is_put_away_holds_nobody_until_it_is_taken_out_again(cast, group):
    stays, left, moved = (actions.add_student(group, anna(given_name=it), by=cast.teacher) for it in "ABC")
    group.memberships.filter(person=left).update(since=date(2026, 9, 1), until=date(2026, 9, 2))
    actions.archive_class(group, by=cast.teacher)
    assert group.memberships.now().count() == 0
    other = actions.create_class(cast.school, cast.teacher, [cast.teacher], name="7 C", school_year=2026)
    make.GroupMemberFactory(group=other, person=moved)
    actions.restore_class(group, by=cast.teacher)
    assert [it.person for it in group.memberships.now()] == [stays]


def test_who_was_taken_out_on_the_day_on_which_the_class_was_put_away_stays_out(cast, group):
    stays, out = (actions.add_student(group, anna(given_name=it), by=cast.teacher) for it in "AB")
    actions.take_out(group.memberships.get(person=out), by=cast.teacher)
    actions.archive_class(group, by=cast.teacher)
    actions.restore_class(group, by=cast.teacher)
    assert [it.person for it in group.memberships.now()] == [stays]
    assert not group.memberships.put_away().exists()


def test_several_teachers_keep_a_class_and_one_always(cast, group):
    actions.add_keeper(group, cast.colleague, by=cast.teacher)
    actions.remove_keeper(group, cast.teacher, by=cast.colleague)
    assert list(group.keepers.all()) == [cast.colleague]
    with pytest.raises(Refused, match="Add another teacher first"):
        actions.remove_keeper(group, cast.colleague, by=cast.colleague)


@pytest.mark.parametrize("role", ["student", None])
def test_only_teachers_of_the_institution_keep_its_classes(role, cast, group):
    person = make.AffiliationFactory(institution=cast.school, role=role).person if role else cast.outsider
    with pytest.raises(Refused, match="Only teachers of School 1"):
        actions.add_keeper(group, person, by=cast.teacher)


def test_who_signs_in_writes_their_own_name(cast, group):
    person = actions.add_student(group, anna(), by=cast.teacher)
    actions.correct_student(person, by=cast.teacher, family_name="Petrova")
    assert Person.objects.get(pk=person.pk).sort_name == "petrova anna"
    claimed = make.PersonFactory()
    with pytest.raises(Refused, match="keeps their own name"):
        actions.correct_student(claimed, by=cast.teacher, family_name="Petrova")


@pytest.fixture
def signed_in(demo):
    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in


def url_of(name, *args):
    return reverse(f"members:{name}", args=args)


SEES = {"teacher": 200, "contact": 200, "coordinator": 200, "colleague": 404, "outsider": 404}


@pytest.mark.parametrize("name", ["class", "edit_class", "add_students", "move_class_up"])
@pytest.mark.parametrize("reader", SEES)
def test_a_class_is_seen_by_its_teachers_speakers_and_coordinators(name, reader, cast, group, signed_in):
    assert signed_in(getattr(cast, reader)).get(url_of(name, group.public_id)).status_code == SEES[reader]


def test_a_contact_of_another_school_sees_no_class(group, signed_in):
    other = make.AffiliationFactory(role="contact").person
    assert signed_in(other).get(url_of("class", group.public_id)).status_code == 404
    assert "7 B" not in signed_in(other).get(url_of("classes")).content.decode()


def test_a_teacher_who_left_sees_the_class_no_more(cast, group, signed_in):
    actions.end_affiliation(cast.teacher.affiliations.get(), by=cast.contact)
    assert signed_in(cast.teacher).get(url_of("class", group.public_id)).status_code == 404


def test_whoever_has_a_desk_needs_the_second_factor_for_classes(cast, group, client):
    client.force_login(cast.contact)
    assert client.get(url_of("class", group.public_id))["Location"] == reverse("mfa_index")


def test_a_teacher_makes_a_class_and_pastes_its_list(cast, signed_in):
    client = signed_in(cast.teacher)
    facts = {"institution": cast.school.pk, "name": "5 A", "stage": "5", "school_year": "2026"}
    made = client.post(url_of("new_class"), facts)
    group = Group.objects.get()
    assert (made["Location"], list(group.keepers.all())) == (url_of("add_students", group.public_id), [cast.teacher])
    text = "Ivanova Anna 17.05.2012\nnonsense\nKim Min"
    url = url_of("add_students", group.public_id)
    assert "Add 2 students" in client.post(url, {"step": "preview", "people": text}).content.decode()
    assert group.memberships.count() == 0
    response = client.post(url, {"step": "save", "people": text})
    assert response.context["several"]["people"].value() == "nonsense"
    page = client.get(url_of("class", group.public_id)).content.decode()
    assert ("Ivanova Anna" in page, "age of 1 unknown" in page) == (True, True)
    one = {"step": "one", "family_name": "Lee", "given_name": "Sun", "birth_date": "2012-01-01"}
    assert client.post(url, one)["Location"] == url
    assert group.memberships.count() == 3


def test_an_outsider_begins_no_class(cast, signed_in):
    client = signed_in(cast.outsider)
    assert client.get(url_of("new_class")).status_code == 403
    assert "New class" not in client.get(url_of("classes")).content.decode()


def test_a_teacher_begins_no_class_elsewhere(cast, signed_in):
    facts = {"institution": make.InstitutionFactory().pk, "name": "5 A", "school_year": "2026"}
    assert "institution" in signed_in(cast.teacher).post(url_of("new_class"), facts).context["form"].errors


def test_the_pages_of_a_class_change_it(cast, group, signed_in):
    client = signed_in(cast.teacher)
    person = actions.add_student(group, anna(birth_date=None), by=cast.teacher)
    client.post(
        url_of("class_student", group.public_id, person.public_id),
        {"family_name": "Ivanova", "given_name": "Anna", "birth_date": "2012-05-17"},
    )
    client.post(url_of("edit_class", group.public_id), {"name": "7 V", "stage": "7", "school_year": "2026"})
    client.post(url_of("class_keepers", group.public_id), {"person": cast.colleague.pk})
    person.refresh_from_db()
    group.refresh_from_db()
    assert (person.birth_date, group.name, group.keepers.count()) == (BORN, "7 V", 2)
    client.post(url_of("take_out", group.public_id, person.public_id))
    assert group.memberships.now().count() == 0
    client.post(url_of("act_on_class", group.public_id), {"do": "archive"})
    assert "7 V" in client.get(url_of("classes") + "?put-away").content.decode()
    client.post(url_of("act_on_class", group.public_id), {"do": "restore"})
    assert client.post(url_of("act_on_class", group.public_id), {"do": "explode"}).status_code == 404
    new = client.post(url_of("move_class_up", group.public_id), {})["Location"]
    assert new == Group.objects.current().get().get_absolute_url()
    client.post(url_of("class_keepers", Group.objects.current().get().public_id), {"remove": cast.teacher.public_id})
    assert list(Group.objects.current().get().keepers.all()) == [cast.colleague]


@pytest.mark.parametrize("name", ["take_out", "act_on_class", "class_keepers"])
def test_reading_changes_nothing(name, cast, group, signed_in):
    args = [group.public_id, cast.teacher.public_id] if name == "take_out" else [group.public_id]
    assert signed_in(cast.teacher).get(url_of(name, *args)).status_code == 405


def test_three_students_and_classes_cost_as_many_queries_as_one(cast, group, signed_in):
    client = signed_in(cast.teacher)

    def queries(url):
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        return len(captured)

    actions.add_student(group, anna(), by=cast.teacher)
    pages = [url_of("classes"), url_of("class", group.public_id), url_of("add_students", group.public_id)]
    before = [queries(url) for url in pages]
    for name in ("Olga", "Maria"):
        actions.add_student(group, anna(given_name=name), by=cast.teacher)
        actions.create_class(cast.school, cast.teacher, [cast.teacher], name=name, school_year=2026)
    assert [queries(url) for url in pages] == before


@pytest.mark.django_db(transaction=True)
def test_two_teachers_who_move_a_class_up_at_once_move_it_once(cast, group, together):
    up = lambda: actions.move_up(group, by=cast.teacher, going=[])  # noqa: E731
    assert sorted(together(up, up)) == ["done", "refused"]
    assert Group.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_add_the_same_student_at_once_add_one(cast, group, together):
    add = lambda: actions.add_student(group, anna(), by=cast.teacher)  # noqa: E731
    assert sorted(together(add, add)) == ["done", "refused"]
    assert Person.objects.filter(family_name="Ivanova").count() == 1


@pytest.fixture
def in_another_class(cast):
    other = actions.create_class(cast.school, cast.colleague, [cast.colleague], name="8 A", school_year=2026)
    return actions.add_student(other, anna(), by=cast.colleague)


@pytest.mark.parametrize("born", [None, date(2012, 5, 18)])
def test_a_teacher_who_does_not_know_the_birth_date_reaches_no_student_of_another_class(
    cast, group, in_another_class, born
):
    if born:  # nor may they set it where nobody knows it
        Person.objects.filter(pk=in_another_class.pk).update(birth_date=None)
    with pytest.raises(Refused, match="in a class of other teachers"):
        actions.add_student(group, anna(birth_date=born), by=cast.teacher)
    assert not group.memberships.exists()


def test_a_student_of_another_class_is_added_by_birth_date_or_by_the_contact(cast, group, in_another_class):
    assert actions.add_student(group, anna(), by=cast.teacher) == in_another_class
    group.memberships.all().delete()
    assert actions.add_student(group, anna(birth_date=None), by=cast.contact) == in_another_class


def test_a_list_gives_no_birth_date_to_a_student_who_signs_in(cast, group):
    student = make.PersonFactory(family_name="Ivanova", given_name="Anna", birth_date=None)
    make.AffiliationFactory(person=student, institution=cast.school, role="student")
    assert actions.add_student(group, anna(), by=cast.teacher) == student
    assert Person.objects.get(pk=student.pk).birth_date is None


FAR = "This student is in a class of other teachers. Give the right birth date, or ask your contact person."
INTO = "A student of the institution already: is put into the class."


@pytest.mark.parametrize(("who", "line", "verdict"), [
    ("teacher", "Ivanova Anna", FAR), ("teacher", "Ivanova Anna 17.05.2012", INTO), ("contact", "Ivanova Anna", INTO),
])  # fmt: skip
def test_the_verdict_on_a_student_of_another_class_is_what_the_action_does(
    cast, group, in_another_class, who, line, verdict
):
    by = getattr(cast, who)
    listed = judge_class_list(line, group, by)
    assert [(it.verdict, it.well) for it in listed] == [(verdict, verdict == INTO)]
    added = actions.add_students(group, [it.said for it in listed], by=by)
    assert added == ([in_another_class] if listed[0].well else [])


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("stage", "14", "Write the year of schooling: a number from 0 to 13."),
        ("school_year", "1999", "Write the year in which the school year begins, such as 2026."),
        ("school_year", "2101", "Write the year in which the school year begins, such as 2026."),
    ],
)
def test_a_year_that_no_class_has_is_refused(cast, group, signed_in, field, value, said):
    facts = {"name": "7 B", "stage": "13", "school_year": "2026"} | {field: value}
    form = signed_in(cast.teacher).post(url_of("edit_class", group.public_id), facts).context["form"]
    assert form.errors == {field: [said]}
