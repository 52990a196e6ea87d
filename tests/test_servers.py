"""The guards of every test run (tests/servers.py), tried on tests that break their rules."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]
BROKEN = """
import smtplib
import socket

import pytest


@pytest.mark.launch
@pytest.mark.skip(reason="no time")
def test_skipped():
    pass


def test_calls_home_and_hides_it():
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    except Exception:
        pass


def test_sends_mail():
    with pytest.raises(RuntimeError):
        smtplib.SMTP("127.0.0.1", 9)


@pytest.mark.smtp
def test_may_send_mail():
    with pytest.raises(OSError):
        smtplib.SMTP("127.0.0.1", 9)
"""
QUIET = """
import pytest


@pytest.mark.browser
@pytest.mark.skip(reason="no browser")
def test_skipped():
    pass
"""


def run(folder, text, **settings):
    """What pytest says about these tests, under the portal's own configuration."""
    (folder / "test_broken.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", f"--rootdir={HERE}", "-c"]
    done = subprocess.run(
        [*command, HERE / "pyproject.toml", folder], cwd=HERE, env=os.environ | settings, capture_output=True, text=True
    )
    return done.returncode, done.stdout


def test_network_and_unmarked_mail_fail_even_when_hidden(tmp_path):
    code, said = run(tmp_path, BROKEN)
    assert code == 1
    failed = re.findall(r"^(?:ERROR|FAILED) \S+::(\w+)", said, re.MULTILINE)
    assert failed == ["test_calls_home_and_hides_it", "test_sends_mail"]


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_skipped_proof_fails_in_ci_only(tmp_path, ci, code):
    assert run(tmp_path, QUIET, CI=ci)[0] == code
