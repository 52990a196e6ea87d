"""Plans and entries as everybody may read them while the name of one of their authors may not be shown.

Who is named says library.py; but authors write their names into titles, texts and files, too. So whoever shows an entry
to others has it concealed first: what names such an author is masked in these objects, for this one drawing.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from competitions.blind import TEXTS, hidden, masks_of_unnamed
from competitions.clean_files import PDF, CannotClean, cleaned
from competitions.masking import Mask
from competitions.models import Entry, EntryFile

PARTS = {"steps": ("title", "text"), "tools": ("name", "use")}
WHOLE = ("steps", "tools", "files__upload")  # all that the page of one plan shows


def conceal(entries: Iterable[Entry], *parts: str, instead: str = "") -> None:
    """Mask in these objects what names an author whose name may not be shown; `parts` are those that are drawn, too."""
    rows = list(entries)
    masks = masks_of_unnamed(rows)
    sign = instead or hidden()
    prefetch_related_objects([it for it in rows if it.pk in masks], *parts)  # what is not held here would stay as it is
    for it in rows:
        it.unnamed = masks.get(it.pk)  # type: ignore[attr-defined]
        if it.unnamed:  # type: ignore[attr-defined]
            _mask(it, TEXTS, masks[it.pk], sign)
            _conceal_parts(it, parts, masks[it.pk], sign)


def _conceal_parts(entry: Entry, parts: Iterable[str], mask: Mask, sign: str) -> None:
    for part in parts:
        for row in getattr(entry, part.partition("__")[0]).all():
            if isinstance(row, EntryFile):
                _mask(row, ("title",), mask, sign)
                _mask(row.upload, ("name",), mask, sign)
                row.left_out = left_out(row) if row.upload.content_type == PDF else ""
            else:
                _mask(row, PARTS[part], mask, sign)


def _mask(row: Any, names: Iterable[str], mask: Mask, sign: str) -> None:
    for name in names:
        setattr(row, name, mask.masked(getattr(row, name), sign))


def left_out(file: EntryFile) -> str:
    """The sentence in place of a file of which no copy without names can be made."""
    said = _("The file “%(name)s” is left out: it may name an author whose name is not shown.")
    return said % {"name": file.upload.name}


def copy_of(file: EntryFile, mask: Mask) -> bytes:
    """A file of a concealed entry as a copy that names nobody.

    Raises CannotClean when it cannot be made; of a PDF never, because its words stay as they are.
    """
    if file.upload.content_type == PDF:
        raise CannotClean
    with file.upload.file.open("rb") as kept:
        return cleaned(kept.read(), file.upload.content_type, mask, hidden())
