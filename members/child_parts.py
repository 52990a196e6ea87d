"""What guardians see of certificates on the pages of their children."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cluster_portal.hooks import ChildPart, ChildRow, GuardianPage, register_child_parts
from cluster_portal.links import signed_token
from cluster_portal.tones import tone_of
from members.certificates import held_by, link_for
from members.models import Certificate


def certificates(page: GuardianPage) -> Iterator[ChildPart]:
    """The certificates of each child, to be fetched by who may."""
    rows = held_by(page.reader).valid().with_name().filter(person__in=page.children)
    found: dict[int, list[ChildRow]] = {}
    for it in rows.select_related("person"):
        found.setdefault(it.person_id, []).append(_row(page, it))
    for child, theirs in found.items():
        yield ChildPart(child, _("Certificates"), theirs)


def _row(page: GuardianPage, it: Certificate) -> ChildRow:
    if page.token:
        address = reverse(
            "members:paper_by_link", args=[signed_token("members.certificate", link_for(it, page.reader))]
        )
    else:
        address = reverse("members:certificate_paper", args=[it.public_id])
    notes = [it.name_printed, _("Issued on %(day)s") % {"day": date_format(it.issued_on)}]
    return ChildRow(it.title, "", notes, it.get_state_display(), tone_of(it.state), links=[(address, _("Download"))])


register_child_parts(certificates)
