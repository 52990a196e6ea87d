"""The coordinator's pages: a course, a run, its pattern, edits to a live run, roster and sheets, bad input."""

import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from openpyxl import load_workbook

from cluster_portal.models import OutboxMail
from courses import actions
from courses.desk_rows import drafts
from courses.models import Course, Pool, Run
from members.actions import end_affiliation
from members.models import Person
from tests import factories as make
from tests.browsing import said

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(cast, demo):
    client = Client()
    client.force_login(cast.coordinator)
    return client


@pytest.fixture
def course():
    return make.CourseFactory(title="AI Tools in Teaching")


RUN = {
    "title": "spring 2027", "time_zone": "Europe/Moscow", "enrol_from": "2027-01-10T09:00",
    "enrol_until": "2027-03-01T18:00", "admits": "members", "offer_hours": "48", "room_places": "30",
    "online_places": "",
}  # fmt: skip
PATTERN = {
    "weekdays": ["1", "3"], "start_time": "16:00", "minutes": "90", "first_day": "2027-03-03", "last_day": "2027-04-28",
    "days_off": "2027-03-09, 2027-03-11",
}  # fmt: skip


def wrong(response):
    return sorted(response.context["form"].errors)


def test_a_course_is_described_and_its_first_run_comes_next(client):
    facts = {"title": "ИИ в преподавании", "kind": "course", "summary": "Two months.", "language": "ru", "hours": "72"}
    response = client.post(reverse("courses:desk_new_course"), facts)
    course = Course.objects.get()
    assert course.slug == "ii-v-prepodavanii"
    assert response["Location"] == reverse("courses:desk_new_run", args=[course.slug])


def test_a_run_is_prepared_by_the_wall_clock_of_its_zone(client, course):
    response = client.post(reverse("courses:desk_new_run", args=[course.slug]), RUN | {"time_zone": "Asia/Seoul"})
    run = Run.objects.get()
    assert response["Location"] == reverse("courses:desk_pattern", args=[run.public_id])
    assert (run.state, run.enrol_from.isoformat()) == ("draft", "2027-01-10T00:00:00+00:00")
    assert [(it.sort, it.places) for it in run.pools.all()] == [("room", 30)]


def test_a_run_says_with_whom_and_for_whom_and_what_is_left_empty_is_as_usual(client, course, cast):
    region, partner = make.RegionFactory(), make.InstitutionFactory()
    facts = {
        "kinds": ["school"],
        "regions": [region.pk],
        "partners": [partner.pk],
        "stage_from": "5",
        "roles": ["student"],
    }
    client.post(reverse("courses:desk_new_run", args=[course.slug]), RUN | facts | {"offer_hours": "", "hold_days": ""})
    run = Run.objects.get()
    assert (run.kinds, run.roles, run.stage_from, run.stage_until) == (["school"], ["student"], 5, None)
    assert (list(run.regions.all()), list(run.partners.all())) == ([region], [partner])
    assert (run.offer_hours, run.hold_days, run.needs_approval) == (48, 14, False)
    page = client.get(run.get_absolute_url()).content.decode()
    assert f"students from year 5 on · schools · {region.name}" in page
    assert partner.name in page


WRONG_RUNS = [
    ({"enrol_until": "2027-01-01T09:00"}, ["enrol_until"]),
    ({"room_places": "", "online_places": ""}, ["room_places"]),
    ({"room_places": "-1"}, ["room_places"]),
    ({"time_zone": "Mars/Olympus"}, ["time_zone"]),
    ({"online_link": "javascript:alert(1)"}, ["online_link"]),
    ({"title": ""}, ["title"]),
    ({"admits": "nobody"}, ["admits"]),
    ({"stage_from": "9", "stage_until": "5"}, ["stage_until"]),
    ({"kinds": ["circus"]}, ["kinds"]),
]


@pytest.mark.parametrize(("changes", "fields"), WRONG_RUNS)
def test_a_wrong_run_is_said_at_its_field(client, course, changes, fields):
    assert wrong(client.post(reverse("courses:desk_new_run", args=[course.slug]), RUN | changes)) == fields
    assert not Run.objects.exists()


@pytest.fixture
def draft(client, course):
    client.post(reverse("courses:desk_new_run", args=[course.slug]), RUN)
    return Run.objects.get()


