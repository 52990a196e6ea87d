"""The one closed list of registries by which the ground asks the apps above it.

Each app fills them in its ``AppConfig.ready``. There is no other upward call.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.timesince import timesince
from django.utils.timezone import now
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class MailKind:
    """One kind of mail. `still_due(mail)` is asked again at sending: False cancels the mail instead of sending it.

    `context(wanted)` gives the variables of its templates. `secrets(mail)` returns the links and codes that are
    put in at sending and never stored: name → value. `bulk` mail carries List-Unsubscribe (`unsubscribe(mail)` gives
    its address), and `title` says what it is; of `account` mail nobody but the reader ever sees the text.
    """

    template: str
    still_due: Callable[[Any], bool]
    secrets: Callable[[Any], dict[str, str]] = lambda mail: {}
    context: Callable[["WantedMail"], dict[str, Any]] = lambda wanted: {}
    unsubscribe: Callable[[Any], str] = lambda mail: ""
    bulk: bool = False
    account: bool = False
    title: Any = ""


@dataclass(frozen=True)
class WantedMail:
    """A mail that should exist: what `queue_mail` is called with (outbox.py says what each part means).

    `ground` is the object that entitles the reader to it, where that is another than `about` (an enrolment, when the
    mail is about a session): its templates may need it, and a round of thousands has it at hand.
    """

    template: str
    about: Any
    to: Any
    occasion: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    calendar: Sequence[Sequence[str]] = ()
    draft: bool = False
    address: str = ""
    ground: Any = None


@dataclass(frozen=True)
class Sender:
    """In whose name mail goes out: the cluster, the human who answers replies, the zone of those who chose none."""

    name: str = ""
    reply_to: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    hue: int = 258


@dataclass(frozen=True)
class Reminder:
    """`due(since, until)` yields lazily every WantedMail of this template whose `not_before` lies in the window.

    `unwanted(mails)` narrows the unfinished mails of this template to those that should not exist any more: one
    anti-join, because nobody could walk through them all.
    """

    template: str
    due: Callable[[datetime, datetime], Iterable[WantedMail]]
    unwanted: Callable[[QuerySet[Any]], QuerySet[Any]]


@dataclass(frozen=True)
class DeskRow:
    """One line of the desk: what waits for this person, how many, since when, and the one button that helps."""

    text: Any
    count: int
    since: datetime | None
    url: str
    button: Any

    @property
    def age(self) -> str:
        """How long it has waited, in words."""
        if self.since is None:
            return ""
        if now() - self.since < timedelta(minutes=1):
            return _("just now")
        time = {"time": timesince(self.since)}
        return _("for %(time)s") % time if self.count == 1 else _("the oldest for %(time)s") % time


@dataclass(frozen=True)
class PagePart:
    """A section of the page of an institution or an initiative. Each row is (title, address or "", note)."""

    title: Any
    rows: Sequence[tuple[Any, str, Any]]
    more_url: str = ""
    more: Any = ""


@dataclass(frozen=True)
class GuardianPage:
    """A page on which somebody reads about children: the list of all (`is_list`), or the page of one.

    `token` is that of the signed link by which the reader came; it is empty for who is signed in.
    """

    reader: Any
    children: Sequence[Any]
    token: str = ""
    is_list: bool = False


@dataclass(frozen=True)
class ChildRow:
    """One thing of a child: what, how it stands (`notes`, `word` and `tone`), what its reader can do.

    `moves` (name → label) are buttons that post to `act_url`; `links` are pairs of address and label.
    """

    title: Any
    url: str
    notes: Sequence[str] = ()
    word: Any = ""
    tone: str = ""
    moves: dict[str, Any] = field(default_factory=dict)
    act_url: str = ""
    links: Sequence[tuple[str, Any]] = ()


@dataclass(frozen=True)
class ChildPart:
    """A section about one child (by key) on such a page."""

    child: int
    title: Any
    rows: Sequence[ChildRow]


@dataclass(frozen=True)
class FirstStep:
    """A step of a cluster's first day, from its name (`order` 10) to its first course (60); facts say if it is done."""

    order: int
    title: Any
    text: Any
    url: str
    is_done: bool


