"""Compile the translations (.po) with Babel: a bare machine has no gettext, and .mo files are not committed."""

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parents[2] / "locale"


def compile_translations(folder: Path = LOCALE) -> list[Path]:
    """Compile every catalogue that is newer than its compiled form; returns what was written."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        fresh = target.with_suffix(f".{os.getpid()}.mo")  # a name of its own: two may start at once
        with source.open("rb") as text, fresh.open("wb") as compiled:
            write_mo(compiled, read_po(text, locale=source.parts[-3]))
        fresh.replace(target)
        written.append(target)
    return written


if __name__ == "__main__":
    compile_translations()
