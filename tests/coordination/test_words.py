"""What the portal says in Russian and Korean: nothing is missing, nothing is a guess, no placeholder is lost."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.utils.translation import override

from cluster_portal import hooks, mailtext
from members.models import Person
from tests import factories as make
from tests.cluster_portal.test_mails import example_of
from tests.coordination.test_pages import COORDINATORS, PUBLIC, pages
from tests.examples import load_example

SOURCES = [
    "cluster_portal", "competitions", "coordination", "courses", "members", "mentorship", "templates", "static",
    "locale", "manage.py",
]  # fmt: skip
GETTEXT = [program for program in ("xgettext", "msgmerge", "msguniq", "msgattrib") if not shutil.which(program)]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|</?\w+>")
# Sayings that hold no word of their own, or are the same in Russian.
SAME_IN_RUSSIAN = {
    "SHA-256", "%(first)s to %(last)s", "%(from)s to %(to)s", "%(role)s at %(institution)s", "%(name)s: %(what)s",
    "%(when)s, %(by)s: %(what)s", "No.", "%(place)s, %(contest)s (%(level)s)", "%(name)s, %(institution)s",
}  # fmt: skip
SAYERS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
ENGLISH = re.compile(r"[A-Za-z]{2,}(?:[ ,]+[A-Za-z']{2,}){2,}")


def sayings(language, folder=None):
    path = Path(folder or settings.BASE_DIR) / "locale" / language / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        return [saying for saying in read_po(file, locale=language) if saying.id]


def forms(text):
    return [text] if isinstance(text, str) else list(text)


def said_twice(saying):
    return " / ".join(map(repr, forms(saying.id)))


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """A copy of the sources whose catalogues have just been brought up to what the sources say."""
    copy = tmp_path_factory.mktemp("words")
    for name in SOURCES:
        source = settings.BASE_DIR / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
        else:
            shutil.copy(source, copy / name)
    command = ["manage.py", "makemessages", "-l", "ru", "-l", "ko", "--no-location", "--no-wrap", "--no-obsolete"]
    environment = {**os.environ, "DEFAULT_FROM_EMAIL": "portal@example.org"}
    done = subprocess.run(
        [sys.executable, *command], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return copy


@pytest.mark.words
@pytest.mark.skipif(bool(GETTEXT), reason=f"gettext is not installed: {', '.join(GETTEXT)}")
def test_russian_is_complete(collected):
    missing = [said_twice(it) for it in sayings("ru", collected) if it.fuzzy or not all(forms(it.string))]
    assert missing == [], "Without Russian:\n" + "\n".join(missing)


def test_no_saying_stands_within_an_f_string():
    """xgettext does not look into them: such words would never be translated, and nothing would say so."""
    lost = [
        f"{path.relative_to(settings.BASE_DIR)}:{call.lineno}"
        for name in SOURCES
        for path in sorted((settings.BASE_DIR / name).rglob("*.py"))
        for text in ast.walk(ast.parse(path.read_text()))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SAYERS
    ]
    assert lost == []


@pytest.mark.parametrize("language", ["ru", "ko"])
def test_placeholders_are_those_of_the_english(language):
    def places(text):
        return sorted(PLACEHOLDER.findall(text))

    wrong = [
        f"{said_twice(saying)} → {text!r}"
        for saying in sayings(language)
        for text in filter(None, forms(saying.string))
        if places(text) not in map(places, forms(saying.id))
    ]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("language", ["ru", "ko"])
def test_no_translation_is_a_guess(language):
    assert [said_twice(it) for it in sayings(language) if it.fuzzy] == []


def test_russian_is_russian():
    english = [
        said_twice(it)
        for it in sayings("ru")
        if forms(it.id)[0] not in SAME_IN_RUSSIAN
        and not all(re.search("[а-яё]", text, re.IGNORECASE) for text in forms(it.string))
    ]
    assert english == [], "Still English:\n" + "\n".join(english)


def test_russian_has_three_forms_for_numbers():
    assert {len(forms(it.string)) for it in sayings("ru") if it.pluralizable} == {3}


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["ru", "ko"])
@pytest.mark.parametrize("reader", ["", "coordinator"])
def test_every_page_is_said_in(demo, language, reader):
    load_example("petrogradsky")
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    if reader:
        Person.objects.update(language=language)
        client.force_login(Person.objects.get(email=f"{reader}@example.org"))
    for needs, url in pages():
        if needs > (COORDINATORS if reader else PUBLIC):
            continue
        response = client.get(url)
        if response.streaming:
            b"".join(response.streaming_content)
        assert response.status_code in ({200, 302} if url.startswith("/accounts/") else {200}), url
        if response.status_code == 200 and response.get("Content-Type", "").startswith("text/html"):
            assert f'lang="{language}"' in response.text, url


@pytest.mark.django_db
@pytest.mark.parametrize("template", sorted(hooks.mail_kinds))
def test_no_english_sentence_in_russian_mail(template):
    to = make.PersonFactory(given_name="Вера", language="ru", time_zone="Europe/Moscow")
    make.PersonFactory._meta.model.objects.update(language="ru")
    with override("ru"):
        subject, body = mailtext.rendered(example_of(template, to), hooks.sender())
    text = re.sub(r"https?://\S+|⟦\w+⟧", "", f"{subject}\n{body}")
    for name in (str(hooks.sender().name), "AI Tools", "School 9"):
        text = text.replace(name, "")
    assert ENGLISH.findall(text) == []
    assert re.search("[а-яё]", subject)
