"""Calendar entries and the text of iCalendar messages."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils.timezone import now

from cluster_portal.calendar import Series, Status, keep_entries
from cluster_portal.ics import Writer
from cluster_portal.models import CalendarEntry
from cluster_portal.vtimezone import vtimezone
from courses import calendars
from courses.models import Run, Session
from members.models import Cluster
from tests import factories as make
from tests.rfc5546 import Calendar, parse, read_zones, to_utc

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")


def weekly(run, count=6, zone=BERLIN, minutes=90):
    """Tuesdays 16:00 by the wall clock from 2 March 2027."""
    days = [date(2027, 3, 2) + timedelta(weeks=number) for number in range(count)]
    starts = [datetime.combine(day, time(16), zone).astimezone(UTC) for day in days]
    return [
        make.SessionFactory(run=run, starts_at=at, ends_at=at + timedelta(minutes=minutes), slot=at) for at in starts
    ]


@pytest.fixture
def run():
    run = make.RunFactory(time_zone="Europe/Berlin")
    weekly(run)
    return run


@pytest.fixture
def enrolment(run):
    return make.EnrolmentFactory(run=run)


def test_pattern_is_one_event_with_rule_and_zone(run, enrolment):
    ((method, text),) = calendars.invite(enrolment)
    message = parse(text)
    (event,) = message.named("VEVENT")
    assert method == message.value("METHOD") == "REQUEST"
    assert event.value("RRULE") == "FREQ=WEEKLY;UNTIL=20270406T140000Z;BYDAY=TU"
    assert (event.get("DTSTART").params, event.value("DTSTART")) == ({"TZID": "Europe/Berlin"}, "20270302T160000")
    assert event.value("ORGANIZER") == "mailto:portal@example.org"
    assert event.value("ATTENDEE") == f"mailto:{enrolment.person.email}"
    assert event.get("ATTENDEE").params["PARTSTAT"] == "ACCEPTED"
    assert (event.value("SEQUENCE"), event.value("STATUS"), event.value("LOCATION")) == ("0", "CONFIRMED", "Room 5")
    assert [zone.value("TZID") for zone in message.named("VTIMEZONE")] == ["Europe/Berlin"]


def test_entries_say_what_stands_in_the_calendar(run, enrolment):
    calendars.invite(enrolment)
    entries = CalendarEntry.objects.filter(person=enrolment.person)
    assert entries.count() == 6
    assert set(entries.values_list("uid", flat=True)) == {
        f"{run.public_id}-{enrolment.person.public_id}@cluster-portal"
    }
    first = run.sessions.first()
    assert CalendarEntry.objects.between(first.starts_at, first.ends_at).get().about_id == first.public_id


def test_repeat_says_and_writes_nothing(run, enrolment):
    calendars.invite(enrolment)
    assert calendars.invite(enrolment) == []
    assert calendars.sessions_changed(run, [enrolment]) == {enrolment.pk: []}
    assert set(CalendarEntry.objects.values_list("sequence", flat=True)) == {0}


def test_sequence_grows_once_per_change(run, enrolment):
    calendars.invite(enrolment)
    session = run.sessions.first()
    for number, hours in enumerate([1, 3, 0], start=1):
        start = session.slot + timedelta(hours=hours)
        Session.objects.filter(pk=session.pk).update(starts_at=start, ends_at=start + timedelta(minutes=90))
        calendars.sessions_changed(run, [enrolment])
        assert set(CalendarEntry.objects.values_list("sequence", flat=True)) == {number}


def test_several_sessions_without_pattern_are_several_messages(enrolment):
    run = make.RunFactory()
    make.SessionFactory.create_batch(3, run=run)
    enrolment = make.EnrolmentFactory(run=run)
    messages = calendars.invite(enrolment)
    assert len(messages) == len({parse(text).named("VEVENT")[0].value("UID") for _method, text in messages}) == 3


def test_slots_that_left_the_rule_become_events_of_their_own(run, enrolment):
    """The run's zone was changed: the slots after the change of the clocks are at another time of day there."""
    calendar = Calendar()
    for _method, text in calendars.invite(enrolment):
        calendar.take(text)
    run.time_zone = "Europe/Moscow"
    run.save()
    for _method, text in calendars.sessions_changed(run, [enrolment])[enrolment.pk]:
        calendar.take(text)
    assert {it.starts_at for it in calendar.meetings()} == set(run.sessions.values_list("starts_at", flat=True))
    run.time_zone = "Europe/Berlin"
    run.save()
    for _method, text in calendars.sessions_changed(run, [enrolment])[enrolment.pk]:
        calendar.take(text)
    assert {it.starts_at for it in calendar.meetings()} == set(run.sessions.values_list("starts_at", flat=True))
    assert len({it.uid for it in calendar.meetings()}) == 1


