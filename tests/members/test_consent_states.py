"""Random lives of families against a naive replay, and the two ways to find a state against each other."""

from datetime import date, timedelta

import hypothesis.strategies as st
import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cluster_portal.moves import Refused
from members import actions
from members.consent import state_of, states_of
from members.models import ConsentDecision, ConsentText, Purpose
from tests import factories as make

START = date(2026, 9, 1)
DECISIONS = ["granted", "refused", "withdrawn"]
QUICK = settings(
    max_examples=40, stateful_step_count=25, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


def replayed(story, guardians, birth, asked, today):
    """The state as one would tell it: walk through everything said, keep what each said last, judge by age."""
    if not asked and not story:
        return "not_needed"
    last = {who: (said, until) for who, said, until in story}
    age = today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
    over = {who for who, (said, until) in last.items() if said == "granted" and until and until <= today}
    parts = []
    if age < 18:
        theirs = [who for who in last if who in guardians]
        no = [who for who, _said, _until in story if who in theirs and last[who][0] != "granted"]
        yes = [who for who in theirs if last[who][0] == "granted" and who not in over]
        if no:
            parts.append("conflict" if yes else last[no[-1]][0])
        else:
            parts.append("granted" if yes else "expired" if theirs else "waiting")
    if age >= 14:
        parts.append("waiting" if "child" not in last else "expired" if "child" in over else last["child"][0])
    order = ["conflict", "refused", "withdrawn", "waiting", "expired", "granted"]
    return min(parts, key=order.index)


class Family(RuleBasedStateMachine):
    """One child, up to three guardians, a document that holds some months, and time that passes."""

    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.today, self.clock = START, time_machine.travel(f"{START}T09:00:00Z", tick=True)
        self.clock.start()
        self.story, self.guardians, self.asked, self.written = [], {}, False, []

    @initialize(years=st.integers(11, 18), shift=st.integers(0, 364), months=st.sampled_from([None, 1, 12]))
    def birth(self, years, shift, months):
        self.born = date(START.year - years, 1, 1) + timedelta(days=shift)
        self.child = make.ChildFactory(birth_date=self.born)
        self.text = make.ConsentTextFactory(valid_months=months)

    @rule()
    def ask(self):
        actions.request_consent([self.child], [Purpose.TAKING_PART], by=None)
        self.asked = True

    @precondition(lambda self: len(self.guardians) < 3)
    @rule()
    def name(self):
        name = f"guardian {len(self.guardians)}"
        it = actions.name_guardian(self.child, by=None, how="paper", family_name=name, given_name="A")
        self.guardians[name] = [it.guardian, it]

    @precondition(lambda self: self.guardians)
    @rule(choice=st.integers(0, 2))
    def end(self, choice):
        name = sorted(self.guardians)[choice % len(self.guardians)]
        person, guardianship = self.guardians[name]
        if guardianship:
            actions.end_guardianship(guardianship, by=person)
            self.guardians[name][1] = None

    @rule(choice=st.integers(0, 3), decision=st.sampled_from(DECISIONS))
    def decide(self, choice, decision):
        names = ["child", *sorted(self.guardians)]
        who = names[choice % len(names)]
        person = self.child if who == "child" else self.guardians[who][0]
        count = ConsentDecision.objects.count()
        try:
            it = actions.decide(self.child, Purpose.TAKING_PART, decision, by=person, channel="link", text=self.text)
        except Refused:
            assert ConsentDecision.objects.count() == count
        else:
            if it.pk not in self.written:
                self.written.append(it.pk)
                self.story.append((who, decision, it.expires_on))

    @rule(days=st.sampled_from([1, 20, 40, 200, 400, 1000]))
    def time_passes(self, days):
        self.today += timedelta(days=days)
        self.clock.stop()
        self.clock = time_machine.travel(f"{self.today}T09:00:00Z", tick=True)
        self.clock.start()

    @invariant()
    def state_is_what_a_walk_through_the_story_gives(self):
        if not hasattr(self, "child"):
            return
        standing = {name for name, (_person, guardianship) in self.guardians.items() if guardianship}
        expected = replayed(self.story, standing, self.born, self.asked, self.today)
        assert state_of(self.child, Purpose.TAKING_PART) == expected
        assert states_of([self.child.pk])[self.child.pk, "taking_part"] == expected

    @invariant()
    def nothing_said_is_gone(self):
        assert list(ConsentDecision.objects.order_by("pk").values_list("pk", flat=True)) == self.written

    def teardown(self):
        self.clock.stop()
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)


@pytest.mark.django_db
def test_random_families_come_to_what_a_naive_replay_says():
    run_state_machine_as_test(Family, settings=QUICK)


SAID = st.tuples(
    st.integers(0, 4), st.integers(0, 5), st.sampled_from(list(Purpose)), st.sampled_from(DECISIONS),
    st.integers(-40, 40), st.none() | st.integers(-30, 30),
)  # fmt: skip


@pytest.mark.django_db
@QUICK
@given(said=st.lists(SAID, max_size=30), ages=st.lists(st.integers(11, 19) | st.none(), min_size=5, max_size=5))
def test_one_child_and_a_whole_class_agree(said, ages):
    with transaction.atomic():
        text = ConsentText.objects.first() or make.ConsentTextFactory()
        today = START
        births = [age and date(today.year - age, 9, 1 + age % 2) for age in ages]
        children = [make.ChildFactory(birth_date=born) for born in births]
        guardians = [make.PersonFactory() for _ in range(4)]
        for number, child in enumerate(children):
            for guardian in guardians[: number % 4]:
                make.GuardianshipFactory(child=child, guardian=guardian)
        people = [*guardians, None, None]
        for child, who, purpose, decision, at, until in said:
            ConsentDecision.objects.create(
                child=children[child], purpose=purpose, text=text, sha256=text.sha256, decision=decision,
                decided_by=people[who] or children[child], channel="link",
                at=f"{today + timedelta(days=at)}T10:00:00Z",
                expires_on=today + timedelta(days=until) if until is not None and decision == "granted" else None,
            )  # fmt: skip
        together = states_of([child.pk for child in children], today=today)
        alone = {(it.pk, str(p)): state_of(it, p, today=today) for it in children for p in Purpose}
        assert together == alone
        transaction.set_rollback(True)