def test_a_pattern_is_shown_before_it_counts(client, draft):
    url = reverse("courses:desk_pattern", args=[draft.public_id])
    response = client.post(url, PATTERN | {"step": "preview"})
    assert (len(response.context["preview"]), draft.sessions.count()) == (14, 0)
    client.post(url, PATTERN | {"step": "save"})
    assert draft.sessions.count() == 14
    assert client.get(url).context["form"].initial["days_off"] == "2027-03-09, 2027-03-11"


WRONG_PATTERNS = [
    ({"last_day": "2027-03-01"}, ["last_day"]),
    ({"last_day": "9999-12-31"}, ["last_day"]),
    ({"weekdays": []}, ["weekdays"]),
    ({"weekdays": ["9"]}, ["weekdays"]),
    ({"minutes": "0"}, ["minutes"]),
    ({"start_time": "25:00"}, ["start_time"]),
    ({"days_off": "8 March"}, ["days_off"]),
]


@pytest.mark.parametrize(("changes", "fields"), WRONG_PATTERNS)
def test_a_wrong_pattern_is_said_at_its_field(client, draft, changes, fields):
    response = client.post(
        reverse("courses:desk_pattern", args=[draft.public_id]), PATTERN | {"step": "save"} | changes
    )
    assert (wrong(response), draft.sessions.count()) == (fields, 0)


def test_publishing_without_sessions_is_refused_with_a_sentence(client, draft):
    response = client.post(reverse("courses:desk_act_on_run", args=[draft.public_id]), {"move": "publish"}, follow=True)
    assert said(response)[-1] == "A run needs at least one session in the future. Plan its sessions, then publish."
    draft.refresh_from_db()
    assert draft.state == "draft"


def as_typed(run, start, hours=1):
    local = start.astimezone(run.zone)
    ends = (start + timedelta(hours=hours)).astimezone(run.zone)
    return {
        "title": "",
        "place": "",
        "starts_at": local.strftime("%Y-%m-%dT%H:%M"),
        "ends_at": ends.strftime("%Y-%m-%dT%H:%M"),
    }


@pytest.fixture
def full(run, cast):
    people = [cast.teacher, cast.colleague, make.AffiliationFactory(institution=cast.school).person]
    enrolments = [actions.enrol(run, person, by=person) for person in people]
    OutboxMail.objects.all().delete()
    return enrolments


def test_moving_a_session_of_a_live_run_asks_first_and_names_whom_it_mails(client, run, full):
    session = run.sessions.get()
    url = reverse("courses:desk_edit_session", args=[run.public_id, session.public_id])
    facts = as_typed(run, session.starts_at + timedelta(days=2))
    response = client.post(url, facts)
    assert (response.context["total"], response.context["people"]) == (3, [("Confirmed", 2), ("In the queue", 1)])
    assert "3 people will get a mail about this." in response.content.decode()
    assert OutboxMail.objects.count() == 0
    client.post(url, dict(response.context["hidden"]) | {"confirmed": "yes"})
    moved = run.sessions.get()
    assert (moved.starts_at - session.starts_at).days in {1, 2}
    assert OutboxMail.objects.filter(template="courses/sessions_changed").count() == 3


def test_a_new_topic_asks_nothing(client, run, full):
    session = run.sessions.get()
    start = session.starts_at.replace(second=0, microsecond=0)
    run.sessions.update(starts_at=start, ends_at=start + timedelta(hours=1))
    url = reverse("courses:desk_edit_session", args=[run.public_id, session.public_id])
    assert client.post(url, as_typed(run, start) | {"title": "Bias"}).status_code == 302
    assert (run.sessions.get().title, OutboxMail.objects.count()) == ("Bias", 0)


@pytest.mark.parametrize("what", ["session", "run"])
def test_cancelling_asks_first(client, run, full, what):
    names = {"session": ("courses:desk_act_on_session", [run.public_id, run.sessions.get().public_id]),
             "run": ("courses:desk_act_on_run", [run.public_id])}  # fmt: skip
    name, args = names[what]
    response = client.post(reverse(name, args=args), {"move": "cancel"})
    assert (response.context["total"], OutboxMail.objects.count()) == (3, 0)
    client.post(reverse(name, args=args), dict(response.context["hidden"]) | {"confirmed": "yes"})
    assert OutboxMail.objects.filter(template=f"courses/{what}_cancelled").count() == 3


