"""What several apps hide from somebody is all hidden, also where they hide rows of the same model."""

import pytest

from cluster_portal import hooks
from cluster_portal.audit import record
from cluster_portal.hidden import seen_by
from cluster_portal.models import AuditEntry
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_what_two_apps_hide_of_one_model_is_hidden_both(monkeypatch):
    reader, *about = make.PersonFactory.create_batch(4)
    for person in about:
        record("members.person.enter", person, by=None)
    first, second, third = (AuditEntry.objects.filter(object_id=it.public_id) for it in about)
    label = AuditEntry._meta.label_lower
    monkeypatch.setattr(hooks, "blind", [lambda _person: {label: first}, lambda _person: {label: second}])
    assert list(seen_by(AuditEntry.objects.filter(verb="members.person.enter"), reader)) == list(third)
