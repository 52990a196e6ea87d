"""The audit can be added to, never changed, and holds nothing personal."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from cluster_portal.audit import record, record_changes, record_many, written_at_the_end
from cluster_portal.models import AuditEntry
from cluster_portal.moves import Refused
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


def test_lines_of_one_action_are_written_together_in_their_order():
    people = [make.PersonFactory(), make.PersonFactory()]
    with CaptureQueriesContext(connection) as asked, written_at_the_end():
        record("members.person.enter", people[0], by=None)
        record_many("members.person.change", people, by=people[0])
    lines = list(AuditEntry.objects.order_by("pk").values_list("verb", "object_id"))
    first, second = (it.public_id for it in people)
    expected = [("members.person.enter", first), ("members.person.change", first), ("members.person.change", second)]
    assert (len(asked), lines[-3:]) == (1, expected)


def test_an_action_that_ends_by_an_error_leaves_no_line():
    person = make.PersonFactory()

    @written_at_the_end()
    def refused():
        record("members.person.enter", person, by=None)
        raise Refused

    with pytest.raises(Refused):
        refused()
    record("members.person.change", person, by=None)
    assert list(AuditEntry.objects.filter(object_id=person.public_id).values_list("verb", flat=True)) == [
        "members.person.change"
    ]
