"""Standing on any day agrees with a naive replay of the documents, whatever they say."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members.models import Application, Coverage, Institution, Party
from members.models.grounds import ground_of
from tests import factories as make

pytestmark = pytest.mark.django_db
FIRST = date(2024, 1, 1)
ALL_DAYS = [FIRST + timedelta(days=n) for n in range(60)]
DAYS = st.sampled_from(ALL_DAYS)
MAYBE = st.none() | DAYS


@dataclass(frozen=True)
class Text:
    """An agreement: when it was concluded, holds, ends; prolonged and terminated perhaps."""

    concluded: date
    valid_from: date
    valid_until: date | None
    prolonged: date | None
    terminated: date | None

    def in_force(self, day):
        if day < self.concluded or day < self.valid_from or (self.terminated and day >= self.terminated):
            return False
        return self.valid_until is None or day <= max(self.valid_until, self.prolonged or self.valid_until)


@dataclass(frozen=True)
class Document:
    """A party's part: of a network agreement, a memorandum, or an addendum to one; it may only cover the other."""

    network: bool
    text: Text
    amended: Text | None
    signed: date
    withdrawn: date | None
    roll: tuple[date, date | None] | None

    def binds(self, day):
        if day < self.signed or (self.withdrawn and day >= self.withdrawn):
            return False
        if self.roll and not (self.roll[0] <= day and (self.roll[1] is None or day <= self.roll[1])):
            return False
        return self.text.in_force(day) and (self.amended is None or self.amended.in_force(day))


@st.composite
def texts(draw, ends=True):
    """A text with its dates; an addendum has no last day."""
    first, last = draw(DAYS), draw(MAYBE) if ends else None
    last = last and max(first, last)
    prolonged = last and draw(MAYBE)
    return Text(draw(DAYS), first, last, prolonged, draw(MAYBE))


@st.composite
def documents(draw):
    signed, withdrawn, since, until = draw(DAYS), draw(MAYBE), draw(DAYS), draw(MAYBE)
    roll = (since, until and max(since, until)) if draw(st.booleans()) else None
    amended = draw(st.none() | texts())
    text = draw(texts(ends=amended is None))
    return Document(draw(st.booleans()), text, amended, signed, withdrawn and max(signed, withdrawn), roll)


def write(text, **facts):
    return make.AgreementFactory(
        state="terminated" if text.terminated else "concluded", concluded_on=text.concluded,
        valid_from=text.valid_from, valid_until=text.valid_until, prolonged_until=text.prolonged,
        terminated_on=text.terminated, **facts,
    )  # fmt: skip


def enter(document, institution):
    kind = "network" if document.network else "memorandum"
    if document.amended:
        agreement = write(document.text, kind="addendum", amends=write(document.amended, kind=kind))
    else:
        agreement = write(document.text, kind=kind)
    facts = {"agreement": agreement, "signed_on": document.signed, "withdrawn_on": document.withdrawn}
    if document.roll is None:
        return make.PartyFactory(institution=institution, **facts)
    since, until = document.roll
    party = make.PartyFactory(**facts)
    return Coverage.objects.create(party=party, institution=institution, since=since, until=until, document="Roll")


def accept(institution, day):
    at = datetime.combine(day, time(12), UTC)
    Application.objects.create(
        state="accepted", state_since=at, institution=institution, applicant=make.PersonFactory(), name="x", why="x"
    )


def replayed(history, accepted, day):
    """The standing on a day by walking through the documents and days one by one."""

    def belongs(on, roll=None):
        return any(it.network and it.binds(on) and (roll is None or bool(it.roll) == roll) for it in history)

    if belongs(day, roll=False):
        return "member"
    if belongs(day):
        return "covered"
    for first in accepted:
        if first <= day and not any(belongs(on) for on in ALL_DAYS if first <= on <= day):
            return "candidate"
    if any(not it.network and not it.roll and it.binds(day) for it in history):
        return "partner"
    return "former" if any(belongs(on) for on in ALL_DAYS if on < day) else "none"


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(documents(), max_size=4), st.lists(DAYS, max_size=2), st.lists(DAYS, min_size=1, max_size=4))
def test_random_histories_agree_with_a_naive_replay(db, history, accepted, days):
    with transaction.atomic():  # each history by itself: a thousand old ones would make every question slower
        institution = make.InstitutionFactory()
        for document in history:
            enter(document, institution)
        for day in accepted:
            accept(institution, day)
        for day in days:
            standing = replayed(history, accepted, day)
            member = standing in {"member", "covered"}
            assert Institution.objects.with_standing(day).get(pk=institution.pk).standing == standing
            assert Institution.objects.members_on(day).filter(pk=institution.pk).exists() == member
            assert (ground_of(institution, "course", day) is not None) == member
            parties = Party.objects.filter(institution=institution).select_related("agreement__amends")
            assert any(party.is_member_on(day) for party in parties) == (standing == "member")
        transaction.set_rollback(True)


def test_a_candidate_becomes_a_member_by_the_document_that_says_so():
    institution = make.InstitutionFactory()
    accept(institution, FIRST)
    make.PartyFactory(institution=institution, signed_on=FIRST + timedelta(days=3), withdrawn_on=ALL_DAYS[5],
                      agreement__concluded_on=FIRST, agreement__valid_from=FIRST)  # fmt: skip
    days = [FIRST - timedelta(days=1), *ALL_DAYS[:7]]
    found = [Institution.objects.with_standing(day).get(pk=institution.pk).standing for day in days]
    assert found == ["none", *["candidate"] * 3, "member", "member", "former", "former"]


def test_who_was_accepted_late_at_night_is_a_candidate_on_that_day_of_the_cluster():
    from members.models import Cluster

    Cluster.objects.create(pk=1, name="x", time_zone="Asia/Seoul")
    institution = make.InstitutionFactory()
    Application.objects.create(
        state="accepted", state_since=datetime(2024, 1, 1, 16, tzinfo=UTC), institution=institution,
        applicant=make.PersonFactory(), name="x", why="x",
    )  # fmt: skip
    days = [date(2024, 1, 1), date(2024, 1, 2)]
    found = [Institution.objects.with_standing(day).get(pk=institution.pk).standing for day in days]
    assert found == ["none", "candidate"]
