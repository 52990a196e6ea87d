"""A list survives what happens to the workers that load it: real processes, killed in the middle of a step."""

import signal
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from cluster_portal.long_work import do_if_short
from cluster_portal.models import LongWork
from members import actions
from members.actions.imports import LOCK_OF_LISTS
from members.imports import loading
from members.imports.reading import tables_of
from members.models import Affiliation, Import, Person
from tests.cluster_portal.test_faults import machinery, sink, wait_for  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults, pytest.mark.xdist_group("faults")]
ROWS, KILLS = 150, 3
SIGNS = "абвгдежзик"


def text_of_list() -> str:
    """Every tenth row cannot be loaded, for a reason that is told when it is read, judged, or compared."""
    rows = []
    for number in range(ROWS):
        name = "".join(SIGNS[int(digit)] for digit in f"{number:03}")
        bad = {9: "05/06/2012", 19: "2999-01-01"}.get(number % 20, "2010-05-05")
        rows.append(f"Жук{name};Ия;{bad};student")
    return "Family name;Given name;Birth date;Role\n" + "\n".join(rows) + "\n"


@pytest.fixture
def files(machinery, settings):  # noqa: F811
    """The folder in which the workers keep files is ours too."""
    settings.MEDIA_ROOT = Path(machinery.folder) / "files"


@pytest.fixture
def work(cast, files, monkeypatch):
    monkeypatch.setattr("cluster_portal.long_work.AT_ONCE", ROWS)
    file = ContentFile(text_of_list().encode(), name="list.csv")
    it = actions.begin_import("people", None, file, by=cast.contact)
    table, guess = loading.opened(it)
    do_if_short(actions.choose_columns(it, guess, len(table.rows), by=cast.contact))
    return actions.begin_loading(Import.objects.get(pk=it.pk), invite=False, by=cast.contact)


def done_of(work) -> int:
    return LongWork.objects.get(pk=work.pk).done


def is_in_a_step() -> bool:
    """Whether a worker holds the lock of lists: its rows are being written and not committed yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted", [LOCK_OF_LISTS]
        )
        return cursor.fetchone()[0] > 0


def test_killed_workers_lose_no_row_and_double_none(machinery, work):  # noqa: F811
    killed_at = []
    for _time in range(KILLS):
        worker, before = machinery.worker(), done_of(work)
        wait_for(lambda before=before: done_of(work) > before and is_in_a_step(), 180)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        killed_at.append(done_of(work))
    assert 0 < killed_at[0] < killed_at[1] < killed_at[2] < ROWS, "the kills came too late to prove anything"
    machinery.worker()
    wait_for(lambda: not LongWork.objects.unfinished().exists(), 180)
    it = Import.objects.get()
    assert it.work.problem == ""
    assert (it.counts["rows"], it.counts["accepted"], it.counts["rejected"]) == (ROWS, 135, 15)
    assert it.rows.count() == ROWS
    entered = list(Person.objects.filter(family_name__startswith="Жук").values_list("family_name", flat=True))
    assert (len(entered), len(set(entered))) == (135, 135)
    assert Affiliation.objects.active().filter(person__family_name__startswith="Жук").count() == 135
    with it.rejected.file.open("rb") as file:
        assert len(tables_of(file.read())[0].rows) == 1 + 15
