from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils.timezone import now

from cluster_portal import health
from cluster_portal.models import OutboxMail

ALL_WELL = {"database": "ok", "broker": "ok", "migrations": "ok", "oldest_due_mail_seconds": 0}


def test_alive_asks_nobody(client):
    answer = client.get("/healthz", headers={"host": "10.0.0.7"})
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_ready_when_all_is_there(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, ALL_WELL)
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_says_how_late_the_mail_is(client, monkeypatch):
    late = OutboxMail.objects.none()
    monkeypatch.setattr(OutboxMail.objects, "due", lambda at: late)
    monkeypatch.setattr(late, "aggregate", lambda oldest: {"oldest": now() - timedelta(seconds=90)})
    assert client.get("/readyz").json()["oldest_due_mail_seconds"] == 90


@pytest.mark.django_db
def test_not_ready_without_broker(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, ALL_WELL | {"broker": "does not answer"})


@pytest.mark.django_db
def test_not_ready_without_database(client, monkeypatch):
    def refuse():
        raise DatabaseError

    monkeypatch.setattr(connection, "cursor", refuse)
    monkeypatch.setattr(connection, "close", lambda: None)
    answer = client.get("/readyz")
    missing = {"database": "does not answer", "migrations": "does not answer", "oldest_due_mail_seconds": None}
    assert (answer.status_code, answer.json()) == (503, ALL_WELL | missing)


@pytest.mark.django_db
def test_not_ready_before_its_migrations(client, monkeypatch):
    monkeypatch.setattr(health, "_applied", False)
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, targets: ["one"])
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["migrations"]) == (503, "pending")
