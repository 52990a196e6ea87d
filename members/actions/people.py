from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_changes
from cluster_portal.hooks import say_kept_out
from cluster_portal.moves import Refused
from members.actions.birth_dates import refuse_birth_date, tell_guardians
from members.actions.consent import say_who_decides_changed
from members.actions.devices import forget_devices
from members.models import Person


@transaction.atomic
def enter_person(by: Person | None, email: str = "", password: str | None = None, **names: Any) -> Person:
    """Make a person known to the portal; without a password they have yet to claim it."""
    known = _("Somebody with this e-mail address is known already. Check the address.")
    if Person.objects.signing_in_with([email]).exists():
        raise Refused(known)
    try:
        with transaction.atomic():
            person = Person.objects.create_user(email=email, password=password, **names)
    except IntegrityError as error:  # entered by somebody else since the line above
        raise Refused(known) from error
    record("members.person.enter", person, by=by)
    return person


@transaction.atomic
def change_profile(person: Person, by: Person, **changes: Any) -> list[str]:
    """Change what is said about a person; return the names of the changed fields.

    Every change of a birth date comes through here. Refused where it would change who decides about consent.
    """
    held = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    changed = [name for name, value in changes.items() if getattr(person, name) != value]
    if "birth_date" in changed:
        refuse_birth_date(held, changes["birth_date"], by)
    for name in changed:
        setattr(person, name, changes[name])
    if changed:
        # Only these: the caller's person may be older than a suspension or a new password.
        person.save(update_fields=[*changed, "sort_name", "words"])
        record_changes("members.person.change", person, by=by, changed=changed)
    if "birth_date" in changed:
        tell_guardians(held, person.birth_date, by)
        say_who_decides_changed(person)
    return changed


@transaction.atomic
def suspend_person(person: Person, by: Person) -> None:
    """Keep a person out on every path: session, signed links, mail. What they hold stays as it is."""
    if not Person.objects.filter(pk=person.pk, suspended_at=None).update(suspended_at=now()):
        raise Refused(_("This person is suspended already."))
    forget_devices(person, by=by)
    record("members.person.suspend", person, by=by)
    say_kept_out(person)


@transaction.atomic
def restore_person(person: Person, by: Person) -> None:
    """Let a suspended person in again."""
    if not Person.objects.filter(pk=person.pk, suspended_at__isnull=False).update(suspended_at=None):
        raise Refused(_("This person is not suspended."))
    record("members.person.restore", person, by=by)


@transaction.atomic
def choose_language(person: Person, language: str) -> None:
    """Speak to this person in another language from now on, on pages and in mail."""
    if language in dict(settings.LANGUAGES):
        change_profile(person, by=person, language=language)
