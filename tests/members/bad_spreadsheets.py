"""Spreadsheets as people really send them: a dress (format, encoding, header) and dirt in the cells, from a seed."""

import csv
import io
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from openpyxl import Workbook

EXCEL_ZERO = date(1899, 12, 30)
RUSSIAN = (
    ["Иванов", "Петрова", "Ёлкин", "Щукина", "Мамин-Сибиряк", "Юсупова", "Ким", "Объедков", "Жук", "Цой"],
    ["Пётр", "Анна", "Семён", "Юлия", "Ян", "Дарья", "Мария", "Эльдар", "Фёдор", "Ия"],
    ["Ильич", "Петровна", "Андреевич", "Юрьевна", "Олегович", "", "", "Львовна"],
)
KOREAN = (["김", "이", "박", "최", "남궁", "정"], ["철수", "영희", "민준", "서연", "도윤", "하은"], [""])
ENGLISH = (["Brown", "O'Neil", "Nunez", "Smith-Jones", "Lee"], ["Anna", "John", "Mary", "Peter", "Ada"], [""])
HEADS = {
    "ru": {
        "family_name": ["Фамилия", "ФАМИЛИЯ *", "Фамилия ученика", "Фaмилия"],
        "given_name": ["Имя", "имя", "Имя "],
        "patronymic": ["Отчество", "Отчество (при наличии)"],
        "full_name": ["ФИО", "Ф.И.О.", "Фамилия, имя, отчество", "ФИО полностью"],
        "birth_date": ["Дата рождения", "Дата рождения (дд.мм.гггг)", "Д.р.", "дата  рождения"],
        "email": ["E-mail", "Эл. почта", "Электронная почта", "Адрес электронной почты", "email"],
        "role": ["Должность", "Роль"],
        "institution": ["Школа", "Организация", "Наименование организации", "Место работы", "ОУ"],
        "group": ["Класс", "класс", "Группа"],
        "guardian_name": ["ФИО родителя", "Родитель (законный представитель)", "Законный представитель"],
        "guardian_email": ["E-mail родителя", "Почта родителя", "Эл. почта родителя"],
        "name": ["Название", "Полное наименование", "Наименование учреждения"],
        "short_name": ["Краткое наименование", "Сокращённое название"],
        "kind": ["Тип", "Вид организации"],
        "region": ["Регион", "Субъект РФ", "Район"],
        "website": ["Сайт", "Официальный сайт"],
    },
    "ko": {
        "family_name": ["성"], "given_name": ["이름"], "patronymic": ["중간 이름"],
        "full_name": ["성명", "이름", "학생 성명"],
        "birth_date": ["생년월일", "생일"], "email": ["이메일", "E-mail", "전자우편"], "role": ["직위", "역할"],
        "institution": ["학교", "학교명", "소속"], "group": ["반", "학급"], "guardian_name": ["보호자", "학부모 성명"],
        "guardian_email": ["보호자 이메일", "학부모 이메일"], "name": ["기관명", "명칭"], "short_name": ["약칭"],
        "kind": ["유형", "종류"], "region": ["지역"], "website": ["홈페이지", "웹사이트"],
    },
    "en": {
        "family_name": ["Family name", "Surname", "LAST NAME"], "given_name": ["Given name", "First name", "Name"],
        "patronymic": ["Middle name", "Patronymic"], "full_name": ["Full name", "Name", "Student"],
        "birth_date": ["Birth date", "Date of birth", "DOB"], "email": ["E-mail", "Email address", "e-mail:"],
        "role": ["Role", "Position"], "institution": ["School", "Institution", "Organisation"],
        "group": ["Class", "Group"], "guardian_name": ["Guardian", "Parent name"],
        "guardian_email": ["Guardian e-mail", "Parent email"], "name": ["Name", "Institution name"],
        "short_name": ["Short name", "Abbreviation"], "kind": ["Kind", "Type"], "region": ["Region"],
        "website": ["Website", "Web site"],
    },
}  # fmt: skip
KIND_CELLS = {
    "ru": [("школа", "school"), ("Детский сад", "kindergarten"), ("ВУЗ", "university"), ("колледж", "college")],
    "ko": [("학교", "school"), ("유치원", "kindergarten"), ("대학교", "university"), ("기업", "company")],
    "en": [
        ("School", "school"),
        ("kindergarten", "kindergarten"),
        ("UNIVERSITY", "university"),
        ("company", "company"),
    ],
}
ROLE_CELLS = {
    "ru": [("учитель", "teacher"), ("Педагог ", "teacher"), ("сотрудник", "staff"), ("", "teacher")],
    "ko": [("교사", "teacher"), ("직원", "staff")],
    "en": [("Teacher", "teacher"), ("STAFF", "staff")],
}
TITLES = {
    "ru": ["Список на 2026/27 учебный год", "Составил: Иванов"],
    "ko": ["2026학년도 명단", "작성: 김철수"],
    "en": ["List of the school year 2026/27", "Made by: J. Smith"],
}
# format, encoding, separator, language
DRESSES = [
    ("csv", "utf-8", ",", "ru"), ("csv", "utf-8-sig", ";", "ru"), ("csv", "cp1251", ";", "ru"),
    ("csv", "cp1251", "\t", "ru"), ("csv", "cp1251", ",", "ru"), ("csv", "koi8-r", ";", "ru"),
    ("csv", "utf-16", "\t", "ru"), ("csv", "utf-16-le", ";", "ru"), ("csv", "cp949", ",", "ko"),
    ("csv", "cp949", "\t", "ko"), ("csv", "utf-8-sig", ",", "ko"), ("csv", "utf-16", "\t", "ko"),
    ("csv", "utf-8", ",", "en"), ("csv", "cp1251", ";", "en"), ("csv", "cp866", ";", "ru"),
    ("xlsx", "", "", "ru"), ("xlsx", "", "", "ko"), ("xlsx", "", "", "en"), ("xlsx", "", "", "ru"),
    ("xlsx", "", "", "ru"),
]  # fmt: skip
KINDS = ["institutions", "people", "classes"]