def test_nobody_without_entries_is_told_of_leaving(enrolment):
    assert calendars.withdraw(enrolment) == []


def test_person_who_left_clashes_with_nothing(run, enrolment):
    calendars.invite(enrolment)
    ((method, text),) = calendars.withdraw(enrolment)
    assert (method, parse(text).value("METHOD")) == ("CANCEL", "CANCEL")
    assert not CalendarEntry.objects.between(
        datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    ).exists()


def test_titles_fold_and_escape_and_tempt_nobody():
    title = "Ёлка, игрушки; и \\ очень-очень длинное название\nс новой строки на evil.com 🎄🎄🎄🎄🎄🎄🎄🎄🎄🎄"
    run = make.RunFactory(course__title=title, place="https://evil.example/room")
    make.SessionFactory(run=run)
    ((_method, text),) = calendars.invite(make.EnrolmentFactory(run=run, person__family_name='Иванова "А"; Б:В, Г'))
    (event,) = parse(text).named("VEVENT")
    assert event.value("SUMMARY").startswith("Ёлка\\, игрушки\\; и \\\\ очень-очень длинное название\\nс новой строки")
    assert "evil.com" not in text
    assert "https://evil" not in text


def test_many_people_take_as_many_queries_as_few(run, django_assert_max_num_queries):
    few = make.EnrolmentFactory.create_batch(2, run=run)
    many = make.EnrolmentFactory.create_batch(12, run=run)
    with django_assert_max_num_queries(10) as first:
        calendars.sessions_changed(run, few)
    with django_assert_max_num_queries(10) as second:
        assert len(calendars.sessions_changed(run, few + many)) == 14
    assert len(second) == len(first)


def test_a_text_is_written_once_and_filled_in_for_each_person_and_moment(run, monkeypatch):
    drafts = Counter()
    monkeypatch.setattr(Writer, "_draft", lambda *given, real=Writer._draft: drafts.update([1]) or real(*given))
    told = []
    for hour in (9, 10):
        with time_machine.travel(datetime(2027, 2, 1, hour, tzinfo=UTC), tick=False):
            told.append(make.EnrolmentFactory(run=run))
            ((_method, text),) = calendars.invite(told[-1])
        (event,) = parse(text).named("VEVENT")
        assert event.value("UID") == f"{run.public_id}-{told[-1].person.public_id}@cluster-portal"
        assert event.value("ATTENDEE") == f"mailto:{told[-1].person.email}"
        assert event.value("DTSTAMP") == f"20270201T{hour:02}0000Z"
    assert drafts.total() == 1


