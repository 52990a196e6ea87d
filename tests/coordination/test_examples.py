"""What holds for the larger examples: they load as of any day, without people who can sign in, told in any language."""

from datetime import date

import pytest
from django.core.management import call_command
from django.utils import translation
from django.utils.timezone import now

from courses.models import Attendance, Course, Material, Run, Session
from members.models import (
    Agreement,
    Clause,
    Cluster,
    Coverage,
    Direction,
    Institution,
    Party,
    Person,
    Region,
)

pytestmark = pytest.mark.django_db
TEXTS = {
    Cluster: ["name", "about"],
    Region: ["name"],
    Direction: ["name"],
    Institution: ["name"],
    Agreement: ["title", "occasion"],
    Party: ["signed_by"],
    Coverage: ["document"],
    Clause: ["text"],
    Person: ["family_name", "given_name"],
    Course: ["title", "summary", "description"],
    Run: ["place"],
    Session: ["title", "place", "speakers"],
    Material: ["title"],
}


@pytest.fixture(autouse=True)
def files_in_a_folder_of_their_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.mark.parametrize("name", ["consortium", "it-cube"])
@pytest.mark.parametrize("today", [date(2026, 1, 5), date(2030, 8, 31)])
def test_it_loads_as_of_any_day_without_anybody_who_can_sign_in(settings, name, today):
    settings.DEMO = False
    call_command("load_example", name, today=today)
    coming = Run.objects.with_dates().get(state="published").first_start.date()
    assert 13 < (coming - today).days < 28
    assert not Person.objects.filter(email="coordinator@example.org").exists()
    assert not Attendance.objects.filter(session__ends_at__gt=now()).exists()


@pytest.mark.parametrize("name", ["consortium", "it-cube"])
def test_every_text_of_it_goes_through_gettext(demo, monkeypatch, name):
    monkeypatch.setattr(translation._trans, "gettext", lambda message: f"«{message}»")
    call_command("load_example", name)
    said = [text for model, fields in TEXTS.items() for row in model.objects.values_list(*fields) for text in row]
    assert [text for text in said if text and not text.startswith("«")] == []
