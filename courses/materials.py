"""Which materials a reader sees now, and who may open their files."""

from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.timezone import now

from cluster_portal.hooks import register_upload_reader
from cluster_portal.models import Upload
from courses.models import Material, Run


def shown_now(run: Run) -> list[Material]:
    """The materials that those who take part see now; a round of mails about one run asks for them once."""
    prefetch_related_objects([run], Prefetch("materials", Material.objects.shown_at(now()).for_lists()))
    return list(run.materials.all())


def seen_on_page(run: Run, reader: Any) -> list[Material]:
    """The materials that the page of a run shows to a reader: whoever leads it sees what those who take part see."""
    return list(run.materials.shown_at(now()).readable_by(reader, now()).for_lists())


def may_read(person: Any, upload: Upload) -> bool:
    """Whether a file of a material may be opened."""
    return Material.objects.filter(upload=upload).readable_by(person, now()).exists()


register_upload_reader("courses.material", may_read)
