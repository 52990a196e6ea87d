"""What files say: encodings, separators, headers, cells. No database."""

import io
from contextlib import suppress
from datetime import date, datetime

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from cluster_portal.moves import Refused
from members.imports.cells import Unusable, date_of, email_of, names_of, text_of, word_of
from members.imports.columns import guessed, list_of, plain
from members.imports.encodings import decoded
from members.imports.reading import ERROR, NO_VALUE, readable, tables_of
from members.models.people import validate_plain_name

TODAY = date(2026, 11, 21)
RUSSIAN = "ФИО;Класс\r\nИванов Пётр;7Б\r\n"
KOREAN = "이름,반\n김철수,3\n"


def book(*rows, merged="", sheets=()):
    it = Workbook()
    for row in rows:
        it.active.append(list(row))
    if merged:
        it.active.merge_cells(merged)
    for title, more in sheets:
        sheet = it.create_sheet(title)
        for row in more:
            sheet.append(list(row))
    out = io.BytesIO()
    it.save(out)
    return out.getvalue()


def read(content, kind="people"):
    return list_of(tables_of(readable(content)), kind)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "koi8-r", "cp866", "mac_cyrillic"]
)
def test_a_short_russian_file_is_read_in_every_encoding(encoding):
    assert decoded(RUSSIAN.encode(encoding)).removeprefix("\ufeff") == RUSSIAN


@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "euc-kr", "utf-16"])
def test_a_short_korean_file_is_read_in_every_encoding(encoding):
    assert decoded(KOREAN.encode(encoding)) == KOREAN


@pytest.mark.parametrize(
    "text", ["Имя\r\nЯн\r\n", "ИМЯ\r\nИВАНОВ\r\n", "E-mail;ФИО\r\na@b.ru;Жук Ия\r\n", "№;Имя\n1;Цой\n"]
)
def test_a_few_letters_are_enough_for_cp1251(text):
    assert decoded(text.encode("cp1251")) == text


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_every_usual_separator_is_found(separator):
    table, columns = read(f"ФИО{separator}E-mail\nЖук Ия{separator}a@example.org\n".encode())
    assert columns == {"full_name": 0, "email": 1}
    assert table.rows == [(2, ["Жук Ия", "a@example.org"])]


def test_excels_own_line_about_the_separator_is_no_row():
    assert read("sep=;\r\nФИО;E-mail\r\nЖук, Ия;a@b.ru\r\n".encode())[0].rows == [(2, ["Жук, Ия", "a@b.ru"])]


def test_a_quoted_newline_stays_in_its_cell():
    table, _columns = read('Имя;Фамилия;О себе\nИя;"Жук\nХрущ";"a;b"\n'.encode())
    assert table.rows == [(2, ["Ия", "Жук\nХрущ", "a;b"])]


def test_a_quotation_mark_that_never_ends_is_said_or_read():
    assert read('ФИО;E-mail\n"Жук Ия;a@b.ru\n'.encode())[0].rows == [(2, ["Жук Ия;a@b.ru\n"])]


def test_a_cell_that_runs_on_for_the_whole_file_is_refused_with_what_is_missing():
    with pytest.raises(
        Refused, match=r"^A cell of this file never ends: a quotation mark is missing\. Save it again\.$"
    ):
        read(("ФИО;E-mail\n" + '"' + "Жук Ия;a@b.ru\n" * 20_000).encode())


def test_titles_and_empty_rows_above_the_header_are_passed_over():
    table, columns = read(book(["Список"], [], ["Составил: Ким"], [None, "Фамилия", "Имя"], [None, "Жук", "Ия"]))
    assert columns == {"family_name": 1, "given_name": 2}
    assert [row for _number, row in table.rows] == [["", "Жук", "Ия"]]


def test_a_header_in_two_rows_with_merged_cells_is_one():
    rows = [["Ученик", None, "Родитель", None, "Класс"], ["Фамилия", "Имя", "ФИО", "E-mail", None]]
    table, columns = read(book(*rows, ["Жук", "Ия", "Жук Анна", "a@b.ru", "7"], merged="A1:B1"), "classes")
    assert columns == {"family_name": 0, "given_name": 1, "guardian_name": 2, "guardian_email": 3, "group": 4}
    assert [row for _number, row in table.rows] == [["Жук", "Ия", "Жук Анна", "a@b.ru", "7"]]


def test_the_first_sheet_with_a_fitting_header_is_taken():
    content = book(["Приложение"], ["к приказу"], sheets=[("Список", [["ФИО", "E-mail"], ["Жук Ия", "a@b.ru"]])])
    table, columns = read(content)
    assert (table.sheet, columns) == ("Список", {"full_name": 0, "email": 1})


