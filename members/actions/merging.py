"""Two entries of one person become one. It cannot be undone, so the page shows both histories before.

Whatever points to the one who goes points to the one who is kept, app by app (hooks.PersonalData.merge). Consent
decisions are append-only: they stay with the emptied entry, which says by `merged_into` whose they are.
"""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal import hooks
from cluster_portal.audit import record
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import cancel_mails
from members.duplicates import mergeable_by, why_the_same
from members.models import (
    Affiliation,
    Application,
    ApplicationNote,
    Certificate,
    Cluster,
    ConsentRequest,
    Coordinator,
    Device,
    ErasureRequest,
    ErasureWord,
    Group,
    GroupMember,
    Guardianship,
    Import,
    Party,
    Person,
    ProgressNote,
    RecordView,
    StoppedMail,
)
from members.ties import merge_ties

REASON = gettext_noop("two entries were one person")
END = {"active": "end", "invited": "recall", "asked": "take_back"}
# Columns that simply point to the kept person afterwards.
POINTING = (
    (Affiliation, "invited_by"),
    (Application, "applicant"),
    (ApplicationNote, "by"),
    (Certificate, "issued_to"),
    (ConsentRequest, "asked_by"),
    (ErasureRequest, "asked_by"),
    (ErasureRequest, "person"),
    (ErasureWord, "by"),
    (Guardianship, "asserted_by"),
    (Import, "by"),
    (LogEntry, "user"),
    (Party, "signed_by"),
    (Person, "merged_into"),
    (ProgressNote, "by"),
    (RecordView, "child"),
)
# Columns where both may have the same row; the functions below resolve that.
RESOLVED = (
    (Affiliation, "person"),
    (Certificate, "person"),
    (ConsentRequest, "child"),
    (Coordinator, "person"),
    (Group.keepers.through, "person"),
    (GroupMember, "person"),
    (Guardianship, "child"),
    (Guardianship, "guardian"),
    (StoppedMail, "person"),
)
KEYS = ((EmailAddress, "user"), (Authenticator, "user"))


@transaction.atomic
def merge_people(kept: Person, gone: Person, by: Person) -> Person:
    """Make two entries of one person one: `kept` has both histories, `gone` is emptied. There is no way back."""
    pair = sorted([kept.pk, gone.pk])
    locked = {it.pk: it for it in Person.objects.select_for_update(no_key=True).filter(pk__in=pair).order_by("pk")}
    kept, gone = locked[kept.pk], locked[gone.pk]
    _refuse_what_is_not_one(kept, gone, by)
    for held in sorted(hooks.personal_data.values(), key=lambda it: it.app == "cluster_portal"):
        held.merge(kept, gone)  # the calendar last: the apps above change it
    _complete(kept, gone)
    hooks.say_bonds_changed([kept.pk])
    record("members.person.merge", kept, by=by, reason=f"person {gone.public_id}")
    return kept


def _refuse_what_is_not_one(kept: Person, gone: Person, by: Person) -> None:
    if kept.pk == gone.pk or not (kept.is_active and gone.is_active):
        raise Refused(_("These two entries cannot be merged any more. Reload the page."))
    if mergeable_by(by).filter(pk__in=[kept.pk, gone.pk]).count() != 2:
        raise Refused(_("You can merge people of your regions only, and never coordinators. Ask another coordinator."))
    if Guardianship.objects.filter(Q(guardian=kept, child=gone) | Q(guardian=gone, child=kept)).exists():
        raise Refused(_("One of them is the guardian of the other, so they are two people."))
    if kept.birth_date and gone.birth_date and kept.birth_date != gone.birth_date:
        raise Refused(_("Their birth dates differ. If one of them is wrong, correct it first."))
    if not why_the_same(kept, gone):
        raise Refused(_("Nothing says that these two are one person. Correct a name, birth date or e-mail first."))


def merge_members(kept: Person, gone: Person) -> None:
    """What members holds about `gone` belongs to `kept`; what both had live is there once."""
    _merge_affiliations(kept, gone)
    _merge_classes(kept, gone)
    _merge_guardianships(kept, gone)
    _merge_erasures(kept, gone)
    _merge_certificates(kept, gone)
    merge_ties(kept, gone)
    StoppedMail.objects.filter(person=gone, template__in=kept.stopped_mails.values("template")).delete()
    asked_twice = ConsentRequest.objects.filter(child=gone, purpose__in=kept.consent_requests.values("purpose"))
    asked_twice.delete()
    roles = Coordinator.objects.filter(person=gone, until=None, region__in=kept.coordinating.now().values("region"))
    roles.update(until=F("since"))
    for model, column in (*POINTING, (ConsentRequest, "child"), (Coordinator, "person"), (StoppedMail, "person")):
        model._base_manager.filter(**{column: gone}).update(**{column: kept})
    merge_keys(kept, gone)


