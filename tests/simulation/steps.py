"""Everything that happens in a run, one numbered step after the other, and the end of the process at one.

A step is one turn of the event loop or one operation of the disk. The hash over all steps names a run:
two runs of one seed that differ anywhere differ in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

STEPS_LIMIT = 200_000


class Crash(SystemExit):
    """The process is gone. A SystemExit, since asyncio lets that out of the loop at once."""


class ViewsCrash(BaseException):
    """The process of the views is gone; no Exception, since nothing in it may catch this."""


class Endless(Exception):
    """A run takes more steps than any run should."""


class Steps:
    """Counts and hashes steps, and raises Crash at one of them."""

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        self.taken = 0
        self._crash_in: int | None = None
        self._crash_of = ""
        self._tell = tell
        self._hash = hashlib.blake2b(digest_size=16)

    def crash_in(self, steps: int | None, of: str = "") -> None:
        """Let the process end before the n-th step from now on whose label begins with ``of``; None: not."""
        self._crash_in, self._crash_of = steps, of

    def take(self, label: str) -> None:
        """Take a step, unless the process ends before it."""
        self.taken += 1
        self.note(label)
        if self.taken > STEPS_LIMIT:
            raise Endless(f"{STEPS_LIMIT} steps were taken and there is no end")
        if self._crash_in is not None and label.startswith(self._crash_of):
            self._crash_in -= 1
            if not self._crash_in:
                raise Crash

    def note(self, label: str, data: bytes = b"") -> None:
        """Add to the trace what is no step by itself."""
        self._hash.update(label.encode() + b"\n" + data)
        if self._tell is not None:
            self._tell(f"{self.taken:>6} {label}")

    def trace(self) -> str:
        """Return the hash of everything so far."""
        return self._hash.hexdigest()
