"""Whatever people and coordinators do, in whatever order: the counters of places are true, and nobody is wronged."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cluster_portal.moves import Refused
from courses import actions
from courses.allotment import Allotment
from courses.models import Enrolment, Pool, Reserve, Run
from members.models import Cluster
from tests import factories as make

pytestmark = pytest.mark.django_db
State = Enrolment.State
SCHOOLS, PEOPLE = 3, 9
A_SCHOOL, A_PERSON, A_POOL = st.integers(0, SCHOOLS - 1), st.integers(0, PEOPLE - 1), st.integers(0, 1)
FEW, DAYS = st.integers(1, 4), st.integers(1, 9)


class Places(RuleBasedStateMachine):
    """A run with places in the room and online, three schools, and everything that happens to places."""

    def __init__(self):
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        agreement = make.AgreementFactory()
        make.ClauseFactory(agreement=agreement, number="2.1")
        self.by = make.CoordinatorFactory().person
        self.schools = [make.PartyFactory(agreement=agreement).institution for _ in range(SCHOOLS)]
        self.people = [
            make.AffiliationFactory(institution=self.schools[number % SCHOOLS]).person for number in range(PEOPLE)
        ]
        self.run = make.RunFactory()
        make.SessionFactory(run=self.run)
        self.pools = [make.PoolFactory(run=self.run, places=3), make.PoolFactory(run=self.run, sort="online")]
        self.offered: set[int] = set()
        self.had: Counter = Counter()

    def teardown(self):
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    @property
    def today(self):
        return Cluster.current().today()

    def act(self, action, *args, **facts):
        with suppress(Refused):
            action(*args, by=self.by, **facts)

    def latest(self, who):
        return self.run.enrolments.live().filter(person=self.people[who]).last()

    def answer(self, action, who):
        if it := self.latest(who):
            self.act(action, it)

    @initialize(who=st.permutations(range(PEOPLE)), where=st.lists(A_POOL, min_size=PEOPLE, max_size=PEOPLE))
    def everybody_comes(self, who, where):
        for person, pool in zip(who, where, strict=True):
            self.enrol(person, pool)

    @rule(who=A_PERSON, where=A_POOL)
    def enrol(self, who, where):
        self.act(actions.enrol, self.run, self.people[who], pool=self.pools[where].public_id)

    @rule(some=st.sets(A_PERSON, min_size=1, max_size=4))
    def leave(self, some):
        for who in sorted(some):
            self.answer(actions.cancel_enrolment, who)

    @rule(who=A_PERSON)
    def accept(self, who):
        self.answer(actions.accept_offer, who)

    @rule(who=A_PERSON)
    def decline(self, who):
        self.answer(actions.decline_offer, who)

    @rule(who=A_PERSON)
    def approve(self, who):
        self.answer(actions.approve_enrolment, who)

    @rule(who=A_PERSON)
    def refuse(self, who):
        self.answer(actions.refuse_enrolment, who)

    @rule(who=A_PERSON)
    def lapse(self, who):
        if it := self.latest(who):
            with suppress(Refused):
                actions.lapse_enrolment(it)

    @rule(yes=st.booleans())
    def hold_from_now_on(self, yes):
        self.act(actions.change_run, Run.objects.get(pk=self.run.pk), needs_approval=yes)

    @rule(limit=st.none() | st.integers(1, 4))
    def limit(self, limit):
        self.act(actions.change_run, Run.objects.get(pk=self.run.pk), institution_limit=limit)

    @rule(where=A_POOL, places=st.integers(1, 6))
    def places(self, where, places):
        self.act(actions.change_places, Pool.objects.get(pk=self.pools[where].pk), places)

    @rule(where=A_POOL, school=A_SCHOOL, places=FEW, days=DAYS)
    def keep(self, where, school, places, days):
        until = self.today + timedelta(days=days)
        pool = Pool.objects.get(pk=self.pools[where].pk)
        self.act(actions.add_reserve, pool, self.schools[school], places, until)

    @precondition(lambda self: self.reserves())
    @rule(which=st.integers(0, 5), places=FEW, days=DAYS)
    def keep_otherwise(self, which, places, days):
        rows = self.reserves()
        self.act(actions.change_reserve, rows[which % len(rows)], places, self.today + timedelta(days=days))

    @precondition(lambda self: self.reserves())
    @rule(which=st.integers(0, 5))
    def keep_no_more(self, which):
        rows = self.reserves()
        self.act(actions.remove_reserve, rows[which % len(rows)])

    @precondition(lambda self: self.reserves())
    @rule(which=st.integers(0, 5))
    def a_release_date_comes(self, which):
        rows = self.reserves()
        Reserve.objects.filter(pk=rows[which % len(rows)].pk).update(release_on=self.today)
        actions.release_reserves()
        assert actions.release_reserves() == 0

    def reserves(self):
        return list(Reserve.objects.filter(pool__run=self.run).order_by("pk"))

    def now(self):
        return Pool.objects.filter(run=self.run).select_related("run").order_by("pk")

    @invariant()
    def taken_is_held_and_offered_and_confirmed(self):
        for pool in self.now():
            states = Counter(pool.enrolments.values_list("state", flat=True))
            assert pool.taken == states["held"] + states["offered"] + states["confirmed"] <= pool.places
        assert actions.recount_pools() == []

    @invariant()
    def what_is_kept_is_there(self):
        for pool in self.now():
            kept = pool.reserves.filter(release_on__gt=self.today)
            used = Counter(pool.enrolments.taking().values_list("affiliation__institution", flat=True))
            unused = sum(max(0, it.places - used[it.institution_id]) for it in kept)
            assert pool.taken + unused <= pool.places

    @invariant()
    def nobody_gains_beyond_the_limit(self):
        limit = Run.objects.get(pk=self.run.pk).institution_limit
        taking = self.run.enrolments.taking().values_list("affiliation__institution", flat=True)
        has = Counter(taking)
        if limit is not None:
            assert [it for it in has if has[it] > max(limit, self.had[it])] == []
        self.had = has

    @invariant()
    def nobody_waits_for_what_they_could_have(self):
        for pool in self.now():
            allotment = Allotment(pool, self.today)
            waiting = Enrolment.objects.in_queue().filter(pool=pool).select_related("affiliation", "clause")
            assert [it for it in waiting if allotment.free_for(it.institution, it.limit)] == []

    @invariant()
    def nobody_is_passed_over(self):
        """Who waits before somebody that was offered a place now could not have taken that very place."""
        for pool in self.now():
            rows = pool.enrolments.filter(state=State.OFFERED).select_related("affiliation")
            for offered in (it for it in rows if it.pk not in self.offered):
                with_it = Allotment(pool, self.today)
                with_it.take(offered.institution, -1)
                before = Enrolment.objects.in_queue().filter(pool=pool, queued_at__lt=offered.queued_at)
                passed = before.select_related("affiliation", "clause")
                assert [it for it in passed if with_it.free_for(it.institution, it.limit) > 0] == []
                self.offered.add(offered.pk)


def play(examples: int, steps: int, seeded: bool) -> None:
    calm = [HealthCheck.too_slow, HealthCheck.data_too_large]
    options = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=calm, database=None,
        derandomize=seeded,
    )  # fmt: skip
    run_state_machine_as_test(Places, settings=options)


@pytest.mark.parametrize(
    ("examples", "steps", "seeded"), [(8, 25, True), pytest.param(150, 60, False, marks=pytest.mark.big)]
)
def test_places_stay_true_whatever_happens(examples, steps, seeded):
    play(examples, steps, seeded)
