"""All hosts of partitions, as an operator sees them and asks of them: what presence tells, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pricetime.errors import NotFound
from pricetime.ports import Presence, Sign
from pricetime.rules.partitions import Topology

KINDS: Final = ("ledger", "engine", "views")
"""The services that host partitions."""


class Hosts:
    """The hosts of a venue of many services."""

    def __init__(self, presence: Presence, topology: Topology) -> None:
        self.topology = topology
        self._presence = presence

    async def living(self) -> Sequence[Sign]:
        """Return the last sign of each that lives; PresenceFailed."""
        return [sign for kind in KINDS for sign in await self._presence.living(kind)]

    async def drain(self, name: str, *, is_drained: bool) -> Sign:
        """Ask that a host be given no partitions any more, or again, and return its last sign.

        NotFound where none of that name lives, PresenceFailed.
        """
        for sign in await self.living():
            if sign.name == name:
                await self._presence.drain(sign.kind, name, is_drained=is_drained)
                return sign
        raise NotFound(
            f"No host of the name {name[:100]!r} lives. The list of engines has those that do.",
            code="unknown_host",
        )
