"""Proving: program after program, each from the next seed, until time is up or there is a difference."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from pricetime.oracle.generator import Generator
from pricetime.oracle.program import Program, Step
from pricetime.oracle.scenarios import SCENARIOS, TURNS
from pricetime.oracle.shrink import shrink
from pricetime.oracle.trial import Contestant, Difference, Totals, Trial

Contestants = tuple[Contestant, Contestant]


class Found(NamedTuple):
    """A program at whose last step two venues differ."""

    seed: int
    scenario: str
    program: list[Step]
    difference: Difference


def shrunk(contestants: Contestants, found: Found, *, go_on: Callable[[], bool] = lambda: True) -> Found:
    """Return the smallest program found that shows a difference, and that difference."""

    def fails(program: Program) -> int | None:
        result = Trial(contestants, every_state=False).run(program)
        return None if result is None else result[0]

    program = shrink(found.program, fails, go_on=go_on)
    difference = rerun(contestants, program)
    assert difference is not None, "a shrunk program shows a difference"
    return found._replace(program=program, difference=difference)


def rerun(contestants: Contestants, program: Program) -> Difference | None:
    """Lead two new venues through a program and return the difference it shows."""
    result = Trial(contestants).run(program)
    return None if result is None else result[1]


def scenario_of(seed: int) -> str:
    """Return the scenario of a seed: seeds in a row go through all of them."""
    return TURNS[seed % len(TURNS)]


def try_program(
    contestants: Contestants, seed: int, totals: Totals, scenario: str | None = None
) -> Found | None:
    """Make the program of a seed while two venues are led through it; return the difference it shows."""
    scenario = scenario or scenario_of(seed)
    totals.programs += 1
    trial = Trial(contestants, totals)
    random = Random(seed)  # noqa: S311 - to be run again from its seed, not to be secret
    generator = Generator(SCENARIOS[scenario], random, trial.witness)
    program: list[Step] = []
    for step in generator.program():
        program.append(step)
        if difference := trial.do(step):
            return Found(seed, scenario, program, difference)
    if difference := trial.finish():
        return Found(seed, scenario, program, difference)
    return None


def prove(
    contestants: Contestants,
    seed: int,
    *,
    scenario: str | None = None,
    go_on: Callable[[Totals], bool],
) -> tuple[Totals, Found | None]:
    """Try programs from ``seed`` on while ``go_on`` says so, and stop at the first difference."""
    totals = Totals()
    while go_on(totals):
        if found := try_program(contestants, seed, totals, scenario):
            totals.differences += 1
            return totals, found
        seed += 1
    return totals, None
