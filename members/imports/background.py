"""Lists are judged and loaded by the workers: each step is some rows and their verdicts, in one transaction."""

from django.utils.translation import gettext as _

from cluster_portal.hooks import LongWorkKind, register_long_work
from cluster_portal.models import LongWork
from cluster_portal.moves import Refused
from members.actions.consent import note_children
from members.actions.imports import JUDGE, LOAD, finish_import, finish_judging, keep_verdicts, reject_the_rest
from members.imports.loading import Rows, rejected_file
from members.models import Cluster, Import, Person


class Judging:
    """What would come of every row; nothing of it is in the portal yet."""

    def __init__(self, work: LongWork):
        self.it = _import_of(work)
        self.rows = Rows(self.it)

    def do(self, since: int, until: int) -> None:
        with Cluster.read_once():
            rows = self.rows.judged(since, until)
            keep_verdicts(self.it, rows)
            # The verdict tells whoever loads the list that the portal knows a child, and how: that is a look.
            note_children([it.known.pk for it in rows if isinstance(it.known, Person)], self.it.by, "class list")

    def finish(self) -> None:
        finish_judging(self.it, empty=self.rows.table.empty)


class Loading:
    """Let the rows come true."""

    def __init__(self, work: LongWork):
        self.it, self.invite = _import_of(work), work.options["invite"]
        self.rows = Rows(self.it)

    def do(self, since: int, until: int) -> None:
        if not Person.objects.active().filter(pk=self.it.by_id).exists():
            raise Refused(_("Whoever loaded this list is suspended."))
        with Cluster.read_once():
            keep_verdicts(self.it, self.rows.loaded(since, until, self.invite))

    def finish(self) -> None:
        finish_import(self.it, rejected_file(self.it, self.rows.table), by=self.it.by)


def give_up_loading(work: LongWork, why: str) -> None:
    """The rows that were not reached are rejected: those accepted and those rejected are always all of them."""
    it = _import_of(work)
    reject_the_rest(it, work.done, why)
    finish_import(it, rejected_file(it, Rows(it).table) if it.file else None, by=it.by)


def _import_of(work: LongWork) -> Import:
    return Import.objects.select_related("by", "file", "institution").get(public_id=work.about_id)


register_long_work(
    LongWorkKind(JUDGE, Judging, step=200),
    LongWorkKind(LOAD, Loading, give_up_loading, step=25),
)
