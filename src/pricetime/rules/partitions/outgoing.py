"""What a batch gives rise to, by destination."""

from __future__ import annotations

from pricetime.records.routing import Address, Output


class Outgoing:
    """Collects what a batch gives rise to, by destination."""

    def __init__(self) -> None:
        self._records: dict[Address, list[bytes]] = {}

    def send(self, destination: Address, record: bytes) -> None:
        """Add records for a destination."""
        if record:
            self._records.setdefault(destination, []).append(record)

    def take(self) -> list[Output]:
        """Return everything, by destination, and begin anew."""
        records, self._records = self._records, {}
        return [Output(destination, b"".join(records[destination])) for destination in sorted(records)]