def test_changing_the_place_of_a_live_run_asks_first(client, run, full):
    url = reverse("courses:desk_edit_run", args=[run.public_id])
    form = client.get(url).context["form"]
    facts = {name: form[name].value() for name in form.fields}
    facts = {
        k: v.strftime("%Y-%m-%dT%H:%M") if hasattr(v, "strftime") else v
        for k, v in facts.items()
        if v not in (None, [])
    }
    response = client.post(url, facts | {"place": "Room 7"})
    assert response.context["total"] == 3
    client.post(url, dict(response.context["hidden"]) | {"confirmed": "yes"})
    run.refresh_from_db()
    assert (run.place, OutboxMail.objects.count()) == ("Room 7", 3)


def test_a_session_that_ends_before_it_starts_is_said_at_its_field(client, run):
    url = reverse("courses:desk_new_session", args=[run.public_id])
    response = client.post(url, as_typed(run, now() + timedelta(days=3), hours=-1))
    assert (wrong(response), run.sessions.count()) == (["ends_at"], 1)


def test_overlapping_sessions_are_refused_and_the_form_keeps_what_was_typed(client, run):
    facts = as_typed(run, run.sessions.get().starts_at)
    response = client.post(reverse("courses:desk_new_session", args=[run.public_id]), facts | {"confirmed": "yes"})
    assert "Another session of this run takes place then" in said(response)[0]
    assert response.context["form"]["starts_at"].value() == facts["starts_at"]
    assert run.sessions.count() == 1


def test_capacity_below_what_is_taken_is_refused(client, run, full):
    pool = run.pools.get()
    response = client.post(reverse("courses:desk_places", args=[run.public_id, pool.public_id]), {"places": "1"})
    assert "2 places are taken" in said(response)[0]
    assert Pool.objects.get().places == 2


def test_more_places_ask_first_because_they_are_offered_at_once(client, run, full):
    url = reverse("courses:desk_places", args=[run.public_id, run.pools.get().public_id])
    response = client.post(url, {"places": "9"})
    assert (response.context["people"], OutboxMail.objects.count()) == ([("Next in the queue", 1)], 0)
    client.post(url, dict(response.context["hidden"]) | {"confirmed": "yes"})
    assert OutboxMail.objects.get().template == "courses/offered"


