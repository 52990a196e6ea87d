from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.moves import Refused
from members.actions.affiliations import send_invitation
from members.addresses import why_not_correctable
from members.models import Person


@transaction.atomic
def correct_address(person: Person, email: str, by: Person) -> None:
    """Write to another address from now on; the mark that mail came back goes.

    Whoever signs in keeps the address they sign in with; an invitation that waits goes out to the new address.
    """
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if problem := why_not_correctable(person, by):
        raise Refused(problem)
    if person.email and not person.has_claimed:
        if Person.objects.signing_in_with([email]).exclude(pk=person.pk).exists():
            raise Refused(_("Somebody with this e-mail address is known already. Check the address."))
        person.email = email
    else:
        person.contact_email = email
    person.address_failed_at = None
    person.save()
    record("members.person.correct_address", person, by=by, fields=["address"])
    for it in person.affiliations.invited() if person.email else []:
        send_invitation(it, occasion=now().isoformat())