def test_empty_rows_between_are_counted_and_those_at_the_end_are_not():
    table, _columns = read("ФИО;E-mail\nЖук Ия;\n;\n \u200b;\nЦой Ян;\n;\n".encode())
    assert (len(table.rows), table.empty) == (2, 2)


def test_without_a_header_that_fits_the_first_row_of_words_is_it():
    table, columns = read("Список\nАбв;Где\nx;y\n".encode())
    assert (table.headings, columns) == (["Абв", "Где"], {})


def test_a_formula_is_never_evaluated():
    cells = tables_of(readable(book(["A", "B"], [1, "=1+1"])))[0].rows[1]
    assert cells == [1.0, NO_VALUE]


def test_an_error_of_the_spreadsheet_is_known():
    assert tables_of(readable(book(["A", "B"], [1, "#N/A"])))[0].rows[1] == [1.0, ERROR]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file holds no rows. Choose the one with the list."),
        (b" ;\n;;\n", "The file holds no rows. Choose the one with the list."),
        (b"PK\x03\x04junk", "The spreadsheet cannot be opened. Save it again as XLSX or CSV."),
        (b"\xd0\xcf\x11\xe0old",
         "This is an old Excel file, or one with a password. Save it as XLSX without a password."),
        (b"\xff\xfea\x00\x00\xd8a\x00", "The file is damaged in the middle. Save it again as XLSX or as CSV in UTF-8."),
        (b"a\n" * 20_102, "The list has more than 20,000 rows. Split it and load the parts one by one."),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_what_helps(content, said):
    with pytest.raises(Refused) as refused:
        readable(content)
    assert str(refused.value) == said


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr("members.imports.reading.LARGEST_UNPACKED", 1000)
    with pytest.raises(Refused, match="The file unpacks to more than we can read"):
        readable(book(["A"]))


@pytest.mark.parametrize(
    ("headings", "kind", "columns"),
    [
        (["Имя", "E-mail"], "people", {"full_name": 0, "email": 1}),
        (["성", "이름", "생년월일"], "people", {"family_name": 0, "given_name": 1, "birth_date": 2}),
        (["이름", "학교"], "people", {"full_name": 0, "institution": 1}),
        (["Фaмилия", "ИМЯ *", "Дата рождения (дд.мм.гггг)"], "people",
         {"family_name": 0, "given_name": 1, "birth_date": 2}),
        (["Класс", "ФИО ученика", "ФИО родителя", "E-mail родителя"], "classes",
         {"group": 0, "full_name": 1, "guardian_name": 2, "guardian_email": 3}),
        (["№", "Полное наименование", "Вид", "Сайт"], "institutions", {"name": 1, "kind": 2, "website": 3}),
    ],
)  # fmt: skip
def test_columns_are_guessed_by_their_headings(headings, kind, columns):
    assert guessed(headings, kind) == columns


@pytest.mark.parametrize(("heading", "said"), [("E-mail:", "email"), ("Ф.И.О.", "ф и о"), ("Фaмилия", "фамилия")])
def test_headings_are_compared_without_signs(heading, said):
    assert plain(heading) == said


@pytest.mark.parametrize(
    "value",
    ["31.12.2010", "2010-12-31", "12/31/2010", "31/12/2010", "40543", 40543.0, "31 декабря 2010 г.", "2010년 12월 31일",
     "20101231", "31.12.10", "December 31, 2010", "31 Dec 2010", "31.12.2010 00:00:00", "2010-12-31T00:00:00",
     " 31.12.2010\u200b\xa0", "'31.12.2010".removeprefix("'"), date(2010, 12, 31), datetime(2010, 12, 31, 5)],
)  # fmt: skip
def test_a_date_in_any_usual_dress_is_one_day(value):
    assert date_of(value, TODAY) == date(2010, 12, 31)


@pytest.mark.parametrize("value", ["05/06/2010", "5-6-2010", "05/06/10"])
def test_a_date_that_can_be_read_in_two_ways_is_not_guessed(value):
    with pytest.raises(Unusable, match="can be read in two ways: day first or month first"):
        date_of(value, TODAY)


@pytest.mark.parametrize("value", ["30.02.2010", "2010", "7 Б", "дата", "31.13.2010", "99999999", "1e5", True])
def test_what_is_no_date_is_said(value):
    with pytest.raises(Unusable, match="is not a date that the portal can read"):
        date_of(value, TODAY)