def test_the_roster_is_taken_as_a_spreadsheet_without_formulas(client, run, cast):
    cast.teacher.family_name = "=HYPERLINK(1)"
    cast.teacher.save()
    actions.enrol(run, cast.teacher, by=cast.teacher)
    response = client.get(reverse("courses:desk_roster_xlsx", args=[run.public_id]))
    sheet = load_workbook(io.BytesIO(response.content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:4] == ("Family name", "Given name", "Patronymic", "Institution")
    assert rows[1][0] == "'=HYPERLINK(1)"
    assert sheet["A2"].data_type == "s"
    assert len(rows) == 2


def test_the_attendance_sheet_lists_those_confirmed_by_name(client, run, full):
    page = client.get(reverse("courses:desk_attendance_sheet", args=[run.public_id])).content.decode()
    names = [it.person.family_name for it in full]
    assert [name in page for name in names] == [True, True, False]


def test_confirmed_and_queue_are_two_lists_each_with_its_own_numbers(client, run, full):
    waits = make.EnrolmentFactory(run=run, pool=full[0].pool, state="waiting", queued_at=now())
    groups = client.get(reverse("courses:desk_roster", args=[run.public_id])).context["groups"]
    said = [(str(heading), [(it.pk, it.number) for it in rows]) for heading, rows in groups]
    by_name = sorted(full[:2], key=lambda it: it.person.sort_name)
    assert said == [
        ("Confirmed", [(by_name[0].pk, 1), (by_name[1].pk, 2)]),
        ("Queue", [(full[2].pk, 1), (waits.pk, 2)]),
    ]


def test_queues_of_room_and_online_are_counted_apart(client, run, full):
    online = make.PoolFactory(run=run, sort="online", places=1, taken=1)
    waits = make.EnrolmentFactory(run=run, pool=online, state="waiting", queued_at=now())
    groups = client.get(reverse("courses:desk_roster", args=[run.public_id])).context["groups"]
    assert [(it.pk, it.number, it.place_in_queue()) for it in groups[-1][1]] == [(full[2].pk, 1, 1), (waits.pk, 1, 1)]


def test_numbers_go_on_from_page_to_page(client, run, full, monkeypatch):
    monkeypatch.setattr("courses.roster.PER_PAGE", 3)
    online = make.PoolFactory(run=run, sort="online", places=1, taken=1)
    waits = [full[2]]
    for number in range(7):
        pool = (online, full[0].pool)[number % 2]
        waits.append(make.EnrolmentFactory(run=run, pool=pool, state="waiting", queued_at=now()))
    held = make.EnrolmentFactory(run=run, pool=online, state="held")
    offered = make.EnrolmentFactory.create_batch(2, run=run, pool=online, state="offered")
    shown = {}
    for page in "12345":
        answer = client.get(reverse("courses:desk_roster", args=[run.public_id]), {"page": page})
        shown |= {it.pk: it.number for _heading, rows in answer.context["groups"] for it in rows}
    assert (answer.context["page"].paginator.count, len(shown)) == (13, 13)
    assert (shown[held.pk], sorted(shown[it.pk] for it in offered)) == (1, [1, 2])
    assert {it.pk: shown[it.pk] for it in waits} == {it.pk: it.place_in_queue() for it in waits}
    assert sorted(shown[it.pk] for it in full[:2]) == [1, 2]


def test_one_draft_is_a_button_away_and_several_are_a_list(client, cast):
    draft = make.RunFactory(state="draft")
    rows = list(drafts(cast.coordinator))
    assert [(it.button, it.url) for it in rows] == [
        ("Review the draft", reverse("courses:desk_run", args=[draft.public_id]))
    ]
    make.RunFactory(state="draft")
    rows = list(drafts(cast.coordinator))
    assert [(it.button, it.url) for it in rows] == [("Review the drafts", reverse("courses:desk_runs"))]


def test_somebody_is_taken_out_on_the_roster(client, run, full):
    url = reverse("courses:desk_act_on_enrolment", args=[run.public_id, full[0].public_id])
    response = client.post(url, {"move": "cancel"})
    assert (response.context["total"], OutboxMail.objects.count()) == (2, 0)
    client.post(url, dict(response.context["hidden"]) | {"confirmed": "yes"})
    full[0].refresh_from_db()
    full[2].refresh_from_db()
    assert (full[0].state, full[2].state) == ("cancelled", "offered")


def test_an_enrolment_of_another_run_is_not_found_under_this_one(client, run, full):
    other = make.RunFactory()
    url = reverse("courses:desk_act_on_enrolment", args=[other.public_id, full[0].public_id])
    assert client.post(url, {"move": "cancel"}).status_code == 404


def test_a_regional_coordinator_does_not_find_a_foreign_run(run, demo):
    client = Client()
    client.force_login(make.CoordinatorFactory(region=make.RegionFactory()).person)
    assert client.get(reverse("courses:desk_roster", args=[run.public_id])).status_code == 404


@pytest.mark.parametrize("lost", ["membership", "affiliation", "age"])
def test_who_lost_their_right_is_flagged_and_stays(client, run, full, cast, lost):
    if lost == "membership":
        cast.school.parties.update(withdrawn_on="2026-06-01")
    elif lost == "affiliation":
        for it in full:
            end_affiliation(it.affiliation, by=cast.contact)
    else:
        Person.objects.filter(enrolments__run=run).update(birth_date="2020-01-01")
    page = client.get(reverse("coordination:desk")).content.decode()
    assert "people are enrolled whose right has ended" in page
    flagged = 2 if lost == "age" else 3  # a child who waits is asked about when a place is theirs
    assert len(client.get(reverse("courses:desk_rights_lost")).context["page"]) == flagged
    assert run.enrolments.live().count() == 3


def test_a_regional_coordinator_prepares_runs_of_their_region_only(course, demo):
    here, there = (
        make.InstitutionFactory(region=make.RegionFactory()),
        make.InstitutionFactory(region=make.RegionFactory()),
    )
    client = Client()
    client.force_login(make.CoordinatorFactory(region=here.region).person)
    url = reverse("courses:desk_new_run", args=[course.slug])
    assert wrong(client.post(url, RUN)) == ["host"]
    assert wrong(client.post(url, RUN | {"host": there.pk})) == ["host"]
    client.post(url, RUN | {"host": here.pk})
    assert Run.objects.get().host == here
