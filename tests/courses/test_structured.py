"""What search engines read: the required properties of schema.org, nothing that ends the script, nobody's name."""

import json
import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.template import Context, Template
from django.test import Client

from courses.models import Course, Pattern
from tests import factories as make

pytestmark = pytest.mark.django_db
# What schema.org's readers demand, as Google documents it: type → properties, each with the type of its value.
REQUIRED = {
    "Event": {"name": str, "startDate": datetime, "location": (dict, list)},
    "Course": {"name": str, "description": str, "provider": dict, "hasCourseInstance": list},
    "CourseInstance": {"name": str, "courseMode": str, "startDate": datetime, "location": (dict, list)},
    "Organization": {"name": str},
    "Place": {"name": str, "address": str},
    "VirtualLocation": {"url": str},
    "Schedule": {"repeatCount": int, "repeatFrequency": str},
}
ENUMERATED = {
    "eventStatus": {"EventScheduled", "EventCancelled"},
    "eventAttendanceMode": {"OfflineEventAttendanceMode", "OnlineEventAttendanceMode", "MixedEventAttendanceMode"},
}


def data_of(page):
    """The one piece of data on a page, read as a browser does: up to the first end of a script."""
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.content.decode(), re.DOTALL)
    return [json.loads(text) for text in found]


def complaints(thing, where=""):
    """What is wrong with a thing and all things in it."""
    kind = thing.get("@type")
    if kind not in REQUIRED:
        return [f"{where}: no such type {kind}"]
    wrong = [f"{where}{kind} lacks {name}" for name in REQUIRED[kind] if not thing.get(name)]
    for name, value in thing.items():
        wanted = REQUIRED[kind].get(name)
        if wanted is datetime:
            wrong += [] if datetime.fromisoformat(value).tzinfo else [f"{kind}.{name} has no zone"]
        elif wanted and not isinstance(value, wanted):
            wrong.append(f"{kind}.{name} is {type(value).__name__}")
        if name in ENUMERATED and value.removeprefix("https://schema.org/") not in ENUMERATED[name]:
            wrong.append(f"{kind}.{name} is {value}")
        for one in value if isinstance(value, list) else [value]:
            wrong += complaints(one, f"{where}{kind}.") if isinstance(one, dict) else []
    if kind == "CourseInstance" and not (thing.get("courseWorkload") or thing.get("courseSchedule")):
        wrong.append("CourseInstance lacks courseWorkload or courseSchedule")
    return wrong


@pytest.fixture(params=["course", "workshop", "event"])
def run(request):
    run = make.RunFactory(course__kind=request.param, course__level="basic", host=make.InstitutionFactory())
    make.SessionFactory(run=run)
    make.PoolFactory(run=run)
    return run


def get(it):
    return Client().get(it.get_absolute_url())


@pytest.mark.parametrize("sorts", [["room"], ["online"], ["room", "online"]])
@pytest.mark.parametrize("hours", [None, 72])
def test_the_pages_say_what_schema_org_requires(run, sorts, hours):
    run.pools.all().delete()
    for sort in sorts:
        make.PoolFactory(run=run, sort=sort)
    Course.objects.update(hours=hours)
    for page in (get(run), get(run.course)):
        (data,) = data_of(page)
        assert data["@context"] == "https://schema.org"
        assert complaints(data) == []


def test_a_validator_that_finds_nothing_would_prove_nothing(run):
    (data,) = data_of(get(run.course))
    data["hasCourseInstance"][0].pop("location")
    data["hasCourseInstance"][0]["startDate"] = "2027-03-02T16:00:00"
    data["provider"]["name"] = ""
    assert sorted(complaints(data)) == [
        "Course.CourseInstance lacks location",
        "Course.Organization lacks name",
        "CourseInstance.startDate has no zone",
    ]


