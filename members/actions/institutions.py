from collections.abc import Iterable
from functools import partial

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_changes
from cluster_portal.models import Upload
from cluster_portal.moves import Refused
from cluster_portal.search import folded
from cluster_portal.uploads import IMAGES, keep_upload
from members.models import Direction, Institution, InstitutionLink, Person, Region

MOST_LINKS = 12
MOST_AT_ONCE = 500


@transaction.atomic
def keep_institution(
    institution: Institution, by: Person, changed: list[str], directions: Iterable[Direction] | None = None
) -> Institution:
    """Enter an institution, or keep what was corrected about it."""
    is_new = institution.pk is None
    institution.save()
    if directions is not None:
        institution.directions.set(directions)
    if is_new:
        record("members.institution.enter", institution, by=by)
    elif changed:
        record_changes("members.institution.change", institution, by=by, changed=changed)
    return institution


@transaction.atomic
def enter_institutions(names: list[str], kind: str, region: Region | None, by: Person) -> list[Institution]:
    """Enter several institutions of one kind at once; those that are there already by this name are left alone."""
    if len(names) > MOST_AT_ONCE:
        raise Refused(_("These are more than 500 lines. Enter them in two parts, or import a spreadsheet."))
    known = {folded(name) for name in Institution.objects.values_list("name", flat=True)}
    new: dict[str, str] = {}
    for name in names:
        if folded(name) not in known:
            new.setdefault(folded(name), name)
    rows = [Institution(name=name, kind=kind, region=region) for name in new.values()]
    return [keep_institution(it, by=by, changed=[]) for it in rows]


@transaction.atomic
def change_logo(institution: Institution, file: UploadedFile, by: Person) -> None:
    """Show this picture as the institution's logo from now on."""
    upload = keep_upload(file, about=institution, by=by)
    if upload.content_type not in IMAGES:
        upload.file.delete(save=False)
        raise Refused(_("A logo is a picture. Save it as PNG, JPEG or WebP, then try again."))
    _show_logo(institution, upload, by)


@transaction.atomic
def remove_logo(institution: Institution, by: Person) -> None:
    """Show no logo any more."""
    _show_logo(institution, None, by)


def _show_logo(institution: Institution, upload: Upload | None, by: Person) -> None:
    before = institution.logo
    institution.logo = upload
    institution.save(update_fields=["logo"])
    if before is not None:
        transaction.on_commit(partial(before.file.storage.delete, str(before.file.name)))
        before.delete()
    record_changes("members.institution.change", institution, by=by, changed=["logo"])


@transaction.atomic
def add_link(institution: Institution, title: str, url: str, by: Person) -> InstitutionLink:
    """Show one more address on the institution's page."""
    Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
    if institution.links.count() >= MOST_LINKS:
        raise Refused(_("There are 12 links already. Remove one, then add this one."))
    link = InstitutionLink.objects.create(institution=institution, title=title, url=url)
    record_changes("members.institution.change", institution, by=by, changed=["links"])
    return link


@transaction.atomic
def remove_link(link: InstitutionLink, by: Person) -> None:
    """Show an address no more."""
    institution = link.institution
    link.delete()
    record_changes("members.institution.change", institution, by=by, changed=["links"])
