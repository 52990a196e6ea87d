"""Loading lists: what comes of each row, who may, and what stays of the file."""

import io
from datetime import date, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.utils.timezone import now
from openpyxl import load_workbook

from cluster_portal.long_work import RUN_LASTS, carry_on
from cluster_portal.models import AuditEntry, LongWork, OutboxMail, Upload
from cluster_portal.moves import Refused
from members import actions
from members.actions.imports import correct_by_list, forget_old_files
from members.forms.classes import ClassForm
from members.imports import loading
from members.imports.fields import label_of
from members.imports.reading import readable
from members.models import Affiliation, Cluster, Group, Guardianship, Import, Institution, Person, Region
from tests import factories as make

pytestmark = pytest.mark.django_db


def begun(kind, text, by, institution=None):
    """A list chosen, with its columns as they are guessed and every row judged."""
    file = ContentFile(readable(text.encode()), name="list.csv")
    it = actions.begin_import(kind, institution, file, by=by)
    table, guess = loading.opened(it)
    do_now(actions.choose_columns(it, guess, len(table.rows), by=by))
    return Import.objects.get(pk=it.pk)


def do_now(work):
    """What the workers do."""
    carry_on(work, now() + RUN_LASTS)
    return LongWork.objects.get(pk=work.pk)


def load(it, invite=False):
    """Load a list; return its rows."""
    do_now(actions.begin_loading(it, invite, by=it.by))
    it.refresh_from_db()
    assert it.loaded_at is not None
    assert (it.work.problem, it.counts["rows"]) == ("", it.rows.count())
    return list(it.rows.all())


def loaded(kind, text, by, institution=None, invite=False):
    """What came of each row: its sort and sentence."""
    return [(row.sort, row.said) for row in load(begun(kind, text, by, institution), invite=invite)]


def judged(kind, text, by, institution=None):
    """What would come of each row: its sort, sentence and changed fields."""
    it = begun(kind, text, by, institution)
    return [(row.sort, row.said or ", ".join(label_of(kind, name) for name in row.changes)) for row in it.rows.all()]


NEW, SAME = ("new", ""), ("unchanged", "")
HERE = "E-mail;Family name;Given name;Birth date;Role\n"
CLASS = "Class;Family name;Given name;Birth date;Guardian;Guardian e-mail\n"
PLACES = "Name;Kind;Region;Short name\n"


# Institutions


def test_institutions_are_entered_with_their_region_and_again_nothing_changes(cast):
    text = PLACES + "School 7;school;North;S7\nLyceum 8;;North;\n"
    assert loaded("institutions", text, cast.coordinator) == [NEW, NEW]
    kept = Institution.objects.exclude(pk=cast.school.pk).values_list("name", "kind", "region__name", "short_name")
    assert list(kept) == [("Lyceum 8", "school", "North", ""), ("School 7", "school", "North", "S7")]
    assert loaded("institutions", text, cast.coordinator) == [SAME, SAME]
    assert Region.objects.count() == 1


def test_a_known_institution_says_what_changes(cast):
    assert judged("institutions", PLACES + "SCHOOL  1;;;S1\n", cast.coordinator) == [("changed", "Short name")]
    assert loaded("institutions", PLACES + "School 1;;West;S1\n", cast.coordinator) == [("changed", "")]
    cast.school.refresh_from_db()
    assert (cast.school.short_name, cast.school.region.name) == ("S1", "West")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (";school;;", "The name is missing. Write it into the cell."),
        ("Abc;??;;", "What kind of institution is this? Write school, university, company or another kind."),
        (f"{'School ' * 40};school;;", "Name: Ensure this value has at most 200 characters (it has 279)."),
        ("Name;Kind;Region;Short name", "This row repeats the heading. Take it out."),
    ],
)
def test_an_institution_that_cannot_be_read_says_why(cast, row, said):
    assert judged("institutions", f"{PLACES}{row}\n", cast.coordinator) == [("rejected", said)]


