"""Which host has which partition."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from pricetime.rules.partitions import Topology
from pricetime.runtime.placement import placement

PARTITIONS = Topology(ledgers=128, books=128).addresses()
HOSTS = [f"host-{number}" for number in range(8)]


def test_everybody_comes_to_the_same_answer_whatever_the_order() -> None:
    assert placement(PARTITIONS, HOSTS) == placement(reversed(PARTITIONS), HOSTS[::-1])
    assert placement(PARTITIONS[:1], ["a", "b", "c"])[PARTITIONS[0]] == "a"  # and in every version


def test_each_host_has_about_its_share() -> None:
    loads = Counter(placement(PARTITIONS, HOSTS).values())
    assert set(loads) == set(HOSTS)
    assert min(loads.values()) > len(PARTITIONS) / len(HOSTS) / 2
    assert max(loads.values()) < len(PARTITIONS) / len(HOSTS) * 2


def test_a_host_that_leaves_moves_its_own_partitions_and_no_other() -> None:
    before = placement(PARTITIONS, HOSTS)
    for gone in HOSTS:
        after = placement(PARTITIONS, [host for host in HOSTS if host != gone])
        assert {part for part in PARTITIONS if before[part] != after[part]} == {
            part for part in PARTITIONS if before[part] == gone
        }


def test_a_host_that_joins_only_takes() -> None:
    placements = [placement(PARTITIONS, HOSTS[:number]) for number in range(1, len(HOSTS) + 1)]
    for number, (before, after) in enumerate(pairwise(placements), 1):
        moved = [part for part in PARTITIONS if before[part] != after[part]]
        assert moved
        assert {after[part] for part in moved} == {HOSTS[number]}


def test_without_hosts_nobody_has_anything() -> None:
    assert placement(PARTITIONS, []) == {}
