"""A process that tests start: it announces itself on standard output, and its log is a file."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

_PATIENCE_S = 60


class Child:
    """One process. ``_process`` has its standard output as a pipe."""

    _process: subprocess.Popen[bytes]
    _log: Path

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> int:
        """Ask it to stop and wait; return its exit code."""
        return self._end(signal.SIGTERM)

    def wait(self) -> int:
        """Wait until it ends by itself; return its exit code."""
        return self._process.wait(_PATIENCE_S)

    def kill(self) -> None:
        """End it at once, as a power cut would; safe when it has ended."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """What it has written to standard error."""
        return self._log.read_text("utf-8", errors="replace")

    def _end(self, number: signal.Signals) -> int:
        if self.is_running:
            self.resume()
            self._process.send_signal(number)
        try:
            return self._process.wait(_PATIENCE_S)
        finally:
            assert self._process.stdout is not None
            self._process.stdout.close()