def test_an_institution_twice_in_the_list_is_said(cast):
    rows = judged("institutions", PLACES + "School 7;;;\nschool 7;;;\n", cast.coordinator)
    assert rows == [NEW, ("rejected", "The same institution stands in row 2 already.")]


def test_two_institutions_of_one_name_need_their_region(cast):
    for name in ("North", "South"):
        make.InstitutionFactory(name="School 7", region=make.RegionFactory(name=name))
    rows = judged("institutions", PLACES + "School 7;school;;\nSchool 7;school;South;\n", cast.coordinator)
    assert rows == [("rejected", "Several institutions have this name. Write the region too."), SAME]


def test_a_regional_coordinator_enters_and_changes_their_region_only(cast):
    mine, other = make.RegionFactory(name="North"), make.RegionFactory(name="South")
    by = make.CoordinatorFactory(region=mine).person
    foreign = make.InstitutionFactory(name="School 9", region=other)
    text = PLACES + "School 7;;North;\nSchool 8;;South;\nSchool 9;;;new\nSchool 1;;North;\n"
    elsewhere = "You coordinate another region. Write the name of your region into the cell."
    assert loaded("institutions", text, by) == [
        NEW, ("rejected", elsewhere), ("rejected", "The region is missing. Write it into the cell."), NEW]  # fmt: skip
    foreign.refresh_from_db()
    assert (foreign.short_name, Institution.objects.filter(region=mine).count()) == ("", 2)


# People


def test_people_are_entered_without_mail_and_have_claimed_nothing(cast):
    text = HERE + "New@Example.org;Ёлкин;Пётр;31.12.1990;teacher\n;Жук;Ия;2010-05-05;student\n"
    assert loaded("people", text, cast.contact) == [NEW, NEW]
    person = Person.objects.get(email="new@example.org")
    assert (person.full_name, person.birth_date, person.has_claimed) == ("Ёлкин Пётр", date(1990, 12, 31), False)
    rows = Affiliation.objects.filter(person__family_name__in=["Ёлкин", "Жук"]).values_list("role", "state")
    assert list(rows) == [("teacher", "active"), ("student", "active")]
    assert OutboxMail.objects.count() == 0
    assert loaded("people", text, cast.contact) == [SAME, SAME]


def test_invite_them_now_mails_those_with_an_address(cast):
    text = HERE + "new@example.org;Ёлкин;Пётр;;teacher\n;Жук;Ия;;staff\n"
    assert loaded("people", text, cast.contact, invite=True) == [NEW, NEW]
    assert [mail.template for mail in OutboxMail.objects.all()] == ["members/invitation"]
    assert Affiliation.objects.get(person__email="new@example.org").state == "invited"
    assert loaded("people", text, cast.contact, invite=True) == [SAME, SAME]
    assert OutboxMail.objects.count() == 1


def test_what_others_entered_is_corrected_and_what_people_say_themselves_stays(cast):
    first = HERE + "new@example.org;Ёлкин;Пётр;;teacher\n"
    loaded("people", first, cast.contact)
    again = HERE + "new@example.org;Ёлкин;Петр Второй;1990-01-02;teacher\n"
    assert judged("people", again, cast.contact) == [("changed", "Given name, Birth date")]
    loaded("people", again, cast.contact)
    assert Person.objects.get(email="new@example.org").birth_date == date(1990, 1, 2)
    Person.objects.filter(pk=cast.teacher.pk).update(family_name="Жук", sort_name="жук anna")
    mine = HERE + f"{cast.teacher.email};Жук;Other;1980-01-01;teacher\n"
    assert loaded("people", mine, cast.contact) == [SAME]
    cast.teacher.refresh_from_db()
    assert (cast.teacher.given_name, cast.teacher.birth_date) == ("Anna", date(1990, 1, 1))


OTHERS = ("rejected", "Others answer for this person too. Ask the coordinator of the cluster.")