@dataclass(frozen=True)
class PersonalData:
    """What one app holds about people.

    `export(person)` yields (heading, rows) for "download my data", each row a dict of plain values. `erase(person)`
    empties what may go and yields a sentence for each thing that stays, with the reason. `merge(kept, gone)` lets
    everything that belongs to `gone` belong to `kept`; it runs in one transaction with the locks of both held.
    `tables` is the list that export and erasure read (personal.py): every table of the app, column by column.
    """

    app: str
    export: Callable[[Any], Iterable[tuple[str, list[dict[str, Any]]]]]
    erase: Callable[[Any], Iterable[str]]
    merge: Callable[[Any, Any], None]
    tables: Sequence[Any] = ()


class Job(Protocol):
    """One run at a piece of long work. It is made outside of any transaction, and may read what all its steps need."""

    def do(self, since: int, until: int) -> None:
        """The parts from `since` to before `until`, in the transaction that notes them as done."""

    def finish(self) -> None:
        """What follows the last part, in its transaction."""


@dataclass(frozen=True)
class LongWorkKind:
    """One kind of long work (long_work.py). `job(work)` begins a run, in this worker or another; it raises Refused
    when the work cannot be done any more. `give_up(work, why)` says what becomes of the parts that are not done.
    `step` parts make one transaction: what a worker that is killed leaves undone, and how finely the progress shows.
    """

    name: str
    job: Callable[[Any], Job]
    give_up: Callable[[Any, str], None] = lambda work, why: None
    step: int = 10


mail_kinds: dict[str, MailKind] = {}
long_work_kinds: dict[str, LongWorkKind] = {}
decision_listeners: list[Callable[[Any, str], None]] = []
blind: list[Callable[[Any], dict[str, QuerySet[Any]]]] = []
kept_out_listeners: list[Callable[[Any], None]] = []
standing_noes: list[Callable[[Any, Any], bool]] = []
answering: list[Callable[[Any], bool]] = []
bond_listeners: list[Callable[[Collection[int]], None]] = []
personal_data: dict[str, PersonalData] = {}
reminders: dict[str, Reminder] = {}
institution_parts: list[Callable[[Any, Any], Iterable[PagePart]]] = []
initiative_parts: list[Callable[[Any, Any], Iterable[PagePart]]] = []
child_parts: list[Callable[[GuardianPage], Iterable[ChildPart]]] = []
retention_periods: list[Callable[[], Iterable[Any]]] = []
public_dates: list[Callable[[], Iterable[Any]]] = []
first_steps: list[Callable[[Any], Iterable[FirstStep]]] = []
certificate_keepers: dict[str, Callable[[Any, Any], bool]] = {}
upload_readers: dict[str, Callable[[Any, Any], bool]] = {}
upload_opened: dict[str, Callable[[Any, Any], None]] = {}
desk_rows: list[Callable[[Any], Iterable[DeskRow]]] = []
_sender: Callable[[], Sender] = Sender


def register_mail(*kinds: MailKind) -> None:
    """Make kinds of mail known; a template can be registered once."""
    for kind in kinds:
        if mail_kinds.setdefault(kind.template, kind) is not kind:
            raise ValueError(f"The mail {kind.template} is registered twice.")


def register_long_work(*kinds: LongWorkKind) -> None:
    """Make kinds of long work known; a name can be registered once."""
    for kind in kinds:
        if long_work_kinds.setdefault(kind.name, kind) is not kind:
            raise ValueError(f"The long work {kind.name} is registered twice.")


def register_sender(find: Callable[[], Sender]) -> None:
    """`find()` says in whose name mail goes out."""
    global _sender
    _sender = find


def sender() -> Sender:
    """In whose name mail goes out now."""
    return _sender()


def register_reminder(*kinds: Reminder) -> None:
    """Make kinds of reminders known; their templates are registered as mail kinds too."""
    for kind in kinds:
        if reminders.setdefault(kind.template, kind) is not kind:
            raise ValueError(f"The reminder {kind.template} is registered twice.")


