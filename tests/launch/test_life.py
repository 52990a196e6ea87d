"""One portal's life, for every kind of user and language setting: start, stop, killed, and started again."""

import os
import signal
import urllib.request

import pytest

from tests.launch.portals import ORDINARY, ROOT, WITHOUT_NAMESPACES

pytestmark = pytest.mark.launch
WRITE = "Institution(name='Новогодняя Ёлка', kind='school', slug='yolka').save()"
FIND = "print([found(Institution.objects.filter(slug__startswith='yolka'), asked).count() for asked in {asked}])"
HEAD = "from members.models import Institution; from cluster_portal.search import found; "
CYRILLIC = "print(Institution.objects.filter(name__icontains='ёлка').exists()); "
PING = "from cluster_portal.celery import app; print(any(app.control.ping(timeout=1) for _ in range(30)))"


@pytest.mark.parametrize(
    ("who", "language"),
    [(ROOT, "C"), (ROOT, "C.UTF-8"), (ORDINARY, "C"), (ORDINARY, "C.UTF-8"), (WITHOUT_NAMESPACES, "C")],
)
def test_life(who, language, make_portal):
    portal = make_portal(who, language)
    first = portal.start()
    is_ready(portal)
    assert portal.shell(PING) == "True"
    portal.shell(HEAD + WRITE)
    finds_cyrillic(portal)
    portal.interrupt()
    assert portal.make.wait(20) is not None
    assert portal.processes() == {}

    again = portal.start()
    is_ready(portal)
    assert again < first, f"the second start took {again:.1f} s, the first {first:.1f} s"
    os.kill(portal.pid_of("manage.py portal"), signal.SIGKILL)
    assert portal.is_gone(10), portal.processes()
    portal.make.wait(5)

    portal.start()
    finds_cyrillic(portal)
    portal.make.terminate()
    assert portal.make.wait(20) is not None
    assert portal.is_gone(1), portal.processes()


def is_ready(portal):
    with urllib.request.urlopen(f"http://127.0.0.1:{portal.port}/readyz", timeout=10) as answer:
        assert answer.status == 200
        assert answer.headers["X-Request-ID"]


def finds_cyrillic(portal):
    """The row written before the first stop, by another case, by ё and е, and with a typo."""
    asked = FIND.format(asked=["ёлка", "ЕЛКА", "навогодняя", "осень"])
    assert portal.shell(HEAD + CYRILLIC + asked) == "True\n[1, 1, 1, 0]"