@pytest.mark.parametrize("invite", [True, False])
@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_list_gives_no_address_to_a_head_who_has_none(cast, invite, where):
    head = make.PersonFactory(email=None, family_name="Жук", given_name="Ия", birth_date=None, password="!")
    make.AffiliationFactory(person=head, institution=cast.school, role="head" if where == "here" else "teacher")
    if where == "elsewhere":
        make.AffiliationFactory(person=head, role="head")
    text = HERE + "thief@example.org;Жук;Ия;;teacher\n"
    assert loaded("people", text, cast.contact, invite=invite) == [OTHERS]
    assert (Person.objects.get(pk=head.pk).email, OutboxMail.objects.count()) == (None, 0)
    assert not Person.objects.filter(email="thief@example.org").exists()


def test_a_list_gives_an_address_to_a_teacher_who_has_none(cast):
    it = make.PersonFactory(email=None, family_name="Жук", given_name="Ия", birth_date=None, password="!")
    make.AffiliationFactory(person=it, institution=cast.school)
    assert loaded("people", HERE + "zhuk@example.org;Жук;Ия;;teacher\n", cast.contact) == [("changed", "")]
    assert Person.objects.get(pk=it.pk).email == "zhuk@example.org"


def test_a_class_list_redirects_no_guardian_of_children_elsewhere(cast):
    text = CLASS + "7 B;Ivanova;Anna;2013-05-06;Ivanova Maria;{}\n"
    assert loaded("classes", text.format("old@example.org"), cast.teacher, cast.school) == [NEW]
    guardian = Guardianship.objects.get().guardian
    make.GuardianshipFactory(guardian=guardian, child=make.AffiliationFactory(role="student").person)
    assert loaded("classes", text.format("thief@example.org"), cast.teacher, cast.school) == [OTHERS]
    again = CLASS + "7 B;Petrov;Ilya;2013-05-06;Ivanova Maria;old@example.org\n"
    again += "Choir;Petrov;Ilya;2013-05-06;Ivanova Maria;thief@example.org\n"
    assert loaded("classes", again, cast.teacher, cast.school) == [NEW, OTHERS]
    guardian.refresh_from_db()
    assert guardian.contact_email == "old@example.org"


def test_a_class_list_redirects_no_student_of_another_teachers_class(cast):
    text = "Class;Family name;Given name;Birth date;E-mail\n{};Ivanova;Anna;2013-05-06;{}\n"
    assert loaded("classes", text.format("7 B", "old@example.org"), cast.teacher, cast.school) == [NEW]
    assert loaded("classes", text.format("Choir", "thief@example.org"), cast.colleague, cast.school) == [OTHERS]
    assert Person.objects.get(family_name="Ivanova").contact_email == "old@example.org"


def test_somebody_known_elsewhere_is_asked_and_never_shown(cast):
    text = HERE + f"{cast.outsider.email};Whoever;Nobody;1980-01-01;teacher\n"
    assert loaded("people", text, cast.contact) == [NEW]
    affiliation = Affiliation.objects.get(person=cast.outsider)
    assert (affiliation.state, affiliation.shown_name) == ("invited", cast.outsider.email)
    cast.outsider.refresh_from_db()
    assert cast.outsider.given_name == "Anna"
    assert OutboxMail.objects.count() == 0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["x@example.org;;Ия;;"], "The name is missing. Write it into the cell."),
        (["x@example.org;Жук;;;"], "The given name is missing. Write it into the cell."),
        (["x@example.org;Жук2;Ия;;"], "A name has no digits. Put other things into columns of their own."),
        (["x@example.org;Жук;www.evil.test;;"],
         "Given name: A name holds letters, spaces, hyphens and apostrophes only. Remove links and markup."),
        (["x@example.org;Жук;Ия;;wizard"],
         "The portal knows no role “wizard”. Write head, contact, teacher, staff or student."),
        (["x@example.org;Жук;Ия;;head"],
         "Heads and contacts are entered by the head or the coordinator. Ask one of them."),
        (["x@example.org;Жук;Ия;;", "x@example.org;Жук;Ия;;"],
         "The same person stands in row 2 already. If these are two people, add birth dates."),
        (["x@example.org;Жук;Ия;;", "x@example.org;Ким;Ян;;staff"],
         "This e-mail address stands beside another name. Give each person one of their own."),
    ],
)  # fmt: skip
def test_a_person_who_cannot_be_entered_says_why(cast, rows, said):
    assert judged("people", HERE + "\n".join(rows), cast.contact)[-1] == ("rejected", said)


