"""Strict reading of settings from the environment.

A name that is not in the environment is looked for as ``NAME_FILE`` (a file holding the secret), then in the notes
that a running ``manage.py portal`` keeps in its STATE folder, so that other commands reach the same servers.
"""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from cluster_portal.launch.state import NOTES, is_running


def state_folder() -> Path:
    """The folder of the private servers' data and of uploaded files."""
    return Path(os.environ.get("STATE") or ".local").resolve()


def notes() -> dict[str, str]:
    """What the living supervisor of this STATE noted about its servers, or nothing."""
    if not is_running(state_folder()):
        return {}
    try:
        return json.loads((state_folder() / NOTES).read_text())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    except ValueError as error:
        raise ImproperlyConfigured(f"{state_folder() / NOTES} is damaged. Remove it and start again.") from error


def text(name: str, default: str = "") -> str:
    """The value of `name`, stripped; raises ImproperlyConfigured when NAME_FILE cannot be read."""
    if value := os.environ.get(name, "").strip():
        return value
    if path := os.environ.get(f"{name}_FILE", "").strip():
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read.") from error
    return notes().get(name, default)


def required(name: str, why: str) -> str:
    """The value of `name`; raises ImproperlyConfigured with a sentence when it is missing."""
    if value := text(name):
        return value
    raise ImproperlyConfigured(f"{name} is not set, and no portal runs with STATE={state_folder()}. {why}")


def switch(name: str) -> bool:
    """A yes or no: 1 or 0 (or nothing). Anything else is a mistake worth stopping for."""
    value = text(name, "0")
    if value not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to 1 or 0.")
    return value == "1"


def whole_number(name: str, default: int) -> int:
    """A whole number, or `default` when the name is not set."""
    value = text(name)
    if not value:
        return default
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to a whole number.")
    return int(value)


def address(name: str, default: str, schemes: set[str]) -> str:
    """A URL whose scheme is one of `schemes`."""
    value = text(name, default)
    if value and urlsplit(value).scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must start with one of: {', '.join(sorted(f'{s}://' for s in schemes))}.")
    return value
