"""A school year of requests, day by day: people answer, or do not; the beat does what falls due; nothing falls through.

Chance decides who does what (drawn alike each time; whom the matching finds may differ). What must hold is asked of
the rows alone, never of the code that is tried, and it is asked on every day. Some years are broken on purpose: then it
must be noticed.
"""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils.timezone import localdate, now

from cluster_portal import hooks
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from cluster_portal.reminders import queue_due_reminders
from members.models import Person
from mentorship import actions, tasks
from mentorship.actions import overdue
from mentorship.desk_rows import risen, rows_of, seeking
from mentorship.models import LogEntry, Meeting, Mentor, MentorRequest, Pairing, PairingStudent, Terms
from mentorship.readers import Channel
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = pytest.mark.django_db
FIRST = datetime(2027, 9, 1, 6, tzinfo=UTC)  # nine in the morning, by the clock of the cluster
DAY, LIMIT = timedelta(days=1), timedelta(days=7)
CONTESTS = ["Open Olympiad in Informatics", "City olympiad in AI", "Robots of the North"]
UNANSWERED = "mentorship/request_rose"
LIVE_PAIR = {"open": None, "proposed": "proposed", "accepted": "accepted", "withdrawn": None, "closed": None}


@pytest.fixture(autouse=True)
def reminders_of_mentorship_alone(monkeypatch):
    """What others remind of costs half of the time here, and there is nothing of theirs."""
    own = {template: it for template, it in hooks.reminders.items() if template.startswith("mentorship/")}
    monkeypatch.setattr(hooks, "reminders", own)