def test_an_address_of_somebody_with_another_name_here_is_said(cast):
    text = HERE + f"{cast.teacher.email};Жук;Ия;;teacher\n"
    said = "This e-mail address belongs to somebody with another name. Correct one of them."
    assert judged("people", text, cast.contact) == [("rejected", said)]


def test_the_address_of_an_erased_or_suspended_person_is_no_use(cast):
    gone = make.PersonFactory(suspended_at=now())
    said = "This e-mail address cannot be used any more. Write another one."
    assert judged("people", HERE + f"{gone.email};Жук;Ия;;\n", cast.contact) == [("rejected", said)]


def test_the_second_address_of_somebody_known_makes_no_double(cast):
    EmailAddress.objects.create(user=cast.outsider, email="second@example.org", verified=True)
    said = "Somebody who is known here signs in with another address. Ask them which, and invite that one."
    assert judged("people", HERE + "second@example.org;Жук;Ия;;\n", cast.contact) == [("rejected", said)]


def test_two_people_of_one_name_need_their_address(cast):
    for _time in range(2):
        person = make.PersonFactory(family_name="Жук", given_name="Ия", birth_date=None, email=None)
        make.AffiliationFactory(person=person, institution=cast.school)
    said = "Several people here bear this name. Write the e-mail address too."
    assert judged("people", HERE + ";Жук;Ия;;\n", cast.contact) == [("rejected", said)]


def test_a_row_about_an_institution_one_does_not_keep_is_rejected(cast):
    make.InstitutionFactory(name="School 9")
    text = "Full name;School\nЖук Ия;School 9\n"
    said = "You keep no institution called “School 9”. Correct the name, or enter it first."
    assert judged("people", text, cast.contact) == [("rejected", said)]
    said = "This list is for School 1, and the row names “School 9”."
    assert judged("people", text, cast.coordinator, cast.school) == [("rejected", said)]
    said = "The institution is missing. Write its name, or choose one for the whole list."
    assert judged("people", "Full name\nЖук Ия\n", cast.coordinator) == [("rejected", said)]
    make.InstitutionFactory(name="School 9", region=make.RegionFactory())
    said = "Several institutions are called “School 9”. Load a list for each of them."
    assert judged("people", text, cast.coordinator) == [("rejected", said)]


def test_a_list_for_an_institution_that_one_keeps_no_more_loads_nothing(cast):
    it = begun("people", HERE + ";Жук;Ия;;\n", cast.contact, cast.school)
    cast.contact.affiliations.update(role="staff")
    it = Import.objects.get(pk=it.pk)
    assert [row.sort for row in load(it)] == ["rejected"]


# Classes


def test_a_class_list_brings_students_and_guardians_and_again_nothing_changes(cast):
    text = CLASS + "7 Б;Жук;Ия;2012-05-05;Жук Анна;anna@example.org\n7б;Цой;Ян;2012-06-06;;\n"
    assert loaded("classes", text, cast.contact) == [NEW, NEW]
    group = Group.objects.get()
    assert (group.name, group.stage, group.members.count(), list(group.keepers.all())) == ("7 Б", 7, 2, [cast.contact])
    guardianship = Guardianship.objects.get()
    assert (guardianship.how, guardianship.guardian.contact_email) == ("class_list", "anna@example.org")
    assert loaded("classes", text, cast.contact) == [SAME, SAME]
    assert Person.objects.filter(family_name__in=["Жук", "Цой"]).count() == 3


