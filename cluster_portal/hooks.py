"""The one closed list of registries by which the ground asks the apps above it.

Each app fills them in its ``AppConfig.ready``. There is no other upward call.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class MailKind:
    """One kind of mail. `still_due(mail)` is asked again at sending: False cancels the mail instead of sending it.

    `secrets(mail)` returns the signed links and codes that are put in at sending: name → value. `about(public_id)`
    finds the object that the mail is about. `bulk` mail carries List-Unsubscribe; of `account` mail nobody but the
    reader ever sees the text.
    """

    template: str
    still_due: Callable[[Any], bool]
    secrets: Callable[[Any], dict[str, str]] = lambda mail: {}
    bulk: bool = False
    account: bool = False


@dataclass(frozen=True)
class WantedMail:
    """A reminder that should exist: what `queue_mail` would be called with."""

    template: str
    about: Any
    to: Any
    occasion: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True)
class Reminder:
    """`due(since, until)` yields lazily every WantedMail of this template whose `not_before` lies in the window."""

    template: str
    due: Callable[[datetime, datetime], Iterable[WantedMail]]


@dataclass(frozen=True)
class DeskRow:
    """One line of the desk: what waits for this person, how many, since when, and the one button that helps."""

    text: Any
    count: int
    since: datetime | None
    url: str
    button: Any


mail_kinds: dict[str, MailKind] = {}
reminders: dict[str, Reminder] = {}
upload_readers: dict[str, Callable[[Any, Any], bool]] = {}
desk_rows: list[Callable[[Any], Iterable[DeskRow]]] = []


def register_mail(*kinds: MailKind) -> None:
    """Make kinds of mail known; a template can be registered once."""
    for kind in kinds:
        if mail_kinds.setdefault(kind.template, kind) is not kind:
            raise ValueError(f"The mail {kind.template} is registered twice.")


def register_reminder(*kinds: Reminder) -> None:
    """Make kinds of reminders known; their templates are registered as mail kinds too."""
    for kind in kinds:
        if reminders.setdefault(kind.template, kind) is not kind:
            raise ValueError(f"The reminder {kind.template} is registered twice.")


def register_upload_reader(model: str, may_read: Callable[[Any, Any], bool]) -> None:
    """`may_read(person, upload)` says who may read the files that belong to `model` (a lower-case label)."""
    upload_readers[model] = may_read


def register_desk_rows(rows: Callable[[Any], Iterable[DeskRow]]) -> None:
    """`rows(person)` yields the lines that this app puts on a person's desk."""
    desk_rows.append(rows)
