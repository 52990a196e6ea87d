"""The mail that tells a mentor what they are asked: one for all that waits, as it is when it leaves."""

from django.utils.translation import gettext_noop

from cluster_portal.hooks import WantedMail
from cluster_portal.models import OutboxMail
from cluster_portal.outbox import cancel_mails, cancel_rows, queue_mail, queue_mails
from mentorship.models import Mentor, Pairing

PROPOSED = "mentorship/proposed"


def tell_mentors(pairings: list[Pairing]) -> None:
    """One mail to each mentor, in place of one that has not left yet: it says all that waits now."""
    last = {it.mentor_id: it for it in pairings}
    waiting = OutboxMail.objects.unfinished().filter(
        template=PROPOSED,
        about_model=Mentor._meta.label_lower,
        about_id__in=[it.mentor.public_id for it in last.values()],
    )
    cancel_rows(waiting, gettext_noop("they are asked for more"))
    queue_mails(WantedMail(PROPOSED, it.mentor, it.mentor.person, it.public_id) for it in last.values())


def tell_what_still_waits(over: Pairing) -> None:
    """What is over for a locked mentor stands no more in the mail that has not left yet."""
    mentor = over.mentor
    if not cancel_mails(mentor, [PROPOSED], reason=gettext_noop("something of it is over")):
        return
    still = mentor.pairings.filter(state=Pairing.State.PROPOSED).order_by("pk").last()
    if still is not None:
        queue_mail(PROPOSED, about=mentor, to=mentor.person, occasion=f"{still.public_id}-{over.public_id}")