def register_upload_reader(
    model: str, may_read: Callable[[Any, Any], bool], opened: Callable[[Any, Any], None] = lambda person, upload: None
) -> None:
    """`may_read(person, upload)` says who may read the files that belong to `model` (a lower-case label).

    `opened(person, upload)` notes that somebody did, where looks are noted.
    """
    upload_readers[model], upload_opened[model] = may_read, opened


def register_certificate_keeper(model: str, keeps: Callable[[Any, Any], bool]) -> None:
    """`keeps(person, certificate)` says who may correct and revoke what was issued for `model` (lower-case label)."""
    certificate_keepers[model] = keeps


def register_personal_data(held: PersonalData) -> None:
    """Make known how one app exports, erases and merges what it holds about a person; once for each app."""
    if personal_data.setdefault(held.app, held) is not held:
        raise ValueError(f"The personal data of {held.app} is registered twice.")


def register_desk_rows(rows: Callable[[Any], Iterable[DeskRow]]) -> None:
    """`rows(person)` yields the lines that this app puts on a person's desk."""
    desk_rows.append(rows)


def register_institution_parts(parts: Callable[[Any, Any], Iterable[PagePart]]) -> None:
    """`parts(institution, reader)` yields the sections that this app adds to an institution's page."""
    institution_parts.append(parts)


def register_initiative_parts(parts: Callable[[Any, Any], Iterable[PagePart]]) -> None:
    """`parts(initiative, reader)` yields the sections that this app adds to an initiative's page."""
    initiative_parts.append(parts)


def register_child_parts(parts: Callable[[GuardianPage], Iterable[ChildPart]]) -> None:
    """`parts(page)` yields the sections that this app adds about the children of a guardian's page."""
    child_parts.append(parts)


def register_periods(periods: Callable[[], Iterable[Any]]) -> None:
    """`periods()` yields the lines (members/retention.py) that this app adds to the table of what is kept how long."""
    retention_periods.append(periods)


def register_public_dates(dates: Callable[[], Iterable[Any]]) -> None:
    """`dates()` yields what this app adds to the public calendar (`Shown` of feeds.py)."""
    public_dates.append(dates)


def register_first_steps(steps: Callable[[Any], Iterable[FirstStep]]) -> None:
    """`steps(person)` yields the steps that this app asks of the coordinator of an empty cluster."""
    first_steps.append(steps)


def register_decision_listener(listener: Callable[[Any, str], None]) -> None:
    """`listener(child, purpose)` hears, in the same transaction, that somebody decided about a child."""
    decision_listeners.append(listener)


def say_decided(child: Any, purpose: str) -> None:
    """Tell whoever waits for a decision about this child."""
    for listener in decision_listeners:
        listener(child, purpose)


def register_kept_out_listener(listener: Callable[[Any], None]) -> None:
    """`listener(person)` hears, in the same transaction, that somebody is suspended: what they do must stop."""
    kept_out_listeners.append(listener)


def say_kept_out(person: Any) -> None:
    """Tell whoever relies on this person that they are suspended."""
    for listener in kept_out_listeners:
        listener(person)


def register_standing_no(says_no: Callable[[Any, Any], bool]) -> None:
    """`says_no(guardian, child)` says whether the guardian's last word about something of this app is a no."""
    standing_noes.append(says_no)


def register_answering(answers: Callable[[Any], bool]) -> None:
    """`answers(person)` says whether somebody reads what is other people's children's, by a part in this app."""
    answering.append(answers)


def register_blind(hidden: Callable[[Any], dict[str, QuerySet[Any]]]) -> None:
    """`hidden(person)` gives, by model (lower-case label), ids or keys of what is hidden from them: hidden.py."""
    blind.append(hidden)


def register_bond_listener(listener: Callable[[Collection[int]], None]) -> None:
    """`listener(keys)` hears, in the same transaction, that people were bound: to each other, or to an institution."""
    bond_listeners.append(listener)


def say_bonds_changed(keys: Collection[int]) -> None:
    """Tell whoever must know who is bound to whom: these people (by key) have a tie or an institution more."""
    for listener in bond_listeners:
        listener(keys)
