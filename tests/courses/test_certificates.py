"""Certificates of a run: for whoever completed it, all at once or one by one; the desk says first whom it mails."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cluster_portal.hooks import long_work_kinds
from cluster_portal.long_work import carry_on_all
from cluster_portal.models import LongWork, OutboxMail
from cluster_portal.moves import Refused, available_moves
from courses import actions
from courses.certificates import ISSUE, lines_of
from courses.chain import chain_of
from courses.models import Run
from members.actions import correct_certificate, revoke_certificate
from members.models import Certificate
from tests import factories as make
from tests.browsing import at, said
from tests.courses.certifying import OVER, address, completed, run_that_is_over

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(OVER, tick=False):
        yield


@pytest.fixture
def run(cast):
    return run_that_is_over(cast)


def test_the_paper_says_the_course_its_hours_and_its_days(run, cast):
    affiliation = make.AffiliationFactory(institution=cast.school)
    it = actions.issue_to(completed(run, affiliation.person, affiliation=affiliation), by=cast.coordinator)
    assert (it.title, it.issuer, it.hours, it.form) == ("AI Tools in Teaching", "AI cluster, School 1", 36, "room")
    assert (it.begins_on, it.ends_on) == (date(2027, 3, 29), date(2027, 4, 19))
    assert (it.language, it.institution, it.about_id) == ("ru", cast.school, run.public_id)


def test_who_took_part_online_has_another_form_on_the_paper(run, cast):
    online = make.PoolFactory(run=run, sort="online")
    it = actions.issue_to(completed(run, pool=online), by=cast.coordinator)
    assert it.get_form_display() == "Online"


def test_a_course_in_a_language_that_we_do_not_print_is_certified_in_the_clusters(run, cast):
    run.course.language = "zh"
    run.course.save()
    assert actions.issue_to(completed(run), by=cast.coordinator).language == "en"


def test_who_did_not_complete_the_run_gets_none_and_is_told_what_is_missing(run, cast):
    with pytest.raises(Refused, match="has not completed the run: 2 of 4 sessions, 3 needed"):
        actions.issue_to(completed(run, sessions=2), by=cast.coordinator)


def test_who_left_gets_none(run, cast):
    with pytest.raises(Refused, match="has not completed the run: Ended"):
        actions.issue_to(completed(run, state="cancelled"), by=cast.coordinator)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"gives_certificate": False}, "gives no certificate"),
        ({"state": "cancelled"}, "Only a run that took place"),
        ({"state": "draft"}, "Only a run that took place"),
    ],
)
def test_a_run_that_gives_none_gives_none(facts, why, run, cast):
    it = completed(run)
    Run.objects.filter(pk=run.pk).update(**facts)
    with pytest.raises(Refused, match=why):
        actions.issue_to(it, by=cast.coordinator)


def test_nothing_is_issued_before_the_last_session_has_ended(run, cast):
    it = completed(run)
    make.SessionFactory(run=run, starts_at=OVER + timedelta(days=1))
    with pytest.raises(Refused, match="after the last session has ended"):
        actions.issue_to(it, by=cast.coordinator)


def test_all_who_completed_it_get_one_as_long_work(run, cast, settings):
    people = [completed(run).person for _ in range(45)]
    completed(run, sessions=1)
    completed(run, make.ChildFactory())
    work = actions.begin_issuing(run, by=cast.coordinator)
    assert (work.total, Certificate.objects.count()) == (45, 0)
    assert carry_on_all() == 1
    assert set(Certificate.objects.values_list("person", flat=True)) == {it.pk for it in people}
    assert OutboxMail.objects.filter(template="members/certificate_issued").count() == 45
    assert sorted(Certificate.objects.values_list("number", flat=True)) == [f"2027-{n:06}" for n in range(1, 46)]


def test_nobody_gets_a_second_one(run, cast):
    first, second = completed(run), completed(run)
    actions.begin_issuing(run, by=cast.coordinator)
    actions.issue_to(first, by=cast.coordinator)
    carry_on_all()
    assert sorted(Certificate.objects.values_list("person", flat=True)) == sorted([first.person_id, second.person_id])
    with pytest.raises(Refused, match="nobody to issue a certificate to"):
        actions.begin_issuing(run, by=cast.coordinator)


def test_whose_certificate_was_revoked_gets_another_only_by_itself(run, cast):
    it = completed(run)
    revoke_certificate(actions.issue_to(it, by=cast.coordinator), by=cast.coordinator, reason="Copied the work.")
    assert [(line.is_due, line.can_have_one) for line in lines_of(run)] == [(False, True)]
    with pytest.raises(Refused, match="nobody to issue a certificate to"):
        actions.begin_issuing(run, by=cast.coordinator)
    assert actions.issue_to(it, by=cast.coordinator).state == "issued"


def test_the_same_is_not_under_way_twice(run, cast):
    completed(run)
    actions.begin_issuing(run, by=cast.coordinator)
    with pytest.raises(Refused, match="under way already"):
        actions.begin_issuing(run, by=cast.coordinator)


def test_a_worker_that_dies_leaves_whole_steps_and_the_next_goes_on(run, cast, monkeypatch):
    for _ in range(25):
        completed(run)
    work = actions.begin_issuing(run, by=cast.coordinator)
    job = long_work_kinds[ISSUE].job(work)
    job.do(0, 20)
    LongWork.objects.filter(pk=work.pk).update(done=20)
    carry_on_all()
    assert Certificate.objects.count() == 25


def test_work_of_somebody_who_coordinates_no_more_ends_with_a_sentence(run, cast):
    completed(run)
    work = actions.begin_issuing(run, by=cast.coordinator)
    cast.coordinator.coordinating.update(until=date(2027, 1, 1))
    carry_on_all()
    work.refresh_from_db()
    assert (work.problem, Certificate.objects.count()) == (
        "Whoever asked for these certificates does not coordinate the run any more.", 0,
    )  # fmt: skip


def test_the_desk_says_first_whom_it_mails_and_then_issues(run, cast, demo):
    completed(run)
    completed(run, make.PersonFactory(email=None))
    completed(run, make.PersonFactory(suspended_at=OVER))
    child = make.GuardianshipFactory().child
    completed(run, child)
    client, page = at(cast.coordinator), address("desk_certificates", run.public_id)
    response = client.post(page)
    assert (response.context["people"], response.context["total"]) == (
        [("Those who completed it", 1), ("Guardians of children who completed it", 1)], 2,
    )  # fmt: skip
    assert response.context["warning"].startswith("2 certificates are issued and not mailed, for want of an address")
    assert Certificate.objects.count() == 0
    response = client.post(page, {"confirmed": "yes"}, follow=True)
    assert (Certificate.objects.count(), response.context["due"]) == (4, 0)


def test_the_desk_shows_how_far_long_work_has_come(run, cast, demo):
    completed(run)
    actions.begin_issuing(run, by=cast.coordinator)
    page = at(cast.coordinator).get(address("desk_certificates", run.public_id)).content.decode()
    assert ("0 of 1" in page, "Issue 1 certificate" in page) == (True, False)


def test_one_is_issued_by_itself(run, cast, demo):
    it = completed(run)
    page = address("desk_issue_certificate", run.public_id, it.public_id)
    client = at(cast.coordinator)
    assert client.post(page).context["total"] == 1
    response = client.post(page, {"confirmed": "yes"}, follow=True)
    assert said(response) == [f"The certificate of {it.person.full_name} is issued."]


def test_why_it_is_not_possible_is_said_at_the_desk(run, cast, demo):
    make.SessionFactory(run=run, starts_at=OVER + timedelta(days=1))
    completed(run, sessions=4)
    client, page = at(cast.coordinator), address("desk_certificates", run.public_id)
    assert client.get(page).context["why_not"] == "Certificates are issued after the last session has ended."
    assert said(client.post(page, follow=True)) == ["Certificates are issued after the last session has ended."]


def test_a_name_is_corrected_and_a_certificate_revoked_at_the_desk(run, cast, demo):
    it = actions.issue_to(completed(run), by=cast.coordinator)
    client = at(cast.coordinator)
    correct = address("desk_correct_certificate", run.public_id, it.public_id)
    assert client.post(correct, {"name": "www.example.com"}).context["correct_form"].errors.keys() == {"name"}
    fresh = client.post(correct, {"name": "Smith Anna"}, follow=True).context["it"]
    assert (fresh.name_printed, fresh.supersedes) == ("Smith Anna", it)
    revoke = address("desk_revoke_certificate", run.public_id, fresh.public_id)
    response = client.post(revoke, {"reason": "A mistake."}, follow=True)
    assert (response.context["it"].state, said(response)) == ("revoked", ["The certificate is revoked."])
    older = client.get(address("desk_certificate", run.public_id, it.public_id))
    assert (older.context["newer"], older.context["moves"]) == (fresh, {})


ALLOWED = {("coordinator", "issued"): {"revoke", "supersede"}, ("regional", "issued"): {"revoke", "supersede"}}


@pytest.mark.parametrize("state", Certificate.State)
@pytest.mark.parametrize("role", ["coordinator", "regional", "other_region", "contact", "teacher", "instructor"])
def test_moves_by_role_and_state(role, state, run, cast):
    people = {name: getattr(cast, name) for name in ("coordinator", "contact", "teacher")} | {
        "regional": make.CoordinatorFactory(region=cast.school.region).person,
        "other_region": make.CoordinatorFactory(region=make.RegionFactory()).person,
        "instructor": make.PersonFactory(),
    }
    run.instructors.add(people["instructor"])
    it = make.CertificateFactory(about_id=run.public_id, person=cast.teacher, state=state)
    assert set(available_moves(people[role], it)) == ALLOWED.get((role, state), set())


def test_only_the_coordinators_of_the_run_open_its_certificates(run, cast, demo):
    it = actions.issue_to(completed(run), by=cast.coordinator)
    other = make.CoordinatorFactory(region=make.RegionFactory()).person
    pages = [address("desk_certificates", run.public_id), address("desk_certificate", run.public_id, it.public_id)]
    assert [[at(who).get(page).status_code for page in pages] for who in (cast.coordinator, other, cast.contact)] == [
        [200, 200], [404, 404], [403, 403],
    ]  # fmt: skip
    elsewhere = make.RunFactory(host=cast.school)
    page = address("desk_certificate", elsewhere.public_id, it.public_id)
    assert at(cast.coordinator).get(page).status_code == 404


def test_as_many_queries_for_three_as_for_one(run, cast, demo):
    client, page = at(cast.coordinator), address("desk_certificates", run.public_id)
    counts = []
    for _ in range(2):
        for _ in range(1 + len(counts)):
            actions.issue_to(completed(run, make.GuardianshipFactory().child), by=cast.coordinator)
            completed(run)
        with CaptureQueriesContext(connection) as captured:
            client.get(page)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 25


def test_the_chain_ends_with_the_certificate(run, cast):
    it = completed(run)
    ends = [chain_of(run, it.person, it)[-1]["title"]]
    certificate = actions.issue_to(it, by=cast.coordinator)
    run = Run.objects.get(pk=run.pk)
    ends.append(chain_of(run, it.person, it)[-1]["title"])
    assert ends == ["Certificate", f"Certificate {certificate.number}"]


def test_a_corrected_certificate_is_the_one_that_the_desk_shows(run, cast):
    it = completed(run)
    first = actions.issue_to(it, by=cast.coordinator)
    fresh = correct_certificate(first, by=cast.coordinator, name="Smith")
    assert [(line.certificate, line.has_one) for line in lines_of(run)] == [(fresh, True)]
