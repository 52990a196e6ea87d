"""A plan to take along: as a PDF, and as a ZIP with the PDF, the plan's files, its licence and its attribution."""

import io
import shutil
import zipfile
from tempfile import TemporaryFile
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from cluster_portal.formatted import plain
from cluster_portal.pdf import qr_svg, render_pdf
from competitions.clean_files import CannotClean
from competitions.concealing import copy_of, left_out
from competitions.entry_words import in_words, minutes_in_words
from competitions.library import LICENCE_PAGES, attribution_of, institutions_of, names_on
from competitions.models import Entry, EntryFile, Plan

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can say: the same plan is the same file


def plan_pdf(plan: Plan) -> bytes:
    """The plan as a PDF/UA file, its headings in its own language where we speak it."""
    with override(plan.entry.language):
        return render_pdf("competitions/plan", _facts(plan))


def plan_zip(plan: Plan) -> IO[bytes]:
    """Everything of a plan in one open file, which goes when it is closed: 200 MB of files must not lie in memory."""
    out, entry = TemporaryFile(), plan.entry  # noqa: SIM115 - whoever sends it closes it
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, f"{plan.slug}.pdf", plan_pdf(plan))
        _add(archive, "LICENSE.txt", f"{entry.licence}\n{LICENCE_PAGES.get(entry.licence, '')}\n".encode())
        _add(archive, "ATTRIBUTION.txt", f"{attribution_of(plan)}\n".encode())
        _add_files(archive, entry)
    out.seek(0)
    return out


def _add_files(archive: zipfile.ZipFile, entry: Entry) -> None:
    """The files of a concealed entry; which of them are left out says a text."""
    gone = []
    for number, file in enumerate(entry.files.all(), 1):
        part = zipfile.ZipInfo(f"{number:02} {file.upload.name}", EPOCH)
        part.compress_type = zipfile.ZIP_DEFLATED
        try:
            with _opened(file, entry) as stream, archive.open(part, "w") as copy:
                shutil.copyfileobj(stream, copy)
        except CannotClean:
            gone.append(left_out(file))
    if gone:
        _add(archive, "LEFT-OUT.txt", "\n".join([*gone, ""]).encode())


def _opened(file: EntryFile, entry: Entry) -> IO[bytes]:
    return io.BytesIO(copy_of(file, entry.unnamed)) if entry.unnamed else file.upload.file.open("rb")


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)


def _facts(plan: Plan) -> dict[str, Any]:
    entry, attribution = plan.entry, attribution_of(plan)
    return {
        "language": entry.language[:2],
        "title": entry.title,
        "authors": ", ".join(names_on(entry)),
        "institutions": ", ".join(institutions_of(entry.authors)),
        "facts": [(name, str(value)) for name, value in in_words(entry) if value],
        "parts": [(title, plain(text).split("\n")) for title, text in _parts(plan) if text],
        "steps_title": _("Course of the lesson"),
        "steps": [
            (step.title, minutes_in_words(step.minutes), plain(step.text).split("\n")) for step in entry.steps.all()
        ],
        "tools_title": _("AI tools used, and how"),
        "tools": [(tool.name, plain(tool.use).split("\n")) for tool in entry.tools.all()],
        "attribution": str(attribution),
        "address": attribution.address,
        "svg": qr_svg(attribution.address),
    }


def _parts(plan: Plan) -> list[tuple[str, str]]:
    entry = plan.entry
    return [
        (_("Abstract"), entry.abstract),
        (_("What the students learn"), entry.objectives),
        (_("What could go wrong, and how it is met"), entry.risks),
        (_("Materials"), entry.materials),
    ]
