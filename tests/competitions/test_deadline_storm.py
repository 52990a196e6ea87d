"""The last seconds: 300 entries handed in over 50 connections; each is taken or refused by the moment it arrived."""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.models import AuditEntry, OutboxMail
from competitions.models import Authorship, Entry, Step
from tests import factories as make

SUBMISSIONS, CONNECTIONS = 300, 50
HASTE = timedelta(microseconds=1)


@pytest.fixture
def storm(db):
    """A competition that closes now, and complete drafts of as many teachers as there are connections."""
    agreement = make.AgreementFactory()
    school = make.PartyFactory(agreement=agreement).institution
    closes = now()
    competition = make.CompetitionFactory(opens_at=closes - timedelta(days=9), closes_at=closes)
    teachers = [make.AffiliationFactory(institution=school) for _number in range(CONNECTIONS)]
    drafts = [make.EntryFactory.build(competition=competition) for _number in range(SUBMISSIONS)]
    entries = Entry.objects.bulk_create(drafts)
    Step.objects.bulk_create(Step(entry=it, position=1, title="Ask", text="Students ask.") for it in entries)
    Authorship.objects.bulk_create(
        Authorship(entry=it, person=by.person, affiliation=by, state="confirmed", is_lead=True)
        for it, by in zip(entries, teachers * (SUBMISSIONS // CONNECTIONS), strict=True)
    )
    return competition, teachers, entries


@pytest.mark.django_db(transaction=True)
def test_each_entry_is_taken_or_refused_by_the_moment_it_arrived_and_none_is_lost(storm, monkeypatch):
    competition, teachers, entries = storm
    dice, closes = random.Random(5), competition.closes_at
    arrivals = [closes + timedelta(seconds=dice.uniform(-4, 2)) for _number in range(SUBMISSIONS - 4)]
    arrivals += [closes - HASTE, closes - HASTE, closes, closes]
    arrived = threading.local()
    monkeypatch.setattr("cluster_portal.requests.now", lambda: arrived.at)

    def hand_in(number):
        """All that one teacher hands in, over one connection."""
        client = Client()
        arrived.at = closes
        client.force_login(teachers[number].person)
        try:
            for index in range(number, SUBMISSIONS, CONNECTIONS):
                arrived.at = arrivals[index]
                address = reverse("competitions:act_on_entry", args=[entries[index].public_id])
                yield index, client.post(address, {"move": "submit"}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = dict(pair for pairs in pool.map(lambda it: list(hand_in(it)), range(CONNECTIONS)) for pair in pairs)
    stored = {it.pk: it for it in Entry.objects.all()}
    expected = ["submitted" if at < closes else "draft" for at in arrivals]
    assert Counter(answers.values()) == {302: SUBMISSIONS}
    assert [stored[it.pk].state for it in entries] == expected
    taken = [(stored[it.pk].submitted_at, at) for it, at in zip(entries, arrivals, strict=True) if at < closes]
    assert [one for one, _other in taken] == [other for _one, other in taken]
    number = expected.count("submitted")
    assert number > CONNECTIONS
    assert OutboxMail.objects.filter(template="competitions/receipt").count() == number
    assert AuditEntry.objects.filter(verb="competitions.entry.submit").count() == number
