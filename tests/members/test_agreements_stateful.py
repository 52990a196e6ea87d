"""An agreement's life at random: whatever people do, signed texts stay and membership is what the documents say."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
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
from members import actions
from members.models import Agreement, Institution, Party
from tests import factories as make

START = date(2027, 3, 1)
NUMBERS = st.integers(0, 3)
AHEAD = st.integers(0, 12)


@dataclass
class Text:
    """What the model remembers of one agreement or addendum, without asking the database."""

    row: Agreement
    base: "Text | None" = None
    state: str = "draft"
    valid_from: date = START
    last: date | None = None
    renews: date | None = None
    concluded: date | None = None
    terminated: date | None = None
    signed: dict = field(default_factory=dict)  # institution number → day, None while it is missing
    left: dict = field(default_factory=dict)
    leads: set = field(default_factory=set)
    seen: tuple = ()

    def in_force(self, day):
        if self.concluded is None or day < self.concluded or day < self.valid_from:
            return False
        return (self.terminated is None or day < self.terminated) and (self.last is None or day <= self.last)

    def binds(self, number, day):
        signed, left = self.signed.get(number), self.left.get(number)
        if signed is None or day < signed or (left and day >= left):
            return False
        return self.in_force(day) and (self.base is None or self.base.in_force(day))


def what_it_says(row):
    row = Agreement.objects.select_related("text").get(pk=row.pk)
    return (
        row.title, row.text.sha256, row.valid_from, row.valid_until, row.prolongs_until,
        tuple(row.clauses.order_by("pk").values_list("number", "text")),
        tuple(row.parties.order_by("pk").values_list("institution", "role")),
    )  # fmt: skip


class Life(RuleBasedStateMachine):
    """Draft, sign, withdraw, conclude, terminate, accede, renew, leave, and days that pass."""

    def __init__(self):
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.today = START
        self.clock = time_machine.travel(self._noon(), tick=False)
        self.traveller = self.clock.start()

    def _noon(self):
        return datetime(self.today.year, self.today.month, self.today.day, 12, tzinfo=UTC)

    def teardown(self):
        self.clock.stop()
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(ends=st.none() | st.integers(1, 40), parties=st.integers(1, 3))
    def draft(self, ends, parties):
        self.by = make.CoordinatorFactory(since=START).person
        self.institutions = make.InstitutionFactory.create_batch(4)
        self.heads = [make.AffiliationFactory(institution=it, role="head").person for it in self.institutions]
        last = ends and START + timedelta(days=ends)
        row = actions.draft_agreement(
            self.by, ContentFile(b"We agree.", "t.txt"), kind="network", title="x", valid_from=START, valid_until=last
        )
        actions.add_parties(row, self.institutions[:parties], "lead", by=self.by)
        self.texts = [Text(row, last=last, signed=dict.fromkeys(range(parties)), leads=set(range(parties)))]

    def tried(self, expected, action):
        """Do it in its own savepoint, and see that it was refused exactly when the model says."""
        try:
            with transaction.atomic():
                action()
        except Refused:
            assert not expected
        else:
            assert expected
        return expected

    def text(self, number):
        it = self.texts[number % len(self.texts)]
        it.row = Agreement.objects.select_related("text", "amends").get(pk=it.row.pk)
        return it

    @rule(days=st.integers(1, 9))
    def pass_days(self, days):
        self.today += timedelta(days=days)
        self.traveller.move_to(self._noon())

    @rule(number=NUMBERS, institution=NUMBERS)
    def change_text(self, number, institution):
        it = self.text(number)
        named = [self.institutions[institution]]
        if self.tried(it.state == "draft", lambda: actions.add_parties(it.row, named, "party", by=self.by)):
            it.signed[institution] = None
            it.leads.discard(institution)

    @rule(number=NUMBERS)
    def open(self, number):
        it = self.text(number)
        expected = it.state == "draft" and len(it.signed) >= 2 and not self.lacks_a_lead(it)
        if self.tried(expected, lambda: actions.open_agreement(it.row, by=self.by)):
            it.state, it.seen = "open", what_it_says(it.row)

    @rule(number=NUMBERS, institution=NUMBERS)
    def sign(self, number, institution):
        it = self.text(number)
        if institution not in it.signed:
            return
        party, head = it.row.parties.get(institution=self.institutions[institution]), self.heads[institution]
        expected = it.state == "open" and it.signed[institution] is None and institution not in self.gone(it)
        shown = it.row.text.sha256
        if self.tried(expected, lambda: actions.sign_agreement(party, head.full_name, shown, by=head)):
            it.signed[institution] = self.today

    @rule(number=NUMBERS)
    def sign_all(self, number):
        for institution in list(self.text(number).signed):
            self.sign(number, institution)

    @rule(number=NUMBERS)
    def withdraw(self, number):
        it = self.text(number)
        if self.tried(it.state in {"draft", "open"}, lambda: actions.withdraw_agreement(it.row, by=self.by)):
            it.state = "withdrawn"

    @rule(number=NUMBERS)
    def conclude(self, number):
        it = self.text(number)
        if not self.tried(self.may_conclude(it), lambda: actions.conclude_agreement(it.row, by=self.by)):
            return
        it.state, it.concluded = "concluded", max(day for day in it.signed.values() if day)
        if it.renews:
            it.base.last = it.renews

    def may_conclude(self, it):
        if it.state != "open" or (it.base and it.base.state != "concluded") or self.lacks_a_lead(it):
            return False
        missing = {number for number, day in it.signed.items() if day is None} - self.gone(it)
        days = [day for day in it.signed.values() if day]
        if missing or not days or it.renews is None:
            return not missing and bool(days)
        if not self.staying() <= it.signed.keys():
            return False
        return max(days) <= it.base.last < it.renews

    @rule(number=NUMBERS, days=st.integers(-2, 12))
    def terminate(self, number, days):
        it, on = self.text(number), self.today + timedelta(days=days)
        expected = it.state == "concluded" and days >= 0 and not it.renews and (it.last is None or on <= it.last)
        if self.tried(expected, lambda: actions.terminate_agreement(it.row, on, "Done.", by=self.by)):
            it.state, it.terminated = "terminated", on

    def staying(self):
        """Who has signed something concluded of the family, and has not announced to leave by that document."""
        return {
            number
            for it in self.texts
            if it.state == "concluded"
            for number, day in it.signed.items()
            if day and number not in it.left
        }

    def gone(self, text):
        """Who is to sign an addendum, and has left what it amends: of an accession, its leads."""
        if text.base is None:
            return set()
        left = {number for it in self.texts for number in it.left} - self.staying()
        asked = text.signed.keys() if text.renews else text.leads
        return {number for number in asked if number in left and text.signed[number] is None}

    def lacks_a_lead(self, text):
        led = text.base and not text.renews and text.base.leads
        return bool(led and not text.leads - self.gone(text))

    @precondition(lambda self: len(self.texts) < 4)
    @rule(institution=NUMBERS)
    def accede(self, institution):
        base, made = self.text(0), []
        expected = base.state == "concluded" and institution not in self.staying()
        newcomer = [self.institutions[institution]]
        file = ContentFile(b"We join.", "t.txt")
        self.tried(expected, lambda: made.append(actions.prepare_accession(base.row, newcomer, self.by, text=file)))
        self.keep(made, base)

    @precondition(lambda self: len(self.texts) < 4)
    @rule(days=st.integers(-5, 60))
    def renew(self, days):
        base, until, made = self.text(0), self.today + timedelta(days=days), []
        running = any(it.renews and it.state in {"draft", "open"} for it in self.texts)
        expected = base.state == "concluded" and bool(base.last) and self.today <= base.last < until and not running
        file = ContentFile(b"We go on.", "t.txt")
        self.tried(expected, lambda: made.append(actions.prepare_renewal(base.row, until, self.by, text=file)))
        self.keep(made, base)

    def keep(self, made, base):
        for row in made:
            numbers = {it.pk: number for number, it in enumerate(self.institutions)}
            parties = [numbers[party.institution_id] for party in row.parties.all()]
            leads = {numbers[party.institution_id] for party in row.parties.leads()}
            facts = {"valid_from": self.today, "renews": row.prolongs_until, "leads": leads}
            self.texts.append(Text(row, base, signed=dict.fromkeys(parties), **facts))

    @rule(institution=NUMBERS, days=AHEAD)
    def leave(self, institution, days):
        base, on = self.text(0), self.today + timedelta(days=days)
        if base.signed.get(institution) is None:
            return
        party = base.row.parties.select_related("institution", "agreement__amends").get(
            institution=self.institutions[institution]
        )
        expected = base.state == "concluded" and institution not in base.left
        if self.tried(expected, lambda: actions.withdraw_party(party, on, "It merges.", by=self.by)):
            for it in self.texts:
                if it.signed.get(institution) and institution not in it.left:
                    it.left[institution] = on

    @invariant()
    def members_are_what_the_documents_say(self):
        for days in (-3, 0, 12):
            day = self.today + timedelta(days=days)
            found = set(Institution.objects.members_on(day).values_list("pk", flat=True))
            said = {
                it.pk for number, it in enumerate(self.institutions) if any(t.binds(number, day) for t in self.texts)
            }
            assert found == said
            rows = Party.objects.select_related("agreement__amends")
            assert {party.institution_id for party in rows if party.is_member_on(day)} == said

    @invariant()
    def an_opened_text_never_changes(self):
        for it in self.texts:
            assert not it.seen or it.seen == what_it_says(it.row)

    @invariant()
    def concluded_means_signed_by_all(self):
        """Except for who left before: of a renewal anybody, of an accession a lead beside another."""
        done = Agreement.objects.filter(state__in=["concluded", "terminated"])
        left = Party.objects.filter(withdrawn_on__isnull=False).values("institution")
        missing = Party.objects.unsigned().filter(agreement__in=done)
        asked = Q(role="lead") | Q(agreement__prolongs_until__isnull=False)
        assert not missing.exclude(asked, institution__in=left).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("examples", [10, pytest.param(100, marks=pytest.mark.big)])
def test_the_life_of_an_agreement_keeps_its_promises(db, examples):
    counts = {"max_examples": examples, "stateful_step_count": 25, "deadline": None}
    run_state_machine_as_test(Life, settings=settings(suppress_health_check=list(HealthCheck), **counts))
