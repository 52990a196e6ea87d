"""The audit can be added to, never changed, and holds nothing personal."""

import pytest
from django.db import DatabaseError, connection, transaction

from cluster_portal.audit import record, record_changes
from cluster_portal.models import AuditEntry
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry():
    return record("members.person.enter", make.PersonFactory(), by=None)


@pytest.mark.parametrize(
    "statement", ["UPDATE cluster_portal_auditentry SET verb = 'x'", "DELETE FROM cluster_portal_auditentry"]
)
def test_the_database_refuses_to_change_it(entry, statement):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.filter(verb="members.person.enter").count() == 1


def test_a_value_outside_of_the_whitelist_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="family_name"):
        record("members.person.change", make.PersonFactory(), by=None, family_name="Ivanova")


def test_changes_name_the_fields_and_only_whitelisted_values():
    person = make.PersonFactory(family_name="Ivanova", language="ru")
    entry = record_changes("members.person.change", person, by=person, changed=["language", "family_name"])
    assert (entry.fields, entry.values, entry.actor) == (
        ["family_name", "language"],
        {"language": "ru"},
        person.public_id,
    )