def test_a_course_is_a_course_and_the_others_are_events(run):
    (data,) = data_of(get(run))
    assert data["@type"] == ("Course" if run.course.kind == "course" else "Event")
    assert data_of(get(run.course))[0]["@type"] == "Course"


def test_a_cancelled_run_says_so(run):
    type(run).objects.update(state="cancelled")
    (data,) = data_of(get(run.course))
    assert data["hasCourseInstance"][0]["eventStatus"] == "https://schema.org/EventCancelled"


def test_a_draft_and_a_run_without_dates_are_left_out(cast, demo):
    run = make.RunFactory(state="draft")
    make.SessionFactory(run=run)
    undated = make.RunFactory(course=run.course)
    client = Client()
    client.force_login(cast.coordinator)
    assert data_of(client.get(run.get_absolute_url())) == data_of(client.get(undated.get_absolute_url())) == []
    assert "hasCourseInstance" not in data_of(client.get(run.course.get_absolute_url()))[0]


def test_nobody_and_no_joining_link_stands_in_it(run, cast):
    run.instructors.add(cast.teacher)
    type(run).objects.update(online_link="https://meet.example/secret")
    text = json.dumps(data_of(get(run)) + data_of(get(run.course)), ensure_ascii=False)
    assert [cast.teacher.family_name in text, "meet.example" in text] == [False, False]


@pytest.mark.parametrize("evil", ["</script><script>alert(1)</script>", "<!--<script>", "\u2028 & \u2029", "]]>"])
def test_no_text_ends_the_script_or_begins_another(run, evil):
    Course.objects.update(title=evil, summary=evil)
    page = get(run)
    assert data_of(page)[0]["description"] == evil
    assert evil not in page.content.decode()
    assert page.content.decode().count("<script") == Client().get("/courses/").content.decode().count("<script") + 1


def test_without_facts_there_is_no_script():
    assert Template("{% json_ld facts %}").render(Context({"facts": {}})) == ""


def instance_of(run):
    return data_of(get(run.course))[0]["hasCourseInstance"][0]


def test_three_sessions_of_one_afternoon_are_no_weekly_schedule(db):
    run = make.RunFactory(course__hours=None)
    for hour in (12, 14, 16):
        at = datetime(2027, 3, 2, hour, tzinfo=UTC)
        make.SessionFactory(run=run, starts_at=at, ends_at=at + timedelta(minutes=90))
    assert [instance_of(run).get(name) for name in ("courseSchedule", "courseWorkload")] == [None, "PT4H30M"]


def test_a_weekly_pattern_says_its_days_and_times(db):
    run = make.RunFactory(course__hours=None)
    days = {"first_day": date(2027, 3, 2), "last_day": date(2027, 3, 11)}
    Pattern.objects.create(run=run, weekdays=[3, 1], start_time=time(16), minutes=90, **days)
    for _number in range(4):
        make.SessionFactory(run=run)
    assert instance_of(run)["courseSchedule"] == {
        "@type": "Schedule",
        "repeatFrequency": "Weekly",
        "repeatCount": 4,
        "byDay": ["https://schema.org/Tuesday", "https://schema.org/Thursday"],
        "startDate": "2027-03-02",
        "endDate": "2027-03-11",
        "startTime": "16:00:00",
        "endTime": "17:30:00",
        "scheduleTimezone": "Europe/Moscow",
    }


def test_what_is_both_has_both_places_and_an_address_that_is_no_room(db):
    host = make.InstitutionFactory(name="Lyceum", region=make.RegionFactory(name="North", slug="north"))
    run = make.RunFactory(course__kind="event", host=host, place="Room 5")
    make.SessionFactory(run=run)
    for sort in ("room", "online"):
        make.PoolFactory(run=run, sort=sort)
    assert data_of(get(run))[0]["location"] == [
        {"@type": "Place", "name": "Room 5", "address": "Lyceum, North"},
        {"@type": "VirtualLocation", "url": f"http://testserver{run.get_absolute_url()}"},
    ]
