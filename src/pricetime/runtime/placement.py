"""Which host has which partition: rendezvous hashing (Thaler and Ravishankar, 1998) with even shares.

Every host has a score for every partition. The pairs are gone through from the highest score down, and a
partition goes to the first host of its that has room. So everybody who knows who lives comes to the same
answer without asking. Invariants:

1. Of ledgers, and of books, no host has more than one more than another.
2. A partition is where its score is highest, among the hosts that are not full with higher ones.

What a host that leaves has had is spread over the others, and one that joins takes its share of each. Now
and then another partition moves as well, to a host of a higher score that has room for it now.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable

from pricetime.records.routing import Address


def placement(partitions: Iterable[Address], hosts: Collection[str]) -> dict[Address, str]:
    """Return the host of each partition; nothing where there is no host."""
    if not hosts:
        return {}
    rooms = defaultdict(list)
    for partition in partitions:
        rooms[partition.room].append(partition)
    return {part: host for room in rooms.values() for part, host in _shared(room, hosts).items()}


def _shared(partitions: Collection[Address], hosts: Collection[str]) -> dict[Address, str]:
    """Share out partitions of one room; what is left over goes one each, by the same scores."""
    share, left_over = divmod(len(partitions), len(hosts))
    placed: dict[Address, str] = {}
    loads = dict.fromkeys(hosts, 0)
    pairs = [(_score(partition, host), host, partition) for partition in partitions for host in hosts]
    for _, host, partition in sorted(pairs, reverse=True):
        if partition in placed or loads[host] > share or (loads[host] == share and not left_over):
            continue
        if loads[host] == share:
            left_over -= 1
        loads[host] += 1
        placed[partition] = host
    return placed


def _score(partition: Address, host: str) -> bytes:
    return hashlib.blake2b(f"{partition} {host}".encode(), digest_size=8).digest()
