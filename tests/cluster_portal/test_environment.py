"""Settings come from the environment only, read strictly: a mistake stops the start with a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from cluster_portal import environment

ROOT = Path(__file__).parent.parent.parent
SOUND = {
    "SECRET_KEY": "x" * 60,
    "ALLOWED_HOSTS": "portal.example.org",
    "DATABASE_URL": "postgres://portal@127.0.0.1:1/portal",
    "DEFAULT_FROM_EMAIL": "portal@example.org",
    "SITE_URL": "https://portal.example.org",
    "STATE": "/nonexistent",
    "PATH": os.environ["PATH"],
}


def settings_with(**changes):
    """What `import settings` prints and answers in a process of its own, with no other environment."""
    values = {name: value for name, value in (SOUND | changes).items() if value is not None}
    code = (
        "from django.conf import settings as s; print(s.SESSION_COOKIE_SECURE, s.DEMO, s.DATABASES['default']['NAME'])"
    )
    values["DJANGO_SETTINGS_MODULE"] = "cluster_portal.settings"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=values, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_sound_settings_are_enough():
    assert settings_with() == "True False portal"


WRONG = [
    ({"SECRET_KEY": None}, "SECRET_KEY is not set"),
    ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS is not set"),
    ({"DEFAULT_FROM_EMAIL": None}, "DEFAULT_FROM_EMAIL is not set"),
    ({"DATABASE_URL": None}, "DATABASE_URL is not set"),
    ({"DATABASE_URL": "sqlite:///x"}, "DATABASE_URL must start with"),
    ({"REDIS_URL": "http://x"}, "REDIS_URL must start with"),
    ({"STORAGE_URL": "ftp://x"}, "STORAGE_URL must start with"),
    ({"DEMO": "yes"}, "Set it to 1 or 0"),
    ({"DEMO": "1", "HOST": "0.0.0.0"}, "Set DEMO_PUBLIC=1 if that is what you want"),  # noqa: S104
    ({"MAIL_BODY_DAYS": "many"}, "Set it to a whole number"),
    ({"SECRET_KEY": None, "SECRET_KEY_FILE": "/nonexistent/key"}, "which cannot be read"),
]


@pytest.mark.parametrize(("changes", "sentence"), WRONG)
def test_a_mistake_stops_the_start_with_a_sentence(changes, sentence):
    assert sentence in settings_with(**changes)


def test_a_public_demonstration_must_be_meant():
    public = {"DEMO": "1", "HOST": "0.0.0.0", "DEMO_PUBLIC": "1"}  # noqa: S104
    assert settings_with(**public) == "True True portal"


def test_a_secret_can_stand_in_a_file(tmp_path):
    (tmp_path / "key").write_text("from a file\n")
    assert settings_with(SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path / "key")) == "True False portal"


@pytest.fixture
def running(tmp_path, monkeypatch):
    """A folder whose portal runs, as far as the settings can see."""
    monkeypatch.setenv("STATE", str(tmp_path))
    monkeypatch.setattr(environment, "is_running", lambda folder: folder == tmp_path)
    return tmp_path


def test_the_notes_of_a_running_portal_are_read_last(running, monkeypatch):
    (running / environment.NOTES).write_text('{"SOME_NAME": "noted"}')
    assert environment.text("SOME_NAME") == "noted"
    monkeypatch.setenv("SOME_NAME", "said")
    assert environment.text("SOME_NAME") == "said"


def test_notes_of_a_portal_that_runs_no_more_are_not_believed(tmp_path, monkeypatch):
    (tmp_path / environment.NOTES).write_text('{"SOME_NAME": "noted"}')
    monkeypatch.setenv("STATE", str(tmp_path))
    assert environment.text("SOME_NAME") == ""


def test_damaged_notes_say_what_helps(running):
    (running / environment.NOTES).write_text("{")
    with pytest.raises(ImproperlyConfigured, match="Remove it and start again"):
        environment.text("SOME_NAME")
