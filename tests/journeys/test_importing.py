"""A coordinator loads a class list from an old spreadsheet program, corrects what was rejected, and loads that."""

import io

import pytest
from openpyxl import load_workbook

from members.models import Group, Guardianship, Import, Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = (
    "Список класса;;;;;\r\n"
    "Класс;Фамилия;Имя;Дата рожд.;ФИО родителя;E-mail родителя\r\n"
    "7 Б;Жук;Ия;05.05.2012;Жук Анна;anna@example.org\r\n"
    "7 Б;Цой;Ян;05/06/2012;;\r\n"
    ";;;;;\r\n"
    "7 Б;Ким;Лев;2012-01-01;;\r\n"
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def choose(visitor, name, kind, content):
    """Choose a class list for School 1."""
    visitor.go("/desk/import/")
    visitor.look("Load a list")
    visitor.fill(kind="classes", institution="School 1")
    visitor.page.set_input_files("[name=file]", {"name": name, "mimeType": kind, "buffer": content})
    visitor.press("Read the file")
    visitor.look("What the columns mean")


def test_a_class_list_is_dropped_mapped_loaded_corrected_and_loaded_again(visit):
    coordinator = visit("coordinator")
    choose(coordinator, "класс.csv", "text/csv", LIST.encode("cp1251"))
    meaning = coordinator.page.get_by_label("Meaning of “Дата рожд.”")
    meaning.select_option(label="Birth date")
    coordinator.press("Look at every row")
    coordinator.look("What comes of every row", "Load 2 rows", "1 empty row between them is left out.")
    coordinator.sees("05/06/2012 can be read in two ways: day first or month first.")
    assert not Group.objects.filter(name="7 Б").exists()
    coordinator.press("Load 2 rows")
    coordinator.look("The list is loaded", "Some rows could not be loaded")
    assert Import.objects.get().counts["rejected"] == 1

    with coordinator.page.expect_download() as download:
        coordinator.follow("Rejected rows (XLSX)")
    book = load_workbook(io.BytesIO(download.value.path().read_bytes()))
    assert [cell.value for cell in book.active[2]][:4] == ["7 Б", "Цой", "Ян", "05/06/2012"]
    book.active["D2"] = "2012-06-05"
    out = io.BytesIO()
    book.save(out)
    choose(coordinator, "corrected.xlsx", XLSX, out.getvalue())
    coordinator.page.get_by_label("Meaning of “Дата рожд.”").select_option(label="Birth date")
    coordinator.press("Look at every row")
    coordinator.press("Load 1 row")
    coordinator.look("The list is loaded", "Of those accepted: 1 new, 0 changed, 0 known and unchanged.")

    group = Group.objects.get(name="7 Б")
    assert sorted(group.members.values_list("family_name", flat=True)) == ["Жук", "Ким", "Цой"]
    assert Person.objects.get(family_name="Цой", given_name="Ян").birth_date.isoformat() == "2012-06-05"
    assert Guardianship.objects.get(child__family_name="Жук").guardian.contact_email == "anna@example.org"
    coordinator.go("/desk/import/")
    coordinator.look("Your lists")
