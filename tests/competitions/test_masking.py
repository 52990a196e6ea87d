"""Names in texts: every form of a name is found, and little else."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from competitions.masking import Mask, known_by, parts_of, sound

MOST_SECONDS = 20  # of a processor, for what is hostile
PERSON = (
    *parts_of("Юлия", capital=True),
    *parts_of("Щукина-Иванова", "Сергеевна"),
)


def mask(*institutions, names=PERSON, **facts):
    return Mask(names=tuple(names), institutions=tuple(known_by(it) for it in institutions), **facts)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Автор: Щукина Юлия Сергеевна, учитель.", "Автор: …, учитель."),
        ("Урок Ю. С. Щукиной в 7 классе", "Урок … в 7 классе"),
        ("Щукина Ю.С. и дети", "… и дети"),
        ("с Юлией Щукиной", "с …"),
        ("by Yulia Shchukina", "by …"),
        ("by Julija Ščukina-Ivanova", "by …"),
        ("by Iuliia Schukina", "by …"),
        ("ЩУКИНА", "…"),
        ("щукиной", "…"),
        ("Ивановой и Ивановым", "… и …"),
        ("Щу\u00adки\u200bной", "…"),
        ("&#1065;укина", "…"),
        ("Щу**ки**на", "…"),
        ("Щукина", "…"),
        ("_Щукина_", "_…_"),
        ("ivanovajulia", "…"),
        ("IvanovaJulia", "…"),
        ("Юлии нравится", "… нравится"),
    ],
)
def test_every_form_of_a_name_is_masked(text, shown):
    assert mask().masked(text, "…") == shown


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Цой", "Цоя"), ("Цой", "Цоем"), ("Заяц", "Зайца"), ("Боец", "Бойцом"), ("Павел", "Павла"), ("Лев", "Льва"),
        ("Müller", "Mueller"), ("Горбачёв", "Gorbatschow"), ("Соловей", "Соловья"), ("Ли", "Ли"),
    ],
)  # fmt: skip
def test_a_name_is_known_when_its_inside_changes_too(name, form):
    assert Mask(names=tuple(parts_of(name))).masked(f"Слово {form} слово", "…") == "Слово … слово"


@pytest.mark.parametrize(
    "text",
    [
        "The lesson takes 45 minutes; students use ChatGPT.",
        "юлия цезаря",  # a given name shows by its capital alone
        "A.I. tools, e. g. in 7 A",
        "Искусственный интеллект (ИИ) и этика",
        "See https://chatgpt.com/ and ISBN 978-5-699-12014-7",
        "2026-11-22 12:30, room 77",
    ],
)
def test_what_names_nobody_stays(text):
    assert mask("School 77").masked(text, "…") == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("в школе № 77 и в 77-й школе", "в … и в …"),
        ("School 77, school no. 77, shkola77", "…"),
        ("школа Петроградского района № 77 рада", "… рада"),
        ("Exercise № 77 for School 5", "Exercise № 77 for School 5"),
    ],
)
def test_a_numbered_school_is_masked_in_its_forms(text, shown):
    assert mask("School 77").masked(text, "…") == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("in der ITMO University", "in der …"),
        ("студенты ИТМО", "студенты …"),
        ("Information is power", "Information is power"),
        ("the IMCPD", "the …"),
        ("Information and Methodology Center of the Petrogradsky District", "…"),
    ],
)
def test_an_institution_is_masked_by_its_names_and_abbreviations(text, shown):
    names = ("ITMO University", "Information and Methodology Center of the Petrogradsky District")
    assert mask(*names).masked(text, "…") == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("write to a.b@school.example.org now", "write to … now"),
        ("yulia_ivanova@mail.ru", "…"),
        ("call +7 (921) 123-45-67", "call …"),
        ("@yulia_teaches", "…"),
        ("yulia (at) mail.ru or yulia[at]mail.ru", "… or …"),
        ("HTTPS://VK.COM/id1 or m.vk.com/id1 or a.org/m.vk.com/1", "… or … or …"),
        ("https://chatgpt.com/a/b and chatgpt.com/a/", "https://chatgpt.com/a/b and chatgpt.com/a/"),
        ("https://vk.com/id1 and https://school77.example.org/plan", "https://vk.com/id1"[:0] + "… and …"),
        ("on school77.example.org or www.school77.example.org/plan", "on … or …"),
        ("on notschool77.example.org", "on notschool77.example.org"),
        ("my [page](https://site.example/shchukina) here", "my page … here"),
        ("[page](https://site.example/a 'by Щукина')", "[page](https://site.example/a 'by …')"),
        ("[page]: https://site.example/shchukina 'x'\nand", "[page]: <…>\nand"),
    ],
)
def test_contacts_and_personal_pages_are_masked(text, shown):
    assert mask(hosts=("school77.example.org",)).masked(text, "…") == shown


def test_a_name_in_hangul_is_masked_with_its_particle_left():
    assert Mask(whole=("김민수",)).masked("학생 김민수는", "…") == "학생 …는"


def test_short_names_show_by_their_capital_only():
    short = mask(names=[*parts_of("Ким"), *parts_of("Лев", capital=True), *parts_of("Павел", capital=True)])
    assert short.masked("Кима, Льва и Павла; ким, лев и кимоно", "…") == "… и …; ким, лев и кимоно"


@pytest.mark.parametrize(
    "alike", [("Юлия", "Yuliya", "Julia", "Iuliia"), ("Щукин", "Shchukin", "Schukin"), ("Фёдор", "Fyodor", "Fedor")]
)
def test_ways_of_transliterating_sound_alike(alike):
    assert len({sound(word) for word in alike}) == 1


HOSTILE = [
    "a", "a.", "a.a-", "_", "+a", "@", "@a.", "a@", "(at)", "a (at) a", "/", "a/", ".ru/", "www.", "a.ru/a.ru/", "http",
    "[", "[](", "](", "[a]: ", "\n[a]:", "\n[", "[](x@x.ru", "8 ", "+7 (", "(9", "77 ", "77 школа", " ", "\n", "&",
    "&#1", "Щукина ", "Щ", "Ю. ", "Ю.С.", "Aa", "er", "-", "«", "'", "\u0301\u0323", "ﷺ", "School ", "школы, ",
    "TWFyaW5h+/",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_work_grows_with_the_length_of_a_text_alone(piece, little_work):
    text = piece * (40_000 // len(piece))
    known = mask("School 77", "ITMO University", whole=("김민수",), initials=(r"Ю\.\s?С\.\s?Щ\.",), hosts=("x.org",))
    known.masked(f"{text}!\n[a]({text}\n77{text}q школа", "[hidden]")


NAMES = st.sampled_from(["Иванова", "Shchukina", "Петровский", "Nguyen", "Мельниченко", "Kowalska", "Абдуллаев"])


@given(NAMES, st.text(max_size=40), st.text(max_size=40))
def test_a_name_is_found_between_any_two_texts(name, before, after):
    shown = Mask(names=tuple(parts_of(name))).masked(f"{before} {name} {after}", "…")
    assert name not in shown


@given(st.text(max_size=200))
def test_no_text_breaks_the_mask_and_its_places_lie_in_order(text):
    found = mask("School 77", hosts=("x.org",)).found_in(text)
    assert [it.text for it in found] == [text[it.start : it.end] for it in found]
    assert all(one.end <= other.start for one, other in pairwise(found))
