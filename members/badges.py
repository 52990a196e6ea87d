"""Open Badges 3.0: a certificate as a credential that anybody can verify from the file alone (decision 088).

The credential is a signed token (VC-JWT, Ed25519). Its issuer is a did:key, which *is* the public key: who verifies
needs neither the network nor this portal, and one byte changed breaks the signature. Whether a certificate was revoked
since, only /verify/ knows; the credential's own id leads there.
"""

import base64
from datetime import UTC
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.timezone import now
from django.utils.translation import override

from cluster_portal.links import absolute
from members.certificates import in_one_sentence
from members.models import BadgeKey, Certificate

SALT = "members.badge_key"
ACHIEVEMENT_TYPES = {
    Certificate.Kind.COMPLETION: "CertificateOfCompletion",
    Certificate.Kind.AWARD: "Award",
    Certificate.Kind.THANKS: "Achievement",
}


def sign_badge(it: Certificate, key: tuple[str, str]) -> str:
    """The credential of a certificate as a compact token, signed now with a `signing_key`."""
    # Here, because the library takes memory that only who issues certificates needs.
    from openbadgeslib.ob3 import Achievement, IdentityObject, Issuer, OB3Signer, OpenBadgeCredential

    did, private = key
    page = absolute(it.get_absolute_url())
    with override(it.language):
        said = in_one_sentence(it)
    credential = OpenBadgeCredential(
        id=page,
        name=it.title,
        issuer=Issuer(id=did, name=it.issuer, url=settings.SITE_URL),
        recipient_id=None,  # no address of anybody: the name is what the paper shows
        identifiers=[IdentityObject(identity_hash=it.name_printed, identity_type="name", hashed=False)],
        achievement=Achievement(
            id=f"{page}#achievement",
            name=it.title,
            description=said,
            criteria_narrative=said,
            achievement_type=ACHIEVEMENT_TYPES[Certificate.Kind(it.kind)],
            credits_available=it.hours,
        ),
        issuance_date=now().astimezone(UTC).replace(microsecond=0),
        credits_earned=it.hours,
    )
    return OB3Signer(private, algorithm="EdDSA").sign(credential)


def signing_key() -> tuple[str, str]:
    """The newest key, as its name and its private half. Whoever calls holds `take_turn`.

    A first one, or one in the place of what cannot be opened any more, is made here.
    """
    from cryptography.fernet import InvalidToken

    newest = BadgeKey.objects.first()
    if newest is not None:
        try:
            return newest.did, _seal(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).decrypt(
                newest.sealed
            ).decode()
        except InvalidToken:  # SECRET_KEY was changed: the old key goes on verifying what it signed
            pass
    return _make_key()


def _make_key() -> tuple[str, str]:
    from openbadgeslib.keys import KeyEd25519, public_jwk_from_pem
    from openbadgeslib.ob3 import did_key_from_pem

    private, public = KeyEd25519().generate_keypair()
    did = did_key_from_pem(public)
    sealed = _seal(settings.SECRET_KEY).encrypt(private).decode()
    BadgeKey.objects.create(did=did, jwk=public_jwk_from_pem(public), sealed=sealed)
    return did, private.decode()


@lru_cache(maxsize=4)
def _seal(*secrets: str) -> Any:
    from cryptography.fernet import Fernet, MultiFernet

    keys = (salted_hmac(SALT, "", secret=secret, algorithm="sha256").digest() for secret in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
