"""Processes of the venue as many services, started as an operator would: ``pricetime run NAME``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.child import Child


class ServiceRun(Child):
    """One process. It serves when the constructor returns."""

    def __init__(self, name: str, log: Path, *, is_awaited: bool = True, **settings: object) -> None:
        self.name = name
        self.instance = str(settings.get("instance", ""))
        self._log = log
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PRICETIME_")}
        said = {f"PRICETIME_{key.upper()}": str(value) for key, value in settings.items()}
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pricetime.cli", "run", name, "--port", "0", "--json"],
                env=kept | said,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=tempfile.gettempdir(),  # no pricetime.toml or .env of the developer's
            )
        self.url = ""
        if is_awaited:
            self.await_ready()

    def await_ready(self) -> None:
        """Wait until it serves."""
        assert self._process.stdout is not None
        announced = self._process.stdout.readline()
        if not announced:
            self.kill()
            raise RuntimeError(f"{self.name} did not start: {self.log()}")
        self.url = json.loads(announced)["url"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
