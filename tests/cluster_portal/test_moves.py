"""One writer of state: a conditional UPDATE, its facts, and one audit line."""

import pytest

from cluster_portal.models import AuditEntry
from cluster_portal.moves import Refused, available_moves, make_move, make_moves
from members.models import Affiliation
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_a_move_sets_state_facts_and_one_audit_line(cast):
    it = make.AffiliationFactory(state="asked")
    make_move(it, "admit", by=cast.contact, starts_on="2026-03-01")
    it.refresh_from_db()
    assert (it.state, str(it.starts_on)) == ("active", "2026-03-01")
    line = AuditEntry.objects.get(object_id=it.public_id)
    assert (line.verb, line.actor, line.values) == (
        "members.affiliation.admit", cast.contact.public_id, {"before": "asked", "after": "active"},
    )  # fmt: skip


def test_who_saw_an_old_state_is_refused_and_nothing_changes(cast):
    it = make.AffiliationFactory(state="asked")
    stale = Affiliation.objects.get(pk=it.pk)
    make_move(it, "refuse", by=cast.contact)
    with pytest.raises(Refused, match="already answered"):
        make_move(stale, "admit", by=cast.contact, starts_on="2026-03-01")
    it.refresh_from_db()
    assert (it.state, AuditEntry.objects.filter(object_id=it.public_id).count()) == ("declined", 1)


def test_a_move_from_a_wrong_state_is_refused(cast):
    with pytest.raises(Refused):
        make_move(make.AffiliationFactory(), "admit", by=cast.contact)


def test_many_rows_move_in_few_queries(cast, django_assert_num_queries):
    rows = [make.AffiliationFactory(state="invited") for _ in range(3)]
    with django_assert_num_queries(2):
        moved = make_moves(rows, "decline", by=None)
    assert [it.state for it in moved] == ["declined"] * 3
    assert Affiliation.objects.filter(state="declined").count() == 3


ALLOWED = {
    ("person", "invited"): {"accept", "decline"},
    ("person", "asked"): {"take_back"},
    ("contact", "invited"): {"recall"},
    ("coordinator", "invited"): {"recall"},
    ("person", "active"): {"end"},
    ("contact", "asked"): {"admit", "refuse"},
    ("contact", "active"): {"end"},
    ("coordinator", "asked"): {"admit", "refuse"},
    ("coordinator", "active"): {"end"},
}


@pytest.mark.parametrize("state", Affiliation.State)
@pytest.mark.parametrize("role", ["person", "contact", "coordinator", "outsider"])
def test_moves_by_role_and_state_of_an_affiliation(role, state, cast):
    it = make.AffiliationFactory(state=state, institution=cast.school)
    person = it.person if role == "person" else getattr(cast, role)
    assert set(available_moves(person, it)) == ALLOWED.get((role, state.value), set())
