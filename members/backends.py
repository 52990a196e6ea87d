"""Who is signed in."""

from allauth.account.auth_backends import AuthenticationBackend as ByAddress

from members.at_hand import reader_signed_in
from members.models import Person


class AuthenticationBackend(ByAddress):
    """Signs in as allauth does; whoever is signed in is read together with what every page asks of its reader."""

    def get_user(self, user_id: int) -> Person | None:
        person = reader_signed_in(user_id)
        return person if person is not None and self.user_can_authenticate(person) else None
