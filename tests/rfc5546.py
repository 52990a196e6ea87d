"""A small calendar that takes iTIP messages (RFC 5546) as a mail program's does, written by hand for the tests.

It knows nothing of the portal: it reads text, keeps what SEQUENCE says is newest, and expands what it keeps. Times
are read by the VTIMEZONE of the message, as the standard demands, not by a database of zones.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Line:
    name: str
    params: dict[str, str]
    value: str


@dataclass
class Component:
    name: str
    lines: list[Line] = field(default_factory=list)
    parts: list["Component"] = field(default_factory=list)

    def all(self, name: str) -> list[Line]:
        return [line for line in self.lines if line.name == name]

    def get(self, name: str) -> Line | None:
        found = self.all(name)
        assert len(found) <= 1, f"{name} stands {len(found)} times in {self.name}"
        return found[0] if found else None

    def value(self, name: str, default: str = "") -> str:
        line = self.get(name)
        return line.value if line else default

    def named(self, name: str) -> list["Component"]:
        return [part for part in self.parts if part.name == name]


@dataclass(frozen=True)
class Meeting:
    """What a calendar shows."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    status: str
    location: str


@dataclass
class Kept:
    """What the calendar holds under one UID: the newest description, and single meetings that differ from it."""

    sequence: int = -1
    whole: Component | None = None
    zones: dict = field(default_factory=dict)
    single: dict[datetime, tuple[int, Component | None, dict]] = field(default_factory=dict)


