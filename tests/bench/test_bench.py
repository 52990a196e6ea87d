"""The bench runs to its end at its smallest; what it measures there means nothing and is not looked at."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.launch
def test_the_report_has_every_number_and_a_verdict_for_every_goal():
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    command = [sys.executable, "-m", "bench", "--tiny"]
    done = subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True, timeout=240)
    report = done.stdout
    for name in ("programme", "programme, anonymous", "run", "run, anonymous", "flow", "roster", "short roster"):
        assert re.search(rf"^{name}  +[\d.]+", report, re.MULTILINE), done.stderr
    for name in ("cold start", "worker's memory", "first visit", "certificates", "long run"):
        assert re.search(rf"^{name} +\S", report, re.MULTILINE)
    assert len(re.findall(r"^(reached|MISSED ) ", report, re.MULTILINE)) == 10
