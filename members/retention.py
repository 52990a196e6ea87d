"""How long what is kept: one table. /privacy/ shows it, and the nightly task does what it says."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.timezone import localtime, now
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _

from cluster_portal import hooks
from cluster_portal.delivery import erase_old_text
from cluster_portal.moves import Refused, make_moves
from cluster_portal.personal import has_ties
from members.actions.affiliations import close_affiliation
from members.actions.applications import erase_forgotten_applications
from members.actions.erasure import erase_person
from members.actions.imports import forget_old_files
from members.models import (
    Affiliation,
    Application,
    Certificate,
    Cluster,
    Device,
    ErasureRequest,
    GroupMember,
    Guardianship,
    Person,
    RecordView,
)
from members.models.devices import UNUSED_DAYS

BATCH = 500
REASON = gettext_noop("its time was over")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Period:
    """What is kept, for how long, and what happens then. Without `days` it stays, and `then` says why.

    `overdue(before)` are the rows whose time was over before an instant; `end(rows)` does what `then` says to a batch
    of them, and they are overdue no more. `run(before)` stands for both where another module has the action.
    """

    name: str
    what: Any
    then: Any
    days: int | None = None
    overdue: Callable[[datetime], QuerySet] | None = None
    end: Callable[[list[Any]], None] | None = None
    run: Callable[[datetime], int] | None = None

    @property
    def how_long(self) -> str:
        """The time in words: whole years as years."""
        if self.days is None:
            return gettext("for good")
        years, rest = divmod(self.days, 365)
        if years and not rest:
            said = ngettext("%(count)s year", "%(count)s years", years) % {"count": years}
        else:
            said = ngettext("%(count)s day", "%(count)s days", self.days) % {"count": self.days}
        return said.replace(" ", "\N{NO-BREAK SPACE}")


def run_retention() -> dict[str, int]:
    """End everything whose time is over, in batches; return how many of each."""
    return {it.name: _run(it) for it in periods() if it.days is not None}


def _run(period: Period) -> int:
    before, ended, seen = now() - timedelta(days=period.days or 0), 0, 0
    if period.run is not None:
        return period.run(before)
    while batch := _next(period, before, after=seen):
        ended += _end(period, batch)
        seen = batch[-1]
    return ended


def _next(period: Period, before: datetime, after: Any) -> list[Any]:
    """The keys of the next rows: those that could not be ended are passed over, and tried again the next night."""
    rows = period.overdue(before).order_by("pk")  # type: ignore[misc]
    return list((rows.filter(pk__gt=after) if after else rows).values_list("pk", flat=True)[:BATCH])


def _end(period: Period, keys: list[Any]) -> int:
    """End one batch in a transaction of its own. Where it fails, its halves are tried: one bad row keeps no other."""
    model = period.overdue(now()).model  # type: ignore[misc]
    try:
        with transaction.atomic():
            rows = list(model._base_manager.filter(pk__in=keys).select_for_update(no_key=True).order_by("pk"))
            period.end(rows)  # type: ignore[misc]
    except Exception:
        if len(keys) > 1:
            middle = len(keys) // 2
            return _end(period, keys[:middle]) + _end(period, keys[middle:])
        log.exception("Row %s is over in %s and could not be ended.", keys[0], period.name)
        return 0
    return len(rows)


def _delete(rows: list[Any]) -> None:
    type(rows[0])._base_manager.filter(pk__in=[row.pk for row in rows]).delete()


def _day(instant: datetime) -> date:
    """The day in the cluster: its days are what the rows hold."""
    return localtime(instant, Cluster.current().zone).date()


def _recall(rows: list[Any]) -> None:
    make_moves(rows, "recall", by=None, reason=REASON)


def _let_go(students: list[Any]) -> None:
    for it in students:
        close_affiliation(it, by=None, reason=REASON)


def _erase(people: list[Any]) -> None:
    for person in people:
        try:
            with transaction.atomic():
                erase_person(person, by=None, reason=REASON)
        except Refused:  # somebody has to hand over first; they are tried again every night
            log.info("The person %s is past their time and cannot be erased yet.", person.public_id)


def _take_names_off(certificates: list[Any]) -> None:
    Certificate.objects.filter(pk__in=[it.pk for it in certificates]).update(name_printed="", badge="")


def _old_certificates(before: datetime) -> QuerySet:
    return Certificate.objects.with_name().filter(issued_on__lt=_day(before))


def _unanswered(before: datetime) -> QuerySet:
    return Affiliation.objects.invited().filter(state_since__lt=before)


def _declined(before: datetime) -> QuerySet:
    return Affiliation.objects.filter(state=Affiliation.State.DECLINED, state_since__lt=before)


def _refused_applications(before: datetime) -> QuerySet:
    over = [Application.State.DECLINED, Application.State.WITHDRAWN]
    return Application.objects.filter(state__in=over, state_since__lt=before)


def _closed_requests(before: datetime) -> QuerySet:
    return ErasureRequest.objects.closed().filter(state_since__lt=before)


def _unconfirmed_people(before: datetime) -> QuerySet:
    """Who signed up and never showed that the address is theirs."""
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    signed_up = Exists(addresses.filter(verified=False)) & ~Exists(addresses.filter(verified=True))
    known = Exists(Affiliation.objects.filter(person=OuterRef("pk")))
    guards = Exists(Guardianship.objects.filter(Q(guardian=OuterRef("pk")) | Q(child=OuterRef("pk"))))
    return people_without_ties(before).filter(signed_up, ~known, ~guards, last_login=None)


def _students_without_class(before: datetime) -> QuerySet:
    """Who was in a class of their school once, and in none since an instant. Who never was in one is no pupil."""
    theirs = GroupMember.objects.filter(person=OuterRef("person"), group__institution=OuterRef("institution"))
    lately = theirs.filter(Q(until=None) | Q(until__gte=_day(before)))
    students = Affiliation.objects.active().filter(role=Affiliation.Role.STUDENT, state_since__lt=before)
    return students.filter(Exists(theirs), ~Exists(lately))


def people_without_ties(before: datetime) -> QuerySet:
    """Who has had nothing to do with the cluster since an instant: no app knows a tie, and they did not sign in."""
    silent = Person.objects.filter(erased_at=None, merged_into=None, is_superuser=False, joined_at__lt=before)
    silent = silent.filter(Q(last_login=None) | Q(last_login__lt=before))
    return silent.filter(~has_ties("pk", before))


def periods() -> list[Period]:
    """The table."""
    return [
        *_periods_of_joining(),
        *_periods_of_applications(),
        Period(
            "erasure_requests",
            _("Requests to erase somebody, after they were granted, declined or taken back"),
            _("They are deleted, with what others said about them."),
            days=365,
            overdue=_closed_requests,
            end=_delete,
        ),
        *_periods_of_files_and_views(),
        *_periods_of_signing_in(),
        *_periods_of_devices(),
        Period(
            "certificates",
            _("Certificates with the name on them: so long an employer may ask for what somebody learnt"),
            _("The name is erased; that the paper was issued, and whether it holds, can still be verified."),
            days=5 * 365,
            overdue=_old_certificates,
            end=_take_names_off,
        ),
        Period(
            "people",
            _("People without any tie: no institution, class, enrolment or sign-in, nor a child or guardian with one"),
            _("They are erased."),
            days=3 * 365,
            overdue=people_without_ties,
            end=_erase,
        ),
        *(period for more in hooks.retention_periods for period in more()),
        *_kept(),
    ]


def _periods_of_joining() -> list[Period]:
    return [
        Period(
            "invitations",
            _("Invitations that nobody answered"),
            _("They are withdrawn."),
            days=180,
            overdue=_unanswered,
            end=_recall,
        ),
        Period(
            "declined",
            _("Invitations and requests that were declined"),
            _("They are deleted."),
            days=365,
            overdue=_declined,
            end=_delete,
        ),
        Period(
            "unconfirmed_people",
            _("Sign-ups whose address was never confirmed"),
            _("The person is erased."),
            days=30,
            overdue=_unconfirmed_people,
            end=_erase,
        ),
    ]


def _periods_of_applications() -> list[Period]:
    return [
        Period(
            "unconfirmed_applications",
            _("Applications to join whose address was never confirmed"),
            _("They are deleted."),
            days=7,  # as the form and the mail say
            run=erase_forgotten_applications,
        ),
        Period(
            "refused_applications",
            _("Applications to join that were declined or withdrawn"),
            _("They are deleted, with what was written about them."),
            days=365,
            overdue=_refused_applications,
            end=_delete,
        ),
    ]


def _periods_of_files_and_views() -> list[Period]:
    return [
        Period("mail", _("The text of mails"), _("It is erased."), days=settings.MAIL_BODY_DAYS, run=erase_old_text),
        Period(
            "imports",
            _("Spreadsheets that were loaded, and their rejected rows"),
            _("The files are deleted."),
            days=30,
            run=forget_old_files,
        ),
        Period(
            "classes",
            _("Who was in a class"),
            _("It is deleted."),
            days=3 * 365,
            overdue=lambda before: GroupMember.objects.filter(until__lt=_day(before)),
            end=_delete,
        ),
        Period(
            "students",
            _("That somebody learns in a school, after they left their last class there"),
            _("It ends: whoever moves to another class meanwhile stays."),
            days=365,
            overdue=_students_without_class,
            end=_let_go,
        ),
        Period(
            "record_views",
            _("Who looked at a child’s record"),
            _("It is deleted."),
            days=365,
            overdue=lambda before: RecordView.objects.filter(at__lt=before),
            end=_delete,
        ),
    ]


def _periods_of_signing_in() -> list[Period]:
    return [
        Period(
            "sessions",
            _("Where somebody was signed in, after that ended"),
            _("It is deleted."),
            days=1,
            overdue=lambda before: Session.objects.filter(expire_date__lt=before),
            end=_delete,
        ),
        Period(
            "devices",
            _("Browsers and addresses somebody signed in from"),
            _("It is deleted."),
            days=90,
            overdue=lambda before: UserSession.objects.filter(created_at__lt=before).filter(
                ~Exists(Session.objects.filter(session_key=OuterRef("session_key")))
            ),
            end=_delete,
        ),
    ]


def _periods_of_devices() -> list[Period]:
    return [
        Period(
            "device_codes",
            _("Codes for a new device that were asked for and not entered"),
            _("It is noted no more that they were asked for."),
            days=1,
            overdue=lambda before: Device.objects.asked().filter(asked_at__lt=before),
            end=_delete,
        ),
        Period(
            "confirmed_devices",
            _("Confirmed devices, after they were used last"),
            _("They are forgotten, and a code is needed again."),
            days=UNUSED_DAYS,
            overdue=lambda before: Device.objects.filter(used_on__lt=_day(before)),
            end=_delete,
        ),
    ]


def _kept() -> list[Period]:
    return [
        Period(
            "audit",
            _("The record of who did what"),
            _("It stays: it holds random numbers instead of names, and proves what happened."),
        ),
        Period(
            "consents",
            _("Consents and their withdrawal"),
            _("They stay as proof; once a person is erased, without their name."),
        ),
        Period(
            "agreements",
            _("Agreements with the names of those who signed"),
            _("They stay as long as rights rest on them: the names are part of the document."),
        ),
    ]