class Calendar:
    """Takes messages in any order; shows what is left."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}

    def take(self, text: str) -> None:
        """Apply one message; AssertionError for one that the standards forbid."""
        message = parse(text)
        method = message.value("METHOD")
        assert method in {"REQUEST", "CANCEL"}
        events, zones = message.named("VEVENT"), read_zones(message)
        assert len({event.value("UID") for event in events}) == 1, "one UID per message"
        for event in events:
            check(event, zones)
            self._take_one(method, event, zones)

    def meetings(self) -> set[Meeting]:
        """Everything that takes place, one by one."""
        return {meeting for uid, kept in self.kept.items() for meeting in expand(uid, kept)}

    def _take_one(self, method: str, event: Component, zones: dict) -> None:
        kept = self.kept.setdefault(event.value("UID"), Kept())
        sequence, recurrence = int(event.value("SEQUENCE", "0")), event.get("RECURRENCE-ID")
        if sequence < kept.sequence:
            return
        if recurrence is None:
            kept.sequence, kept.zones = sequence, zones
            kept.whole = event if method == "REQUEST" else None
            kept.single = {at: it for at, it in kept.single.items() if it[0] > sequence}
        else:
            at = instant(recurrence, zones)
            if sequence >= kept.single.get(at, (-1,))[0]:
                kept.single[at] = (sequence, event if method == "REQUEST" else None, zones)


def read_feed(text: str) -> set[Meeting]:
    """Every meeting of a feed (RFC 5545); AssertionError for what makes a feed an invitation."""
    calendar = parse(text)
    assert not calendar.get("METHOD"), "a feed with a method is taken for a message"
    zones, kept = read_zones(calendar), {}
    for event in calendar.named("VEVENT"):
        assert event.get("UID")
        assert event.value("DTSTAMP").endswith("Z")
        assert not event.all("ATTENDEE") + event.all("ORGANIZER")
        recurrence, one = event.get("RECURRENCE-ID"), kept.setdefault(event.value("UID"), Kept(zones=zones))
        if recurrence is None:
            assert one.whole is None, "a UID stands twice"
            one.whole = event
        else:
            one.single[instant(recurrence, zones)] = (0, event, zones)
    return {meeting for uid, one in kept.items() for meeting in expand(uid, one)}


def parse(text: str) -> Component:
    """The tree of components of one iCalendar object."""
    assert text.endswith("\r\n")
    raw = text.encode()
    assert all(len(line) <= 75 for line in raw.split(b"\r\n")), "a line is longer than 75 octets"
    root, stack = None, []
    for line in raw.replace(b"\r\n ", b"").decode().split("\r\n")[:-1]:
        assert "\n" not in line
        read = parse_line(line)
        if read.name == "BEGIN":
            stack.append(Component(read.value))
        elif read.name == "END":
            done = stack.pop()
            assert done.name == read.value
            if stack:
                stack[-1].parts.append(done)
            else:
                assert root is None, "more than one object"
                root = done
        else:
            stack[-1].lines.append(read)
    assert root is not None
    assert root.name == "VCALENDAR"
    assert root.value("VERSION") == "2.0"
    assert root.value("PRODID")
    return root


def parse_line(line: str) -> Line:
    """NAME;PARAM="value":value, where quotes protect colons and semicolons."""
    pieces, piece, quoted = [], "", False
    for position, mark in enumerate(line):
        if mark == '"':
            quoted = not quoted
        elif mark in ";:" and not quoted:
            pieces.append(piece)
            piece = ""
            if mark == ":":
                name, *params = pieces
                return Line(name.upper(), dict(param.split("=", 1) for param in params), line[position + 1 :])
        else:
            piece += mark
    raise AssertionError(f"no colon in {line!r}")


def check(event: Component, zones: dict) -> None:
    """What RFC 5546 demands of every event in a message."""
    for name in ("UID", "DTSTAMP", "ORGANIZER", "ATTENDEE", "SEQUENCE"):
        assert event.get(name), f"{name} is missing"
    assert event.value("DTSTAMP").endswith("Z")
    assert not event.all("RDATE")
    for line in event.lines:
        if zone := line.params.get("TZID"):
            assert zone in zones, f"no VTIMEZONE for {zone}"


def expand(uid: str, kept: Kept) -> list[Meeting]:
    if kept.whole is None:
        return [shown(uid, event, zones) for _seq, event, zones in kept.single.values() if event]
    meetings = {at: shown(uid, kept.whole, kept.zones, at) for at in instants(kept.whole, kept.zones)}
    for at, (_sequence, event, zones) in kept.single.items():
        meetings.pop(at, None)
        if event is not None:
            meetings[at] = shown(uid, event, zones)
    return list(meetings.values())


def shown(uid: str, event: Component, zones: dict, at: datetime | None = None) -> Meeting:
    first = instant(event.get("DTSTART"), zones)
    length = instant(event.get("DTEND"), zones) - first
    starts = at or first
    return Meeting(uid, starts, starts + length, event.value("STATUS").lower(), event.value("LOCATION"))


def instants(event: Component, zones: dict) -> list[datetime]:
    """DTSTART, or what RRULE makes of it without EXDATE. Weeks are counted by the wall clock."""
    start, rule = event.get("DTSTART"), event.get("RRULE")
    if rule is None:
        return [instant(start, zones)]
    parts = dict(part.split("=", 1) for part in rule.value.split(";"))
    assert parts.pop("FREQ") == "WEEKLY"
    days, until = parts.pop("BYDAY").split(","), read_utc(parts.pop("UNTIL"))
    assert not parts, f"unknown parts of the rule: {parts}"
    off = {
        instant(Line("", line.params, value), zones) for line in event.all("EXDATE") for value in line.value.split(",")
    }
    local, found = read_local(start.value), []
    while (at := to_utc(local, zones[start.params["TZID"]])) <= until:
        if DAYS[local.weekday()] in days and at not in off:
            found.append(at)
        local += timedelta(days=1)
    return found


def instant(line: Line, zones: dict) -> datetime:
    if line.value.endswith("Z"):
        return read_utc(line.value)
    return to_utc(read_local(line.value), zones[line.params["TZID"]])


def read_utc(value: str) -> datetime:
    return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def read_local(value: str) -> datetime:
    return datetime.strptime(value, "%Y%m%dT%H%M%S")


def read_zones(message: Component) -> dict[str, list[tuple[datetime, timedelta]]]:
    """TZID → when which offset begins, by the local time before it."""
    zones = message.named("VTIMEZONE")
    return {zone.value("TZID"): sorted(onset for part in zone.parts for onset in onsets(part)) for zone in zones}


def onsets(part: Component) -> list[tuple[datetime, timedelta]]:
    first, offset = read_local(part.value("DTSTART")), read_offset(part.value("TZOFFSETTO"))
    days = [first] + [read_local(value) for line in part.all("RDATE") for value in line.value.split(",")]
    if rule := part.get("RRULE"):
        parts = dict(piece.split("=", 1) for piece in rule.value.split(";"))
        assert parts["FREQ"] == "YEARLY"
        years = range(first.year, first.year + 20)
        days = [nth_weekday(year, int(parts["BYMONTH"]), parts["BYDAY"], first) for year in years]
        assert days[0] == first, "DTSTART does not follow the rule"
    return [(day, offset) for day in days]


def nth_weekday(year: int, month: int, day: str, time: datetime) -> datetime:
    """For instance the last Sunday (-1SU) of a month."""
    number, weekday = int(day[:-2]), DAYS.index(day[-2:])
    days = [datetime(year, month, 1, time.hour, time.minute) + timedelta(days=n) for n in range(31)]
    fitting = [it for it in days if it.month == month and it.weekday() == weekday]
    return fitting[number - 1] if number > 0 else fitting[number]


def read_offset(text: str) -> timedelta:
    sign = -1 if text[0] == "-" else 1
    return sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:5]))


def to_utc(local: datetime, zone: list[tuple[datetime, timedelta]]) -> datetime:
    begun = [offset for onset, offset in zone if onset <= local]
    assert begun, f"the VTIMEZONE begins only after {local}"
    return (local - begun[-1]).replace(tzinfo=UTC)
