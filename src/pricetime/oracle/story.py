"""The story of a difference: what was done, in words, the book before it, and what each venue said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from textwrap import indent
from typing import Any

from pricetime.oracle.picture import draw_book
from pricetime.oracle.program import END_BATCH, Do, Program, Step
from pricetime.oracle.trial import Contestant, Difference, Trial
from pricetime.oracle.words import tell
from pricetime.records.state import read_snapshot


def tell_story(contestants: tuple[Contestant, Contestant], program: Program) -> str:
    """Return the story of a program that ends with a difference."""
    result = Trial(contestants).run(program)
    difference = result[1] if result else Difference("the two do not differ")
    before, last = _parted(program)
    lines = [*_numbered(before, 1)]
    lines += _books(contestants, before)
    lines += _numbered(last, len(lines_of(before)) + 1)
    lines += ["", f"Then {difference.what}."]
    if difference.sides != (None, None):
        width = max(len(each.name) for each in contestants)
        for contestant, side in zip(contestants, difference.sides, strict=True):
            lines.append(f"  {contestant.name:>{width}}: {_shown(side)}")
    return "\n".join(lines)


def lines_of(program: Program) -> list[Step]:
    """Return the steps that the story tells; that each command is a batch of its own goes without saying."""
    alone = all(
        program[place].do != Do.SEND or program[place + 1 : place + 2] in ([], [END_BATCH])
        for place in range(len(program))
    )
    return [step for step in program if not alone or step.do != Do.END_BATCH]


def _parted(program: Program) -> tuple[list[Step], list[Step]]:
    """Return the steps before the last batch or other last step, and the rest."""
    steps = list(program)
    end = len(steps)
    while end and steps[end - 1].do == Do.END_BATCH:
        end -= 1
    start = end - 1
    while start > 0 and steps[start].do == Do.SEND == steps[start - 1].do:
        start -= 1
    return steps[: max(0, start)], steps[max(0, start) :]


def _numbered(program: Program, first: int) -> Iterator[str]:
    for number, step in enumerate(lines_of(program), first):
        yield f"{number:4}  {tell(step)}"


def _books(contestants: tuple[Contestant, Contestant], before: Program) -> Iterator[str]:
    """Yield the books as they stood, in the first venue, before the last step."""
    trial = Trial((contestants[0], contestants[0]))
    trial.run(before)
    snapshot = trial.venues[0].snapshot()
    for stock in read_snapshot(snapshot).stocks["stock"].tolist():
        if drawn := draw_book(snapshot, stock):
            yield f"      The book of stock {stock}:"
            yield indent(drawn, "          ")


def _shown(side: Any) -> str:
    if side is None:
        return "nothing"
    if isinstance(side, dict):
        side = {name: value for name, value in side.items() if name not in ("version", "time_ns")}
    return json.dumps(side)
