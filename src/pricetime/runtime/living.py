"""Who lives, as one process sees it: what presence tells, and what it told a moment ago.

Presence forgets: all of it is lost when Redis is emptied or starts anew. Then everybody is missing until
the next sign, and whoever believed that would take over the whole venue and give it back at once. So a host
that is missing is held alive until its last sign is too old by our own clock, and that does not run
while presence cannot be asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from pricetime.ports import Sign


class Living:
    """The hosts of one kind. Times are seconds of the caller's clock."""

    def __init__(self, lifetime_s: float) -> None:
        self._lifetime_s = lifetime_s
        self._seen: dict[str, tuple[Sign, float]] = {}
        self._was_away = False

    def away(self) -> None:
        """Take note that presence cannot be asked: nobody is held dead for that."""
        self._was_away = True

    def hear(self, signs: Sequence[Sign], now_s: float) -> list[Sign]:
        """Return the last sign of each that lives, by name."""
        if self._was_away:
            self._seen = {name: (sign, now_s) for name, (sign, _) in self._seen.items()}
            self._was_away = False
        for sign in signs:
            known = self._seen.get(sign.name)
            if known is None or known[0] != sign:
                self._seen[sign.name] = (sign, now_s)
        told = {sign.name for sign in signs}
        self._seen = {
            name: (sign, at_s)
            for name, (sign, at_s) in self._seen.items()
            if name in told or now_s - at_s < self._lifetime_s
        }
        return [sign for _, (sign, _) in sorted(self._seen.items())]
