"""What few people need is imported by whoever needs it (decision 095)."""

import subprocess
import sys

SELDOM = {
    "PIL", "babel", "cryptography", "fido2", "filetype", "highspy", "numpy", "openbadgeslib", "openpyxl",
    "python_calamine", "redis", "segno", "typst",
}  # fmt: skip
WEB_PROCESS = f"""
import sys
import cluster_portal.wsgi, allauth.account.stages
print(sorted({SELDOM} & set(sys.modules)))
"""


def test_a_web_process_starts_without_what_few_people_need():
    done = subprocess.run([sys.executable, "-c", WEB_PROCESS], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
