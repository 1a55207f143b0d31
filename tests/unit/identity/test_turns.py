from __future__ import annotations

import asyncio
import gc

from pricetime.identity.turns import Turns


async def test_turns_of_one_key_do_not_overlap_and_of_others_do() -> None:
    turns, inside, most = Turns(), {"ada": 0, "bob": 0}, {"ada": 0, "bob": 0, "both": 0}

    async def act(key: str) -> None:
        async with turns.of(key):
            inside[key] += 1
            most[key] = max(most[key], inside[key])
            most["both"] = max(most["both"], sum(inside.values()))
            await asyncio.sleep(0)
            inside[key] -= 1

    await asyncio.gather(*(act(key) for key in ("ada", "bob") * 5))
    assert most == {"ada": 1, "bob": 1, "both": 2}


async def test_a_lock_that_nobody_holds_is_forgotten() -> None:
    turns = Turns()
    for key in range(100):
        async with turns.of(key):
            pass
    gc.collect()
    assert len(turns._locks) == 0
