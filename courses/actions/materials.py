"""Materials of a run: files, links and recordings, and the mail that says they are there."""

import hashlib
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_changes
from cluster_portal.moves import Refused
from cluster_portal.uploads import erase_uploads, keep_upload, uploads_about
from courses.actions.locks import lock_run
from courses.actions.telling import tell, with_their_run
from courses.materials import shown_now
from courses.models import Enrolment, Material, Run
from members.models import Person


@transaction.atomic
def add_material(run: Run, by: Person | None, file: UploadedFile | None = None, **facts: Any) -> Material:
    """Add a file, a link or a recording to a run or to one of its sessions; nobody is written to."""
    material = Material(run=run, added_by=by, **facts)
    if file is not None:
        material.upload = keep_upload(file, about=material, by=by)
    material.save(force_insert=True)
    record("courses.material.add", material, by=by)
    return material


@transaction.atomic
def change_material(material: Material, by: Person, **facts: Any) -> None:
    """Correct what a material is called, where it leads, when and for whom it is shown; a file itself stays."""
    changed = [name for name, value in facts.items() if getattr(material, name) != value]
    for name in changed:
        setattr(material, name, facts[name])
    if changed:
        material.save(update_fields=changed)
        record_changes("courses.material.change", material, by=by, changed=changed)


@transaction.atomic
def remove_material(material: Material, by: Person) -> None:
    """Take a material away, and its file with it."""
    record("courses.material.remove", material, by=by)
    uploads = uploads_about(material)
    material.delete()
    erase_uploads(uploads)


def told_of_materials(run: Run) -> list[Enrolment]:
    """Who is written to when somebody asks for it: those whose place is certain."""
    return with_their_run(run, run.enrolments.confirmed())


@transaction.atomic
def tell_of_materials(run: Run, by: Person) -> int:
    """Write to those who take part, and to the guardians of children, that materials are there; how many mails."""
    run = lock_run(run)
    shown = shown_now(run)
    if not shown:
        raise Refused(_("Nobody would see a material yet. Add one, or wait until its session has ended."))
    told = tell(told_of_materials(run), "courses/materials", occasion=_said(shown))
    if not told:
        raise Refused(_("Everybody who can be reached has this mail already. Add a material, then write again."))
    record("courses.run.tell_of_materials", run, by=by)
    return told


def _said(materials: list[Material]) -> str:
    """What makes the mail another one: other materials."""
    return hashlib.sha256(" ".join(it.public_id for it in materials).encode()).hexdigest()[:16]
