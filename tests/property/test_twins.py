"""The partitions that serve against the reference: programs of every scenario, all at once in any order."""

from __future__ import annotations

from random import Random

import pytest

from pricetime.oracle.generator import Generator
from pricetime.oracle.program import Program, Step
from pricetime.oracle.scenarios import SCENARIOS
from pricetime.oracle.shrink import shrink
from pricetime.oracle.twins import TwinTrial
from pricetime.oracle.words import tell
from pricetime.records import NO_CLIENT_ID, Command, Event, iter_events
from pricetime.rules.partitions import BookPartition, LedgerPartition, Topology
from pricetime.runtime.implementations import RULES, pick_parts
from pricetime.runtime.venue import Parts

COMMANDS = 3_000
"""Of each scenario."""
AT_THE_LIMIT = ("edges", "brim", "wide")
"""Scenarios at the limits of what can be counted, of which several ledgers have a share each."""
PARTS = (RULES.parts, pick_parts("auto"))


def trial_of(scenario: str, seed: int, parts: tuple[Parts, Parts]) -> TwinTrial:
    ledgers = 1 if scenario in AT_THE_LIMIT else (3, 2, 5, 1)[seed % 4]
    return TwinTrial(Topology(ledgers, (2, 3, 1)[seed % 3]), parts, seed)


def difference_in(scenario: str, seed: int, program: Program) -> int | None:
    found = trial_of(scenario, seed, PARTS).run(program)
    return None if found is None else found[0]


def story_of(scenario: str, seed: int, program: list[Step]) -> str:
    small = shrink(program, lambda shorter: difference_in(scenario, seed, shorter))
    trial = trial_of(scenario, seed, PARTS)
    found = trial.run(small)
    return "\n".join([f"{trial.topology}: {found and found[1]}", *map(tell, small)])


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_partitions_that_serve_do_what_the_reference_does(scenario: str) -> None:
    commands = seed = 0
    while commands < COMMANDS:
        trial = trial_of(scenario, seed, PARTS)
        program: list[Step] = []
        for step in Generator(SCENARIOS[scenario], Random(seed), trial.witness).program():
            program.append(step)
            if trial.do(step):
                pytest.fail(f"seed {seed}: {story_of(scenario, seed, program)}")
        if trial.finish():
            pytest.fail(f"seed {seed}: {story_of(scenario, seed, program)}")
        commands, seed = commands + trial.commands, seed + 1
        assert trial.batches > trial.swaps > 0
        assert trial.messages > trial.batches


class LetsMoneyBeSpentTwice(LedgerPartition):
    def _needs_money(self, command: Command) -> bool:
        return False


class ForgetsWhatABookAccepts(LedgerPartition):
    def _accepted(self, event: Event) -> None:
        underway = self.lines[event.account].underway
        forgotten = underway[event.sequence].command._replace(client_id=NO_CLIENT_ID)
        underway[event.sequence] = underway[event.sequence]._replace(command=forgotten)
        super()._accepted(event)


class LetsNobodyGoOn(LedgerPartition):
    def _go_on(self, account: int) -> None:
        """Leave who waits waiting."""


class CountsTimeBackwards(BookPartition):
    def _execute(self, command: Command) -> None:
        self.time_ns = 0
        super()._execute(command)


class TellsTheMakerNothing(BookPartition):
    def _address(self, events: bytes) -> None:
        told = [event._replace(maker_account=event.account) for event in iter_events(events)]
        super()._address(b"".join(event.pack() for event in told))


@pytest.mark.parametrize(
    "fault",
    [
        LetsMoneyBeSpentTwice,
        ForgetsWhatABookAccepts,
        LetsNobodyGoOn,
        CountsTimeBackwards,
        TellsTheMakerNothing,
    ],
)
def test_a_fault_is_found(fault: type[LedgerPartition] | type[BookPartition]) -> None:
    faulty = (
        Parts(fault, BookPartition) if issubclass(fault, LedgerPartition) else Parts(LedgerPartition, fault)
    )
    for seed in range(60):
        trial = trial_of("ids" if seed % 2 else "waiting", seed, (faulty, PARTS[1]))
        steps = Generator(SCENARIOS["ids" if seed % 2 else "waiting"], Random(seed), trial.witness).program()
        if any(trial.do(step) for step in steps) or trial.finish():
            return
    pytest.fail("no program has found it")
