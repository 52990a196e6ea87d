"""What guardians see of mentors on the pages of their children: who it is, whether they agree, the next meeting."""

from collections.abc import Iterator

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _

from cluster_portal.hooks import ChildPart, ChildRow, GuardianPage, register_child_parts
from cluster_portal.tones import tone_of
from mentorship.channels import ENDED, Access
from mentorship.models import Meeting, Pairing, PairingStudent
from mentorship.readers import channels_of
from mentorship.students import Deciding, deciding_for, is_let_in

State = PairingStudent.State


def mentors(page: GuardianPage) -> Iterator[ChildPart]:
    """The pairings of each child: to be decided on, under way, ended."""
    ahead = Prefetch("pairing__meetings", Meeting.objects.ahead(now()), to_attr="ahead")
    rows = PairingStudent.objects.not_left().filter(person__in=page.children, pairing__state__in=["active", *ENDED])
    people = ("pairing__mentor__person", "pairing__request__by", "pairing__request__affiliation__institution")
    rows = rows.select_related("person", *people).prefetch_related(ahead)
    students = list(rows.order_by("-pairing", "pk"))
    deciding = deciding_for(students)
    channels = channels_of(it.pairing for it in students if is_let_in(it, deciding[it.pk]))
    read = {key for key, channel in channels.items() if channel.may(page.reader, Access.TALK)}
    for child in page.children:
        theirs = [_row(page, it, deciding[it.pk], it.pairing_id in read) for it in students if it.person_id == child.pk]
        if theirs:
            yield ChildPart(child.pk, _("Mentors"), theirs)


def _row(page: GuardianPage, it: PairingStudent, deciding: Deciding, reads: bool) -> ChildRow:
    pairing, notes = it.pairing, [it.pairing.request.title]
    is_open = pairing.state == Pairing.State.ACTIVE
    if is_open and page.reader.pk in deciding.silent:
        notes.append(_("Read who the mentor is, and say whether you agree. Until then nothing is shared."))
    if is_open and is_let_in(it, deciding) and pairing.ahead:
        when = date_format(localtime(pairing.ahead[0].starts_at), "DATETIME_FORMAT")
        notes.append(_("They meet next on %(when)s.") % {"when": when})
    shown = it if is_open else pairing
    return ChildRow(
        pairing.mentor.person.full_name,
        "",
        notes,
        shown.get_state_display(),
        tone_of(shown.state),
        links=_links(page, it, deciding, reads),
    )


def _links(page: GuardianPage, it: PairingStudent, deciding: Deciding, reads: bool) -> list[tuple[str, str]]:
    links = []
    if it.pairing.state == Pairing.State.ACTIVE and page.reader.pk in deciding.people:
        label = _("Read and decide") if page.reader.pk in deciding.silent else _("The mentor, and your word")
        links.append((_address(page, "mentor_of_child", it), label))
    if reads and is_let_in(it, deciding):
        links.append((_address(page, "pairing_of_child", it), _("What they write and plan")))
    return links


def _address(page: GuardianPage, name: str, it: PairingStudent) -> str:
    if page.token:
        return reverse(f"mentorship:{name}_by_link", args=[page.token, it.public_id])
    return reverse(f"mentorship:{name}", args=[it.public_id])


register_child_parts(mentors)
