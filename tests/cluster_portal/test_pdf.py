"""PDF files: tagged, in all our scripts, and nobody's text is a command."""

import shutil
import subprocess

import pytest

from cluster_portal import pdf

TEMPLATE = """#import "/page.typ": sheet, facts, qr
#show: sheet.with(title: facts.title)
= #facts.title
#facts.name
#qr(facts.svg, facts.address)
"""


@pytest.fixture
def templates(tmp_path, monkeypatch):
    shutil.copy(pdf.FOLDER / "page.typ", tmp_path / "page.typ")
    (tmp_path / "one.typ").write_text(TEMPLATE)
    monkeypatch.setattr(pdf, "FOLDER", tmp_path)


def test_text_of_every_script_arrives_and_commands_nothing(templates, tmp_path):
    address = "https://example.org/consent/x/"
    facts = {
        "title": "Лист подписей",
        "name": '#panic("x") *강서구* Ёлка',
        "svg": pdf.qr_svg(address),
        "address": address,
    }
    content = pdf.render_pdf("one", facts)
    assert content.startswith(b"%PDF")
    assert b"pdfuaid" in content
    (tmp_path / "it.pdf").write_bytes(content)
    if reader := shutil.which("pdftotext"):
        said = subprocess.run([reader, tmp_path / "it.pdf", "-"], capture_output=True, text=True, check=True).stdout
        assert "Лист подписей\n" in said
        assert '#panic("x") *강서구* Ёлка' in said
