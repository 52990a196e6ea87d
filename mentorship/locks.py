"""The order in which actions lock what belongs together: the request, its mentor, the pairing."""

from mentorship.models import Mentor, MentorRequest, Pairing


def lock_pairing(pairing: Pairing) -> Pairing:
    """A pairing for a change of what is in it, with the people it is about."""
    return Pairing.objects.select_for_update(no_key=True, of=("self",)).with_people().get(pk=pairing.pk)


def lock_whole_pairing(pairing: Pairing) -> Pairing:
    """A pairing for a change that its request and its mentor feel too: those first."""
    MentorRequest.objects.select_for_update(no_key=True).get(pk=pairing.request_id)
    Mentor.objects.select_for_update(no_key=True).get(pk=pairing.mentor_id)
    return lock_pairing(pairing)
