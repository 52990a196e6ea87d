"""Stopping a kind of bulk mail, and wanting it again."""

from django.db import transaction
from django.utils.translation import gettext_noop

from cluster_portal.audit import record
from cluster_portal.models import OutboxMail
from cluster_portal.outbox import cancel_rows
from members.models import Person, StoppedMail


@transaction.atomic
def stop_mail(person: Person, template: str, by: Person) -> None:
    """Send somebody no more mail of one kind; twice is as good as once. What waits for sending does not leave."""
    _row, is_new = StoppedMail.objects.get_or_create(person=person, template=template)
    if is_new:
        waiting = OutboxMail.objects.unfinished().filter(to=person, template=template)
        cancel_rows(waiting, reason=gettext_noop("stopped by its reader"))
        record("members.person.stop_mail", person, by=by, reason=template)


@transaction.atomic
def want_mail(person: Person, template: str, by: Person) -> None:
    """Send somebody mail of one kind again."""
    if StoppedMail.objects.filter(person=person, template=template).delete()[0]:
        record("members.person.want_mail", person, by=by, reason=template)
