"""What several tests of competitions need."""

import signal

import pytest


@pytest.fixture
def little_work(request):
    """Ends a test that has worked for its module's MOST_SECONDS of a processor's time, however busy the machine is.

    What is hostile in these tests takes some of them when work grows with the size, and hours when with its square.
    """

    def too_much(_signal, _frame):
        raise AssertionError("This takes more work than a text or a file of this size is worth.")

    before = signal.signal(signal.SIGPROF, too_much)
    signal.setitimer(signal.ITIMER_PROF, request.module.MOST_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)
