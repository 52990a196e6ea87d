"""What the columns of a list may mean, and how people head them in English, Russian and Korean."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.models import Import


@dataclass(frozen=True)
class Field:
    """One thing a column can mean. `heads` are usual headings, in lower case without signs, parted by semicolons."""

    name: str
    label: Any
    heads: str

    @property
    def headings(self) -> list[str]:
        return [it.strip() for it in self.heads.replace("\n", " ").split(";")]


FAMILY = Field(
    "family_name",
    _("Family name"),
    "family name; surname; last name; lastname; family; фамилия; фамилия ученика; фамилия обучающегося; "
    "фамилия ребенка; фамилия учащегося; 성; 성씨",
)
GIVEN = Field(
    "given_name",
    _("Given name"),
    "given name; first name; firstname; forename; name; имя; имя ученика; имя обучающегося; имя ребенка; "
    "имя учащегося; 이름; 학생이름; 학생 이름",
)
PATRONYMIC = Field(
    "patronymic",
    _("Patronymic"),
    "patronymic; middle name; отчество; отчество при наличии; отчество ученика; отчество обучающегося",
)
FULL = Field(
    "full_name",
    _("Whole name in one cell"),
    "full name; fullname; whole name; person; student name; name of student; student; teacher; teacher name; фио; "
    "ф и о; фио полностью; фамилия имя отчество; фамилия имя; фамилия и имя; фио ученика; фио обучающегося; "
    "фио учащегося; фио ребенка; фио педагога; фио учителя; фио сотрудника; ученик; ученики; обучающийся; учащийся; "
    "ребенок; педагог; учитель; сотрудник; участник; ученик фио; 성명; 학생명; 학생성명; 학생 성명; 교사명; 교사 성명",
)
BIRTH = Field(
    "birth_date",
    _("Birth date"),
    "birth date; birthdate; date of birth; dob; born; birthday; дата рождения; рождения; др; д р; день рождения; "
    "родился; 생년월일; 생일",
)
EMAIL = Field(
    "email",
    _("E-mail"),
    "email; mail; email address; электронная почта; эл почта; электронный адрес; почта; адрес электронной почты; "
    "емейл; имейл; эл адрес; электронная почта ученика; email ученика; student email; 이메일; 메일; 이메일 주소; "
    "전자우편; 전자메일",
)
ROLE = Field(
    "role",
    _("Role"),
    "role; position; job; роль; должность; статус; 역할; 직위; 직책; 구분",
)
INSTITUTION = Field(
    "institution",
    _("Institution"),
    "institution; school; organisation; organization; school name; kindergarten; university; организация; школа; "
    "учреждение; место работы; оу; оо; образовательная организация; образовательное учреждение; "
    "название организации; название школы; наименование организации; школа организация; школа оу; "
    "학교; 학교명; 기관; 기관명; 소속; 소속기관",
)
GROUP = Field("group", _("Class"), "class; group; form; grade; класс; группа; класс группа; 반; 학급; 학년 반; 학년반")
SCHOOL_YEAR = Field(
    "school_year",
    _("School year"),
    "school year; academic year; year; учебный год; уч год; 학년도; 연도",
)
GUARDIAN_NAME = Field(
    "guardian_name",
    _("Guardian, whole name"),
    "guardian; guardian name; parent; parent name; mother; father; name of parent; name of guardian; родитель; "
    "фио родителя; фио родителей; родитель фио; фио законного представителя; законный представитель; "
    "законный представитель фио; имя родителя; фио мамы; мама; мать; отец; представитель; 보호자; 보호자명; "
    "보호자 성명; 보호자 이름; 학부모; 학부모명; 학부모 성명",
)
GUARDIAN_EMAIL = Field(
    "guardian_email",
    _("Guardian, e-mail"),
    "guardian email; parent email; parents email; email of parent; email of guardian; mother email; email родителя; "
    "email родителей; родитель email; почта родителя; почта родителей; почта мамы; электронная почта родителя; "
    "эл почта родителя; email законного представителя; почта законного представителя; "
    "законный представитель email; 보호자 이메일; 보호자이메일; 학부모 이메일; 보호자 메일",
)
NAME = Field(
    "name",
    pgettext_lazy("institution", "Name"),
    "name; title; full name; institution; organisation; organization; school; institution name; school name; "
    "название; наименование; полное наименование; полное название; организация; учреждение; школа; "
    "название организации; наименование организации; наименование учреждения; наименование оо; "
    "образовательная организация; 기관명; 학교명; 학교; 기관; 이름; 명칭",
)
SHORT_NAME = Field(
    "short_name",
    _("Short name"),
    "short name; abbreviation; short; краткое название; краткое наименование; сокращенное название; "
    "сокращенное наименование; сокращение; 약칭; 짧은 이름; 줄임말",
)
KIND = Field(
    "kind",
    _("Kind"),
    "kind; type; kind of institution; тип; вид; тип организации; вид организации; тип учреждения; тип оо; 종류; "
    "유형; 구분; 기관 유형; 학교급",
)
REGION = Field(
    "region",
    _("Region"),
    "region; area; district; province; city; регион; район; область; субъект; субъект рф; город; округ; 지역; "
    "시도; 도시",
)
WEBSITE = Field(
    "website",
    _("Website"),
    "website; site; web; url; homepage; web site; сайт; веб сайт; адрес сайта; ссылка; официальный сайт; 웹사이트; "
    "홈페이지; 누리집",
)
ABOUT = Field(
    "about",
    _("About"),
    "about; description; note; notes; comment; описание; о нас; об организации; примечание; 소개; 설명; 비고",
)

_NAMES = [FAMILY, GIVEN, PATRONYMIC, FULL]
FIELDS: dict[str, list[Field]] = {
    Import.Kind.INSTITUTIONS: [NAME, SHORT_NAME, KIND, REGION, WEBSITE, ABOUT],
    Import.Kind.PEOPLE: [*_NAMES, EMAIL, BIRTH, ROLE, INSTITUTION],
    Import.Kind.CLASSES: [GROUP, SCHOOL_YEAR, *_NAMES, BIRTH, EMAIL, GUARDIAN_NAME, GUARDIAN_EMAIL, INSTITUTION],
}
# Of each set, one must be there.
NEEDED: dict[str, list[set[str]]] = {
    Import.Kind.INSTITUTIONS: [{"name"}],
    Import.Kind.PEOPLE: [{"full_name", "family_name"}],
    Import.Kind.CLASSES: [{"group"}, {"full_name", "family_name"}],
}


def label_of(kind: str, name: str) -> str:
    """What a field is called on screen."""
    name = "email" if name == "contact_email" else name  # the column of students whose address is not a login
    return str(next(it.label for it in FIELDS[kind] if it.name == name))
