"""PDF files for people: tagged (PDF/UA-1), in any of our scripts, drawn by typst from templates/pdf/.

A template reads its facts with ``#let facts = json(bytes(sys.inputs.facts))``: text comes in as values, never as
markup, so nobody's name can become a command. Pictures (QR codes) come as SVG text among the facts.
"""

import io
import json
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language

from cluster_portal.fonts import font_files

FOLDER = settings.BASE_DIR / "templates" / "pdf"


def render_pdf(template: str, facts: dict[str, Any]) -> bytes:
    """A PDF/UA-1 file drawn from ``templates/pdf/<template>.typ``; `facts` is anything that JSON can say.

    `facts` gets the reader's `language`. Raises typst.TypstError when the template does not compile.
    """
    import typst  # here, because it takes memory that most processes never need

    said = json.dumps({"language": (get_language() or "en")[:2], **facts}, default=str)
    return typst.compile(
        FOLDER / f"{template}.typ",
        root=FOLDER,
        font_paths=_fonts(),
        sys_inputs={"facts": said},
        pdf_standards="ua-1",
    )


@cache
def _fonts() -> Any:
    """Ours and no others, so that a sheet looks alike on every machine; read once, which takes longer than a sheet."""
    import typst

    folders = [str(path.parent) for path in font_files()]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def qr_svg(address: str, fills: bool = False) -> str:
    """A QR code of an address, as SVG text for a PDF or a page; with `fills` as wide as what is around it."""
    import segno

    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="svg", xmldecl=False, border=2, scale=4, omitsize=fills)
    return out.getvalue().decode()


def pdf_response(content: bytes, name: str) -> HttpResponse:
    """Send a PDF as a file to keep, not to be kept by anything between us and the reader."""
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    response.headers["Cache-Control"] = "private, no-store"
    return response
