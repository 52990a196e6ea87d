"""How allauth works here: its mail goes through the outbox like all other, and links are made only at sending."""

from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.utils.timezone import now

from cluster_portal.outbox import queue_mail
from members.actions.devices import forget_devices
from members.models import Person

# allauth's names of its mails → ours. Its mails with codes are not here: no setting of ours switches them on.
MAILS = {
    "account/email/email_confirmation_signup": "account/confirm_email",
    "account/email/email_confirmation": "account/confirm_email",
    "account/email/password_reset_key": "account/reset_password",
    "account/email/account_already_exists": "account/already_registered",
    "account/email/email_changed": "account/email_changed",
    "account/email/email_confirm": "account/email_confirmed",
    "account/email/email_deleted": "account/email_removed",
    "account/email/password_changed": "account/password_changed",
    "account/email/password_set": "account/password_set",
    "account/email/password_reset": "account/password_was_reset",
    "socialaccount/email/account_connected": "account/login_connected",
    "socialaccount/email/account_disconnected": "account/login_disconnected",
    "mfa/email/totp_activated": "account/totp_on",
    "mfa/email/totp_deactivated": "account/totp_off",
    "mfa/email/webauthn_added": "account/passkey_added",
    "mfa/email/webauthn_removed": "account/passkey_removed",
    "mfa/email/recovery_codes_generated": "account/recovery_codes_made",
}
TOO_LATE = timedelta(days=1)  # a link that was asked for yesterday surprises


class AccountAdapter(DefaultAccountAdapter):
    """Writes allauth's mail into the outbox."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the mail for the person the address belongs to; addresses of strangers get none."""
        person = context.get("user") or Person.objects.active().with_address(email)
        if person is not None:
            queue_account_mail(MAILS[template_prefix], person, email)

    def get_login_stages(self) -> list[str]:
        """allauth's stages, that of the second factor as `second_factor.py` has it."""
        ours = {"allauth.mfa.stages.AuthenticateStage": "members.second_factor.AuthenticateStage"}
        return [ours.get(it, it) for it in super().get_login_stages()]

    def confirm_email(self, request, email_address):
        """Confirm an address, unless somebody was entered with it meanwhile."""
        owner = Person.objects.filter(email=email_address.email.lower()).exclude(pk=email_address.user_id)
        return False if owner.exists() else super().confirm_email(request, email_address)

    def set_password(self, user, password) -> None:
        """Change or reset a password: whoever knew the old one may sit at a device that was confirmed."""
        super().set_password(user, password)
        forget_devices(user, by=user)

    def send_notification_mail(self, template_prefix, user, context=None, email=None) -> None:
        """Queue a notice about the account, to the address that is given: after a change that is the former one."""
        email = email or EmailAddress.objects.get_primary_email(user) or user.email
        if email:
            queue_account_mail(MAILS[template_prefix], user, email)


def queue_account_mail(template: str, person: Person, email: str) -> None:
    """Queue a mail about an account; whoever has not claimed theirs gets the link to claim it instead."""
    if template in {"account/already_registered", "account/reset_password"} and not person.has_claimed:
        template = "account/claim"
    at = now()
    queue_mail(
        template, about=person, to=person, occasion=at.isoformat(), not_after=at + TOO_LATE, address=email.lower()
    )


def display_name(person: Person) -> str:
    """How a person is greeted."""
    return person.short_name
