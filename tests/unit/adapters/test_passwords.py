from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricetime.adapters.passwords import BcryptHasher
from pricetime.errors import AccountsFailed, QueueFull, VenueStopped

Make = Callable[..., BcryptHasher]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[BcryptHasher] = []

    def hasher(cost: int = 4, workers: int = 2, queue_limit: int = 1_000) -> BcryptHasher:
        made.append(BcryptHasher(cost=cost, workers=workers, queue_limit=queue_limit))
        return made[-1]

    yield hasher
    for one in made:
        one.close()


def workers() -> list[int]:
    """Return the processes that hash for this one and are not ending, by their ids."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()
    commands = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return [child for child, command in commands.items() if b"bcrypt_worker" in command]


async def test_the_password_and_no_other_matches_its_hash(make: Make) -> None:
    hasher = make()
    password_hash = await hasher.hash("enchantress")
    assert await hasher.verify("enchantress", password_hash)
    assert not await hasher.verify("Enchantress", password_hash)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_hashing_gives_way_to_everything_else(make: Make) -> None:
    await make(workers=1).hash("enchantress")
    [hashing] = workers()
    assert os.getpriority(os.PRIO_PROCESS, hashing) == min(os.getpriority(os.PRIO_PROCESS, 0) + 5, 19)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_process_that_dies_is_replaced_and_asked_again(make: Make) -> None:
    hasher = make(workers=1, cost=10)
    hashing = [asyncio.ensure_future(hasher.hash("enchantress")) for _ in range(3)]
    while not (first := workers()):
        await asyncio.sleep(0)
    os.kill(first[0], signal.SIGKILL)
    for password_hash in await asyncio.gather(*hashing):
        assert await hasher.verify("enchantress", password_hash)
    assert workers() != first


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_what_kills_two_processes_is_an_error_and_others_go_on(make: Make) -> None:
    hasher = make(workers=1, cost=12)
    hashing = asyncio.ensure_future(hasher.hash("enchantress"))
    killed: set[int] = set()
    while not hashing.done():
        await asyncio.sleep(0)
        for worker in set(workers()) - killed:
            os.kill(worker, signal.SIGKILL)
            killed.add(worker)
    assert isinstance(hashing.exception(), AccountsFailed)
    assert len(killed) == 2
    assert await hasher.verify("enchantress", await make().hash("enchantress"))


async def test_a_stored_hash_that_is_none_is_an_error(make: Make) -> None:
    with pytest.raises(ValueError, match="no hash"):
        await make().verify("enchantress", b"$2b$04$short")


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


def test_any_text_is_a_password() -> None:
    with asyncio.Runner() as runner, closing(BcryptHasher(cost=4, workers=1, queue_limit=1)) as hasher:

        async def is_right(password: str) -> bool:
            return await hasher.verify(password, await hasher.hash(password))

        @given(password=st.text(st.characters(exclude_categories=[]), max_size=200))
        def each(password: str) -> None:
            assert runner.run(is_right(password))

        each()


async def test_who_still_waits_when_it_closes_is_told_so(make: Make) -> None:
    hasher = make(workers=1, cost=8)
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


async def rounds_of(hasher: BcryptHasher, password_hash: bytes | None) -> int:
    """Return the rounds of bcrypt that refusing a wrong password takes."""
    rounds, crypt = 0, hasher._crypt

    async def counted(digest: bytes, setting: bytes) -> bytes:
        nonlocal rounds
        rounds += 2 ** int(setting.split(b"$")[2])
        return await crypt(digest, setting)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hasher, "_crypt", counted)
        assert not await hasher.verify("wrong", password_hash)
    return rounds


async def test_a_wrong_password_an_unknown_user_and_an_older_hash_take_the_same_work(make: Make) -> None:
    hasher = make(cost=8)
    assert await rounds_of(hasher, await hasher.hash("enchantress")) == 2**8
    assert await rounds_of(hasher, None) == 2**8
    assert await rounds_of(hasher, await make(cost=5).hash("enchantress")) == 2**8


async def test_the_loop_goes_on_while_passwords_are_hashed(make: Make) -> None:
    hasher = make(cost=10)
    hashing = asyncio.ensure_future(hasher.hash("enchantress"))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10


async def test_more_than_the_queue_takes_are_told_to_come_back(make: Make) -> None:
    hasher = make(workers=1, queue_limit=3)
    answers = await asyncio.gather(*(hasher.hash("x") for _ in range(10)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [bytes] * 4 + [QueueFull] * 6
    assert isinstance(await hasher.hash("x"), bytes)


async def test_who_gives_up_waiting_leaves_the_queue(make: Make) -> None:
    hasher = make(workers=1, queue_limit=3)
    waiting = [asyncio.ensure_future(hasher.hash("x")) for _ in range(4)]
    await asyncio.sleep(0)
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert hasher._unfinished == 0


async def test_log_ins_go_before_registrations_but_for_one_in_eight(make: Make) -> None:
    hasher = make(workers=1, cost=7)
    password_hash = await hasher.hash("enchantress")
    done: list[str] = []

    async def note(kind: str, work: Awaitable[object]) -> None:
        await work
        done.append(kind)

    new = [note("new", hasher.hash("x")) for _ in range(10)]
    known = [note("known", hasher.verify("enchantress", password_hash)) for _ in range(20)]
    await asyncio.gather(*new, *known)
    first, *rest = done
    assert first == "new"  # nobody else had come yet
    assert rest == [*["known"] * 7, "new", *["known"] * 7, "new", *["known"] * 6, *["new"] * 7]
