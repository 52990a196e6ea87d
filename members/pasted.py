"""People in lines that somebody pastes: from a mail program, from a spreadsheet, from a letter.

A line is read once, into what it says; whether that can be done is judged elsewhere (inviting.py, classes.py).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from members.addresses import is_address
from members.models import Cluster, Person
from members.models.people import validate_plain_name

MOST_LINES = 200
_ADDRESS = re.compile(r"[^\s<>;,\"'()]+@[^\s<>;,\"'()]+")
_BETWEEN = re.compile(r">\s*[,;]\s*(?=[^<\n]*<[^>\n]*@)")  # a mail program puts several people into one line
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[-./년]\s?(\d{1,2})[-./월]\s?(\d{1,2})[일.]?(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})[-./](\d{1,2})[-./](\d{4})(?!\d)")
_NUMBERED = re.compile(r"^\s*\d{1,3}[.)\t;]\s*")


@dataclass(frozen=True)
class PastedPerson:
    """What one line says. `problem` is a sentence when it cannot be used at all."""

    text: str
    family_name: str = ""
    given_name: str = ""
    patronymic: str = ""
    email: str = ""
    birth_date: date | None = None
    problem: str = ""

    @property
    def names(self) -> dict[str, str]:
        return {"family_name": self.family_name, "given_name": self.given_name, "patronymic": self.patronymic}

    @property
    def full_name(self) -> str:
        return " ".join(filter(None, self.names.values()))


def pasted_lines(text: str) -> list[str]:
    """The lines of a pasted text that say something."""
    separate = _BETWEEN.sub(">\n", text.replace("\0", ""))
    return [line.strip() for line in separate.splitlines() if line.strip(" \t;,")]


def read_address(line: str) -> PastedPerson:
    """A line with an e-mail address and, in any order and dress, a name: family name first."""
    found = _ADDRESS.search(line)
    email = found.group().strip(".").lower() if found else ""
    if not is_address(email):
        return PastedPerson(line, problem=_("There is no e-mail address in this line."))
    names = _names(line.replace(found.group(), " "))
    return PastedPerson(line, email=email, problem=_wrong_name(names), **names)


def known_by_another_address() -> str:
    """Why somebody is not invited by an address of theirs that they do not sign in with first."""
    return _("Somebody who is known here signs in with another address. Ask them which, and invite that one.")


def read_student(line: str) -> PastedPerson:
    """A line with family name, given name and, if it is known, a birth date."""
    try:
        rest, birth_date = _without_date(_NUMBERED.sub("", line))
    except ValueError:
        return PastedPerson(line, problem=_("This is not a birth date. Write it as 2012-05-17 or 17.05.2012."))
    names = _names(rest)
    problem = _wrong_name(names) or ("" if names["given_name"] else _("Write family name and given name."))
    return PastedPerson(line, birth_date=birth_date, problem=problem, **names)


def twice(people: Iterable[PastedPerson], key) -> set[int]:
    """Which of these (by their place in the list) say again what a line before them said."""
    seen: set = set()
    again = set()
    for number, it in enumerate(people):
        if not it.problem and key(it) in seen:
            again.add(number)
        seen.add(key(it))
    return again


def _names(rest: str) -> dict[str, str]:
    """Family name, given name, patronymic: from cells where there are several, else from words."""
    cells = [" ".join(cell.strip(" \"'<>()").split()) for cell in re.split(r"[;,\t]", rest)]
    cells = [cell for cell in cells if cell]
    words = cells if len(cells) > 1 else " ".join(cells).split()
    family, given = [*words, "", ""][:2]
    patronymic = " ".join(words[2:])
    if len(cells) > 1 and not patronymic and " " in given:
        given, patronymic = given.split(" ", 1)
    return {"family_name": family, "given_name": given, "patronymic": patronymic}


def _wrong_name(names: dict[str, str]) -> str:
    for name, value in names.items():
        most = Person._meta.get_field(name).max_length
        if len(value) > most:
            return _("A part of the name has more than %(most)s letters. Shorten it.") % {"most": most}
        try:
            validate_plain_name(value)
        except ValidationError as error:
            return str(error.messages[0])
        if re.search(r"\d", value):
            return _("A name has no digits. Put name and birth date into columns of their own.")
    return ""


def _without_date(line: str) -> tuple[str, date | None]:
    """The line without its birth date, and that date. ValueError for what only looks like one."""
    for pattern, order in ((_YEAR_FIRST, (1, 2, 3)), (_DAY_FIRST, (3, 2, 1))):
        if found := pattern.search(line):
            year, month, day = (int(found.group(part)) for part in order)
            return line.replace(found.group(), " "), _plausible(date(year, month, day))
    return line, None


def _plausible(day: date) -> date:
    if not (date(1900, 1, 1) <= day <= Cluster.current().today()):
        raise ValueError(day)
    return day
