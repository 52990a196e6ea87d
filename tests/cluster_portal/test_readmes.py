"""The READMEs say what is so: every app's table of states is the one in its models."""

from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).parent.parent.parent


def rows(model):
    order = [state.value for state in model.State]
    for name, step in model.MOVES.items():
        sources = sorted((str(source) for source in step.sources), key=order.index)
        yield f"| {', '.join(sources)} | {name} | {step.target} |"


@pytest.mark.parametrize(
    "model", [it for it in apps.get_models() if hasattr(it, "MOVES")], ids=lambda it: it._meta.label
)
def test_the_table_of_states_is_the_models(model):
    text = (ROOT / model._meta.app_label / "README.md").read_text()
    assert [row for row in rows(model) if row not in text] == []


@pytest.mark.parametrize("name", ["members", "courses", "competitions", "mentorship", "coordination", "cluster_portal"])
def test_a_readme_fits_on_two_screens(name):
    assert len((ROOT / name / "README.md").read_text().splitlines()) <= 80


def test_the_front_page_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < 150
