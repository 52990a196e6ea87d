"""What jurors see of an entry: names masked in texts, files without metadata, nothing else."""

import dataclasses
import io
import zipfile

import pytest
import typst
from django.core.files.base import ContentFile
from openpyxl import Workbook
from PIL import Image, PngImagePlugin

from cluster_portal.uploads import keep_upload
from competitions import blind
from competitions.clean_files import CannotClean, cleaned, pages_in
from competitions.masking import Mask, parts_of
from competitions.models import EntryFile, Step, UsedTool
from tests import factories as make

pytestmark = pytest.mark.django_db
MASK = Mask(names=tuple(parts_of("Zzyzxova")))
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"


@pytest.fixture
def entry():
    it = make.EntryFactory(state="admitted", title="Zzyzxova's plan", abstract="Anna Zzyzxova of School 77 asks.")
    author = make.PersonFactory(family_name="Zzyzxova", given_name="Anna")
    affiliation = make.AffiliationFactory(person=author, institution__name="School 77")
    make.AuthorshipFactory(entry=it, person=author, affiliation=affiliation)
    Step.objects.create(entry=it, position=1, title="Beginning", text="Zzyzxova says hello.")
    UsedTool.objects.create(entry=it, name="ChatGPT", use="As Anna does.")
    return it


def projection(entry):
    return blind.shown_to_jurors(blind.for_masking(type(entry).objects.filter(pk=entry.pk)).get())


def keep(entry, name, content):
    upload = keep_upload(ContentFile(content, name), about=entry, by=None)
    return EntryFile.objects.create(entry=entry, upload=upload, title=upload.name)


def packed(**parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), text)
    return out.getvalue()


