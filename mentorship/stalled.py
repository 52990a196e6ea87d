"""Pairs that do not meet: noticed, asked once, and after a week without a sign of life shown to the coordinator.

A sign of life is an entry of the log, or a meeting, held or so near ahead that it comes before somebody would ask.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.hooks import DeskRow, MailKind, WantedMail, register_mail
from cluster_portal.models import OutboxMail
from cluster_portal.outbox import occasion_of
from members.models import Cluster, Person
from mentorship.desk_rows import register_row
from mentorship.models import Pairing, Terms
from mentorship.pairing_mails import about_pairing, pairing_with

GRACE = timedelta(weeks=1)
NUDGE = "mentorship/nudge"


def silent_since(at: datetime) -> QuerySet[Pairing]:
    """Pairings under way in which nobody has met, or planned to, for as long as the terms allow (`heard_on`)."""
    zone = Cluster.current().zone
    today = at.astimezone(zone).date()
    silence = timedelta(weeks=Terms.current().stalled_weeks)
    limit = today - silence
    near = Q(meetings__state="planned", meetings__starts_at__lte=at + silence)
    rows = (
        Pairing.objects.active()
        .with_people()
        .annotate(
            logged_on=Max("log__day"),
            meets_at=Max("meetings__starts_at", filter=near),
        )
    )
    begin_of_limit = datetime.combine(limit, time.min, tzinfo=zone)
    silent = rows.filter(Q(meets_at=None) | Q(meets_at__lt=begin_of_limit))
    return silent.annotate(heard_on=Greatest(Coalesce(F("logged_on"), F("began_on")), F("began_on"))).filter(
        heard_on__lt=limit
    )


def stalled_for(person: Person) -> QuerySet[Pairing]:
    """The pairings of which this coordinator was told that nobody meets, the longest silent first."""
    return Pairing.objects.active().kept_by(person).filter(stalled_at__isnull=False).order_by("stalled_at", "pk")


def stalled_rows(person: Person) -> Iterator[DeskRow]:
    """Pairs that were asked, and still do not meet."""
    if not person.is_coordinator:
        return
    found = list(stalled_for(person).values_list("public_id", "stalled_at")[:1000])
    if found:
        text = ngettext("pair does not meet", "pairs do not meet", len(found))
        one = reverse("mentorship:pairing", args=[found[0][0]])
        url = one if len(found) == 1 else reverse("mentorship:desk_pairings")
        yield DeskRow(text, len(found), found[0][1], url, _("Ask how it goes"))


def _still_silent(mail: OutboxMail) -> bool:
    """They were asked at this moment, and nothing has happened since."""
    it = pairing_with(public_id=mail.about_id)
    return it is not None and it.nudged_at is not None and it.nudged_at.isoformat() == occasion_of(mail)


def _about_silence(wanted: WantedMail) -> dict:
    it: Pairing = wanted.about
    return about_pairing(it) | {"weeks": Terms.current().stalled_weeks}


register_row(stalled_rows)
register_mail(MailKind(NUDGE, _still_silent, context=_about_silence))