def test_a_second_guardian_stands_in_a_second_row(cast):
    text = CLASS + "7;Жук;Ия;2012-05-05;Жук Анна;\n7;Жук;Ия;2012-05-05;Жук Пётр;p@example.org\n"
    assert [sort for sort, _said in loaded("classes", text, cast.contact)] == ["new", "changed"]
    assert Guardianship.objects.count() == 2
    later = CLASS + "7;Жук;Ия;2012-05-05;Жук Анна;anna@example.org\n"
    assert judged("classes", later, cast.contact) == [("changed", "Guardian, e-mail")]
    loaded("classes", later, cast.contact)
    assert Person.objects.get(family_name="Жук", given_name="Анна").contact_email == "anna@example.org"


def test_two_children_of_one_name_are_never_made_one(cast):
    text = CLASS + "7;Жук;Ия;;;\n8;Жук;Ия;;;\n"
    said = "The same name stands in row 2 already. If these are two students, add birth dates to both."
    assert loaded("classes", text, cast.contact) == [NEW, ("rejected", said)]
    text = CLASS + "7;Цой;Ян;2012-01-01;;\n7;Цой;Ян;2012-02-02;;\n"
    assert loaded("classes", text, cast.contact) == [NEW, NEW]
    said = "Several students are called like that. Write the birth date."
    assert loaded("classes", CLASS + "7;Цой;Ян;;;\n", cast.contact) == [("rejected", said)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (";Жук;Ия;;;", "The class is missing. Write it into the cell, for instance 7 B."),
        ("7;Жук;Ия;;;a@example.org", "The guardian has an e-mail address and no name. Write the name too."),
        ("7;Жук;Ия;05/06/2012;;",
         "05/06/2012 can be read in two ways: day first or month first. Write it as 2010-12-31."),
        ("7;Жук;Ия;;Мама;", "Only one word stands in the name. Write the family name and the given name."),
    ],
)  # fmt: skip
def test_a_student_who_cannot_be_entered_says_why(cast, row, said):
    assert judged("classes", f"{CLASS}{row}\n", cast.contact) == [("rejected", said)]


@pytest.mark.parametrize(("said", "year"), [("2026/27", 2026), ("2026-2027", 2026), ("2025", 2025), ("2026 г.", 2026)])
def test_the_school_year_is_read(cast, said, year):
    loaded("classes", f"Class;Full name;School year\n7;Жук Ия;{said}\n", cast.contact)
    assert Group.objects.get().school_year == year


@pytest.mark.parametrize(
    ("country", "day", "year"),
    [("", "2026-06-30", 2025), ("", "2026-07-01", 2026), ("KR", "2026-02-28", 2025), ("KR", "2026-03-01", 2026)],
)
def test_a_list_and_a_new_class_mean_the_same_school_year(cast, country, day, year):
    Cluster.objects.update_or_create(pk=1, defaults={"name": "C", "country": country, "time_zone": "UTC"})
    with time_machine.travel(f"{day}T12:00Z"):
        loaded("classes", "Class;Full name\n7;Жук Ия\n", cast.contact)
        assert ClassForm(by=cast.teacher)["school_year"].initial == year
    assert Group.objects.get().school_year == year


def test_a_school_year_that_is_none_is_said(cast):
    text = "Class;Full name;School year\n7;Жук Ия;next\n"
    assert judged("classes", text, cast.contact) == [
        ("rejected", "“next” is not a school year. Write it as 2026/27.")]  # fmt: skip


