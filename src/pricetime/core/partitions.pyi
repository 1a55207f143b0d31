"""What Python sees of the compiled partitions; ``runtime.venue.Partition`` explains it."""

from typing import Self

from pricetime.records.routing import Address, Input, Output, Topology

class Part:
    """What both kinds have in common. One thread at a time may use it; a large batch frees the GIL."""

    address: Address
    topology: Topology
    def __init__(self, number: int, topology: Topology) -> None: ...
    @property
    def time_ns(self) -> int: ...
    def apply(self, inputs: list[Input]) -> list[Output]: ...
    def snapshot(self) -> bytes: ...
    def state_hash(self) -> bytes: ...
    def check(self) -> list[str]: ...
    def memory(self) -> dict[str, int]:
        """Return how many orders, accounts, … there are, and the bytes reserved for each kind."""
    @classmethod
    def restore(cls, snapshot: bytes) -> Self: ...

class BookPartition(Part):
    """The books of some stocks over C structs."""

class LedgerPartition(Part):
    """Some accounts over C structs."""