class Year:
    """Schools of two regions, one with a coordinator of its own; what people do there is drawn by lot."""

    def __init__(self, cast, requests, days, seed=1):
        self.lot, self.cast, self.days, self.happened = random.Random(seed), cast, days, Counter()
        self.asking = Counter(self.lot.randrange(days * 3 // 4) for _each in range(requests))
        self.regional = make.CoordinatorFactory(region=make.RegionFactory()).person
        self.teachers = [self._teacher(number) for number in range(max(6, requests // 4))]
        for number in range(max(6, requests // 8)):
            self._mentor(number)

    def _teacher(self, number):
        kept = self.regional.coordinator_roles[0].region
        region = {"institution__region": kept} if number % 2 else {"institution__region": make.RegionFactory()}
        school = make.PartyFactory(agreement=self.cast.agreement, **region).institution
        teacher = make.AffiliationFactory(institution=school).person
        group = make.GroupFactory(institution=school)
        group.keepers.add(teacher)
        for _each in range(2):
            make.GuardianshipFactory(child=make.GroupMemberFactory(group=group).person)
        return teacher

    def _mentor(self, number):
        until = self.lot.choice([None, localdate() + DAY * self.days // 3, localdate() + DAY * 500])
        known = self.lot.sample(CONTESTS, self.lot.randint(1, 2))
        pair.MentorFactory(contests=known, places=1 + number % 3, clearance_until=until)

    def pass_day(self, number):
        """The morning's beat, what people do, the hour's beat before the meetings of the afternoon."""
        morning = FIRST + DAY * number
        with time_machine.travel(morning, tick=False):
            self.beat()
            wrong = found_wrong(morning)
        with time_machine.travel(morning + timedelta(hours=3), tick=False):
            self.people(self.asking[number])
        with time_machine.travel(morning + timedelta(hours=6), tick=False):
            tasks.keep_minors_safe()
            wrong += unsafe(now())
        assert wrong == [], f"day {number}"

    def beat(self):
        self.happened["done by the portal"] += tasks.answer_overdue()
        tasks.resume_due()
        tasks.notice_stalled()
        tasks.keep_minors_safe()
        queue_due_reminders(now())

    def people(self, asking):
        for _each in range(asking):
            self._try("ask", self._ask)
        if self.lot.random() < 0.25:  # coordinators have other work, and are away for weeks
            self._match(self.lot.choice([self.cast.coordinator, self.regional]))
        for it in Pairing.objects.live().with_people().order_by("pk"):
            {"proposed": self._mentor_answers, "accepted": self._teacher_answers}.get(it.state, self._pair_works)(it)
        for it in PairingStudent.objects.unsettled().select_related("person").order_by("pk"):
            self._guardian_answers(it)
        for it in MentorRequest.objects.live().order_by("pk"):
            if self.lot.random() < 0.004:
                self._try("withdraw", actions.withdraw_request, it, by=it.by)
        self._mentors_come_and_go()

    def _try(self, what, action, /, *args, **facts):
        try:
            action(*args, **facts)
            self.happened[what] += 1
        except Refused:
            self.happened[f"{what}: refused"] += 1

    def _ask(self):
        teacher = self.lot.choice(self.teachers)
        facts = {"languages": ["en"], "formats": ["online"], "help": ["prepare"], "text": "We need help."}
        until = localdate() + DAY * self.lot.randint(30, 200)
        return actions.ask_for_mentor(
            teacher.affiliations.get(), by=teacher, title=f"For team {self.lot.randrange(10**6)}", what_for="contest",
            contest=self.lot.choice(CONTESTS), needed_from=localdate(), needed_by=until,
            with_students=self.lot.random() < 0.6, **facts,
        )  # fmt: skip

    def _match(self, coordinator):
        intake = actions.intake_for(coordinator)
        if intake.pairs:
            self._try("propose all", actions.propose_all, by=coordinator, digest=intake.digest)
        for key in intake.without:
            if self.lot.random() < 0.1:
                it = intake.requests[key]
                self._try("close", actions.close_request, it, by=coordinator, reason="Nobody knows it.")

    def _mentor_answers(self, it):
        chance = self.lot.random()
        if chance < 0.12:
            self._try("accept", actions.accept_proposal, it, by=it.mentor.person)
        elif chance < 0.16:
            self._try("decline", actions.decline_proposal, it, by=it.mentor.person, reason="No time.")

    def _teacher_answers(self, it):
        chance = self.lot.random()
        if chance < 0.25:
            self._try("agree", actions.agree_to_mentor, it, by=it.request.by)
        elif chance < 0.29:
            self._try("refuse", actions.refuse_mentor, it, by=it.request.by)

    def _pair_works(self, it):
        chance, mentor, teacher = self.lot.random(), it.mentor.person, it.request.by
        if chance < 0.08 and it.request.with_students:
            children = Person.objects.filter(group_memberships__group__keepers=teacher).order_by("pk")
            self._try("add students", actions.add_students, it, list(children[:1]), by=teacher)
        elif chance < 0.25:
            begins = now() + self.lot.randint(1, 20) * DAY + timedelta(hours=3, minutes=5)
            ends = begins + timedelta(hours=1)
            facts = {"starts_at": begins, "ends_at": ends, "time_zone": "Europe/Moscow"}
            self._try("meet", actions.plan_meeting, it, by=mentor, **facts)
        elif chance < 0.33:
            self._try("log", actions.write_log, it, by=mentor, day=localdate(), minutes=60, what="We met.")
        elif chance < 0.35:
            self._try("complete", actions.complete_pairing, it, by=teacher)
        elif chance < 0.355:
            self._try("dissolve", actions.dissolve_pairing, it, by=mentor)
            self._try("seek again", actions.reopen_request, it.request, by=teacher)

    def _guardian_answers(self, it):
        chance, guardian = self.lot.random(), it.person.guarded_by.get().guardian
        if chance < 0.3 and it.state != "approved":
            self._try("approve", actions.approve_student, it, by=guardian)
        elif chance > 0.995:
            self._try("disapprove", actions.refuse_student, it, by=guardian)

    def _mentors_come_and_go(self):
        for it in Mentor.objects.admitted().select_related("person").order_by("pk"):
            chance = self.lot.random()
            if chance < 0.004:
                self._try("stop", actions.end_mentor, it, by=it.person)
            elif chance < 0.01 and it.state == "active":
                self._try("pause", actions.pause_mentor, it, by=it.person, until=localdate() + 20 * DAY)
            elif chance < 0.08:
                until = self.lot.choice([None, localdate() + 200 * DAY])
                self._try("clear", actions.note_clearance, it, by=self.cast.coordinator, until=until)


def found_wrong(at):
    """What must not be, on a morning after the beat."""
    return [*unanswered(at), *in_two_places(), *overfull(), *unsafe(at)]


def unanswered(at):
    """Whose time to answer is over: nobody, but open requests of which every coordinator concerned was told."""
    for it in MentorRequest.objects.live().for_lists():
        waited = at - it.state_since
        if it.answer_by <= at:
            yield f"{it}: the clock has stopped"
        if waited >= LIMIT and it.state != "open":
            yield f"{it}: {it.state} for {waited}"
        elif waited >= LIMIT:
            yield from untold(it, at)
    for one in Person.objects.filter(coordinating__isnull=False).distinct():
        shown, wanted = sum(row.count for row in risen(one)), late_on_the_desk_of(one, at)
        if shown != wanted:
            yield f"the desk of {one} shows {shown} of {wanted}"


def untold(it, at):
    """Who should have heard, within the last round of the clock, that a request is open, and has not."""
    round_of = {"queued_at__gt": at - LIMIT - timedelta(hours=1), "about_id": it.public_id, "template": UNANSWERED}
    told = OutboxMail.objects.filter(**round_of).exclude(state="cancelled")
    yield from (f"{it}: {one} was not told" for one in coordinators_of(it) if not told.filter(to=one).exists())
    if it.risen_at is None:
        yield f"{it}: not shown as unanswered"


def coordinators_of(it):
    """Whoever coordinates the region of its school; of the cluster, where that has nobody."""
    held = Person.objects.filter(coordinating__region=it.affiliation.institution.region)
    return list(held) or list(Person.objects.filter(coordinating__isnull=False, coordinating__region=None))


def late_on_the_desk_of(one, at):
    """How many open requests past the limit belong on this desk: of its region, or all of them."""
    regions = set(one.coordinating.values_list("region", flat=True))
    late = MentorRequest.objects.open().filter(state_since__lte=at - LIMIT)
    mine = late if None in regions else late.filter(affiliation__institution__region__in=regions)
    return mine.count()


def in_two_places():
    """Requests that stand in no place, or in two: what the pairings say, the state says, and the desk counts."""
    for it in MentorRequest.objects.prefetch_related("pairings"):
        live = [one.state for one in it.pairings.all() if one.state in Pairing.LIVE]
        ended = [one for one in it.pairings.all() if one.state in {"completed", "dissolved"}]
        wanted = {it.state: [LIVE_PAIR[it.state]] if LIVE_PAIR[it.state] else []} if it.state != "paired" else {}
        right = live == wanted[it.state] if wanted else live == ["active"] or (live == [] and ended)
        if not right:
            yield f"{it}: {it.state}, but {live}"


def overfull():
    """Mentors above their places."""
    rows = Mentor.objects.with_loads()
    yield from (f"{it}: {it.taken} of {it.places}" for it in rows if it.taken > it.places)


def unsafe(at):
    """Meetings of the next day at which a minor would sit with somebody who is not cleared for it."""
    soon = Meeting.objects.filter(state="planned", starts_at__range=(at, at + DAY), pairing__state="active")
    for it in soon.select_related("pairing__mentor"):
        mentor, day = it.pairing.mentor, it.starts_at.astimezone(it.zone).date()
        cleared = mentor.state in {"active", "paused"} and mentor.clearance_until and mentor.clearance_until >= day
        there = PairingStudent.objects.filter(pairing=it.pairing, state="approved").select_related("person")
        if not cleared and any(not one.person.is_adult_on(day) for one in there):
            yield f"{it}: minors, and no clearance"


def lived(cast, requests, days, seed=1):
    """A year, from its first day to its last."""
    with time_machine.travel(FIRST - DAY, tick=False):
        Terms.objects.create(pk=1, answer_days=7, stalled_weeks=4)
        year = Year(cast, requests, days, seed)
    for number in range(days):
        year.pass_day(number)
    return year


def test_in_six_weeks_of_sixty_requests_nobody_is_forgotten(cast):
    year = lived(cast, 60, 45)
    states = Counter(MentorRequest.objects.values_list("state", flat=True))
    assert states.total() == 60 - year.happened["ask: refused"]
    ends = set(Pairing.objects.values_list("state", flat=True))
    assert {"active", "declined", "lapsed", "completed"} <= ends
    assert OutboxMail.objects.filter(template=UNANSWERED).exists()
    assert LogEntry.objects.exists()
    assert Meeting.objects.filter(state="cancelled").exists()


@pytest.mark.big
def test_in_a_school_year_of_five_hundred_requests_nobody_is_forgotten(cast):
    year = lived(cast, 500, 270, seed=2)
    states = Counter(MentorRequest.objects.values_list("state", flat=True))
    assert (states.total(), sum(row.count for row in [*risen(cast.coordinator), *seeking(cast.coordinator)])) == (
        500 - year.happened["ask: refused"],
        states["open"],
    )
    assert list(rows_of(cast.coordinator))


BREAKS = {
    "nothing lapses or rises": lambda patch: patch.setattr(tasks.actions, "answer_overdue", lambda at: 0),
    "coordinators are not told": lambda patch: patch.setattr(overdue, "coordinators_for", lambda *_args, **_facts: []),
    "nobody looks at clearances": lambda patch: patch.setattr(Channel, "must_not_meet_on", lambda *_day: False),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_year_is_noticed(cast, monkeypatch, broken):
    BREAKS[broken](monkeypatch)
    with pytest.raises(AssertionError, match=r"day \d+"):
        lived(cast, 60, 60)
