"""What could be read where students take part does not vanish; and whoever reads can tell the coordinator about it."""

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.hooks import WantedMail
from cluster_portal.moves import Refused
from cluster_portal.outbox import queue_mail, queue_mails
from members.models import Person
from mentorship.channels import Access
from mentorship.clock import coordinators_for
from mentorship.locks import lock_pairing
from mentorship.models import Concern, Message, Pairing, PairingFile, TakenBack
from mentorship.readers import Channel, channel_of
from mentorship.rules import judges_the_pairing

Part = Message | PairingFile


def kind_of(part: Part) -> TakenBack.Kind:
    """Whether it is a message or a file."""
    return TakenBack.Kind.MESSAGE if isinstance(part, Message) else TakenBack.Kind.FILE


def keep_words(channel: Channel, kind: TakenBack.Kind, text: str, by: Person) -> None:
    """Keep words that somebody changes or removes, for those who watch over the pairing. The caller holds it."""
    if channel.facts.is_watched and text.strip():
        TakenBack.objects.create(pairing=channel.pairing, kind=kind, text=text.strip(), by=by)


def keep_part(part: Part, by: Person, because: str = "") -> None:
    """Let a message or a file be read by those alone who watch over the pairing. The caller holds it."""
    if TakenBack.objects.filter(**{kind_of(part): part}).exists():
        raise Refused(_("This is taken back already."))
    kind = kind_of(part)
    TakenBack.objects.create(pairing=part.pairing, kind=kind, by=by, because=because, **{kind: part})


@transaction.atomic
def tell_coordinator(part: Part, by: Person, text: str) -> Concern:
    """Tell the coordinators about a message or a file that one reads; who tells it twice is heard once."""
    pairing = lock_pairing(part.pairing)
    if not channel_of(pairing).may(by, Access.TALK):
        raise Refused(_("You do not read this pairing any more. Write to the coordinator by mail."))
    kind = kind_of(part)
    known = Concern.objects.open().filter(by=by, **{kind: part}).first()
    if known is not None:
        return known
    people = judges_of(pairing)
    if not people:
        raise Refused(_("The cluster has no coordinator whom this could be told at the moment. Tell the school."))
    concern = Concern.objects.create(pairing=pairing, by=by, text=text, **{kind: part})
    record("mentorship.concern.tell", concern, by=by)
    queue_mails(WantedMail("mentorship/concern", concern, it) for it in people)
    return concern


def judges_of(pairing: Pairing) -> list[Person]:
    """The coordinators of a pairing who are not in it themselves."""
    both = {pairing.mentor.person_id, pairing.request.by_id}
    return [it for it in coordinators_for(pairing.request, but=both) if it.pk not in both]


@transaction.atomic
def hide_part(part: Part, by: Person, because: str) -> None:
    """Hide a message or a file, as a coordinator who is not in the pairing; whoever wrote it is told why."""
    pairing = lock_pairing(part.pairing)
    if not judges_the_pairing(by, pairing):
        raise Refused(_("A coordinator who is not in the pairing hides messages and files. Tell them what is wrong."))
    part.pairing = pairing
    keep_part(part, by, because)
    record(f"mentorship.{part._meta.model_name}.hide", part, by=by)
    for concern in Concern.objects.open().filter(**{kind_of(part): part}):
        _settle(concern, by)
    queue_mail("mentorship/hidden", about=part.taken_back, to=part.by)


@transaction.atomic
def settle_concern(concern: Concern, by: Person) -> None:
    """Answer a concern without hiding anything: the coordinator has looked, and does what else there is to do."""
    pairing = lock_pairing(concern.pairing)
    if not judges_the_pairing(by, pairing):
        raise Refused(_("A coordinator who is not in the pairing answers this."))
    it = Concern.objects.open().filter(pk=concern.pk).first()
    if it is None:
        raise Refused(_("Another coordinator has answered this already."))
    it.pairing = pairing
    _settle(it, by)


def _settle(concern: Concern, by: Person) -> None:
    concern.settled_at = now()
    concern.save(update_fields=["settled_at"])
    record("mentorship.concern.settle", concern, by=by)
    queue_mail("mentorship/concern_settled", about=concern, to=concern.by)
