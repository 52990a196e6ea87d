"""Materials of a run: files, links and recordings, and the mail that says they are there."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_changes
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from cluster_portal.uploads import erase_uploads, keep_upload, uploads_about
from courses.actions.locks import lock_run
from courses.actions.telling import know_sessions, tell, with_their_run, yet_to_be_told
from courses.materials import shown_now, shown_to
from courses.models import Enrolment, Material, Run
from members.models import Person

TEMPLATE = "courses/materials"


@transaction.atomic
def add_material(run: Run, by: Person | None, file: UploadedFile | None = None, **facts: Any) -> Material:
    """Add a file, a link or a recording to a run or to one of its sessions; nobody is written to."""
    run = lock_run(run)
    material = Material(run=run, added_by=by, **facts)
    if file is not None:
        material.upload = keep_upload(file, about=material, by=by)
    _refuse_twice(material)
    material.save(force_insert=True)
    record("courses.material.add", material, by=by)
    return material


def _refuse_twice(material: Material) -> None:
    """A button that is pressed twice adds one material."""
    same = material.run.materials.filter(title=material.title, url=material.url, session=material.session)
    if material.upload is not None:
        same = same.filter(upload__sha256=material.upload.sha256)
    if same.exists():
        if material.upload is not None:
            material.upload.file.delete(save=False)  # the store does not roll back
        raise Refused(_("“%(title)s” is there already. Give this one another title.") % {"title": material.title})


@transaction.atomic
def change_material(material: Material, by: Person, **facts: Any) -> None:
    """Correct what a material is called, where it leads, when and for whom it is shown; a file itself stays.

    What is shown at another time is new again: it follows its session, and can be told of once more.
    """
    current = Material.objects.select_for_update(no_key=True, of=("self",)).get(pk=material.pk)
    changed = [name for name, value in facts.items() if getattr(current, name) != value]
    for name in changed:
        setattr(current, name, facts[name])
    if {"shown", "session"} & set(changed):
        current.announced_at = None
    if changed:
        current.save(update_fields=[*changed, "announced_at"])
        record_changes("courses.material.change", current, by=by, changed=changed)


@transaction.atomic
def remove_material(material: Material, by: Person) -> None:
    """Take a material away, and its file with it."""
    record("courses.material.remove", material, by=by)
    uploads = uploads_about(material)
    material.delete()
    erase_uploads(uploads)


@dataclass(frozen=True)
class Telling:
    """Who takes part, whom of them a mail about materials would go to now, what is new in it, and what makes it
    another mail."""

    people: list[Enrolment]
    enrolments: list[Enrolment]
    fresh: list[Material]
    occasion: str

    def mails_to(self, readers: Mapping[int, Sequence[Person]]) -> int:
        """How many mails would leave to the readers of those who take part."""
        return yet_to_be_told(self.enrolments, readers, TEMPLATE, self.occasion)


def telling_of(run: Run) -> Telling:
    """Whoever sees something of which nobody was told yet; where all was told, who came since and has no such mail.

    So removing a material writes to nobody again.
    """
    shown = shown_now(run)
    fresh = [it for it in shown if it.announced_at is None]
    people = with_their_run(run, run.enrolments.confirmed())
    know_sessions(run, people)
    if fresh:
        occasion = hashlib.sha256(" ".join(it.public_id for it in fresh).encode()).hexdigest()[:16]
        return Telling(people, [it for it in people if shown_to(it, fresh)], fresh, occasion)
    told = OutboxMail.objects.about(*people).filter(template=TEMPLATE).exclude(state=OutboxMail.State.CANCELLED)
    known = set(told.values_list("about_id", flat=True))
    came_later = [it for it in people if it.public_id not in known and shown_to(it, shown)]
    return Telling(people, came_later, [], "came later")


@transaction.atomic
def tell_of_materials(run: Run, by: Person) -> int:
    """Write to those who take part, and to the guardians of children, that materials are there; how many mails."""
    run = lock_run(run)
    if not shown_now(run):
        raise Refused(_("Nobody would see a material yet. Add one, or wait until its session has ended."))
    telling = telling_of(run)
    told = tell(telling.enrolments, TEMPLATE, occasion=telling.occasion)
    if not told:
        raise Refused(_("Everybody who can be reached has this mail already. Add a material, then write again."))
    Material.objects.filter(pk__in=[it.pk for it in telling.fresh]).update(announced_at=now())
    record("courses.run.tell_of_materials", run, by=by)
    return told
