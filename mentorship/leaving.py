"""Mentors and teachers who have left: what follows, derived from where they belong today. Decision 128.

Nothing is stored. What was only asked goes back at once (`actions/leaving.py`); what is under way people decide.
"""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.hooks import DeskRow
from members.models import Person
from mentorship.desk_rows import register_row
from mentorship.models import Mentor, MentorRequest, Pairing


def has_left(mentor: Mentor) -> bool:
    """Whether a mentor has left the cluster."""
    return Mentor.objects.gone().filter(pk=mentor.pk).exists()


def has_teacher(pairing: Pairing) -> bool:
    """Whether the teacher is at the school that asked, where they know the students by name."""
    return MentorRequest.objects.of_who_is_there().filter(pk=pairing.request_id).exists()


def why_alone(pairing: Pairing) -> str:
    """Who of a pairing under way has left, and what helps; nothing while both are there."""
    if pairing.state != Pairing.State.ACTIVE:
        return ""
    if has_left(pairing.mentor):
        return _("The mentor has left the cluster. End the pairing; then another mentor can be sought.")
    if not has_teacher(pairing):
        return _("The teacher does not work at this school any more. End the pairing; whoever teaches now asks anew.")
    return ""


def left_rows(person: Person) -> Iterator[DeskRow]:
    """Pairs of whom one has left the cluster."""
    if not person.is_coordinator:
        return
    found = list(Pairing.objects.left_alone().kept_by(person).order_by("pk").values_list("public_id", flat=True)[:1000])
    if found:
        text = ngettext(
            "pair has lost its mentor or its teacher", "pairs have lost their mentor or teacher", len(found)
        )
        one = reverse("mentorship:pairing", args=[found[0]])
        url = one if len(found) == 1 else reverse("mentorship:desk_pairings")
        yield DeskRow(text, len(found), None, url, _("Decide how it goes on"))


register_row(left_rows)
