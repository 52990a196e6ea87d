"""The paper of a certificate: drawn in its own language, on one page, in every alphabet that people here write."""

import re
import shutil
import subprocess
from datetime import date

import pytest

from members.certificates import certificates_pdf
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper(tmp_path):
    """The PDF of a certificate, and its text where there is a program that reads it."""

    def draw(**facts):
        it = make.CertificateFactory(**facts)
        content = certificates_pdf([it])
        (tmp_path / "it.pdf").write_bytes(content)
        reader = shutil.which("pdftotext")
        if reader is None:
            return it, content, None
        read = subprocess.run([reader, tmp_path / "it.pdf", "-"], capture_output=True, text=True, check=True)
        return it, content, read.stdout.replace("\n", " ")

    return draw


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Certificate of completion", "has completed", "Issued on: 3 May 2027"]),
        ("ru", ["3 мая 2027"]),
        ("ko", ["2027년 5월 3일"]),
    ],
)
def test_the_paper_speaks_its_own_language_whoever_asks(language, said, paper):
    it, content, text = paper(language=language, issued_on=date(2027, 5, 3), name_printed="Ёлкина Анна 김민지")
    assert (content.startswith(b"%PDF"), b"pdfuaid" in content) == (True, True)
    if text is not None:
        wanted = [*said, "Ёлкина Анна 김민지", it.title, it.number, it.public_id]
        assert [word for word in wanted if word not in text] == []


@pytest.mark.parametrize("sign", ["Константинопольская ", "Ш"])
def test_the_longest_names_stay_on_one_page(sign, paper):
    long = [(sign * 250)[:size].strip() for size in (200, 250, 250)]
    _it, content, _text = paper(name_printed=long[0], title=long[1], issuer=long[2])
    assert len(re.findall(rb"/Type\s*/Page[^s]", content)) == 1
