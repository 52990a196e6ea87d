"""The paper of a certificate: drawn in its own language, on one page, in every alphabet that people here write."""

import re
import shutil
import subprocess
from datetime import date

import pytest
import typst

from cluster_portal.fonts import _flags, font_files, unprintable
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


ALPHABETS = {
    "Russian": "АаБбВвГгДдЕеЁёЖжЗзИиЙйКкЛлМмНнОоПпРрСсТтУуФфХхЦцЧчШшЩщЪъЫыЬьЭэЮюЯя",
    "Tatar": "ӘәҖҗҢңӨөҮүҺһ",
    "Bashkir": "ҒғҘҙҠҡҢңӨөҪҫҮүҺһӘә",
    "Kazakh": "ӘәҒғҚқҢңӨөҰұҮүҺһІі",
    "Ukrainian": "ҐґЄєІіЇї’ʼ",
    "Belarusian": "ІіЎў’",
    "Kyrgyz": "ҢңӨөҮү",
    "Tajik": "ҒғӢӣҚқӮӯҲҳҶҷ",
    "Chuvash and Yakut": "ӐăӖӗҪҫӲӳҔҕҤҥӨөҺһҮү",
    "Uzbek": "OʻoʻGʻgʻShʼChch",
    "Turkish and Azerbaijani": "ÇçĞğİıÖöŞşÜüƏə",
    "Vietnamese": "ĂăÂâĐđÊêÔôƠơƯưẮằẳẵặếềểễệốồổỗộớờởỡợứừửữựỵ",
    "Polish": "ĄąĆćĘęŁłŃńÓóŚśŹźŻż",
    "German": "ÄäÖöÜüßẞ",
    "Greek": "ΑαΒβΓγΣσςΏώ",
    "Korean": "가각힣ㄱㅏ",
    "Chinese and Japanese": "王伟漢字ひらがなカタカナㄅ",
    "Signs of titles": "№ × → ± ≥ ≤ • – — … « » “ ” ‘ ’ ½ ² ₂ ∑ ✓ ↔ µ",
}
OF_NOTO_SANS = [name for name in ALPHABETS if name not in {"Korean", "Chinese and Japanese", "Signs of titles"}]


@pytest.mark.parametrize("name", ALPHABETS)
def test_every_alphabet_that_people_here_write_is_printed(name, paper):
    assert unprintable(ALPHABETS[name]) == ""
    assert paper(name_printed=ALPHABETS[name], title=ALPHABETS[name])[1].startswith(b"%PDF")


@pytest.mark.parametrize("name", OF_NOTO_SANS)
def test_all_letters_of_an_alphabet_are_in_one_font(name):
    drawn = _flags(font_files()[0])
    assert [sign for sign in ALPHABETS[name] if not drawn[ord(sign)]] == []


def test_a_paper_has_our_fonts_and_no_others(paper):
    _it, content, _text = paper(name_printed="Әминә Їжакевич 김민지", title="C → Rust")
    fonts = set(re.findall(rb"/BaseFont\s*/\w+\+([\w-]+)", content))
    assert {name.removesuffix(b"-Identity-H") for name in fonts} == {b"NotoSans-Regular", b"NotoSansCJKkr-Regular"}


@pytest.mark.parametrize("text", ["Anna 🤖", "แอนนา", "أنا", "Anna ٣", "𪚥", "ꓐ", "𝟘", "Anna ์"])
def test_what_is_refused_could_not_be_drawn(text, paper):
    """Typst itself is the judge: it would fail, and the holder would get no paper."""
    assert unprintable(text) != ""
    with pytest.raises(typst.TypstError, match="could not be displayed"):
        paper(name_printed=text)


@pytest.mark.parametrize(
    "text", ["Ann\u200ba", "\u2060x", "a\u00adb", "a\u00a0b", "a\ufe0f", "王\u0331", "и\u0306", "𠮷野家"]
)
def test_what_is_not_refused_is_drawn(text, paper):
    assert unprintable(text) == ""
    assert paper(name_printed=text)[1].startswith(b"%PDF")


def test_commands_are_no_signs():
    assert unprintable("a\x00b\nc\u202ed") == "\x00\n\u202e"
