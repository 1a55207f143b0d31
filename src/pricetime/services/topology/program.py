"""A server to run in the foreground, as data."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pricetime.errors import SettingError


@dataclass(frozen=True)
class Program:
    """What to start. It stays in the foreground, logs to its output, and stops at SIGTERM.

    ``environment`` is all of it, nothing is inherited. ``port`` is where it listens on 127.0.0.1 when it is
    ready.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    port: int


def installed(name: str, package: str, *places: str) -> str:
    """Return the path of a program, looked for in ``places`` first; SettingError says how to install it."""
    found = next((place for place in places if Path(place).exists()), None) or shutil.which(name)
    if found is None:
        raise SettingError(f"{name} is missing. Install it with: sudo apt-get install {package}")
    return found
