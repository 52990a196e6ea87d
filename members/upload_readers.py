"""Who may read the files that belong to this app's objects."""

from typing import Any

from cluster_portal.hooks import register_upload_reader
from cluster_portal.models import Upload
from members.actions.consent import note_view
from members.models import Agreement, ConsentDecision, Import, Initiative, Party, Person


def may_read_agreement(person: Any, upload: Upload) -> bool:
    """Whoever sees an agreement may read its text; the scan of a signature is for its institution and coordinators."""
    party = Party.objects.filter(scan=upload).select_related("institution").first()
    if party is not None:
        return person.is_authenticated and (person.coordinates_whole_cluster or party.institution in person.spoken_for)
    return Agreement.objects.visible_to(person).filter(text=upload).exists()


def may_read_progress(person: Any, upload: Upload) -> bool:
    """Whoever sees an initiative may open what shows its progress: everybody, once it is published."""
    return Initiative.objects.visible_to(person).filter(notes__public_id=upload.about_id).exists()


def may_read_consent_slip(person: Any, upload: Upload) -> bool:
    """Whoever keeps the child, guards it or is it may open a signed slip; the cluster’s coordinators always."""
    child = _child_on(upload)
    if child is None or not person.is_authenticated:
        return False
    return person.coordinates_whole_cluster or person.pk == child.pk or person.has_perm("members.name_guardian", child)


def note_slip(person: Any, upload: Upload) -> None:
    """A signed slip shows the child: who opens it is noted."""
    if child := _child_on(upload):
        note_view(child, person, "slip")


def _child_on(upload: Upload) -> Person | None:
    it = ConsentDecision.objects.filter(scan=upload).select_related("child__merged_into").first()
    return it and (it.child.merged_into or it.child)


def may_read_import(person: Any, upload: Upload) -> bool:
    """A list and its rejected rows hold children's data: only who chose the file may open it."""
    return person.is_authenticated and Import.objects.visible_to(person).filter(public_id=upload.about_id).exists()


register_upload_reader("members.agreement", may_read_agreement)
register_upload_reader("members.progressnote", may_read_progress)
register_upload_reader("members.consentdecision", may_read_consent_slip, opened=note_slip)
register_upload_reader("members.import", may_read_import)
