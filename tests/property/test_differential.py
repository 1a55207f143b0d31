"""The compiled core against the reference, on programs of every scenario; a fixed share of `pricetime prove`.

Without a core the reference is compared with itself, restored and batched differently.
"""

from __future__ import annotations

import pytest

from pricetime.oracle.contestants import contestants
from pricetime.oracle.prove import shrunk, try_program
from pricetime.oracle.scenarios import SCENARIOS
from pricetime.oracle.story import tell_story
from pricetime.oracle.trial import Totals

COMMANDS = 40_000
"""Of each scenario."""


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_two_implementations_say_the_same_and_are_fair(scenario: str) -> None:
    pair, totals = contestants(), Totals()
    while totals.commands < COMMANDS or totals.programs < 5:
        if found := try_program(pair, totals.programs, totals, scenario):
            pytest.fail(tell_story(pair, shrunk(pair, found).program))
    assert totals.batches > 0
    assert totals.trades > 0
    assert totals.restores > 0