def everything_in(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"".join(archive.read(it) for it in archive.infolist()), archive.namelist()


def test_nothing_of_the_projection_names_an_author_or_a_school(entry):
    said = repr(dataclasses.asdict(projection(entry)))
    assert [it for it in ("Zzyzx", "Anna", "77", entry.public_id) if it in said] == []
    assert projection(entry).abstract == "[hidden] of [hidden] asks."
    assert projection(entry).steps[0].text == "[hidden] says hello."


def test_a_competition_that_is_not_blind_names_the_authors(entry):
    entry.competition.is_blind = False
    entry.competition.save()
    assert projection(entry).title == "Zzyzxova's plan"
    assert projection(entry).authors == ("Zzyzxova Anna",)


def test_who_was_taken_out_of_the_authors_is_masked_too(entry):
    entry.authorships.update(state="ended")
    assert projection(entry).title == "[hidden] plan"


def test_the_guardians_of_a_child_who_is_an_author_are_masked_as_well(entry):
    child = make.GuardianshipFactory(guardian__family_name="Qvortrup", guardian__given_name="Inga").child
    make.AuthorshipFactory(entry=entry, person=child, is_lead=False)
    entry.abstract = "With the help of Inga Qvortrup."
    entry.save()
    assert projection(entry).abstract == "With the help of [hidden]."


def test_authors_are_told_where_they_stand(entry):
    keep(entry, "plan.txt", b"By Zzyzxova, 7 pages")
    found = {(it.field, it.where, it.said) for it in blind.told_authors(entry).namings}
    assert found == {
        ("title", "title", ("Zzyzxova's",)),
        ("abstract", "abstract", ("Anna Zzyzxova", "School 77")),
        ("steps", "Step 1", ("Zzyzxova",)),
        ("tools", "AI tool “ChatGPT”", ("Anna",)),
        ("files", "File “plan.txt”", ("Zzyzxova",)),
    }


def test_authors_are_told_of_files_that_jurors_do_not_get_and_of_those_that_cannot_be_covered(entry):
    kept = keep(entry, "broken.docx", packed(word__document_xml="<w:document/>", _Content_Types__xml="<Types/>"))
    with kept.upload.file.storage.open(kept.upload.file.name, "r+b") as file:
        file.write(b"PK, and nothing that fits to what comes after it")
    keep(entry, "sheet.pdf", b"%PDF-1.4\n%%EOF\n")
    told = blind.told_authors(entry)
    assert (told.unread, told.uncovered) == (["broken.docx"], ["sheet.pdf"])


def test_files_have_neutral_names_and_no_way_to_the_upload(entry):
    kept = keep(entry, "Zzyzxova plan.txt", b"By Zzyzxova")
    assert [it.title for it in projection(entry).files] == ["File 1, Text"]
    assert blind.file_for_jurors(entry, 1) == ("file-1.txt", "text/plain", b"By [hidden]")
    assert kept.upload.public_id not in repr(projection(entry))
    for number in (0, 2):
        with pytest.raises(IndexError):
            blind.file_for_jurors(entry, number)


def test_the_queries_do_not_grow_with_the_entries(entry, django_assert_num_queries):
    competition = entry.competition
    keep(entry, "a.txt", b"text")
    for count in (1, 3):
        with django_assert_num_queries(15):
            [blind.shown_to_jurors(it) for it in blind.for_masking(competition.entries.all())]
        for _number in range(2 if count == 1 else 0):
            more = make.EntryFactory(competition=competition)
            make.AuthorshipFactory(entry=more, affiliation=make.AffiliationFactory())
            keep(more, "a.txt", b"text")


WORDS = (
    '<w:document><w:p><w:r><w:t>By Zzy</w:t></w:r><w:r><w:t xml:space="preserve">zxova, 7 &amp; 8</w:t></w:r></w:p>'
    '<w:p><w:ins w:author="Zzyzxova" w:id="1"><w:r><w:t>x</w:t></w:r></w:ins></w:p></w:document>'
)


def test_a_word_file_loses_metadata_comments_authors_and_names_cut_into_runs():
    content = packed(
        word__document_xml=WORDS,
        docProps__core_xml="<cp:coreProperties><dc:creator>Zzyzxova</dc:creator></cp:coreProperties>",
        docProps__custom_xml="<Properties><p>Zzyzxova</p></Properties>",
        word__comments_xml='<w:comments><w:comment w:author="Zzyzxova" w:initials="Z"/></w:comments>',
        word__embeddings__oleObject1="Zzyzxova",
    )
    said, names = everything_in(cleaned(content, WORD, MASK, "[hidden]"))
    assert b"yzx" not in said
    assert b"zxova" not in said
    assert b"<w:t>By [hidden]</w:t></w:r>" in said
    assert b", 7 &amp; 8</w:t>" in said
    assert len(names) == 5


def test_links_files_and_previews_that_tell_are_taken_out():
    rels = (
        '<Relationships><Relationship Id="1" Target="docProps/thumbnail.jpeg"/>'
        '<Relationship Id="2" Target="mailto:zzyzxova@example.org" TargetMode="External"/>'
        '<Relationship Id="3" Target="file:///C:/Users/me/Normal.dotm"/></Relationships>'
    )
    said, names = everything_in(
        cleaned(packed(_rels__document_xml=rels, docProps__thumbnail="x"), WORD, MASK, "[hidden]")
    )
    assert said.partition(b"\n")[2] == (
        b'<Relationships><Relationship Id="2" Target="mailto:hidden1" TargetMode="External"/>'
        b'<Relationship Id="3" Target="hidden"/></Relationships>'
    )
    assert names == ["_rels/document.xml"]


def test_a_spreadsheet_opens_after_cleaning_with_its_numbers():
    book, out = Workbook(), io.BytesIO()
    book.properties.creator = "Zzyzxova"
    book.active.append(["Zzyzxova", 89211234567])
    book.save(out)
    clean = cleaned(out.getvalue(), SHEET, MASK, "[hidden]")
    from openpyxl import load_workbook

    rows = list(load_workbook(io.BytesIO(clean)).active.values)
    assert rows == [("[hidden]", 89211234567)]
    assert b"Zzyzx" not in everything_in(clean)[0]


def test_an_opendocument_text_loses_its_metadata():
    content = packed(
        mimetype=ODT,
        meta_xml="<office:meta><meta:initial-creator>Zzyzxova</meta:initial-creator></office:meta>",
        content_xml="<text:p>By <text:span>Zzyzxova</text:span><dc:creator>Somebody</dc:creator></text:p>",
    )
    said, _names = everything_in(cleaned(content, ODT, MASK, "[hidden]"))
    assert b"Zzyzx" not in said
    assert b"Somebody" not in said


def test_pictures_within_a_file_lose_what_is_hidden_in_them():
    picture, told = io.BytesIO(), PngImagePlugin.PngInfo()
    told.add_text("Author", "Zzyzxova")
    Image.new("RGB", (2, 2)).save(picture, "PNG", pnginfo=told)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/media/image1.png", picture.getvalue())
    assert b"Zzyzx" not in everything_in(cleaned(out.getvalue(), WORD, MASK, "…"))[0]


def test_a_pdf_is_redrawn_page_by_page_without_its_metadata(tmp_path):
    source = '#set document(title: "Zzyzxova", author: "Zzyzxova")\n' + "#pagebreak()\n".join(
        f"Page {number}\n" for number in range(1, 6)
    )
    source += '#link("mailto:zzyzxova@example.org")[write]'
    (tmp_path / "a.typ").write_text(source)
    content = typst.compile(str(tmp_path / "a.typ"), format="pdf")
    assert b"Zzyzxova" in content
    clean = cleaned(content, "application/pdf", MASK, "…")
    assert b"zyzx" not in clean
    (tmp_path / "file.pdf").write_bytes(clean)
    assert pages_in(str(tmp_path)) == 5


@pytest.mark.parametrize("kind", ["application/pdf", WORD, "image/png"])
def test_what_is_damaged_is_not_shown(kind):
    with pytest.raises(CannotClean):
        cleaned(b"%PDF-1.7 broken", kind, MASK, "…")