@dataclass
class Sheet:
    """One bad spreadsheet, and what is known about its rows."""

    name: str
    kind: str
    content: bytes
    usable: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0


def all_sheets(seed: int = 2026) -> list[Sheet]:
    """Sixty: each kind in each dress."""
    dressed = [(kind, dress) for kind in KINDS for dress in DRESSES]
    return [
        Maker(random.Random(seed + number), kind, *dress).make(number) for number, (kind, dress) in enumerate(dressed)
    ]


class Maker:
    """Makes one spreadsheet."""

    def __init__(self, dice, kind, form, encoding, separator, language):
        self.dice, self.kind, self.form, self.encoding = dice, kind, form, encoding
        self.separator, self.language = separator, language
        self.plain = encoding not in {"", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"}
        self.whole = dice.random() < 0.5 or language == "ko"

    def make(self, number: int) -> Sheet:
        """The file: title rows, header, rows with dirt, rows that nobody could use, empty rows."""
        self.number = number
        heads = self._heads()
        usable = [self._person_or_institution(place) for place in range(self.dice.randint(8, 14))]
        lines = [[it["cells"].get(name, "") for name in heads] for it in usable]
        bad = [[cells.get(name, "") for name in heads] for cells in self._unusable()]
        for line in bad:
            lines.insert(self.dice.randint(0, len(lines)), line)
        rows = len(lines)
        for _time in range(self.dice.randint(0, 3)):
            lines.insert(self.dice.randint(1, len(lines) - 1), [""] * len(heads))
        sheet = Sheet(f"{number}-{self.form}-{self.encoding}-{self.language}", self.kind, b"", usable, rows)
        header = [self.dice.choice(HEADS[self.language][name]) if name != "extra" else "№ п/п" for name in heads]
        write = self._xlsx if self.form == "xlsx" else self._csv
        sheet.content = write([header], lines, self._above())
        return sheet

    def _heads(self) -> list[str]:
        names = (
            ["full_name"] if self.whole else ["family_name", "given_name", *(["patronymic"] * (self.language == "ru"))]
        )
        heads = {
            "institutions": ["name", "short_name", "kind", "region", "website"],
            "people": [*names, "email", "birth_date", "role", "institution"],
            "classes": [*names, "group", "birth_date", "guardian_name", "guardian_email"],
        }[self.kind]
        heads = [*heads, "extra"]
        self.dice.shuffle(heads)
        return heads

    def _above(self) -> list[list[str]]:
        titles = TITLES[self.language][: self.dice.randint(0, 2)]
        return [[it] for it in titles] + [[""]] * self.dice.randint(0, 1) * bool(titles)

    def _person_or_institution(self, place: int) -> dict[str, Any]:
        return self._institution(place) if self.kind == "institutions" else self._person(place)

    def _institution(self, place: int) -> dict[str, Any]:
        word = {"ru": "Организация ", "ko": "기관 ", "en": "Place No. "}[self.language]
        cell, kind = self.dice.choice(KIND_CELLS[self.language])
        name, region = f"{word}{self.number}-{place}", self.dice.choice(["North", "South"])
        cells = {"name": name, "kind": cell, "region": region, "short_name": f"S {place}", "website": "example.org"}
        return {"name": name, "kind": kind, "region": region, "cells": self._dirty(cells)}

    def _person(self, place: int) -> dict[str, Any]:
        family, given, patronymic = self._names()
        born = date(2008, 1, 1) + timedelta(days=self.number * 37 + place * 11)
        email = f"p{self.number}.{place}@example.org"
        cell, role = self.dice.choice(ROLE_CELLS[self.language])
        cells = {
            "family_name": family, "given_name": given, "patronymic": patronymic, "role": cell,
            "full_name": self._whole(family, given, patronymic), "birth_date": self._date(born),
            "email": self.dice.choice([email, email.upper(), f"mailto:{email}", f"{email};"]),
            "institution": "School 1",
            "group": self.dice.choice(["7 Б", "7Б", "8-A", "9"]), "guardian_email": f"g{email}",
            "guardian_name": self._whole(*self._names()),
        }  # fmt: skip
        return {"family_name": family, "given_name": given, "born": born, "email": email, "role": role,
                "cells": self._dirty(cells)}  # fmt: skip

    def _names(self) -> tuple[str, str, str]:
        families, given, patronymics = {"ru": RUSSIAN, "ko": KOREAN, "en": ENGLISH}[self.language]
        return self.dice.choice(families), self.dice.choice(given), self.dice.choice(patronymics)

    def _whole(self, family: str, given: str, patronymic: str) -> str:
        if self.language == "ko":
            return f"{family}{self.dice.choice(['', ' ']) if len(family) == 1 else ''}{given}"
        if self.language == "en":
            return self.dice.choice([f"{given} {family}", f"{family}, {given}"])
        return " ".join(filter(None, [family, given, patronymic]))

    def _date(self, born: date) -> Any:
        styles = [f"{born:%d.%m.%Y}", f"{born:%Y-%m-%d}", f"{born:%d.%m.%Y} г.", str((born - EXCEL_ZERO).days)]
        if born.day > 12:
            styles += [f"{born:%m/%d/%Y}", f"{born:%d/%m/%Y}"]
        if self.language == "ko":
            styles.append(f"{born.year}년 {born.month}월 {born.day}일")
        if self.form == "xlsx":
            styles += [born, (born - EXCEL_ZERO).days]
        return self.dice.choice(styles)

    def _dirty(self, cells: dict[str, Any]) -> dict[str, Any]:
        """What one does not see, and what people add: it must not matter."""
        signs = ["", "", "", " ", "  "] + ([] if self.plain else ["\xa0", "\u200b", "\ufeff"])
        return {
            name: f"{self.dice.choice(signs)}{value}{self.dice.choice(signs)}"
            if isinstance(value, str) and value
            else value
            for name, value in cells.items()
        }

    def _unusable(self) -> list[dict[str, Any]]:
        """Rows that nobody could use, each for another reason."""
        good = self._person_or_institution(900)["cells"]
        if self.kind == "institutions":
            return [good | {"name": ""}, good | {"name": "XYZ", "kind": "??"}, {"extra": "Итого: 2"} | {"website": "-"}]
        lost = {"full_name": "", "family_name": ""}
        wrong = [good | {"birth_date": "05/06/2010"}, good | lost, {"extra": "25", "birth_date": "25"}]
        if self.kind == "people":
            wrong += [good | {"email": "not an address"}, good | {"institution": "School nobody knows"}]
        if self.form == "xlsx":
            wrong.append(good | {"given_name": "=A1", "full_name": "=A1"})
        return [self._speakable(it) for it in wrong]

    def _speakable(self, cells: dict[str, Any]) -> dict[str, Any]:
        if self.plain and self.encoding == "cp949":
            return {name: "25" if value == "Итого: 2" else value for name, value in cells.items()}
        return cells

    def _csv(self, header, lines, above) -> bytes:
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self.separator, lineterminator=self.dice.choice(["\r\n", "\n"]))
        writer.writerows([*above, *header, *lines])
        return out.getvalue().encode(self.encoding, errors="replace")

    def _xlsx(self, header, lines, above) -> bytes:
        book = Workbook()
        sheet = book.active
        if self.dice.random() < 0.4:  # the list stands on the second sheet, behind a cover
            sheet.append(["Приложение 1"])
            sheet = book.create_sheet("List")
        shift = self.dice.choice([0, 1])  # an empty column at the left
        for row in [*above, *header, *lines]:
            sheet.append([None] * shift + [None if value == "" else value for value in row])
        if above and above[0][0]:
            sheet.merge_cells(start_row=1, end_row=1, start_column=1 + shift, end_column=4 + shift)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()
