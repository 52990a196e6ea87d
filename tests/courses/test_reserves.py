"""Places kept for an institution: at the desk, on the run page, until their day comes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused
from courses import actions, tasks
from courses.models import Enrolment, Pool, Reserve, Run
from members.models import Cluster
from tests import factories as make

pytestmark = pytest.mark.django_db
State = Enrolment.State


@pytest.fixture
def other(cast):
    return make.PartyFactory(agreement=cast.agreement, institution__name="School 2").institution


@pytest.fixture
def until():
    return Cluster.current().today() + timedelta(days=7)


@pytest.fixture
def kept(pool, other, until, cast):
    return actions.add_reserve(pool, other, 2, until, by=cast.coordinator)


@pytest.fixture
def waiting(kept, run, cast):
    return actions.enrol(run, cast.teacher, by=cast.teacher)


@pytest.fixture
def desk(cast, demo):
    client = Client()
    client.force_login(cast.coordinator)
    return client


def now(it):
    return type(it).objects.get(pk=it.pk)


def teacher_of(institution):
    return make.AffiliationFactory(institution=institution).person


def refusal(action, *args, **facts):
    with pytest.raises(Refused) as refused:
        action(*args, **facts)
    return str(refused.value)


def test_more_than_there_are_cannot_be_kept(pool, other, until, cast):
    assert refusal(actions.add_reserve, pool, other, 3, until, by=cast.coordinator) == (
        "2 places at most can be kept for School 2: the others are taken, or kept already. Keep no more, or add "
        "places first."
    )


def test_taken_places_and_those_kept_for_others_are_not_kept_again(kept, pool, until, cast):
    third = make.PartyFactory(agreement=cast.agreement).institution
    said = "All places are taken, or kept for others. Add places first, then keep some."
    assert refusal(actions.add_reserve, pool, third, 1, until, by=cast.coordinator) == said


def test_what_people_of_the_institution_have_counts_for_its_reserve(run, pool, other, until, cast):
    person = teacher_of(other)
    actions.enrol(run, person, by=person)
    assert actions.add_reserve(pool, other, 2, until, by=cast.coordinator).places == 2


def test_places_are_kept_until_a_day_ahead_once_and_within_the_limit(kept, run, pool, other, until, cast):
    today = Cluster.current().today()
    assert refusal(actions.change_reserve, kept, 1, today, by=cast.coordinator) == (
        "On this day the places are free for all. Choose a day that is still to come."
    )
    assert refusal(actions.add_reserve, pool, other, 1, until, by=cast.coordinator) == (
        "Places are kept for School 2 already. Change their number instead."
    )
    assert refusal(actions.change_run, run, by=cast.coordinator, institution_limit=1) == (
        "For one institution 2 places are kept. Keep fewer for it first, or set a higher limit."
    )
    actions.change_reserve(kept, 1, until, by=cast.coordinator)
    actions.change_run(run, by=cast.coordinator, institution_limit=1)
    assert refusal(actions.change_reserve, kept, 2, until, by=cast.coordinator) == (
        "One institution gets 1 places of this run at most. Keep no more, or raise the limit first."
    )


def test_kept_places_are_not_taken_away_from_below(kept, pool, cast):
    assert refusal(actions.change_places, pool, 1, by=cast.coordinator) == (
        "With those that are kept for institutions 2 places are taken. Keep fewer for them first."
    )


def test_a_reserve_that_is_gone_is_not_changed(kept, until, cast):
    actions.remove_reserve(kept, by=cast.coordinator)
    said = "These places are kept no more. Reload the page to see how it stands."
    stale = Reserve(pk=10**9, pool=kept.pool)
    assert refusal(actions.remove_reserve, stale, by=cast.coordinator) == said


def test_in_a_run_that_is_over_places_stay_as_they_are(kept, run, cast):
    actions.cancel_run(run, by=cast.coordinator)
    said = "This run is cancelled or closed, so its places stay as they are."
    assert refusal(actions.remove_reserve, now(kept), by=cast.coordinator) == said


def test_a_removed_reserve_is_offered_to_the_queue(waiting, kept, cast):
    actions.remove_reserve(kept, by=cast.coordinator)
    assert now(waiting).state == State.OFFERED
    assert OutboxMail.objects.filter(template="courses/offered").count() == 1


def test_a_smaller_reserve_is_offered_to_the_queue(waiting, kept, until, cast):
    actions.change_reserve(kept, 1, until, by=cast.coordinator)
    assert now(waiting).state == State.OFFERED


def test_on_its_day_the_places_are_offered_once(waiting, kept):
    assert tasks.release_reserves() == 0
    Reserve.objects.update(release_on=Cluster.current().today())
    assert [tasks.release_reserves(), tasks.release_reserves()] == [1, 0]
    assert now(waiting).state == State.OFFERED


def test_after_its_day_places_can_be_kept_for_the_same_institution_again(kept, pool, other, until, cast):
    Reserve.objects.update(release_on=Cluster.current().today())
    again = actions.add_reserve(pool, other, 1, until, by=cast.coordinator)
    assert list(pool.reserves.all()) == [again]


def test_that_a_released_reserve_is_forgotten_stands_in_the_audit(kept, pool, other, until, cast):
    Reserve.objects.update(release_on=Cluster.current().today())
    again = actions.add_reserve(pool, other, 1, until, by=cast.coordinator)
    lines = AuditEntry.objects.filter(model="courses.reserve").order_by("pk").values_list("verb", "object_id")
    assert list(lines)[-2:] == [
        ("courses.reserve.remove", kept.public_id), ("courses.reserve.add", again.public_id),
    ]  # fmt: skip


def test_a_higher_limit_is_offered_to_the_queue(run, cast):
    run.institution_limit = 1
    run.save()
    actions.enrol(run, cast.teacher, by=cast.teacher)
    second = actions.enrol(run, cast.colleague, by=cast.colleague)
    actions.change_run(run, by=cast.coordinator, institution_limit=2)
    assert now(second).state == State.OFFERED


def test_who_leaves_online_lets_somebody_of_the_institution_into_the_room(run, pool, cast):
    online = make.PoolFactory(run=run, sort="online")
    run.institution_limit = 1
    run.save()
    first = actions.enrol(run, cast.teacher, by=cast.teacher, pool=online.public_id)
    second = actions.enrol(run, cast.colleague, by=cast.colleague, pool=pool.public_id)
    actions.cancel_enrolment(first, by=cast.teacher)
    assert (second.state, now(second).state) == (State.WAITING, State.OFFERED)


def test_the_desk_keeps_changes_and_removes(desk, run, pool, other, until):
    url = reverse("courses:desk_new_reserve", args=[run.public_id, pool.public_id])
    assert desk.get(url).status_code == 200
    desk.post(url, {"institution": other.pk, "places": 2, "release_on": until})
    kept = Reserve.objects.get()
    page = desk.get(reverse("courses:desk_run", args=[run.public_id])).content.decode()
    assert ("School 2" in page, "2 places kept" in page) == (True, True)
    change = reverse("courses:desk_reserve", args=[run.public_id, kept.public_id])
    assert desk.get(change).status_code == 200
    desk.post(change, {"places": 1, "release_on": until})
    assert now(kept).places == 1
    desk.post(reverse("courses:desk_remove_reserve", args=[run.public_id, kept.public_id]))
    assert Reserve.objects.count() == 0


def test_too_many_stand_on_the_page_as_a_sentence(desk, run, pool, other, until):
    url = reverse("courses:desk_new_reserve", args=[run.public_id, pool.public_id])
    page = desk.post(url, {"institution": other.pk, "places": 9, "release_on": until})
    assert (page.status_code, "at most can be kept for School 2" in page.content.decode()) == (200, True)


def test_whom_it_would_mail_is_asked_first(desk, run, kept, waiting):
    url = reverse("courses:desk_remove_reserve", args=[run.public_id, kept.public_id])
    page = desk.post(url).content.decode()
    assert ("1 person will get a mail" in page, now(waiting).state, Reserve.objects.count()) == (True, "waiting", 1)
    desk.post(url, {"confirmed": "yes"})
    assert now(waiting).state == State.OFFERED


def test_a_higher_limit_asks_before_it_mails(desk, run, cast):
    run.institution_limit = 1
    run.save()
    for person in (cast.teacher, cast.colleague):
        actions.enrol(run, person, by=person)
    foreseen = actions.mailed_by(run, actions.change_run, run, by=cast.coordinator, institution_limit=2)
    run.refresh_from_db()
    offered = Enrolment.objects.filter(state="offered").count()
    assert (foreseen, run.institution_limit, offered) == ([("Next in the queue", 1)], 1, 0)


def test_reserves_of_another_run_and_other_people_are_404(desk, run, kept, cast):
    other_run = make.RunFactory()
    url = reverse("courses:desk_reserve", args=[other_run.public_id, kept.public_id])
    assert desk.get(url).status_code == 404
    teacher = Client()
    teacher.force_login(cast.teacher)
    mine = reverse("courses:desk_reserve", args=[run.public_id, kept.public_id])
    assert teacher.get(mine).status_code in {403, 404}


def page_for(run, person):
    client = Client()
    client.force_login(person)
    return client.get(run.get_absolute_url()).content.decode()


def test_the_run_page_says_for_whom_places_are_kept(kept, run, other, cast, until):
    day = f"{until.day} {until:%B %Y}"
    pages = [page_for(run, it) for it in (cast.teacher, teacher_of(other))]
    theirs, ours = (
        f"2 of them are kept for School 2 until {day}",
        f"2 of them are kept for your institution until {day}",
    )
    assert [(theirs in it, ours in it) for it in pages] == [(True, False), (False, True)]
    why = "The free places are kept for others; you get a mail when one is free for you."
    assert [(why in it, "Join the queue" in it) for it in pages] == [(True, True), (False, False)]


def test_who_waits_because_of_the_limit_reads_it_on_page_and_in_the_mail(run, cast):
    run.institution_limit = 1
    run.save()
    actions.enrol(run, cast.teacher, by=cast.teacher)
    why = "School 1 has its 1 place here; you get a mail when it is free."
    assert why in page_for(run, cast.colleague)
    actions.enrol(run, cast.colleague, by=cast.colleague)
    mail = OutboxMail.objects.get(template="courses/waiting")
    assert (why in page_for(run, cast.colleague), why in " ".join(mail.body_text.split())) == (True, True)


@pytest.mark.parametrize(("of_run", "cited"), [(None, True), (2, True), (1, False)])
def test_who_waits_because_of_a_clause_reads_which_one_on_page_and_in_the_mail(run, pool, of_run, cited):
    Run.objects.filter(pk=run.pk).update(institution_limit=of_run)
    Pool.objects.filter(pk=pool.pk).update(places=9)
    clause = make.ClauseFactory(number="9", places=2)
    school = make.PartyFactory(agreement=clause.agreement, institution__name="School 5").institution
    first, second, third = (teacher_of(school) for _ in range(3))
    for person in (first, second):
        actions.enrol(run, person, by=person)
    by_clause = "School 5 has its 2 places here, which § 9 gives it; you get a mail when one of them is free."
    by_run = "School 5 has its 1 place here; you get a mail when it is free."
    why = by_clause if cited else by_run
    assert why in page_for(run, third)
    actions.enrol(run, third, by=third)
    mail = OutboxMail.objects.get(template="courses/waiting", to=third)
    assert (why in page_for(run, third), why in " ".join(mail.body_text.split())) == (True, True)


def test_the_places_of_a_clause_stand_in_the_chain_with_its_link(run, cast):
    clause = make.ClauseFactory(places=3)
    school = make.PartyFactory(agreement=clause.agreement).institution
    page = page_for(run, teacher_of(school))
    assert ("(3 places for each institution)" in page, f"#clause-{clause.number}" in page) == (True, True)


def test_a_page_asks_as_often_for_one_reserve_as_for_three(desk, run, pool, other, until, cast):
    Pool.objects.filter(pk=pool.pk).update(places=9)
    url = reverse("courses:desk_run", args=[run.public_id])
    actions.add_reserve(pool, other, 1, until, by=cast.coordinator)
    desk.get(url)
    with CaptureQueriesContext(connection) as one:
        desk.get(url)
    for _ in range(2):
        actions.add_reserve(pool, make.PartyFactory().institution, 1, until, by=cast.coordinator)
    with CaptureQueriesContext(connection) as three:
        desk.get(url)
    assert len(three) == len(one)


def test_the_places_of_a_clause_hold_before_its_first_day_too(run, pool, until, cast):
    clause = make.ClauseFactory(number="9", places=1, since=Cluster.current().today() + timedelta(days=100))
    few = make.PartyFactory(agreement=clause.agreement).institution
    said = "§ 9 gives each institution 1 place at most. Keep no more."
    assert refusal(actions.add_reserve, pool, few, 2, until, by=cast.coordinator) == said


def test_no_more_is_kept_than_the_clause_gives_one_institution(run, pool, until, cast):
    Pool.objects.filter(pk=pool.pk).update(places=10)
    agreement = make.AgreementFactory()
    make.ClauseFactory(agreement=agreement, number="9", places=2)
    later = Cluster.current().today() + timedelta(days=100)
    make.ClauseFactory(agreement=agreement, number="10", places=5, since=later)
    few = make.PartyFactory(agreement=agreement).institution
    said = "§ 9 gives each institution 2 places at most. Keep no more."
    assert refusal(actions.add_reserve, pool, few, 3, until, by=cast.coordinator) == said
    reserve = actions.add_reserve(pool, few, 2, until, by=cast.coordinator)
    assert refusal(actions.change_reserve, reserve, 8, until, by=cast.coordinator) == said
