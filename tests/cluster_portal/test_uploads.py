"""Files that people give us: what is taken, what is refused, who may read."""

import io
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from cluster_portal import uploads
from cluster_portal.moves import Refused
from cluster_portal.uploads import clean_name, keep_upload
from members.models import Agreement
from tests import factories as make

pytestmark = pytest.mark.django_db


def picture(image_format="JPEG", **options):
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(out, image_format, **options)
    return out.getvalue()


def keep(content, name="file.txt", about=None):
    return keep_upload(ContentFile(content, name), about or make.AgreementFactory(), by=None)


def test_text_is_kept_with_its_hash():
    upload = keep(b"We agree.", "Agreement.txt")
    assert (upload.name, upload.content_type, upload.size) == ("Agreement.txt", "text/plain", 9)
    assert upload.sha256 == "7ed727ed3508bd4738b621ac9e2c93fbc3ac2f60b880f3f2915283332ccd89ea"


def test_the_type_is_decided_by_the_content_not_by_the_name():
    upload = keep(picture("PNG"), "report.pdf")
    assert (upload.content_type, upload.name) == ("image/png", "report.png")


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00" + b"\x00" * 64, b"<?php\x00", b"\x7fELF" + b"\x00" * 60])
def test_what_we_do_not_take_is_refused_with_a_sentence(content):
    with pytest.raises(Refused, match=r"Choose a smaller one|Save it as one of these"):
        keep(content)


def test_a_large_file_is_refused(monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST_BYTES", 5)
    with pytest.raises(Refused, match="larger than 20 MB"):
        keep(b"123456")


def test_a_picture_loses_its_metadata():
    exif = Image.Exif()
    exif[0x010E] = "home address"
    content = picture(exif=exif)
    assert b"home address" in content
    upload = keep(content, "me.jpg")
    with upload.file.open("rb") as kept:
        assert b"home address" not in kept.read()


def test_a_picture_with_a_palette_keeps_its_colours():
    out = io.BytesIO()
    Image.new("RGB", (4, 4), "red").convert("P").save(out, "PNG")
    with keep(out.getvalue(), "me.png").file.open("rb") as kept:
        assert Image.open(kept).convert("RGB").getpixel((1, 1)) == (255, 0, 0)


def test_a_picture_with_too_many_pixels_is_refused(monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST_PIXELS", 100)
    with pytest.raises(Refused, match="too many pixels"):
        keep(picture("PNG"))


def test_a_broken_picture_is_refused():
    with pytest.raises(Refused, match="picture is damaged"):
        keep(picture("PNG")[:60])


NAMES = [
    ("../../etc/passwd", "passwd.txt"),
    ("C:\\temp\\Договор № 5.docx", "Договор № 5.txt"),
    ("<b>x</b>.html", "b.txt"),
    ("...", "file.txt"),
    ("a" * 300, "a" * 90 + ".txt"),
]


@pytest.mark.parametrize(("given", "kept"), NAMES)
def test_names_are_cleaned(given, kept):
    assert clean_name(given, ".txt") == kept


@pytest.fixture
def signed_in():
    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in


def text_of_agreement(content, **facts):
    text = keep(content)
    make.AgreementFactory(text=text, **facts)
    return text


def fetch(client, upload):
    response = client.get(reverse("file", args=[upload.public_id]))
    if response.streaming:
        response.content_read = b"".join(response.streaming_content)
    return response


def test_the_text_of_a_concluded_agreement_is_public_and_an_attachment(client):
    upload = text_of_agreement(b"We agree.")
    response = fetch(client, upload)
    assert (response.status_code, response.content_read) == (200, b"We agree.")
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_the_text_of_a_draft_is_for_coordinators_only(cast, client, signed_in):
    upload = text_of_agreement(b"We might agree.", state=Agreement.State.DRAFT)
    readers = [client, signed_in(cast.teacher), signed_in(cast.coordinator)]
    assert [fetch(it, upload).status_code for it in readers] == [404, 404, 200]


def test_a_file_of_an_object_that_nobody_answers_for_is_not_found(cast, signed_in):
    upload = keep(b"Loose.", about=make.RunFactory())
    assert fetch(signed_in(cast.coordinator), upload).status_code == 404


def office(*names):
    """An archive that is a Word document to whoever looks at its content, with these parts besides."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("[Content_Types].xml", "_rels/.rels", "word/document.xml", *names):
            archive.writestr(name, "<x/>")
    return out.getvalue()


def test_a_document_without_macros_is_kept():
    assert keep(office()).name.endswith(".docx")


PROGRAMS = ["word/vbaProject.bin", "WORD/VBAPROJECT.BIN", "xl/macrosheets/sheet1.xml", "Basic/a.xml"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_document_with_macros_is_refused_whatever_it_is_called(name):
    with pytest.raises(Refused, match="holds macros"):
        keep(office(name))


def test_an_archive_that_cannot_be_looked_into_is_refused():
    with pytest.raises(Refused, match="damaged"):
        keep(office()[:-30])
