from datetime import datetime
from functools import partial
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.models import Upload
from cluster_portal.moves import Refused
from cluster_portal.uploads import keep_upload
from members.actions.affiliations import enter_affiliation
from members.actions.people import change_profile
from members.models import Affiliation, Cluster, Import, Institution, Person

LOCK_OF_LISTS = 0x1157


@transaction.atomic
def begin_import(kind: str, institution: Institution | None, file: ContentFile, by: Person) -> Import:
    """Keep a spreadsheet whose rows are to be loaded; nothing of it is in the portal yet."""
    it = Import.objects.create(kind=kind, institution=institution, by=by)
    it.file = keep_upload(file, about=it, by=by)
    it.save(update_fields=["file"])
    record("members.import.begin", it, by=by)
    return it


@transaction.atomic
def choose_columns(it: Import, columns: dict[str, int], by: Person) -> None:
    """Say what the columns of a spreadsheet mean."""
    if not Import.objects.filter(pk=it.pk, loaded_at=None).update(columns=columns):
        raise Refused(_("This list is loaded already. Choose the file again to load it anew."))
    it.columns = columns
    record("members.import.choose_columns", it, by=by)


@transaction.atomic
def finish_import(it: Import, counts: dict[str, int], rejected: ContentFile | None, by: Person) -> None:
    """Note what came of the rows, and keep those that were rejected for correction."""
    held = Import.objects.select_for_update().get(pk=it.pk)
    if held.loaded_at is not None:
        raise Refused(_("This list is loaded already. Choose the file again to load it anew."))
    it.rejected = keep_upload(rejected, about=it, by=by) if rejected else None
    it.counts, it.loaded_at = counts, now()
    it.save(update_fields=["rejected", "counts", "loaded_at"])
    record("members.import.load", it, by=by)


@transaction.atomic
def forget_files(it: Import, by: Person | None) -> None:
    """Erase the spreadsheet and its rejected rows; what was loaded stays, and so do the counts."""
    uploads = Upload.objects.filter(about_model=Import._meta.label_lower, about_id=it.public_id)
    files = [(upload.file.storage, str(upload.file.name)) for upload in uploads]
    Import.objects.filter(pk=it.pk).update(file=None, rejected=None)
    it.file = it.rejected = None
    uploads.delete()
    record("members.import.forget_files", it, by=by)
    for storage, name in files:
        transaction.on_commit(partial(storage.delete, name))


def forget_old_files(before: datetime) -> int:
    """Erase the files of lists that were chosen before an instant; return of how many. The nightly task asks."""
    old = list(Import.objects.kept_since(before))
    for it in old:
        forget_files(it, by=None)
    return len(old)


@transaction.atomic
def belong_by_list(person: Person, institution: Institution, role: str, by: Person, ask: bool) -> Affiliation:
    """Somebody belongs to an institution, as its list says. Nobody gets mail.

    Whoever is known elsewhere already is asked (`ask`): they see the invitation on their own page.
    """
    if ask:
        return enter_affiliation(person, institution, role, Affiliation.State.INVITED, by, invited_by=by)
    today = Cluster.current().today()
    return enter_affiliation(person, institution, role, Affiliation.State.ACTIVE, by, starts_on=today)


@transaction.atomic
def correct_by_list(person: Person, by: Person, **changes: Any) -> list[str]:
    """Correct what others have entered about somebody; what people say about themselves, only they change."""
    if Person.objects.select_for_update(no_key=True).get(pk=person.pk).has_claimed:
        raise Refused(_("This person keeps their own profile. Ask them to correct it."))
    try:
        with transaction.atomic():
            return change_profile(person, by=by, **changes)
    except IntegrityError as error:
        raise Refused(_("Somebody with this e-mail address is known already. Check the address.")) from error


def one_at_a_time() -> None:
    """Hold back every other list until the transaction ends: two lists of the same people would enter them twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_OF_LISTS])
