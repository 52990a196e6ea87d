"""Whatever is sent to the forms of outcomes, feedback, thanks and files: an answer in words, never an error."""

from contextlib import contextmanager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils.timezone import localdate

from mentorship.models import Outcome, PairingFeedback
from tests.mentorship import factories as pair

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
LONG = "x" * 200_000
HOSTILE = [
    "", "\x00", "a\x0bb\x85c\u2028d", "\u202eabc", "-1", "NaN", "²", "99999999999999999999", "9999-12-31", "0001-01-01",
    "<script>alert(1)</script>", "javascript:alert(1)", "http://[::1", "https://" + "a" * 600 + ".org", LONG,
    "😀" * 200, ["a", "\x00"],
]  # fmt: skip


def page(name, *rest):
    return reverse(f"mentorship:{name}", args=rest)


@pytest.fixture
def held(cast):
    """A pairing under way with a student and a file."""
    it = pair.PairingFactory(request__affiliation=cast.teacher.affiliations.get(), request__with_students=True)
    pair.PairingStudentFactory(pairing=it)
    pair.PairingFileFactory(pairing=it)
    return it


@contextmanager
def undone():
    point = transaction.savepoint()
    yield
    transaction.savepoint_rollback(point)


def send(client, url, usual):
    """Each field with each value; the statuses of what was answered."""
    statuses = set()
    for name in usual:
        for value in HOSTILE:
            with undone():
                answer = client.post(url, usual | {name: value})
                assert "is violated" not in answer.text
                statuses.add(answer.status_code)
    return statuses


def outcome_of(held):
    return {
        "contest": "Chess Cup",
        "level": "city",
        "place": "second",
        "day": localdate().isoformat(),
        "students": held.students.get().public_id,
        "evidence": held.files.get().public_id,
        "evidence_link": "https://example.org/winners",
    }


def test_an_outcome(cast, client, held):
    client.force_login(cast.teacher)
    usual = outcome_of(held)
    assert send(client, page("enter_outcome", held.public_id), usual) == {200, 302}
    assert client.post(page("enter_outcome", held.public_id), usual).status_code == 302
    it = Outcome.objects.get()
    assert send(client, page("change_outcome", held.public_id, it.public_id), usual | {"seen": ""}) == {200, 302}
    for value in ("\x00", "x" * 300, "222222222222"):
        assert client.post(f"{held.get_absolute_url()}outcomes/{value}/remove/").status_code == 404


def test_an_outcome_keeps_one_line_and_no_controls(cast, client, held):
    client.force_login(cast.teacher)
    client.post(page("enter_outcome", held.public_id), outcome_of(held) | {"contest": "Chess\x0bCup\u202e\x85 2027"})
    assert Outcome.objects.get().contest == "Chess Cup 2027"


def test_the_list_of_outcomes(client):
    pair.OutcomeFactory()
    for name in ("institution", "page"):
        for value in HOSTILE:
            if value != LONG and not isinstance(value, list):
                assert client.get(page("outcomes"), {name: value}).status_code == 200


def test_feedback(client):
    ended = pair.PairingFactory(state="completed")
    client.force_login(ended.mentor.person)
    here = page("feedback", ended.public_id)
    assert send(client, here, {"helpful": "4", "text": "Good."}) == {200, 302}
    client.post(here, {"helpful": "6", "text": "Good."})
    assert PairingFeedback.objects.count() == 0
    client.post(here, {"helpful": "5", "text": "Good."})
    client.post(here, {"helpful": "1", "text": "Bad."})
    assert PairingFeedback.objects.get().helpful == 5


def test_thanks(cast, client):
    ended = pair.PairingFactory(state="completed")
    client.force_login(cast.coordinator)
    assert send(client, page("desk_thanks"), {"pairings": ended.public_id}) <= {200, 302}
    client.post(page("desk_thank", ended.public_id))
    assert send(client, page("desk_revoke_thanks", ended.public_id), {"reason": "A mistake."}) == {200, 302}


def test_a_body_of_ten_megabytes_is_refused(cast, client, held):
    client.raise_request_exception = False
    client.force_login(cast.teacher)
    body = "x" * 10_000_000
    for name, field in (("enter_outcome", "contest"), ("pairing_thread", "text"), ("pairing_plan", "goals")):
        assert client.post(page(name, held.public_id), {field: body}).status_code == 400
    assert (held.outcomes.count(), held.messages.count()) == (0, 0)


def test_more_fields_than_a_form_has_are_refused(cast, client, held):
    client.raise_request_exception = False
    client.force_login(cast.coordinator)
    many = {f"for-{number:012}": "-" for number in range(1_100)}
    assert client.post(page("desk_intake"), many | {"do": "look"}).status_code == 400


PDF = b"%PDF-1.4\n%%EOF"
ODD_FILES = {
    "empty.pdf": b"",
    "not-a.pdf": b"MZ\x90\x00" + b"\x00" * 100,
    "page.html": b"<script>alert(1)</script>",
    "picture.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "fake.png": b"<script>alert(1)</script>",
    "fake.docx": b"PK\x03\x04" + b"\x00" * 50,
    "macro.docm": b"PK\x03\x04" + b"\x00" * 50,
    "program.exe": b"MZ",
    "program.pdf.exe": PDF,
    "nameless": PDF,
    ".pdf": PDF,
    "zero.txt": b"a\x00b",
    "utf16.txt": "Hello".encode("utf-16"),
    "broken.txt": b"\xff\xfe\xfd\x80",
    "a" * 400 + ".pdf": PDF,
    "../../etc/passwd.pdf": PDF,
    "new\nline\u202efdp.exe.pdf": PDF,
    "both.pdf": PDF + b"PK\x03\x04<script>alert(1)</script>",
}


@pytest.mark.parametrize("name", ODD_FILES)
def test_an_odd_file_is_refused_in_words_or_harmless(cast, client, held, name):
    client.force_login(cast.teacher)
    held.files.all().delete()
    here = page("pairing_files", held.public_id)
    answer = client.post(here, {"file": SimpleUploadedFile(name, ODD_FILES[name], "text/html")})
    if answer.status_code == 200:
        assert answer.context["form"].errors
        assert held.files.count() == 0
        return
    assert answer.status_code == 302
    upload = held.files.select_related("upload").get().upload
    assert not {"/", "\\", "\n", "\u202e"} & set(upload.name)
    got = client.get(reverse("file", args=[upload.public_id]))
    kind, how = got["Content-Type"], got["Content-Disposition"].split(";")[0]
    assert (b"".join(got.streaming_content), got.close()) == (ODD_FILES[name], None)
    assert (kind, how) in [("application/pdf", "attachment"), ("text/plain", "attachment")]
