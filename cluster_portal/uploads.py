"""Files that people give us: type decided by content, size capped, images re-encoded, served as attachments only."""

import hashlib
import io
import re
import unicodedata
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from cluster_portal import hooks
from cluster_portal.models import Upload
from cluster_portal.moves import Refused

LARGEST_BYTES = 20 * 1024 * 1024
LARGEST_PIXELS = 40_000_000
IMAGES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
DOCUMENTS = {
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "text/plain": ".txt",
}
PACKED = {it for it in DOCUMENTS if "openxmlformats" in it or "opendocument" in it}  # ZIP archives
# Where Office and LibreOffice keep programs: a plan is read, it does not run.
_PROGRAMS = re.compile(
    r"(^|/)(vbaProject\.bin|vbaData\.xml|macrosheets/.*|activeX/.*|Basic/.*|Scripts/.*)$", re.IGNORECASE
)
ENDINGS = DOCUMENTS | {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}


def keep_upload(file: UploadedFile | ContentFile, about: Any, by: Any) -> Upload:
    """Check and clean a file that belongs to `about`, and keep it.

    Raises Refused when it is empty, larger than 20 MB, of a type that we do not take, or holds macros.
    """
    if not file.size or file.size > LARGEST_BYTES:
        raise Refused(_("The file is empty or larger than 20 MB. Choose a smaller one."))
    content = file.read()
    content_type = _type_of(content)
    if content_type in IMAGES:
        content = without_metadata(content, IMAGES[content_type])
    if content_type in PACKED:
        _refuse_programs(content)
    name = clean_name(file.name or "", ENDINGS[content_type])
    upload = Upload(
        about_model=about._meta.label_lower,
        about_id=about.public_id,
        name=name,
        content_type=content_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_by=by,
    )
    upload.file.save(f"{upload.public_id}{ENDINGS[content_type]}", ContentFile(content), save=False)
    upload.save(force_insert=True)
    return upload


def uploads_about(it: Any) -> QuerySet[Upload]:
    """The files that belong to an object."""
    return Upload.objects.filter(about_model=it._meta.label_lower, about_id=it.public_id)


def erase_uploads(uploads: QuerySet[Upload]) -> int:
    """Delete files for good: their rows now, what lies in the store once the transaction holds; return how many."""
    files = [(it.file.storage, str(it.file.name)) for it in uploads]
    uploads.delete()
    for storage, name in files:
        transaction.on_commit(partial(storage.delete, name))
    return len(files)


def clean_name(name: str, ending: str) -> str:
    """A file name of letters, digits and plain signs, with the ending that its content has."""
    stem = unicodedata.normalize("NFC", Path(name.replace("\\", "/")).name)
    stem = re.sub(r"\.[^.]*$", "", stem)
    stem = re.sub(r"[^\w\- ().,№]", "", stem).strip(" .")[:90]
    return f"{stem or 'file'}{ending}"


def download(request: HttpRequest, public_id: str) -> FileResponse:
    """Send a file to somebody who may read the object it belongs to; 404 for everybody else."""
    upload = get_object_or_404(Upload, public_id=public_id)
    may_read = hooks.upload_readers.get(upload.about_model)
    if may_read is None or not may_read(request.user, upload):
        raise Http404
    hooks.upload_opened[upload.about_model](request.user, upload)
    return as_attachment(upload)


def as_attachment(upload: Upload) -> FileResponse:
    """Send a file; the caller has asked who may read it."""
    return sent_as_attachment(upload.file.open("rb"), upload.name, upload.content_type)


def sent_as_attachment(content: Any, name: str, content_type: str) -> FileResponse:
    """Send what an open file holds: to be kept, not to be run here."""
    response = FileResponse(content, as_attachment=True, filename=name, content_type=content_type)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def guessed_type(content: bytes) -> str:
    """The media type that the first bytes speak of; "" where they say nothing."""
    import filetype  # by whoever needs it (decision 095)

    kind = filetype.guess(content)
    return kind.mime if kind else ""


def _type_of(content: bytes) -> str:
    found = guessed_type(content) or ("text/plain" if _is_text(content) else "")
    if found not in ENDINGS:
        raise Refused(
            _("We take PDF, Word, Excel, PowerPoint, text, PNG, JPEG and WebP files. Save it as one of these.")
        )
    return found


def _refuse_programs(content: bytes) -> None:
    """Documents with macros, whatever their name says, and archives that cannot be looked into."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise Refused(_("The file is damaged. Save it again and try once more.")) from error
    if any(_PROGRAMS.search(name) for name in names):
        raise Refused(_("The file holds macros: programs that run when it is opened. Save it without them."))


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not re.search(r"[\x00-\x08\x0e-\x1f]", text)


def without_metadata(content: bytes, image_format: str) -> bytes:
    """The picture drawn anew: turned as its EXIF says, without EXIF and without anything hidden behind it."""
    from PIL import Image, ImageOps, UnidentifiedImageError  # here, because its memory is only for those with pictures

    try:
        picture = Image.open(io.BytesIO(content))
        if picture.width * picture.height > LARGEST_PIXELS:
            raise Refused(_("The picture has too many pixels. Make it smaller and try again."))
        picture = ImageOps.exif_transpose(picture)
        if picture.mode == "P":  # its colours stand in a table that pasting would lose
            picture = picture.convert("RGBA")
        clean = Image.new(picture.mode, picture.size)
        clean.paste(picture)
        out = io.BytesIO()
        clean.save(out, image_format)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise Refused(_("The picture is damaged. Save it again and try once more.")) from error
    return out.getvalue()
