"""Confirming a device by a mailed code, and forgetting it."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_many
from cluster_portal.moves import Refused
from cluster_portal.outbox import queue_mail
from members.devices import CODE_AGE, code_of, hash_of, is_too_old
from members.models import Cluster, Device, Person

MOST_TRIES = 5
# Whoever has a password may guess: fifty of a million codes a day, with ten mails that tell the owner.
MOST_CODES = {timedelta(hours=1): 5, timedelta(days=1): 10}


@transaction.atomic
def ask_for_code(by: Person) -> Device:
    """Mail a code to a person, with which they confirm the browser they sit at."""
    Person.objects.select_for_update(no_key=True).get(pk=by.pk)
    asked, at = Device.objects.filter(person=by), now()
    if any(asked.filter(asked_at__gt=at - time).count() >= most for time, most in MOST_CODES.items()):
        raise Refused(_("Many codes were mailed already. Enter the one in the latest mail, or come back later."))
    device = Device.objects.create(person=by, asked_at=at)
    queue_mail("members/device_code", about=device, to=by, address=by.email or "", not_after=at + CODE_AGE)
    record("members.device.ask_code", device, by=by)
    return device


def confirm_device(device: Device, code: str, name: str, by: Person) -> str:
    """Remember a device whose code was entered; return the key for its cookie, which is kept nowhere else.

    Not one transaction: a refusal must not take back that a wrong try was counted.
    """
    key = _redeemed(device, code, name, by)
    if not key:
        raise Refused(_("This is not the code. Look for the latest mail, and enter its six digits."))
    return key


@transaction.atomic
def _redeemed(device: Device, code: str, name: str, by: Person) -> str:
    it = Device.objects.asked().select_for_update(no_key=True).filter(pk=device.pk, person=by).first()
    if it is None or is_too_old(it):
        raise Refused(_("This code is too old or was used. Ask for a new one."))
    if it.wrong_tries >= MOST_TRIES:
        raise Refused(_("A wrong code was entered too often. Ask for a new one."))
    if not constant_time_compare(code, code_of(it)):
        it.wrong_tries += 1
        it.save(update_fields=["wrong_tries"])
        return ""
    key = secrets.token_urlsafe(32)
    it.name, it.confirmed_at, it.used_on, it.key_hash = name, now(), Cluster.current().today(), hash_of(key)
    it.save(update_fields=["name", "confirmed_at", "used_on", "key_hash"])
    record("members.device.confirm_device", it, by=by)
    return key


@transaction.atomic
def forget_device(device: Device, by: Person) -> None:
    """Let a device be a new one again, at once."""
    record("members.device.forget_device", device, by=by)
    device.delete()


@transaction.atomic
def forget_devices(person: Person, by: Person | None) -> None:
    """Forget all confirmed devices of a person.

    Codes that were asked for stay for their day: they are counted, and their mails tell the owner.
    """
    devices = list(Device.objects.confirmed().filter(person=person).select_for_update().order_by("pk"))
    record_many("members.device.forget_device", devices, by=by)
    Device.objects.filter(pk__in=[it.pk for it in devices]).delete()