@pytest.mark.parametrize("value", ["01.01.1899", "22.11.2026", date(2030, 1, 1)])
def test_a_birth_date_lies_in_the_past_of_two_centuries(value):
    with pytest.raises(Unusable, match="This is not a birth date"):
        date_of(value, TODAY)


@given(st.dates(date(1900, 1, 1), TODAY))
def test_every_day_written_with_points_or_as_iso_or_counted_is_that_day(day):
    for value in (f"{day.day}.{day.month}.{day.year}", day.isoformat(), f"{day:%Y%m%d}", day):
        assert date_of(value, TODAY) == day
    serial = (day - date(1899, 12, 30)).days
    assert serial < 2200 or date_of(float(serial), TODAY) == day


@given(st.one_of(st.text(max_size=30), st.floats(allow_nan=True), st.integers(), st.booleans(), st.none()))
def test_whatever_stands_in_a_cell_is_read_or_said_and_never_breaks(value):
    for reader in (text_of, word_of, email_of, names_of, lambda it: date_of(it, TODAY)):
        with suppress(Unusable):
            reader(value)


NAME = st.text("абвгдежзиклмнопрстуфхцчшщэюяё", min_size=2, max_size=9).map(str.capitalize)


@given(NAME, NAME, st.sampled_from(["", "Ильич", "Петровна", "Мамед оглы"]))
def test_a_russian_name_in_one_cell_comes_apart_as_it_was_put_together(family, given_name, patronymic):
    names = names_of(f" {family}\xa0{given_name}  {patronymic}\u200b")
    assert names == {"family_name": family, "given_name": given_name, "patronymic": patronymic}


@given(st.text(max_size=40))
def test_a_name_that_is_read_has_two_parts_and_loses_no_letter(text):
    try:
        names = names_of(text)
    except Unusable:
        return
    if names:
        assert names["family_name"]
        assert names["given_name"]
        assert sorted("".join(names.values()).replace(" ", "")) == sorted(
            text_of(text).replace(" ", "").replace(",", "", 1)
        )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Пётр Ильич Иванов", ("Иванов", "Пётр", "Ильич")),
        ("И. И. Иванов", ("Иванов", "И.", "И.")),
        ("Иванов И.И.", ("Иванов", "И.", "И.")),
        ("김철수", ("김", "철수", "")),
        ("남궁민수", ("남궁", "민수", "")),
        ("김 철수", ("김", "철수", "")),
        ("Anna Maria Petrova", ("Petrova", "Anna Maria", "")),
        ("Petrova, Anna", ("Petrova", "Anna", "")),
    ],
)
def test_whole_names_of_three_languages_come_apart(text, names):
    found = names_of(text)
    assert tuple(found.get(name, "") for name in ("family_name", "given_name", "patronymic")) == names


def test_one_word_is_no_whole_name():
    with pytest.raises(Unusable, match="Only one word stands in the name"):
        names_of("Иванов")


@pytest.mark.parametrize(
    "text", ["A@Example.org", " a@example.org;", "mailto:a@example.org", "Anna <a@example.org>", "a@\u200bexample.org"]
)
def test_an_address_in_any_dress_is_one(text):
    assert email_of(text) == "a@example.org"


@pytest.mark.parametrize("text", ["", "-", "нет", "없음", None])
def test_no_address_is_none(text):
    assert email_of(text) == ""


def test_two_addresses_or_none_that_is_one_are_said():
    with pytest.raises(Unusable, match="Two e-mail addresses stand in one cell"):
        email_of("a@example.org, b@example.org")
    with pytest.raises(Unusable, match="“анна@” is not an e-mail address"):
        email_of("анна@")


def test_text_loses_what_one_cannot_see_and_keeps_latin_letters_in_russian_words():
    assert text_of(" Ивaнов\xa0\u200b  Пётр\n") == "Ивaнов Пётр"
    assert text_of(7.0) == "7"
    assert text_of("'+7 900") == "+7 900"


def test_a_class_that_became_a_date_is_said():
    with pytest.raises(Unusable, match="The spreadsheet has turned this into a date"):
        word_of(date(2026, 1, 7))


@pytest.mark.parametrize(
    ("value", "said"),
    [(NO_VALUE, "A formula stands here without its value"), (ERROR, "The cell holds an error of the spreadsheet")],
)
def test_a_cell_without_its_value_is_said(value, said):
    with pytest.raises(Unusable, match=said):
        text_of(value)


def test_names_are_checked_by_the_model_too():
    with pytest.raises(ValidationError):
        validate_plain_name("www.evil.test")
