"""What was handed in, as bytes that are always the same, and their SHA-256: the proof on the receipt."""

import hashlib
import json
from typing import Any

from competitions.models import Entry

FIELDS = (
    "title", "abstract", "subject", "stage_from", "stage_until", "minutes", "objectives", "risks", "materials",
    "language", "licence",
)  # fmt: skip


def content_of(entry: Entry) -> dict[str, Any]:
    """All that the jury reads, without who wrote it: names come and go, what was handed in stays."""
    said = {name: getattr(entry, name) for name in FIELDS}
    return said | {
        "number": entry.public_id,
        "competition": entry.competition.public_id,
        # by what never changes: a spelling that is mended later breaks no receipt
        "nomination": entry.nomination.public_id if entry.nomination else "",
        "themes": sorted(it.slug for it in entry.directions.all()),
        "steps": [{"title": it.title, "minutes": it.minutes, "text": it.text} for it in entry.steps.all()],
        "tools": [{"name": it.name, "use": it.use} for it in entry.tools.all()],
        "files": [{"name": it.upload.name, "sha256": it.upload.sha256} for it in entry.files.all()],
        "adapted_from": entry.adapted_from.public_id if entry.adapted_from else "",
    }


def as_bytes(entry: Entry) -> bytes:
    """The content as JSON in UTF-8 with sorted keys: whoever keeps it can compute the same digest."""
    return json.dumps(content_of(entry), ensure_ascii=False, sort_keys=True, indent=1).encode()


def digest_of(entry: Entry) -> str:
    """The SHA-256 of the content."""
    return hashlib.sha256(as_bytes(entry)).hexdigest()
