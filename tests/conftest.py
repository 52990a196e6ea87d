"""The fixed cast, and what all tests share."""

import threading
from dataclasses import dataclass

import pytest
from django.db import connection, connections
from django.http import HttpResponse
from django.test import Client, TransactionTestCase
from django.utils import timezone, translation

from cluster_portal import urls
from cluster_portal.moves import Refused
from courses.models import Pool, Run
from members.models import Agreement, Institution, Person
from tests import factories as make
from tests.tables import empty_filled_tables, may_silence_triggers


def pytest_configure():
    """A quick password hasher: hundreds of demo people are made, and their passwords guard nothing."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Let the flush after a test empty audit and consents, and factories write what was concluded long ago."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cluster_portal_auditentry DISABLE TRIGGER audit_is_never_emptied")
        cursor.execute("ALTER TABLE members_consentdecision DISABLE TRIGGER consent_is_never_emptied")
        cursor.execute("ALTER TABLE members_clause DISABLE TRIGGER members_clause_joins_a_draft")
        cursor.execute("ALTER TABLE members_party DISABLE TRIGGER members_party_joins_a_draft")
        cursor.execute("ALTER TABLE members_coverage DISABLE TRIGGER members_roll_joins_what_lives")
        if may_silence_triggers():
            TransactionTestCase._fixture_teardown = empty_filled_tables


@pytest.fixture
def plain_refusals(monkeypatch):
    """Who walks through thousands of addresses reads what opens; to draw a page for each refusal took as long."""
    for status in (403, 404):
        monkeypatch.setattr(
            urls, f"handler{status}", lambda *_, status=status, **__: HttpResponse(status=status), raising=False
        )


@pytest.fixture(autouse=True)
def english():
    """Each test begins in English and in UTC, whatever language a page spoke in the one before."""
    translation.activate("en")
    timezone.deactivate()


@pytest.fixture(autouse=True)
def confirmed_device(monkeypatch):
    """Whoever a test signs in sits at a device that they have confirmed; test_devices.py tries the others."""
    sign_in = Client.force_login

    def at_a_confirmed_device(client, person, backend=None):
        sign_in(client, person, backend)
        make.confirm_device(client, person)

    monkeypatch.setattr(Client, "force_login", at_a_confirmed_device)


@dataclass(frozen=True)
class Cast:
    """Who acts in tests: a coordinator, a school with contact and teachers that is a member, and an outsider."""

    coordinator: Person
    school: Institution
    agreement: Agreement
    contact: Person
    teacher: Person
    colleague: Person
    outsider: Person


@pytest.fixture
def cast(db) -> Cast:
    agreement = make.AgreementFactory()
    make.ClauseFactory(agreement=agreement, number="2.1")
    school = make.PartyFactory(agreement=agreement, institution__name="School 1").institution
    return Cast(
        coordinator=make.CoordinatorFactory().person,
        school=school,
        agreement=agreement,
        contact=make.AffiliationFactory(institution=school, role="contact").person,
        teacher=make.AffiliationFactory(institution=school).person,
        colleague=make.AffiliationFactory(institution=school).person,
        outsider=make.PersonFactory(),
    )


@pytest.fixture
def run(db) -> Run:
    """A published run with one session ahead and two places in the room."""
    run = make.RunFactory()
    make.SessionFactory(run=run)
    make.PoolFactory(run=run)
    return run


@pytest.fixture
def pool(run) -> Pool:
    return run.pools.get()


@pytest.fixture
def demo(settings):
    """As a demonstration: no second factor is demanded."""
    settings.DEMO = True


@pytest.fixture
def together():
    """Run functions at once, each in a thread with a connection of its own; return "done" or "refused" for each."""

    def run_all(*functions):
        barrier, results = threading.Barrier(len(functions)), [None] * len(functions)

        def one(index, function):
            try:
                barrier.wait(30)
                function()
                results[index] = "done"
            except Refused:
                results[index] = "refused"
            except Exception as error:
                results[index] = error
            finally:
                connections.close_all()

        threads = [threading.Thread(target=one, args=pair) for pair in enumerate(functions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        return results

    return run_all