def test_a_teacher_loads_the_classes_they_keep_and_no_other(cast):
    assert loaded("classes", CLASS + "7;Жук;Ия;;;\n", cast.teacher) == [NEW]
    assert list(Group.objects.get().keepers.all()) == [cast.teacher]
    said = "Another teacher keeps this class. Ask them, or the contact of your institution."
    assert loaded("classes", CLASS + "7;Цой;Ян;;;\n", cast.colleague) == [("rejected", said)]


def test_a_name_alone_takes_no_student_out_of_another_teachers_class(cast):
    assert loaded("classes", CLASS + "7;Жук;Ия;2012-05-05;;\n", cast.teacher) == [NEW]
    text = CLASS + "Choir;Жук;Ия;;;\n"
    said = "This student is in a class of other teachers. Give the right birth date, or ask your contact person."
    assert judged("classes", text, cast.colleague) == [("rejected", said)]
    assert loaded("classes", text, cast.colleague) == [("rejected", said)]
    sure = CLASS + "Choir;Жук;Ия;2012-05-05;;\n"
    assert judged("classes", sure, cast.colleague) == [("changed", "Class")]
    assert loaded("classes", sure, cast.colleague) == [("changed", "")]


def test_a_row_of_invisible_signs_only_is_an_empty_one(cast):
    it = begun("people", HERE + ";Жук;Ия;;\n;\u202a\u00ad;;;\n;Цой;Ян;;\n", cast.contact)
    assert (it.counts["rows"], it.counts["accepted"], it.counts["empty"]) == (2, 2, 1)


# What stays, and who may


def test_rejected_rows_come_back_with_reasons_and_load_when_corrected(cast):
    text = "Заметка;ФИО;Дата рождения;E-mail\n=1+1;Жук Ия;05/06/2012;\n-;Цой Ян;01.02.2012;\n@x;Ким;;\n"
    it = begun("people", text, cast.contact)
    load(it)
    with it.rejected.file.open("rb") as file:
        book = load_workbook(io.BytesIO(file.read()))
    lines = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert lines[0] == ["Заметка", "ФИО", "Дата рождения", "E-mail", "What is wrong"]
    assert [line[:2] for line in lines[1:]] == [["'=1+1", "Жук Ия"], ["'@x", "Ким"]]
    assert all(line[4].endswith(".") for line in lines[1:])
    book.active["C2"], book.active["B3"] = "2012-06-05", "Ким Мин"
    out = io.BytesIO()
    book.save(out)
    again = actions.begin_import("people", None, ContentFile(readable(out.getvalue()), name="a.xlsx"), by=cast.contact)
    do_now(actions.choose_columns(again, loading.opened(again)[1], 2, by=cast.contact))
    load(again)
    assert (again.counts["new"], again.counts["rejected"], again.rejected) == (2, 0, None)


def test_a_row_that_fails_in_its_action_is_rejected_with_the_sentence(cast, monkeypatch):
    def refuse(*args, **facts):
        raise Refused("Not today. Come tomorrow.")

    monkeypatch.setattr("members.imports.people.belong_by_list", refuse)
    assert loaded("people", HERE + ";Жук;Ия;;\n", cast.contact) == [("rejected", "Not today. Come tomorrow.")]
    assert not Person.objects.filter(family_name="Жук").exists()


def test_a_list_is_loaded_once(cast):
    it = begun("people", HERE + ";Жук;Ия;;\n", cast.contact)
    load(it)
    said = "This list is loaded already. Choose the file again to load it anew."
    assert why_not(actions.begin_loading, it, invite=False, by=cast.contact) == said
    assert why_not(actions.choose_columns, it, {"email": 0}, 1, by=cast.contact) == said


def why_not(action, *args, **facts):
    with pytest.raises(Refused) as refused:
        action(*args, **facts)
    return str(refused.value)


