from __future__ import annotations

import asyncio
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricetime.adapters.passwords import BcryptHasher
from pricetime.errors import QueueFull, VenueStopped

Make = Callable[..., BcryptHasher]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[BcryptHasher] = []

    def hasher(cost: int = 4, threads: int = 2, queue_limit: int = 1_000) -> BcryptHasher:
        made.append(BcryptHasher(cost=cost, threads=threads, queue_limit=queue_limit))
        return made[-1]

    yield hasher
    for one in made:
        one.close()


async def test_the_password_and_no_other_matches_its_hash(make: Make) -> None:
    hasher = make()
    password_hash = await hasher.hash("enchantress")
    assert await hasher.verify("enchantress", password_hash)
    assert not await hasher.verify("Enchantress", password_hash)


@pytest.mark.skipif(sys.platform != "linux", reason="only there a thread has a priority of its own")
async def test_hashing_gives_way_to_everything_else(make: Make) -> None:
    await make(threads=1).hash("enchantress")
    [hashing] = [thread.native_id for thread in threading.enumerate() if thread.name.startswith("bcrypt")]
    assert hashing is not None
    ours = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert os.getpriority(os.PRIO_PROCESS, hashing) == min(ours + 5, 19)


async def test_two_hashes_of_one_password_differ(make: Make) -> None:
    hasher = make()
    assert await hasher.hash("enchantress") != await hasher.hash("enchantress")


async def test_nobodys_hash_matches_nothing(make: Make) -> None:
    hasher = make()
    assert not await hasher.verify("", None)
    assert not await hasher.verify("enchantress", None)


@pytest.mark.parametrize(
    ("password", "other"),
    [
        ("x" * 72 + "a", "x" * 72 + "b"),
        ("x" * 100_000, "x" * 100_001),
        ("a\0b", "a\0c"),
        ("\0", "\0\0"),
        ("pass\ud800", "pass\ud801"),
        ("пароль", "пароли"),
        ("", " "),
    ],
)
async def test_every_length_and_every_character_counts(make: Make, password: str, other: str) -> None:
    hasher = make()
    password_hash = await hasher.hash(password)
    assert await hasher.verify(password, password_hash)
    assert not await hasher.verify(other, password_hash)


@given(password=st.text(st.characters(exclude_categories=[]), max_size=200))
def test_any_text_is_a_password(password: str) -> None:
    hasher = BcryptHasher(cost=4, threads=1, queue_limit=1)
    assert hasher._verify(password, hasher._hash(password))
    hasher.close()


async def test_who_still_waits_when_it_closes_is_told_so(make: Make) -> None:
    hasher = make(threads=1, cost=8)
    waiting = [asyncio.ensure_future(hasher.hash("enchantress")) for _ in range(5)]
    await asyncio.sleep(0)
    waiting[4].cancel()
    hasher.close()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers[2:]] == [VenueStopped, VenueStopped, asyncio.CancelledError]


async def test_a_password_typed_in_parts_is_the_password_typed_whole(make: Make) -> None:
    hasher = make()
    assert await hasher.verify("Zoe\u0308", await hasher.hash("Zo\u00eb"))


async def test_a_hash_of_another_cost_needs_a_new_one_and_still_works(make: Make) -> None:
    cheap, dear = make(cost=4), make(cost=5)
    password_hash = await cheap.hash("enchantress")
    assert dear.needs_rehash(password_hash)
    assert not cheap.needs_rehash(password_hash)
    assert await dear.verify("enchantress", password_hash)


def seconds_of(*works: Callable[[], object]) -> list[float]:
    """Return the time each takes on the processor; they take turns, so that a busy machine slows all."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(15):
        for work, taken in zip(works, times, strict=True):
            started = time.thread_time()
            work()
            taken.append(time.thread_time() - started)
    return [statistics.median(taken) for taken in times]


def test_a_wrong_password_an_unknown_user_and_an_older_hash_take_the_same_time(make: Make) -> None:
    hasher = make(cost=8)
    of_today, of_old = hasher._hash("enchantress"), make(cost=5)._hash("enchantress")
    wrong, unknown, older = seconds_of(
        lambda: hasher._verify("wrong", of_today),
        lambda: hasher._verify("wrong", None),
        lambda: hasher._verify("wrong", of_old),
    )
    assert unknown == pytest.approx(wrong, rel=0.25)
    assert older == pytest.approx(wrong, rel=0.25)


async def test_the_loop_goes_on_while_passwords_are_hashed(make: Make) -> None:
    hasher = make(cost=10)
    hashing = asyncio.ensure_future(hasher.hash("enchantress"))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10


async def test_more_than_the_queue_takes_are_told_to_come_back(make: Make) -> None:
    hasher = make(threads=1, queue_limit=3)
    answers = await asyncio.gather(*(hasher.hash("x") for _ in range(10)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [bytes] * 4 + [QueueFull] * 6
    assert isinstance(await hasher.hash("x"), bytes)


async def test_who_gives_up_waiting_leaves_the_queue(make: Make) -> None:
    hasher = make(threads=1, queue_limit=3)
    waiting = [asyncio.ensure_future(hasher.hash("x")) for _ in range(4)]
    await asyncio.sleep(0)
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert hasher._unfinished == 0
