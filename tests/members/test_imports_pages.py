"""The pages of loading a list: who may, what they show, how often they ask."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from cluster_portal.long_work import MOST_TRIES, carry_on_all
from cluster_portal.models import LongWork
from members import actions
from members.imports import loading
from members.imports.scope import institutions_for, kinds_for
from members.models import Group, Import, Person
from tests import factories as make
from tests.members.test_imports import CLASS, HERE, begun, load

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
PAGES = ["desk_import_rows", "desk_import_columns"]


def page_of(name, it):
    return reverse(f"members:{name}", args=[it.public_id])


def csv(text, encoding="cp1251", name="list.csv"):
    return SimpleUploadedFile(name, text.encode(encoding))


def chosen(client, kind="people", text="ФИО;E-mail\nЖук Ия;a@example.org\n", **facts):
    return client.post(reverse("members:desk_import"), {"kind": kind, "file": csv(text), **facts})


def test_a_list_goes_from_file_to_people(client, cast):
    client.force_login(cast.contact)
    response = chosen(client)
    it = Import.objects.get()
    assert response.url == page_of("desk_import_columns", it)
    page = client.get(response.url)
    assert [column["bound"].value() for column in page.context["form"].columns] == ["full_name", "email"]
    response = client.post(response.url, {"column_0": "full_name", "column_1": "email"})
    assert response.url == page_of("desk_import_rows", it)
    page = client.get(response.url)
    assert (page.context["it"].counts["new"], page.context["mails"]) == (1, 1)
    assert not Person.objects.filter(email="a@example.org").exists()
    response = client.post(page_of("desk_import_load", it))
    assert client.get(response.url).context["it"].counts["new"] == 1
    assert Person.objects.filter(email="a@example.org").exists()


def test_columns_chosen_twice_or_missing_are_said(client, cast):
    client.force_login(cast.contact)
    address = chosen(client).url
    page = client.post(address, {"column_0": "email", "column_1": "email"})
    assert page.context["form"].non_field_errors() == ["“E-mail” is chosen for two columns. Leave one of them."]
    page = client.post(address, {"column_0": "email", "column_1": ""})
    said = ["Choose the column that holds this: Family name / Whole name in one cell."]
    assert page.context["form"].non_field_errors() == said
    assert Import.objects.get().columns == {}


def test_rows_before_columns_lead_to_the_columns(client, cast):
    client.force_login(cast.contact)
    chosen(client)
    it = Import.objects.get()
    assert client.get(page_of("desk_import_rows", it)).url == page_of("desk_import_columns", it)
    page = client.post(page_of("desk_import_load", it), follow=True)
    assert page.redirect_chain[-1][0] == page_of("desk_import_columns", it)
    assert [str(it) for it in page.context["messages"]] == [
        "Not every row was looked at yet. Say again what the columns mean."]  # fmt: skip


def test_a_file_that_cannot_be_read_is_said_beside_the_field(client, cast):
    client.force_login(cast.contact)
    page = chosen(client, text=" ")
    assert page.context["form"].errors["file"] == ["The file holds no rows. Choose the one with the list."]


def test_a_file_of_more_than_20_mb_is_said(client, cast, monkeypatch):
    monkeypatch.setattr("members.forms.imports.LARGEST_BYTES", 3)
    client.force_login(cast.contact)
    said = ["The file is larger than 20 MB. Split the list and load the parts one by one."]
    assert chosen(client).context["form"].errors["file"] == said


def test_a_list_of_more_than_20_000_rows_is_refused(client, cast, monkeypatch):
    monkeypatch.setattr(loading, "MOST_ROWS", 1)
    client.force_login(cast.contact)
    address = chosen(client, text="ФИО;E-mail\nЖук Ия;\nЦой Ян;\n").url
    page = client.get(address, follow=True)
    assert [str(it) for it in page.context["messages"]] == [
        "The list has more than 20,000 rows. Split it and load the parts one by one."]  # fmt: skip


def test_rows_are_narrowed_by_verdict(client, cast):
    client.force_login(cast.contact)
    it = begun("people", HERE + ";Жук;Ия;;\n;Жук;;;\n", cast.contact)
    page = client.get(page_of("desk_import_rows", it), {"verdict": "rejected"})
    assert [row.number for row in page.context["page"]] == [3]
    page = client.get(page_of("desk_import_rows", it), {"verdict": "nonsense"})
    assert [row.number for row in page.context["page"]] == [2, 3]


def test_invite_them_now_is_a_tick(client, cast):
    client.force_login(cast.contact)
    it = begun("people", HERE + "a@example.org;Жук;Ия;;\n", cast.contact)
    client.post(page_of("desk_import_load", it), {"invite": "yes"})
    assert Person.objects.get(email="a@example.org").affiliations.get().state == "invited"


def test_a_list_erased_meanwhile_is_said(client, cast):
    client.force_login(cast.contact)
    it = begun("people", HERE + ";Жук;Ия;;\n", cast.contact)
    response = client.post(page_of("desk_import_forget", it), follow=True)
    assert [str(it) for it in response.context["messages"]] == ["The file is erased. What was loaded stays."]
    for page in PAGES:
        response = client.get(page_of(page, it), follow=True)
        assert [str(it) for it in response.context["messages"]] == [
            "The file was erased, as all lists are after 30 days. Choose it again."]  # fmt: skip


def test_nobody_else_opens_a_list_or_its_rejected_rows(client, cast):
    it = begun("people", HERE + ";Жук;Ия;;\n;Жук;;;\n", cast.contact)
    load(it)
    addresses = [page_of(page, it) for page in PAGES]
    addresses += [reverse("file", args=[upload.public_id]) for upload in (it.file, it.rejected)]
    client.force_login(cast.coordinator)
    assert [client.get(address).status_code for address in addresses] == [404] * 4
    for page in ("desk_import_load", "desk_import_forget"):
        assert client.post(page_of(page, it)).status_code == 404
        assert client.get(page_of(page, it)).status_code == 405
    client.force_login(cast.contact)
    response = client.get(addresses[2])
    assert response.status_code == 200
    response.close()


def test_people_without_desk_and_class_have_no_page(client, cast):
    client.force_login(cast.outsider)
    assert client.get(reverse("members:desk_import")).status_code == 403
    client.logout()
    assert client.get(reverse("members:desk_import")).status_code == 302


def test_a_teacher_sees_no_desk_and_loads_classes_only(client, cast):
    client.force_login(cast.teacher)
    page = client.get(reverse("members:desk_import"))
    assert [value for value, _label in page.context["form"].fields["kind"].choices] == ["classes"]
    assert b"desk-nav" not in page.content
    assert chosen(client, kind="people").context["form"].errors.keys() == {"kind"}
    it = begun("classes", CLASS + "7;Жук;Ия;;;\n", cast.teacher)
    client.post(page_of("desk_import_load", it))
    assert Group.objects.get().keepers.get() == cast.teacher


def test_the_desk_asks_for_a_second_factor(client, cast, settings):
    settings.DEMO = False
    client.force_login(cast.contact)
    assert client.get(reverse("members:desk_import")).url == reverse("mfa_index")


def test_a_contact_chooses_people_only_where_they_speak(client, cast):
    school = make.AffiliationFactory(person=cast.contact, role="teacher").institution
    client.force_login(cast.contact)
    page = chosen(client, institution=school.pk)
    assert page.context["form"].errors["institution"] == ["You load only classes there. Choose another institution."]


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        ("coordinator", ["institutions", "people", "classes"]),
        ("contact", ["people", "classes"]),
        ("teacher", ["classes"]),
        ("outsider", []),
    ],
)
def test_kinds_of_lists_by_role(cast, who, kinds):
    assert kinds_for(getattr(cast, who)) == kinds


def test_institutions_by_role(cast):
    make.InstitutionFactory()
    assert institutions_for("people", cast.coordinator).count() == 2
    assert list(institutions_for("people", cast.contact)) == [cast.school]
    assert list(institutions_for("people", cast.teacher)) == []
    assert list(institutions_for("classes", cast.teacher)) == [cast.school]


@pytest.mark.parametrize("kind", ["people", "classes"])
def test_looking_at_rows_asks_as_often_for_three_as_for_one(client, cast, kind):
    client.force_login(cast.contact)
    head, row = (HERE, ";Жук;Ия{0};;\n") if kind == "people" else (CLASS, "7;Жук;Ия{0};;;\n")
    asked = []
    for signs in ("а", "бвг"):
        it = begun(kind, head + "".join(row.format(sign) for sign in signs), cast.contact)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(page_of("desk_import_rows", it))
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_the_page_of_lists_asks_as_often_for_three_as_for_one(client, cast):
    client.force_login(cast.contact)
    asked = []
    for count in (1, 2):
        for _time in range(count):
            begun("people", HERE + ";Жук;Ия;;\n", cast.contact, cast.school)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("members:desk_import"))
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_the_file_is_kept_as_a_text_that_every_reader_opens(cast):
    it = begun("people", "ФИО\nЖук Ия\n", cast.contact)
    with it.file.file.open("rb") as file:
        assert file.read().decode() == "ФИО\nЖук Ия\n"
    assert actions.forget_files(it, by=cast.contact) is None


@pytest.fixture
def patient(monkeypatch):
    """Every list is long: the page does not wait for it."""
    monkeypatch.setattr("cluster_portal.long_work.AT_ONCE", 0)


def test_a_long_list_shows_how_far_it_has_come_until_it_is_loaded(client, cast, patient):
    client.force_login(cast.contact)
    response = client.post(chosen(client).url, {"column_0": "full_name", "column_1": "email"})
    page = client.get(response.url)
    assertContains(page, "<h1>The rows are being looked at</h1>", html=True)
    assertContains(page, '<progress value="0" max="1" aria-label="Rows"></progress><span>0 of 1</span>', html=True)
    assertContains(page, '<noscript><meta http-equiv="refresh" content="5"></noscript>')
    assertContains(client.get(reverse("members:desk_import")), "Under way")
    carry_on_all()
    it = Import.objects.get()
    assertContains(client.get(response.url), "<h1>What comes of every row</h1>", html=True)
    assert client.post(page_of("desk_import_load", it)).url == response.url
    assertContains(client.get(response.url), "<h1>The list is being loaded</h1>", html=True)
    assert not Person.objects.filter(email="a@example.org").exists()
    carry_on_all()
    page = client.get(response.url)
    assertContains(page, "<h1>The list is loaded</h1>", html=True)
    assertNotContains(page, "http-equiv")
    assert Person.objects.filter(email="a@example.org").exists()


def test_a_list_that_workers_are_at_is_neither_erased_nor_loaded_twice(client, cast, patient):
    client.force_login(cast.contact)
    it = begun("people", HERE + ";Жук;Ия;;\n", cast.contact)
    for page in ("desk_import_load", "desk_import_load", "desk_import_forget"):
        response = client.post(page_of(page, it), follow=True)
    said = "The portal is still going through the rows. Wait until it has ended."
    assert [str(it) for it in response.context["messages"]] == [said]
    assert Import.objects.get().file is not None


def test_rows_that_could_not_be_looked_at_say_why(client, cast):
    client.force_login(cast.contact)
    it = begun("people", HERE + ";Жук;Ия;;\n", cast.contact)
    LongWork.objects.update(problem="The disk is full.", done=0)
    page = client.get(page_of("desk_import_rows", it))
    assertContains(page, "The disk is full.")
    assertNotContains(page, "http-equiv")


def test_a_list_of_which_not_every_row_was_reached_says_why(client, cast):
    client.force_login(cast.contact)
    it = begun("people", HERE + ";Жук;Ия;;\n", cast.contact)
    actions.begin_loading(it, invite=False, by=cast.contact)
    LongWork.objects.filter(pk=it.work_id).update(tries=MOST_TRIES)
    carry_on_all()
    page = client.get(page_of("desk_import_rows", it))
    assertContains(page, "The portal tried several times and could not finish this. Tell your coordinator.")
    it.refresh_from_db()
    assert (it.counts["rows"], it.counts["accepted"], it.counts["rejected"]) == (1, 0, 1)


@pytest.mark.parametrize("kind", ["institutions", "people", "classes"])
def test_judging_and_finding_asks_as_often_for_many_rows_as_for_one(cast, kind):
    heads = {"institutions": "Name;Kind\n", "people": HERE, "classes": CLASS}
    rows = {"institutions": "School 1{0};school\n", "people": ";Жук;Ия{0};;\n", "classes": "7;Жук;Ия{0};;;\n"}
    asked = []
    for signs in ("а", "бвгдежзик"):
        it = begun(kind, heads[kind] + "".join(rows[kind].format(sign) for sign in signs), cast.coordinator, (
            None if kind == "institutions" else cast.school))  # fmt: skip
        with CaptureQueriesContext(connection) as queries:
            loading.Rows(it).judged(0, len(signs))
        asked.append(len(queries))
    assert asked[0] == asked[1]
