"""The audit page says in plain words what was done, by whom, with what."""

import ast
from pathlib import Path

import pytest
from django.test import Client

from cluster_portal.audit import record
from coordination.audit_words import DONE, done, thing
from tests import factories as make

ROOT = Path(__file__).parent.parent.parent


def verbs_in_the_code() -> set[str]:
    """The first argument of every call that writes an audit line, where it is spelt out."""
    calls = [
        node
        for room in ("cluster_portal", "members", "courses", "competitions", "mentorship", "coordination")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"record", "record_many", "record_changes"}
    ]
    return {str(it.args[0].value) for it in calls if it.args and isinstance(it.args[0], ast.Constant)}


def test_every_verb_of_the_code_has_words():
    names = {verb.rpartition(".")[2] for verb in verbs_in_the_code() if done(verb) == verb.rpartition(".")[2]}
    assert names == set()


def test_no_words_are_kept_for_what_nobody_writes():
    assert set(DONE) - {verb.rpartition(".")[2] for verb in verbs_in_the_code()} == set()


def test_moves_say_their_label_and_things_their_name():
    assert (done("courses.run.publish"), thing("courses.run")) == ("Publish", "Run")
    assert (done("courses.run.create"), thing("gone.model")) == ("created", "gone.model")


@pytest.mark.django_db
def test_page_names_who_acted(cast, demo):
    run = make.RunFactory()
    record("courses.run.create", run, by=cast.coordinator)
    record("courses.run.plan", run, by=None)
    client = Client()
    client.force_login(cast.coordinator)
    said = client.get("/desk/audit/").content.decode()
    assert cast.coordinator.full_name in said
    assert "sessions planned" in said
    assert "the portal" in said
