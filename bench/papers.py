"""How long certificates take to draw: python -m bench.papers, how many on stdin, the seconds on stdout as JSON.

The floor is a page of one line by the same engine; what the paper costs beside it is fonts, emblem, QR code and tags.
They take turns, so that both meet the same weather. The portal's database is filled (bench.fill).
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import django

FLOOR = """#set document(title: "Certificate")
#set page(paper: "a4", flipped: true)
= Certificate
"""
SLICES = 10


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "cluster_portal.settings"
    django.setup()
    from members.models import Cluster

    with Cluster.read_once():
        json.dump(drawn(json.load(sys.stdin)["papers"]), sys.stdout)


def drawn(count: int) -> dict[str, float]:
    """The seconds for so many papers, and for so many pages of one line."""
    from members.certificates import certificates_pdf

    papers = [_certificate(number) for number in range(count)]
    taken = {"portal": 0.0, "floor": 0.0}
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.typ"
        bare.write_text(FLOOR)
        certificates_pdf([papers[0]])  # fonts are read once
        for since in range(0, count, max(1, count // SLICES)):
            some = papers[since : since + max(1, count // SLICES)]
            taken["portal"] += _seconds(lambda some=some: [certificates_pdf([it]) for it in some])
            taken["floor"] += _seconds(lambda some=some: [_floor(bare) for _it in some])
    return taken


def _floor(path: Path) -> bytes:
    import typst

    return typst.compile(path, ignore_system_fonts=True, pdf_standards="ua-1")


def _seconds(draw: Callable[[], object]) -> float:
    began = time.perf_counter()
    draw()
    return time.perf_counter() - began


def _certificate(number: int):
    from members.models import Certificate

    return Certificate(
        kind="completion", number=f"2026-{number:06}", name_printed=f"Иванова Анна {number}",
        title="AI Tools in Teaching", issuer="AI cluster", hours=36, form="room",
        begins_on=date(2026, 3, 2), ends_on=date(2026, 4, 27), issued_on=date(2026, 5, 3),
        language=("en", "ru", "ko")[number % 3],
    )  # fmt: skip


if __name__ == "__main__":
    main()