def test_nothing_else_is_done_with_a_list_that_workers_are_at(cast):
    it = begun("people", HERE + ";Жук;Ия;;\n", cast.contact)
    actions.begin_loading(it, invite=False, by=cast.contact)
    said = "The portal is still going through the rows. Wait until it has ended."
    assert why_not(actions.begin_loading, it, invite=False, by=cast.contact) == said
    assert why_not(actions.choose_columns, it, {"email": 0}, 1, by=cast.contact) == said
    assert why_not(actions.forget_files, it, by=cast.contact) == said
    Import.objects.update(made_at=now() - timedelta(days=31))
    assert forget_old_files(now() - timedelta(days=30)) == 0


def test_a_list_that_nobody_judged_or_that_is_erased_is_not_loaded(cast):
    it = begun("people", HERE + ";Жук;Ия;;\n", cast.contact)
    LongWork.objects.update(problem="The disk is full.")
    said = "Not every row was looked at yet. Say again what the columns mean."
    assert why_not(actions.begin_loading, it, invite=False, by=cast.contact) == said
    actions.forget_files(it, by=cast.contact)
    said = "The file was erased, as all lists are after 30 days. Choose it again."
    assert why_not(actions.begin_loading, it, invite=False, by=cast.contact) == said


def test_the_list_of_somebody_suspended_meanwhile_stops_and_every_row_has_its_reason(cast):
    it = begun("people", HERE + ";Жук;Ия;;\n;Цой;Ян;;\n", cast.contact)
    work = actions.begin_loading(it, invite=False, by=cast.contact)
    actions.suspend_person(cast.contact, by=cast.coordinator)
    assert do_now(work).problem == "Whoever loaded this list is suspended."
    it.refresh_from_db()
    assert (it.counts["rows"], it.counts["accepted"], it.counts["rejected"]) == (2, 0, 2)
    said = "The portal stopped before this row. Whoever loaded this list is suspended. Load the same file again."
    assert set(it.rows.values_list("said", flat=True)) == {said}
    assert not Person.objects.filter(family_name="Жук").exists()


@pytest.mark.django_db(transaction=True)
def test_two_lists_of_the_same_people_at_once_enter_them_once(cast, together):
    lists = [begun("people", HERE + "".join(f";Жук;Ия{sign};;\n" for sign in "абвгд"), cast.contact) for _ in "12"]
    works = [actions.begin_loading(it, invite=False, by=cast.contact) for it in lists]
    assert together(*(lambda work=work: do_now(work) for work in works)) == ["done", "done"]
    assert Person.objects.filter(family_name="Жук").count() == 5


def test_a_corrected_profile_belongs_to_whoever_claimed_it(cast):
    with pytest.raises(Refused, match="This person keeps their own profile"):
        correct_by_list(cast.teacher, by=cast.contact, given_name="Other")


def test_an_address_taken_meanwhile_is_said(cast):
    person = Person.objects.create_user(family_name="Жук")
    with pytest.raises(Refused, match="Somebody with this e-mail address is known already"):
        correct_by_list(person, by=cast.contact, email=cast.teacher.email)


def test_the_files_are_erased_after_a_time_and_the_counts_stay(cast):
    it = begun("people", HERE + ";Жук;Ия;;\n;;;;x\n", cast.contact)
    load(it)
    assert forget_old_files(now() - timedelta(days=30)) == 0
    Import.objects.update(made_at=now() - timedelta(days=31))
    assert forget_old_files(now() - timedelta(days=30)) == 1
    it.refresh_from_db()
    assert (it.file, it.rejected, it.counts["rows"], Upload.objects.count()) == (None, None, 2, 0)
    assert it.rows.count() == 0
    assert forget_old_files(now() - timedelta(days=30)) == 0


def test_the_audit_holds_nothing_of_the_rows(cast):
    loaded("classes", CLASS + "7;Жук;Ия;2012-05-05;Жук Анна;anna@example.org\n", cast.contact)
    said = " ".join(f"{it.values} {it.fields} {it.reason}" for it in AuditEntry.objects.all())
    assert not any(word in said for word in ("Жук", "Ия", "Анна", "anna@", "2012"))
