"""Approval by the coordinator, and the desk's list of lost rights: a child's consent counts, an adult needs none."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate, now

from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from courses import actions
from courses.desk_rows import approvals
from courses.models import Enrolment
from members.actions import decide, end_guardianship
from members.models import ConsentDecision, Person
from tests import factories as make

pytestmark = pytest.mark.django_db
State = Enrolment.State


@pytest.fixture
def desk(cast, demo):
    client = Client()
    client.force_login(cast.coordinator)
    return client


@pytest.fixture
def picky(run):
    run.needs_approval = True
    run.save()
    return run


def url(name, run, it):
    return reverse(f"courses:{name}", args=[run.public_id, it.public_id])


def fresh(it):
    return Enrolment.objects.get(pk=it.pk)


def test_the_desk_counts_who_waits_and_the_roster_approves(desk, picky, cast):
    it = actions.enrol(picky, cast.teacher, by=cast.teacher)
    actions.enrol(picky, cast.colleague, by=cast.colleague)
    row = next(approvals(cast.coordinator))
    assert (row.count, str(row.text), row.url) == (
        2,
        "people wait for your approval",
        reverse("courses:desk_approvals"),
    )
    page = desk.get(reverse("courses:desk_approvals")).content.decode()
    assert (cast.teacher.full_name in page, cast.colleague.full_name in page) == (True, True)
    page = desk.get(reverse("courses:desk_roster", args=[picky.public_id])).content.decode()
    assert url("desk_approve", picky, it) in page
    page = desk.post(url("desk_approve", picky, it), follow=True).content.decode()
    assert (f"{cast.teacher.full_name} is approved." in page, fresh(it).state) == (True, State.CONFIRMED)
    assert OutboxMail.objects.filter(template="courses/confirmed", to=cast.teacher).count() == 1
    assert next(approvals(cast.coordinator)).count == 1


def test_who_is_refused_reads_why_in_the_mail_and_on_the_page(desk, picky, cast):
    it = actions.enrol(picky, cast.teacher, by=cast.teacher)
    assert desk.get(url("desk_refuse", picky, it)).status_code == 200
    assert list(desk.post(url("desk_refuse", picky, it), {"words": " "}).context["form"].errors) == ["words"]
    desk.post(url("desk_refuse", picky, it), {"words": "It is for beginners."})
    assert (fresh(it).state, fresh(it).refusal) == (State.DECLINED, "It is for beginners.")
    mail = OutboxMail.objects.get(template="courses/refused")
    assert "did not approve your enrolment. They say:\nIt is for beginners." in mail.body_text
    teacher = Client()
    teacher.force_login(cast.teacher)
    assert "It is for beginners." in teacher.get(picky.get_absolute_url()).content.decode()
    page = desk.post(url("desk_refuse", picky, it), {"words": "Again."})
    assert "already answered" in page.content.decode()


def test_the_words_of_a_refusal_stand_in_no_line_of_the_audit(desk, picky, cast):
    from cluster_portal.models import AuditEntry

    it = actions.enrol(picky, cast.teacher, by=cast.teacher)
    desk.post(url("desk_refuse", picky, it), {"words": "It is for beginners."})
    assert "beginners" not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("name", ["desk_approve", "desk_refuse"])
def test_nobody_else_approves_or_refuses(name, picky, cast, demo):
    it = actions.enrol(picky, cast.teacher, by=cast.teacher)
    codes = []
    for person in (cast.teacher, make.CoordinatorFactory(region=make.RegionFactory()).person):
        client = Client()
        client.force_login(person)
        codes.append(client.post(url(name, picky, it), {"words": "No."}).status_code)
    assert (codes, fresh(it).state) == ([403, 404], State.HELD)


def test_nobody_approves_themself_into_the_list_of_others(picky, cast):
    make.AffiliationFactory(institution=cast.school, person=cast.coordinator)
    actions.enrol(picky, cast.coordinator, by=cast.coordinator)
    assert list(approvals(cast.coordinator)) == []


def test_the_run_page_says_who_has_the_approval(picky, cast):
    actions.enrol(picky, cast.teacher, by=cast.teacher)
    teacher = Client()
    teacher.force_login(cast.teacher)
    page = teacher.get(picky.get_absolute_url()).content.decode()
    assert ("A place is held for you" in page, "Approval: waits for the answer of those who organise it." in page) == (
        True, True,
    )  # fmt: skip


@pytest.fixture
def child(cast):
    child = make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory()).person
    make.GuardianshipFactory(child=child)
    return child


@pytest.fixture
def guardian(child):
    return child.guarded_by.get().guardian


@pytest.fixture
def text():
    return make.ConsentTextFactory(valid_months=12)


@pytest.fixture
def confirmed(run, child, guardian, text):
    decide(child, "taking_part", "granted", by=guardian, channel="link", text=text)
    return actions.enrol(run, child, by=child)


def lost():
    return list(Enrolment.objects.without_right(localdate()))


def test_a_child_with_consent_and_a_known_adult_keep_their_right(confirmed, run, cast):
    actions.enrol(run, cast.teacher, by=cast.teacher)
    assert (confirmed.state, lost()) == (State.CONFIRMED, [])


def withdrawn(child, guardian, text):
    decide(child, "taking_part", "withdrawn", by=guardian, channel="link", text=text)


def refused_by_another(child, guardian, text):
    other = make.GuardianshipFactory(child=child).guardian
    decide(child, "taking_part", "refused", by=other, channel="link", text=text)


def guardian_no_more(child, guardian, text):
    end_guardianship(child.guarded_by.get(), by=guardian)


def turned_fourteen(child, guardian, text):
    Person.objects.filter(pk=child.pk).update(birth_date=localdate() - timedelta(days=15 * 366))


LOST = [withdrawn, refused_by_another, guardian_no_more, turned_fourteen]


@pytest.mark.parametrize("change", LOST, ids=lambda it: it.__name__)
def test_a_child_without_standing_consent_is_listed_and_stays(change, confirmed, child, guardian, text, desk):
    change(child, guardian, text)
    assert (lost(), fresh(confirmed).state) == ([confirmed], State.CONFIRMED)
    page = desk.get(reverse("courses:desk_rights_lost")).content.decode()
    assert page.count('<td data-label="What is missing">Consent to taking part</td>') == 1


def test_a_consent_that_expired_counts_no_more(confirmed, time_machine):
    last = ConsentDecision.objects.get().expires_on
    assert list(Enrolment.objects.without_right(last - timedelta(days=1))) == []
    assert list(Enrolment.objects.without_right(last)) == [confirmed]


def test_a_teenager_who_agreed_too_keeps_the_right_and_an_adult_needs_nobody(confirmed, child, text, guardian):
    turned_fourteen(child, guardian, text)
    decide(Person.objects.get(pk=child.pk), "taking_part", "granted", by=child, channel="signed_in", text=text)
    assert lost() == []
    withdrawn(child, guardian, text)
    assert lost() == [confirmed]
    Person.objects.filter(pk=child.pk).update(birth_date=localdate() - timedelta(days=19 * 366))
    assert lost() == []


def test_who_is_held_waits_for_the_consent_itself_and_is_not_listed(run, child, text):
    it = actions.enrol(run, child, by=child)
    assert (it.state, lost()) == (State.HELD, [])


def test_an_offer_is_not_taken_after_a_refusal(run, cast, child, guardian, text):
    first = actions.enrol(run, cast.teacher, by=cast.teacher)
    actions.enrol(run, cast.colleague, by=cast.colleague)
    it = actions.enrol(run, child, by=child)
    actions.cancel_enrolment(first, by=cast.teacher)
    decide(child, "taking_part", "refused", by=guardian, channel="link", text=text)
    with pytest.raises(Refused, match="refused or taken back"):
        actions.accept_offer(fresh(it), by=guardian)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(4))
def test_consent_against_lapse_leaves_a_place_or_none_and_the_count_right(
    _round, run, pool, child, guardian, text, together
):
    it = actions.enrol(run, child, by=child)
    said = together(
        lambda: decide(child, "taking_part", "granted", by=guardian, channel="link", text=text),
        lambda: actions.lapse_enrolment(fresh(it)),
    )
    pool.refresh_from_db()
    assert said[0] == "done"
    assert (fresh(it).state, pool.taken, said[1]) in {
        (State.CONFIRMED, 1, "refused"), (State.LAPSED, 0, "done"),
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(4))
def test_consent_against_enrolling_leaves_nobody_held_with_a_consent(_round, run, child, guardian, text, together):
    said = together(
        lambda: decide(child, "taking_part", "granted", by=guardian, channel="link", text=text),
        lambda: actions.enrol(run, Person.objects.get(pk=child.pk), by=child),
    )
    assert (said, Enrolment.objects.get().state) == (["done", "done"], State.CONFIRMED)


@pytest.mark.django_db(transaction=True)
def test_approval_against_a_refusal_of_consent_settles_one_way(picky, pool, child, guardian, text, cast, together):
    it = actions.enrol(picky, child, by=child)
    together(
        lambda: decide(child, "taking_part", "refused", by=guardian, channel="link", text=text),
        lambda: actions.approve_enrolment(fresh(it), by=cast.coordinator),
    )
    pool.refresh_from_db()
    assert (fresh(it).state, pool.taken, now() > fresh(it).state_since) == (State.DECLINED, 0, True)


def test_who_waited_for_an_approval_is_in_when_nobody_asks_for_it_any_more(picky, cast):
    approved = actions.enrol(picky, cast.teacher, by=cast.teacher)
    make.ConsentTextFactory()
    student = make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory()).person
    make.GuardianshipFactory(child=student)
    child = actions.enrol(picky, student, by=student)
    foreseen = actions.mailed_by(picky, actions.change_run, picky, by=cast.coordinator, needs_approval=False)
    assert (foreseen, fresh(approved).state) == ([("Held for approval until now", 1)], State.HELD)
    actions.change_run(type(picky).objects.get(pk=picky.pk), by=cast.coordinator, needs_approval=False)
    assert (fresh(approved).state, fresh(child).state) == (State.CONFIRMED, State.HELD)
    assert OutboxMail.objects.filter(template="courses/confirmed").get().to == cast.teacher
