"""Which host has which partition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricetime.records.routing import Room
from pricetime.rules.partitions import Address, Topology
from pricetime.runtime.placement import placement

PARTITIONS = Topology(ledgers=128, books=128).addresses()

topologies = st.builds(Topology, ledgers=st.integers(0, 12), books=st.integers(0, 40))
host_names = st.lists(st.text("abcdefgh", min_size=1, max_size=6), min_size=1, max_size=8, unique=True)


def moved(partitions: Sequence[Address], before: Sequence[str], after: Sequence[str]) -> set[Address]:
    was, is_ = placement(partitions, before), placement(partitions, after)
    return {partition for partition in partitions if was[partition] != is_[partition]}


@given(topologies, host_names, st.randoms(use_true_random=False))
def test_everybody_comes_to_the_same_answer_whatever_the_order(topology, hosts, random) -> None:
    partitions = topology.addresses()
    shuffled, names = list(partitions), list(hosts)
    random.shuffle(shuffled)
    random.shuffle(names)
    assert placement(shuffled, names) == placement(partitions, hosts)


def test_the_answer_is_the_same_in_every_version() -> None:
    books = Topology(ledgers=0, books=6).addresses()
    placed = placement(books, ["a", "b", "c"])
    assert "".join(placed[book] for book in books) == "cabacb"


@given(topologies, host_names)
def test_ledgers_and_books_are_shared_evenly(topology, hosts) -> None:
    placed = placement(topology.addresses(), hosts)
    assert set(placed) == set(topology.addresses())
    for room in (Room.LEDGER, Room.BOOK):
        loads = Counter(dict.fromkeys(hosts, 0))
        loads.update(host for partition, host in placed.items() if partition.room == room)
        assert max(loads.values()) - min(loads.values()) <= 1


@given(topologies, host_names, st.text("xyz", min_size=1))
def test_of_one_host_the_second_takes_half_and_gives_it_back(topology, hosts, other) -> None:
    one = hosts[0]
    taken = moved(topology.addresses(), [one], [one, other])
    placed = placement(topology.addresses(), [one, other])
    assert taken == {partition for partition, host in placed.items() if host == other}


@pytest.mark.parametrize("hosts", range(1, 8))
def test_who_joins_or_leaves_moves_little_more_than_one_share(hosts: int) -> None:
    """As a mean over many names; a single one may be lucky or not."""
    crowds = [[f"{crowd}-{number}" for number in range(hosts + 1)] for crowd in range(20)]
    changes = [len(moved(PARTITIONS, crowd[:-1], crowd)) for crowd in crowds]
    share = len(PARTITIONS) / (hosts + 1)
    assert sum(changes) / len(changes) < 1.6 * share


def test_without_hosts_nobody_has_anything() -> None:
    assert placement(PARTITIONS, []) == {}
