from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_changes
from cluster_portal.models import Upload
from cluster_portal.moves import Refused, make_move
from cluster_portal.uploads import erase_uploads, keep_upload, uploads_about
from members.models import Cluster, Direction, Initiative, Institution, Milestone, Person, ProgressNote

TIED = ("directions", "participants")


@transaction.atomic
def draft_initiative(
    by: Person, directions: Iterable[Direction] = (), participants: Iterable[Institution] = (), **facts: Any
) -> Initiative:
    """Write an initiative down; until it is published only those who keep it see it."""
    _refuse_unless_kept(by, facts["responsible"])
    initiative = Initiative.objects.create(**facts)
    initiative.directions.set(directions)
    initiative.participants.set(participants)
    record("members.initiative.enter", initiative, by=by, state=initiative.state)
    return initiative


@transaction.atomic
def change_initiative(initiative: Initiative, by: Person, **facts: Any) -> list[str]:
    """Correct what an initiative says; return the names of the changed fields."""
    current = _locked_alive(initiative)
    _refuse_unless_kept(by, facts.get("responsible", current.responsible))
    changed = [name for name, value in facts.items() if _kept(current, name) != _given(name, value)]
    for name in changed:
        if name in TIED:
            getattr(current, name).set(facts[name])
        else:
            setattr(current, name, facts[name])
    if changed:
        current.save(update_fields=[name for name in changed if name not in TIED])
        record_changes("members.initiative.change", current, by=by, changed=changed)
    return changed


@transaction.atomic
def publish_initiative(initiative: Initiative, by: Person) -> None:
    """Show an initiative to everybody."""
    if not initiative.summary.strip():
        raise Refused(_("Nobody could tell what it is for. Say it in a few sentences, then publish."))
    make_move(initiative, "publish", by=by)


@transaction.atomic
def complete_initiative(initiative: Initiative, by: Person, outcome: str = "") -> None:
    """End an initiative with what came of it."""
    if not outcome.strip():
        raise Refused(_("An initiative is completed with an outcome. Write down what came of it."))
    make_move(initiative, "complete", by=by, outcome=outcome)


@transaction.atomic
def abandon_initiative(initiative: Initiative, by: Person, outcome: str = "") -> None:
    """Give an initiative up, and say why."""
    if not outcome.strip():
        raise Refused(_("Those who took part want to know why. Write down the reason."))
    make_move(initiative, "abandon", by=by, outcome=outcome)


@transaction.atomic
def resume_initiative(initiative: Initiative, by: Person) -> None:
    """Take an initiative up again; what was written as its outcome waits for the next end."""
    make_move(initiative, "resume", by=by)


@transaction.atomic
def add_milestone(initiative: Initiative, title: str, due_on: date, by: Person) -> Milestone:
    """Add a step that is due on a day."""
    _locked_alive(initiative)
    milestone = initiative.milestones.create(title=title, due_on=due_on)
    record("members.initiative.add_milestone", initiative, by=by, fields=["milestones"])
    return milestone


@transaction.atomic
def remove_milestone(milestone: Milestone, by: Person) -> None:
    """Take a step away that was not reached; what was noted about it stays with the initiative."""
    _locked_alive(milestone.initiative)
    if not Milestone.objects.filter(pk=milestone.pk, reached_on=None).exists():
        raise Refused(
            _("This milestone was reached, so it stays. If that was a mistake, mark it as not reached first.")
        )
    milestone.delete()
    record("members.initiative.remove_milestone", milestone.initiative, by=by, fields=["milestones"])


@transaction.atomic
def reach_milestone(milestone: Milestone, reached_on: date, by: Person) -> None:
    """Note the day on which a step was reached."""
    _locked_alive(milestone.initiative)
    if reached_on > Cluster.current().today():
        raise Refused(_("This day lies in the future. Enter the day on which it was reached."))
    if not Milestone.objects.filter(pk=milestone.pk, reached_on=None).update(reached_on=reached_on):
        raise Refused(_("This milestone is marked as reached already."))
    record("members.initiative.reach_milestone", milestone.initiative, by=by, fields=["milestones"])


@transaction.atomic
def reopen_milestone(milestone: Milestone, by: Person) -> None:
    """Note that a step was not reached after all."""
    _locked_alive(milestone.initiative)
    if not Milestone.objects.filter(pk=milestone.pk, reached_on__isnull=False).update(reached_on=None):
        raise Refused(_("This milestone is not marked as reached."))
    record("members.initiative.reopen_milestone", milestone.initiative, by=by, fields=["milestones"])


@transaction.atomic
def write_progress(
    initiative: Initiative,
    text: str,
    by: Person,
    milestone: Milestone | None = None,
    evidence: Iterable[UploadedFile] = (),
) -> ProgressNote:
    """Note what was done, with the files that show it."""
    if _locked_alive(initiative).state == Initiative.State.DRAFT:
        raise Refused(_("Progress is shown to everybody. Publish the initiative first."))
    note = initiative.notes.create(text=text, milestone=milestone, by=by)
    for file in evidence:
        keep_upload(file, about=note, by=by)
    record("members.initiative.write_progress", initiative, by=by, fields=["notes"])
    return note


@transaction.atomic
def take_down_note(note: ProgressNote, by: Person) -> None:
    """Delete a note with all its files, for good; also of what is over, because a consent can be taken back then."""
    erase_uploads(_files_of(note))
    if not ProgressNote.objects.filter(pk=note.pk).delete()[0]:
        raise Refused(_("This note is taken down already."))
    record("members.initiative.take_down_note", note.initiative, by=by, fields=["notes"])


@transaction.atomic
def take_down_file(note: ProgressNote, file: Upload, by: Person) -> None:
    """Delete one file of a note, for good; what was written stays."""
    if not erase_uploads(_files_of(note).filter(pk=file.pk)):
        raise Refused(_("This file is taken down already."))
    record("members.initiative.take_down_file", note.initiative, by=by, fields=["notes"])


def _files_of(note: ProgressNote) -> QuerySet[Upload]:
    return uploads_about(note).select_for_update()


def _locked_alive(initiative: Initiative) -> Initiative:
    current = Initiative.objects.select_for_update(no_key=True, of=("self",)).get(pk=initiative.pk)
    if current.is_over:
        raise Refused(_("This initiative is over. Resume it, then change it."))
    return current


def _refuse_unless_kept(by: Person, responsible: Institution) -> None:
    if not Institution.objects.invitable_by(by).filter(pk=responsible.pk).exists():
        raise Refused(_("You do not answer for the institution that is responsible. Choose one of yours."))


def _kept(initiative: Initiative, name: str) -> Any:
    return set(getattr(initiative, name).all()) if name in TIED else getattr(initiative, name)


def _given(name: str, value: Any) -> Any:
    return set(value) if name in TIED else value
