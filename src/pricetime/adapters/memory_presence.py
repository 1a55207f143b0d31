"""Who lives, in memory: for tests, and for a venue in parts within one event loop."""

from __future__ import annotations

from collections.abc import Sequence

from pricetime.errors import PresenceFailed
from pricetime.ports import Clock, Sign


class MemoryPresence:
    """Signs of life, good for ``lifetime_ms``. While ``is_away``, it fails; ``clear`` loses all it knows."""

    def __init__(self, clock: Clock, lifetime_ms: int = 2_500) -> None:
        self.is_away = False
        self._clock = clock
        self._lifetime_ns = lifetime_ms * 1_000_000
        self._signs: dict[tuple[str, str], tuple[Sign, int]] = {}
        self._drained: set[tuple[str, str]] = set()

    async def give(self, sign: Sign) -> None:
        """Keep a sign of life; PresenceFailed."""
        self._refuse_where_away()
        self._signs[sign.kind, sign.name] = (sign, self._clock.now_ns())

    async def leave(self, kind: str, name: str) -> None:
        """Forget one; PresenceFailed."""
        self._refuse_where_away()
        self._signs.pop((kind, name), None)

    async def living(self, kind: str) -> Sequence[Sign]:
        """Return the last sign of each that lives, by name; PresenceFailed."""
        self._refuse_where_away()
        since = self._clock.now_ns() - self._lifetime_ns
        return [
            sign
            for (of, _), (sign, at) in sorted(self._signs.items(), key=lambda each: each[0])
            if of == kind and at > since
        ]

    async def drain(self, kind: str, name: str, *, is_drained: bool) -> None:
        """Keep a wish; PresenceFailed."""
        self._refuse_where_away()
        (self._drained.add if is_drained else self._drained.discard)((kind, name))

    async def is_drained(self, kind: str, name: str) -> bool:
        """Return whether that is wished; PresenceFailed."""
        self._refuse_where_away()
        return (kind, name) in self._drained

    def clear(self) -> None:
        """Lose everything but the wishes."""
        self._signs.clear()

    def _refuse_where_away(self) -> None:
        if self.is_away:
            raise PresenceFailed
