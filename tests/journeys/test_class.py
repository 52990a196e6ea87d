"""A teacher brings a class: from a dropped spreadsheet to 30 places held, and from a slip to a green light."""

import re
import time

import pytest

from cluster_portal import mailtext
from cluster_portal.hooks import mail_kinds
from cluster_portal.links import signed_link
from cluster_portal.models import OutboxMail
from members.models import Guardianship, Person
from tests import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HEAD = "Class,Family name,Given name,Birth date,Guardian,Guardian email\n"
LIST = HEAD + "".join(
    f"8 V,Sokolov{end},Ilya,2013-04-{day:02},Sokolova{end} Anna,anna.{end}@example.org\n"
    for day, end in enumerate((first + second for first in "aeiou" for second in "bdkmnr"), start=1)
)


@pytest.fixture
def workshop(portal):
    """A workshop for students with room for two classes."""
    run = make.RunFactory(
        course__title="Robots that see", course__kind="workshop", title="December 2026", roles=["student"]
    )
    make.SessionFactory(run=run)
    make.PoolFactory(run=run, places=60)
    return run


def test_30_students_from_a_dropped_spreadsheet_to_places_held(visit, workshop, record_testsuite_property):
    teacher = visit("teacher")
    teacher.go(workshop.get_absolute_url())
    begun = time.monotonic()
    teacher.follow("Bring a class")
    teacher.sees("Drop a spreadsheet")
    file = {"name": "8v.csv", "mimeType": "text/csv", "buffer": LIST.encode()}
    teacher.page.set_input_files("[name=file]", file)
    teacher.press("Read the file")
    teacher.press("Look at every row")
    teacher.press("Load 30 rows")
    teacher.follow("Bring the class to")
    teacher.follow("8 V")
    teacher.press("Hold the places of those marked")
    teacher.sees("30 places held.")
    record_testsuite_property("seconds from the run to 30 places held", round(time.monotonic() - begun, 1))
    teacher.look("Class 8 V in Robots that see", "30 places")
    assert workshop.enrolments.held().count() == 30
    asked = OutboxMail.objects.filter(template="members/consent_asked", to__contact_email__startswith="anna.")
    assert asked.count() == 30

    with teacher.page.expect_download() as download:
        teacher.page.get_by_role("link", name="Print slips for").click()
    assert download.value.path().read_bytes()[:5] == b"%PDF-"
    phone, child = visit(width=390), Person.objects.get(family_name="Sokolovab")
    phone.go(link_in(asked.get(to__contact_email="anna.ab@example.org")))
    phone.fill(birth_date=child.birth_date.isoformat())
    phone.press("Read on")
    phone.look("Consent for Ilya S.", "1 of 1 · Taking part")
    phone.press("I agree")
    phone.look("You have answered everything. You can take it back here at any time.")
    assert workshop.enrolments.get(person=child).state == "confirmed"
    teacher.go(f"/runs/{workshop.public_id}/class/")
    teacher.look("Bring a class")


def link_in(mail):
    """The address that a reader of the mail presses: put in at sending."""
    text = mailtext.resolved(mail.body_text, mail_kinds[mail.template].secrets(mail))
    return re.search(r"https?://\S+/consent/\S+", text)[0]


def test_from_the_slips_of_a_class_to_a_green_light(visit, workshop):
    teacher, guardian = visit("teacher", width=390), visit(width=390)
    teacher.go(f"/runs/{workshop.public_id}/class/")
    teacher.follow("7 B")
    teacher.look("Bring class 7 B", "Who comes")
    teacher.press("Hold the places of those marked")
    teacher.look("Class 7 B in Robots that see")
    with teacher.page.expect_download() as download:
        teacher.page.get_by_role("link", name="Print slips for").click()
    assert download.value.path().read_bytes()[:5] == b"%PDF-"

    link = Guardianship.objects.get(child__family_name="Antonova", guardian__given_name="Irina")
    guardian.go(signed_link("members.consent", link.public_id))
    guardian.fill(birth_date=link.child.birth_date.isoformat())
    guardian.press("Read on")
    guardian.press("I agree")
    guardian.sees("2 of 3")
    teacher.page.reload()
    row = teacher.page.get_by_role("row").filter(has_text=link.child.full_name)
    assert row.locator(".state").all_inner_texts() == ["Granted", "Confirmed"]
    teacher.look()
