"""Which host has which partition: rendezvous hashing (Thaler and Ravishankar, 1998).

Every host has a score for every partition, and the live host with the highest has it. So everybody who
knows who lives comes to the same answer without asking; a host that leaves gives away its own partitions
and moves no other, and one that joins takes its share of each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from pricetime.rules.partitions.routing import Address


def placement(partitions: Iterable[Address], hosts: Collection[str]) -> dict[Address, str]:
    """Return the host of each partition; nothing where there is no host."""
    if not hosts:
        return {}
    return {partition: _winner(partition, hosts) for partition in partitions}


def _winner(partition: Address, hosts: Collection[str]) -> str:
    return max(hosts, key=lambda host: (_score(partition, host), host))


def _score(partition: Address, host: str) -> bytes:
    return hashlib.blake2b(f"{partition} {host}".encode(), digest_size=8).digest()
