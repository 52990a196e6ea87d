from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.long_work import begin_long_work
from cluster_portal.models import LongWork
from cluster_portal.moves import Refused
from cluster_portal.uploads import erase_uploads, keep_upload, uploads_about
from members.actions.affiliations import enter_affiliation
from members.actions.people import change_profile
from members.models import Affiliation, Cluster, Import, ImportRow, Institution, Person

JUDGE, LOAD = "members.judge_list", "members.load_list"
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
def choose_columns(it: Import, columns: dict[str, int], rows: int, by: Person) -> LongWork:
    """Say what the columns of a spreadsheet mean, and have its so many rows judged."""
    held = _idle(it)
    held.rows.all().delete()
    it.columns, it.counts = columns, {}
    it.work = begin_long_work(JUDGE, it, rows)
    it.save(update_fields=["columns", "counts", "work"])
    record("members.import.choose_columns", it, by=by)
    return it.work


@transaction.atomic
def begin_loading(it: Import, invite: bool, by: Person) -> LongWork:
    """Have the rows of a spreadsheet loaded, and those with an address invited if that is wanted."""
    held = _idle(it)
    if held.file is None:
        raise Refused(file_is_erased())
    if not held.is_judged:
        raise Refused(_("Not every row was looked at yet. Say again what the columns mean."))
    it.work = begin_long_work(LOAD, it, held.rows.count(), invite=invite)
    it.save(update_fields=["work"])
    record("members.import.begin_loading", it, by=by)
    return it.work


def file_is_erased() -> str:
    return _("The file was erased, as all lists are after 30 days. Choose it again.")


def _idle(it: Import) -> Import:
    """The import as it is now, locked. Refused while workers are at it, and once it is loaded."""
    rows = Import.objects.select_for_update(no_key=True, of=("self",)).select_related("work", "file")
    held = rows.get(pk=it.pk)
    if held.loaded_at is not None:
        raise Refused(_("This list is loaded already. Choose the file again to load it anew."))
    _let_workers_end(held)
    return held


def _let_workers_end(held: Import) -> None:
    if held.is_under_way:
        raise Refused(_("The portal is still going through the rows. Wait until it has ended."))


def keep_verdicts(it: Import, rows: Sequence[Any]) -> None:
    """Note what the portal thinks of some rows, instead of what it thought before."""
    it.rows.filter(number__in=[row.number for row in rows]).delete()
    ImportRow.objects.bulk_create(
        ImportRow(
            spreadsheet=it, number=row.number, sort=row.sort, said=row.said, shown=row.shown,
            changes=list(row.changes), mails=row.mails,
        )
        for row in rows
    )  # fmt: skip


def finish_judging(it: Import, empty: int) -> None:
    """Every row has its verdict; count them."""
    it.counts = it.rows.counts() | {"empty": empty}
    it.save(update_fields=["counts"])


def reject_the_rest(it: Import, done: int, why: str) -> None:
    """The rows after the first `done` ones will not be loaded."""
    said = _("The portal stopped before this row. %(why)s Load the same file again.") % {"why": why}
    rest = list(it.rows.order_by("number").values_list("pk", flat=True)[done:])
    it.rows.filter(pk__in=rest).update(sort=ImportRow.Sort.REJECTED, said=said, mails=False)


@transaction.atomic
def finish_import(it: Import, rejected: ContentFile | None, by: Person) -> None:
    """Note what came of the rows, and keep those that were rejected for correction."""
    it.rejected = keep_upload(rejected, about=it, by=by) if rejected else None
    it.counts, it.loaded_at = it.counts | it.rows.counts(), now()
    it.save(update_fields=["rejected", "counts", "loaded_at"])
    record("members.import.load", it, by=by)


@transaction.atomic
def forget_files(it: Import, by: Person | None) -> None:
    """Erase the spreadsheet, its rejected rows and every verdict; what was loaded stays, and so do the counts.

    Refused while workers are at it: a list that is half loaded could not say any more what became of its rows.
    """
    _let_workers_end(Import.objects.select_for_update(no_key=True, of=("self",)).select_related("work").get(pk=it.pk))
    Import.objects.filter(pk=it.pk).update(file=None, rejected=None)
    it.file = it.rejected = None
    erase_uploads(uploads_about(it))
    it.rows.all().delete()
    record("members.import.forget_files", it, by=by)


def forget_old_files(before: datetime) -> int:
    """Erase the files of lists that were chosen before an instant; return of how many. The nightly task asks."""
    old = list(Import.objects.kept_from_before(before))
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
