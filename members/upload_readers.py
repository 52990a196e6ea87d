"""Who may read the files that belong to this app's objects."""

from typing import Any

from cluster_portal.hooks import register_upload_reader
from cluster_portal.models import Upload
from members.models import Agreement


def may_read_agreement(person: Any, upload: Upload) -> bool:
    """Whoever sees an agreement may read its text."""
    return Agreement.objects.visible_to(person).filter(public_id=upload.about_id).exists()


register_upload_reader("members.agreement", may_read_agreement)
