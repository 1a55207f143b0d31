"""A venue in parts against the venue in one piece, on programs of every scenario, one command at a time."""

from __future__ import annotations

from random import Random

import pytest

from pricetime.oracle.generator import Generator
from pricetime.oracle.parted import PartedTrial
from pricetime.oracle.program import Do, Program, Step
from pricetime.oracle.scenarios import SCENARIOS
from pricetime.oracle.shrink import shrink
from pricetime.oracle.words import tell
from pricetime.records import Command, Event, Side
from pricetime.rules.partitions import BookPartition, LedgerPartition, Topology

COMMANDS = 3_000
"""Of each scenario."""
AT_THE_LIMIT = ("edges", "brim", "wide")
"""Scenarios at the limits of what can be counted, of which several ledgers have a share each."""
SLOW = ("crowd", "ladder", "memory", "brim")


def topology_of(scenario: str, seed: int) -> Topology:
    ledgers = 1 if scenario in AT_THE_LIMIT else (3, 2, 5, 1)[seed % 4]
    return Topology(ledgers, (2, 3, 1)[seed % 3])


def difference_in(topology: Topology, program: Program) -> int | None:
    found = PartedTrial(topology).run(program)
    return None if found is None else found[0]


def story_of(topology: Topology, program: list[Step]) -> str:
    small = shrink(program, lambda shorter: difference_in(topology, shorter))
    found = PartedTrial(topology).run(small)
    return "\n".join([f"{topology}: {found and found[1]}", *map(tell, small)])


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_parts_do_what_the_whole_does(scenario: str) -> None:
    commands = seed = restores = trades = 0
    while commands < COMMANDS or seed < (1 if scenario in SLOW else 4) or not restores:
        topology = topology_of(scenario, seed)
        trial = PartedTrial(topology)
        program: list[Step] = []
        for step in Generator(SCENARIOS[scenario], Random(seed), trial.witness).program():
            program.append(step)
            if trial.do(step):
                pytest.fail(f"seed {seed}: {story_of(topology, program)}")
        commands, seed, restores = commands + trial.commands, seed + 1, restores + trial.restores
        trades += trial.witness.trades
        assert trial.witness.faults == []
    assert trades > 0


class KeepsWhatWasBrought(LedgerPartition):
    def _denied(self, event: Event) -> None:
        underway = self.lines[event.account].underway
        underway[event.sequence] = underway[event.sequence]._replace(brought=0)
        super()._denied(event)


class KeepsTheBudget(LedgerPartition):
    def _opened(self, event: Event) -> None:
        """Give nothing back."""


class SettlesOneHalf(LedgerPartition):
    def _traded(self, event: Event) -> None:
        if event.side == Side.BUY:
            super()._traded(event)


class ForgetsToCancelAll(BookPartition):
    def _cancel_one_of_all(self, command: Command) -> None:
        """Leave it."""


@pytest.mark.parametrize("fault", [KeepsWhatWasBrought, KeepsTheBudget, SettlesOneHalf, ForgetsToCancelAll])
def test_a_fault_of_the_parts_is_found(fault: type[LedgerPartition] | type[BookPartition]) -> None:
    for seed in range(40):
        trial = PartedTrial(Topology(2, 2))
        parts = trial.parts.ledgers if issubclass(fault, LedgerPartition) else trial.parts.books
        parts[:] = [fault(number, Topology(2, 2)) for number in range(2)]
        steps = Generator(SCENARIOS["waiting"], Random(seed), trial.witness).program()
        try:
            if any(trial.do(step) for step in steps if step.do not in (Do.RESTORE, Do.SWAP)):
                return
        except (KeyError, AssertionError):
            return
    pytest.fail("no program has found it")
