"""Which materials a reader sees now, and who may open their files."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Prefetch, prefetch_related_objects
from django.utils.timezone import now
from django.utils.translation import ngettext

from cluster_portal.hooks import register_upload_reader
from cluster_portal.models import Upload
from courses.models import Enrolment, Material, Run


def shown_now(run: Run) -> list[Material]:
    """The materials that those who take part see now; a round of mails about one run asks for them once."""
    prefetch_related_objects([run], Prefetch("materials", Material.objects.shown_at(now()).for_lists()))
    return list(run.materials.all())


def shown_to(enrolment: Enrolment, materials: Iterable[Material]) -> list[Material]:
    """Those among the materials of a run that are for one person: of a session that people choose, with a seat in it.

    The run's sessions were fetched `with_own_places`: a round of mails asks for them once.
    """
    sessions = {it.pk: it for it in enrolment.run.sessions.all()}
    return [it for it in materials if it.session_id is None or enrolment.is_in(sessions[it.session_id])]


def seen_on_page(run: Run, reader: Any) -> list[Material]:
    """The materials that the page of a run shows to a reader: whoever leads it sees what those who take part see."""
    return list(run.materials.shown_at(now()).readable_by(reader, now()).for_lists())


def note_materials(runs: Iterable[Run], reader: Any) -> None:
    """Let the cards of runs that are over say what there is to open: recordings are looked for there."""
    over = {it.pk: it for it in runs if it.is_over_at(now())}
    if not over:
        return
    seen = Material.objects.readable_by(reader, now()).filter(run__in=over)
    for pk, number in seen.order_by().values_list("run").annotate(number=Count("pk")):
        over[pk].noted = ngettext("%(number)s material", "%(number)s materials", number) % {"number": number}


def may_read(person: Any, upload: Upload) -> bool:
    """Whether a file of a material may be opened."""
    return Material.objects.filter(upload=upload).readable_by(person, now()).exists()


register_upload_reader("courses.material", may_read)
