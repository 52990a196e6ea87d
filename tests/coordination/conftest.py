"""Examples that a whole file of tests reads: loading one takes seconds, so it is loaded once."""

from contextlib import contextmanager

from django.core.management import call_command
from django.db import transaction
from django.test import override_settings


@contextmanager
def loaded_once(name, blocker, folder):
    """A demonstration with an example in it. What a test changes is undone after it, the example after the last."""
    with blocker.unblock(), override_settings(DEMO=True, MEDIA_ROOT=folder), transaction.atomic():
        call_command("load_example", name, verbosity=0)
        yield
        transaction.set_rollback(True)
