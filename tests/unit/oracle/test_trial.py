"""A trial: what it compares, and what it refuses together with the venues."""

from __future__ import annotations

import pytest

from pricetime.oracle.contestants import RULES
from pricetime.oracle.program import END_BATCH, Do, Step
from pricetime.oracle.trial import Contestant, Trial
from pricetime.records import Command, CommandKind, Side, commands
from pricetime.rules import Venue

OPENING = [
    Step(Do.SEND, command)
    for command in (commands.list_stock(1, 100), commands.open_account(1), commands.deposit(1, 10_000))
]


class Careless(Venue):
    """Takes batches that are none."""

    def apply(self, batch: bytes) -> bytes:
        return b"" if len(batch) % 96 or batch[0] != 1 else super().apply(batch)


class Raising(Venue):
    """Breaks down over a deposit."""

    def _apply(self, command: Command) -> None:
        if command.kind == CommandKind.DEPOSIT:
            raise ZeroDivisionError(command.amount)
        super()._apply(command)


class Unchecked(Venue):
    """Hashes something of its own."""

    def state_hash(self) -> bytes:
        return bytes(32)


class Complaining(Venue):
    """Finds fault with itself."""

    def check(self) -> list[str]:
        return ["money is missing"] if self.sequence else []


@pytest.mark.parametrize(
    ("kind", "step", "what"),
    [
        (Careless, Step(Do.TEAR, commands.open_account(2)), "other applies a batch that is none"),
        (Careless, Step(Do.MISVERSION, commands.open_account(2)), "other applies a batch that is none"),
        (Raising, END_BATCH, "other raises ZeroDivisionError(10000) in apply"),
        (Unchecked, END_BATCH, "the state hash of other is not that of its snapshot"),
        (Complaining, END_BATCH, "check of other finds: money is missing"),
    ],
)
def test_a_venue_that_is_wrong_in_one_way(kind: type[Venue], step: Step, what: str) -> None:
    place, difference = Trial((RULES, Contestant("other", kind))).run([*OPENING, step]) or (-1, None)
    assert place == len(OPENING)
    assert difference is not None
    assert difference.what == what


@pytest.mark.parametrize("do", [Do.TEAR, Do.MISVERSION, Do.MISPLACE, Do.SWAP, Do.RESTORE])
def test_the_reference_agrees_with_itself_after_every_kind_of_step(do: Do) -> None:
    trial = Trial((RULES, RULES))
    order = commands.place_order(1, 1, Side.BUY, 1, 5_000)
    program = [*OPENING, Step(do, order), Step(Do.VALIDATE, order), Step(Do.SEND, order)]
    assert trial.run(program) is None
    assert [venue.sequence for venue in trial.venues] == [4, 4]
    assert trial.totals.commands == 4
    assert trial.totals.validations == 1


def test_a_difference_at_the_end_is_found_without_comparing_every_state() -> None:
    trial = Trial((RULES, Contestant("other", Complaining)), every_state=False)
    assert trial.run([*OPENING, END_BATCH, *OPENING, END_BATCH]) is not None