def _merge_affiliations(kept: Person, gone: Person) -> None:
    """The same live affiliation twice: what is in force stays, and of two alike the older; the other ends today."""
    live = Affiliation.objects.live().filter(person__in=[kept, gone]).select_for_update(no_key=True).order_by("pk")
    found: dict[Any, list[Affiliation]] = {}
    for it in live:
        found.setdefault((it.institution_id, it.role), []).append(it)
    for alike in found.values():
        alike.sort(key=lambda it: (it.state != Affiliation.State.ACTIVE, it.pk))
        for double in alike[1:]:
            move = END[double.state]
            facts = {"ends_on": Cluster.current().today()} if move == "end" else {}
            make_move(double, move, by=None, reason=REASON, **facts)
            cancel_mails(about=double, reason=REASON)
    Affiliation.objects.filter(person=gone).update(person=kept)


def _merge_classes(kept: Person, gone: Person) -> None:
    """In a class that both are in, the one who is kept stays; both histories remain."""
    today, both = Cluster.current().today(), GroupMember.objects.now().filter(person=kept).values("group")
    GroupMember.objects.now().filter(person=gone, group__in=both).update(until=Greatest(F("since"), today))
    GroupMember.objects.filter(person=gone).update(person=kept)
    for group in Group.objects.filter(keepers=gone):
        group.keepers.add(kept)
        group.keepers.remove(gone)


def _merge_guardianships(kept: Person, gone: Person) -> None:
    doubles = Guardianship.objects.now()
    doubles.filter(guardian=gone, child__in=kept.guards.now().values("child")).update(ended_at=now())
    doubles.filter(child=gone, guardian__in=kept.guarded_by.now().values("guardian")).update(ended_at=now())
    Guardianship.objects.filter(guardian=gone).update(guardian=kept)
    Guardianship.objects.filter(child=gone).update(child=kept)


def _merge_certificates(kept: Person, gone: Person) -> None:
    """Two for one thing: the one that was issued later is replaced by the other, and says so."""
    valid = Certificate.objects.valid()
    for it in valid.filter(person=gone).select_for_update(no_key=True).order_by("pk"):
        double = valid.filter(person=kept, about_model=it.about_model, about_id=it.about_id).first()
        if double is not None:
            make_move(max(it, double, key=lambda one: one.pk), "supersede", by=None, reason=REASON)
    Certificate.objects.filter(person=gone).update(person=kept)


def _merge_erasures(kept: Person, gone: Person) -> None:
    """Asked for both, it is asked once; nobody says a word twice, nor about what they asked for themself."""
    if kept.erasure_requests.open().exists():
        for double in gone.erasure_requests.open():
            make_move(double, "withdraw", by=None, reason=REASON)
            cancel_mails(about=double, reason=REASON)
    words = ErasureWord.objects.filter(by__in=[kept, gone])
    words.filter(by=gone, request__in=kept.erasure_words.values("request")).delete()
    words.filter(request__asked_by__in=[kept, gone]).delete()


def merge_keys(kept: Person, gone: Person) -> None:
    """One way to sign in remains: the kept person's own, or the other's when only that was ever used."""
    sessions = UserSession.objects.filter(user=gone)
    for session in sessions:
        session.end()
    Device.objects.filter(person=gone).delete()
    takes_over = gone.has_claimed and not kept.has_claimed
    for model, column in KEYS:
        rows = model._base_manager.filter(**{column: gone})
        if takes_over:
            model._base_manager.filter(**{column: kept}).delete()
            rows.update(**{column: kept})
        else:
            rows.delete()
    if takes_over or not kept.email:
        address, password = gone.email, gone.password
        Person.objects.filter(pk=gone.pk).update(email=None)  # unique: it must be free before it is taken
        gone.email = None
        if address:
            kept.email, kept.password = address, password


def _complete(kept: Person, gone: Person) -> None:
    """What the kept person does not say, the other did; then the other says nothing any more."""
    for name in ("given_name", "patronymic", "name_on_certificate", "birth_date", "contact_email"):
        if not getattr(kept, name):
            setattr(kept, name, getattr(gone, name))
    kept.joined_at = min(kept.joined_at, gone.joined_at)
    gone.email, gone.birth_date, gone.address_failed_at = None, None, None
    gone.contact_email = gone.name_on_certificate = ""
    gone.family_name = gone.given_name = gone.patronymic = ""
    gone.set_unusable_password()
    gone.erased_at, gone.merged_into = now(), kept
    gone.save()
    kept.save()
