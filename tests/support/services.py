"""Processes of the venue as many services, started as an operator would: ``pricetime run NAME``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE_S = 60


class ServiceRun:
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

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> int:
        """Ask it to stop and wait; return its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would; safe when it has ended."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        return self._log.read_text("utf-8", errors="replace")

    def _end(self, number: signal.Signals) -> int:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(number)
        try:
            return self._process.wait(_PATIENCE_S)
        finally:
            assert self._process.stdout is not None
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
