"""What follows a test with transactions: every row is gone, whatever refuses that otherwise, and it refuses again."""

import pytest
from django.db import Error, connection, transaction

from members import actions
from members.models import Agreement
from tests import factories as make
from tests.examples import load_example
from tests.tables import WRITTEN_BY_MIGRATE, empty_filled_tables, filled_tables, may_silence_triggers

pytestmark = pytest.mark.django_db


def refused(statement):
    """Whether PostgreSQL lets nobody do it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except Error:
        return True
    return False


@pytest.mark.django_db(transaction=True)
def test_every_row_goes_and_what_is_append_only_refuses_again(cast):
    if not may_silence_triggers():
        pytest.skip("DATABASE_URL names a server whose superuser we are not: Django's own flush is used.")
    for _again in range(2):
        actions.set_age_policy(make.CoordinatorFactory().person, 14, 18)
        assert refused("DELETE FROM cluster_portal_auditentry")
        empty_filled_tables()
        assert filled_tables() <= WRITTEN_BY_MIGRATE


def test_an_example_is_copied_in_as_it_was_loaded(demo):
    load_example("petrogradsky")
    filled, texts = filled_tables(), list(Agreement.objects.values_list("public_id", flat=True))
    empty_filled_tables()
    load_example("petrogradsky")
    assert (filled_tables(), list(Agreement.objects.values_list("public_id", flat=True))) == (filled, texts)
