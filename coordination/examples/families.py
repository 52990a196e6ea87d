"""Consent in the examples: three documents in all languages, and a class whose guardians have been asked."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N

from members import actions
from members.actions.affiliations import enter_affiliation
from members.models import Affiliation, ConsentDecision, ConsentText, Group, Guardianship, Institution, Person, Purpose

COMMON = {
    "en": {
        "legal_basis": "Consent (Article 9 of the Federal Law on Personal Data)",
        "retention": "Twelve months; the proof stays, without the name after an erasure",
        "contact": "coordinator@example.org",
    },
    "ru": {
        "legal_basis": "Согласие (статья 9 Федерального закона «О персональных данных»)",
        "retention": "Двенадцать месяцев; подтверждение остаётся, после удаления без имени",
        "contact": "coordinator@example.org",
    },
    "ko": {
        "legal_basis": "동의(개인정보에 관한 연방법 제9조)",
        "retention": "12개월. 증거는 남으며, 삭제 후에는 이름 없이 남습니다",
        "contact": "coordinator@example.org",
    },
}
DOCUMENTS = {
    Purpose.TAKING_PART: {
        "en": (
            "Taking part in the workshops of the cluster",
            "The child comes to workshops on artificial intelligence at the schools of the district and at the "
            "university. Name, class and birth date are known to the teacher, the school’s head and contact person, "
            "the instructor and the coordinator; nobody else sees them.",
        ),
        "ru": (
            "Участие в мастер-классах кластера",
            "Ребёнок приходит на мастер-классы по искусственному интеллекту в школах района и в университете. Имя, "
            "класс и дату рождения знают только педагог, ответственные в школе, ведущий и координатор.",
        ),
        "ko": (
            "클러스터 워크숍 참여",
            "아동은 지역 학교와 대학에서 열리는 인공지능 워크숍에 참여합니다. 이름, 반, 생년월일은 교사, 학교장과 "
            "담당자, 강사, 코디네이터만 알며 다른 사람은 볼 수 없습니다.",
        ),
    },
    Purpose.NAME: {
        "en": (
            "Publishing the name",
            "The name of the child may stand on rosters and attendance sheets of courses. Without it the place stays "
            "without a name.",
        ),
        "ru": (
            "Публикация имени",
            "Имя ребёнка может стоять в списках участников и листах посещаемости курсов. Без согласия имя не "
            "указывается.",
        ),
        "ko": (
            "이름 공개",
            "아동의 이름을 과정의 참가자 명단과 출석부에 표시할 수 있습니다. 동의가 없으면 이름을 표시하지 않습니다.",
        ),
    },
    Purpose.PHOTO: {
        "en": (
            "Publishing photos",
            "Photos of a workshop on which the child can be recognised may be shown on the pages of the cluster. They "
            "are not passed on to others. When you take the consent back, tell the teacher or the coordinator which "
            "photos they are: they take them down.",
        ),
        "ru": (
            "Публикация фотографий",
            "Фотографии с мастер-класса, на которых ребёнка можно узнать, могут быть показаны на страницах кластера. "
            "Другим их не передают. Отзывая согласие, скажите педагогу или координатору, какие убрать.",
        ),
        "ko": (
            "사진 공개",
            "아동을 알아볼 수 있는 워크숍 사진을 클러스터 페이지에 게시할 수 있습니다. 다른 곳에 전달하지 않습니다. "
            "동의를 철회할 때 어떤 사진인지 교사나 코디네이터에게 알려 주시면 내립니다.",
        ),
    },
}
# Family and given name, age, the guardian's names and address.
CHILDREN = [
    (N("Antonova"), N("Alisa"), 12, (N("Antonova"), N("Irina"), "antonova@example.org")),
    (N("Belkin"), N("Mark"), 12, (N("Belkin"), N("Pavel"), "")),
    (N("Danilova"), N("Sofia"), 13, (N("Danilova"), N("Elena"), "danilova@example.org")),
    (N("Ershov"), N("Timur"), 12, None),
]
WHO_ANSWERED = 2


def publish_documents(by: Person | None) -> None:
    """The documents that guardians read, published in every language of the portal."""
    for purpose, versions in DOCUMENTS.items():
        for language, (title, text) in versions.items():
            words = COMMON[language] | {"title": title, "text": text, "valid_months": 12}
            actions.write_text(purpose, language, by=by, **words)
        actions.publish_texts(purpose, by=by)


def begin_class(school: Institution, teacher: Person, student: Person, guardian: Person, today: date) -> Group:
    """A class that its teacher keeps; one guardian has no address, one child no guardian, one has answered."""
    year = today.year if today.month > 8 else today.year - 1
    group = actions.create_class(school, teacher, [teacher], name="7 B", stage=7, school_year=year)
    actions.name_guardian(
        student, by=teacher, how=Guardianship.How.CLASS_LIST, email=guardian.email,
        family_name=guardian.family_name, given_name=guardian.given_name,
    )  # fmt: skip
    group.memberships.create(person=student, since=today)
    children = [_child_of(group, teacher, today, *facts) for facts in CHILDREN]
    actions.request_consent([student, *children], list(DOCUMENTS), by=teacher)
    _answer(children[WHO_ANSWERED])
    return group


def _child_of(group: Group, teacher: Person, today: date, family: str, given: str, age: int, named) -> Person:
    facts = {"birth_date": date(today.year - age, 1, 20), "language": teacher.language}
    child = actions.enter_person(teacher, family_name=_(family), given_name=_(given), **facts)
    learns = (group.institution, Affiliation.Role.STUDENT, Affiliation.State.ACTIVE, teacher)
    enter_affiliation(child, *learns, invited_by=teacher, starts_on=today)
    group.memberships.create(person=child, since=today)
    if named:
        family, given, email = named
        how = Guardianship.How.CLASS_LIST
        actions.name_guardian(child, by=teacher, how=how, email=email, family_name=_(family), given_name=_(given))
    return child


def _answer(child: Person) -> None:
    guardian = child.guarded_by.get().guardian
    Decision = ConsentDecision.Decision
    said = {Purpose.TAKING_PART: Decision.GRANTED, Purpose.NAME: Decision.GRANTED, Purpose.PHOTO: Decision.REFUSED}
    texts = ConsentText.objects.for_reader(guardian.language)
    for purpose, decision in said.items():
        actions.decide(child, purpose, decision, by=guardian, channel="link", text=texts[purpose])