def test_who_comes_after_a_change_is_told_the_whole_series_not_the_change(run, enrolment):
    """Two messages of the same meetings and SEQUENCE: to somebody else two of them had only moved."""
    third, *rest = run.sessions.order_by("starts_at")[2:]
    Session.objects.filter(pk__in=[it.pk for it in rest]).delete()
    Session.objects.filter(pk=third.pk).update(place="Museum")
    calendars.invite(enrolment)
    Run.objects.filter(pk=run.pk).update(place="Room 6")
    calendars.sessions_changed(Run.objects.get(pk=run.pk), [enrolment])
    Session.objects.filter(pk=third.pk).update(state="cancelled")
    later = make.EnrolmentFactory(run=run, state="waiting", queued_at=now())
    for state in ("waiting", "confirmed"):
        later.state, later.run = state, Run.objects.get(pk=run.pk)
        ((_method, text),) = calendars.invite(later)
    (event,) = parse(text).named("VEVENT")
    assert (event.value("SEQUENCE"), event.value("EXDATE")) == ("1", "20270316T160000")
    assert event.value("RRULE") == "FREQ=WEEKLY;UNTIL=20270316T150000Z;BYDAY=TU"


def test_a_series_in_another_place_says_so_also_where_each_meeting_has_its_own(run):
    run.sessions.update(place="Museum")
    for place in ("Room 5", "Room 6"):
        Run.objects.filter(pk=run.pk).update(place=place)
        ((_method, text),) = calendars.invite(make.EnrolmentFactory(run=Run.objects.get(pk=run.pk)))
        assert parse(text).named("VEVENT")[0].value("LOCATION") == place


def test_a_cluster_of_another_name_invites_by_it_at_once(run):
    for name in ("Petrogradsky", "Vyborgsky"):
        Cluster.objects.update_or_create(pk=1, defaults={"name": name})
        ((_method, text),) = calendars.invite(make.EnrolmentFactory(run=run))
        assert parse(text).named("VEVENT")[0].get("ORGANIZER").params["CN"] == name


def test_only_the_change_is_written(run, enrolment):
    """An object whose meetings did not change keeps its rows untouched."""
    start = datetime(2027, 6, 1, 9, tzinfo=UTC)
    single = make.SessionFactory(run=run, starts_at=start)
    calendars.invite(enrolment)
    Session.objects.filter(pk=single.pk).update(place="Elsewhere")
    ((_method, text),) = calendars.sessions_changed(run, [enrolment])[enrolment.pk]
    assert parse(text).named("VEVENT")[0].value("UID").startswith(single.public_id)
    assert set(CalendarEntry.objects.exclude(about_id=single.public_id).values_list("sequence", flat=True)) == {0}


def test_series_without_meetings_says_nothing():
    person = make.PersonFactory()
    series = Series(make.RunFactory(), "Nothing yet", BERLIN, ())
    assert keep_entries(series, [person], Status.CONFIRMED) == {person.pk: []}


def test_length_that_differs_is_an_exception_of_the_rule(run, enrolment):
    session = run.sessions.all()[2]
    Session.objects.filter(pk=session.pk).update(ends_at=session.starts_at + timedelta(hours=3))
    ((_method, text),) = calendars.invite(enrolment)
    assert text.count("BEGIN:VEVENT") == 2
    assert text.count("RECURRENCE-ID;TZID=Europe/Berlin:20270316T160000") == 1


ZONES = [
    "Europe/Berlin",
    "Europe/Moscow",
    "America/New_York",
    "Asia/Seoul",
    "Australia/Lord_Howe",
    "America/Santiago",
    "UTC",
    "Africa/Casablanca",
    "Asia/Almaty",
]


@pytest.mark.parametrize("name", ZONES)
def test_zone_in_the_message_agrees_with_the_zone(name):
    """Read by the reader written by hand, every seventh hour of two years has the offset that the zone has."""
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{vtimezone(name, 2027).to_ical().decode()}END:VCALENDAR\r\n"
    (zone,) = read_zones(parse(text)).values()
    for hours in range(0, 2 * 365 * 24, 7):
        local = datetime(2027, 1, 1, 4) + timedelta(hours=hours)
        assert to_utc(local, zone) == local.replace(tzinfo=ZoneInfo(name)).astimezone(UTC)


def test_single_slot_needs_no_rule():
    run = make.RunFactory()
    weekly(run, count=1)
    ((_method, text),) = calendars.invite(make.EnrolmentFactory(run=run))
    assert "RRULE:FREQ=WEEKLY" not in text
