"""Notes and files of initiatives are taken down: whoever is seen on a picture may take a consent back."""

import pytest
from django.test import Client

from cluster_portal.models import AuditEntry, Upload
from cluster_portal.moves import Refused
from members import actions
from tests import factories as make
from tests.browsing import at
from tests.members.test_initiatives import opened, published, report

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files_in_a_folder_of_their_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def noted(cast):
    """A note by a colleague who answers for the school too, with two files."""
    it = published(cast)
    writer = make.AffiliationFactory(institution=cast.school, role="contact").person
    return actions.write_progress(it, "We met.", by=writer, evidence=[report("one.txt"), report("two.txt")])


def down(note):
    return f"/initiatives/{note.initiative.public_id}/notes/{note.public_id}/take-down/"


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_taken_down_is_read_by_nobody_and_gone_from_the_store(cast, noted):
    one, two = Upload.objects.order_by("pk")
    assert at(cast.contact).post(down(noted), {"file": one.public_id}).status_code == 302
    assert [opened(Client(), it) for it in (one, two)] == [404, 200]
    assert (one.file.storage.exists(one.file.name), two.file.storage.exists(two.file.name)) == (False, True)
    line = AuditEntry.objects.latest("pk")
    assert (line.verb, line.actor) == ("members.initiative.take_down_file", cast.contact.public_id)


def test_a_note_is_taken_down_with_its_files_also_when_all_is_over(cast, noted):
    actions.complete_initiative(noted.initiative, by=cast.contact, outcome="Done.")
    assert at(cast.coordinator).post(down(noted)).status_code == 302
    assert (noted.initiative.notes.count(), Upload.objects.count()) == (0, 0)
    with pytest.raises(Refused, match="note is taken down already"):
        actions.take_down_note(noted, by=cast.contact)


def test_a_file_is_taken_down_once(cast, noted):
    file = Upload.objects.first()
    actions.take_down_file(noted, file, by=cast.contact)
    with pytest.raises(Refused, match="file is taken down already"):
        actions.take_down_file(noted, file, by=cast.contact)


def test_who_wrote_it_takes_it_down_after_leaving_and_nobody_else_does(cast, noted):
    actions.end_affiliation(noted.by.affiliations.get(), by=cast.coordinator)
    other = make.AffiliationFactory(role="contact").person
    assert [at(it).post(down(noted)).status_code for it in (cast.outsider, cast.teacher, other)] == [403] * 3
    page = f"/initiatives/{noted.initiative.public_id}/"
    shows = ["Take the note down" in at(it).get(page).text for it in (noted.by, cast.contact, other)]
    assert shows == [True, True, False]
    assert at(noted.by).post(down(noted)).status_code == 302
    assert not noted.initiative.notes.exists()


def test_a_file_of_another_note_is_not_found(cast, noted):
    other = actions.write_progress(noted.initiative, "Again.", by=cast.contact, evidence=[report()])
    file = Upload.objects.get(about_id=other.public_id)
    assert at(cast.contact).post(down(noted), {"file": file.public_id}).status_code == 404
    assert at(cast.contact).get(down(noted)).status_code == 405
