"""Shrinking: from a program that shows a difference to the smallest that still does.

First whole chunks of steps are left out, ever smaller ones, down to single steps; then what is left is
made simpler: fewer repeats, smaller numbers, codes and ids at their plainest. A simpler program is kept
where it shows a difference too, whichever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Final

from pricetime.oracle.program import END_BATCH, Do, Program, Step
from pricetime.records import NO_CLIENT_ID, CommandKind, OrderType, TimeInForce, commands

Fails = Callable[[Program], "int | None"]
"""Runs a program and returns the place of the step that shows a difference, or None."""

_FEW: Final = 40
"""Steps up to which every two of them are tried."""
_PLENTY: Final = 1_000_000
_ID_FIELDS: Final = ("account", "stock", "order")
_PLAIN_MONEY: Final = (0, 10_000, 20_000, 30_000, 100_000, 1_000_000)
_PLAIN_NUMBERS: Final = {
    "actor": (0,),
    "price": _PLAIN_MONEY,
    "quantity": (0, 1, 2, 3),
    "amount": _PLAIN_MONEY,
}
"""What a field is tried as, the plainest first; 10,000 is 1.00 of money."""
_PLAIN: Final = {"reserved": 0, "flags": 0, "self_trade": 0, "time_in_force": int(TimeInForce.GTC)}


def shrink(program: Program, fails: Fails, *, go_on: Callable[[], bool] = lambda: True) -> list[Step]:
    """Return the smallest program found that ``fails``; it stops early where ``go_on`` says so."""
    best = _smallest(_cut(list(program), fails), fails, go_on)
    rich = _endowed(best)
    if fails(rich) is not None:
        best = min(best, _smallest(_cut(rich, fails), fails, go_on), key=len)
    return _spread(best, fails)


def _smallest(program: list[Step], fails: Fails, go_on: Callable[[], bool]) -> list[Step]:
    """Leave out and simplify until neither does anything more."""
    before: list[Step] = []
    while before != program and go_on():
        before = program
        program = _leave_out(program, fails, go_on)
        program = _leave_out_pairs(program, fails, go_on)
        program = _simplify_prices(program, fails)
        program = _simplify(program, fails, go_on)
        program = _renumber(program, fails)
    return program


def _endowed(program: list[Step]) -> list[Step]:
    """Return the program with plenty for everybody at the start, so that nobody has to earn it first."""
    stocks = [step for step in program if step.command.kind == CommandKind.LIST_STOCK]
    opened = [step for step in program if step.command.kind == CommandKind.OPEN_ACCOUNT]
    gifts = [
        Step(Do.SEND, gift)
        for step in opened
        for gift in (
            commands.deposit(step.command.account, _PLENTY),
            *(commands.grant_shares(step.command.account, each.command.stock, _PLENTY) for each in stocks),
        )
    ]
    return stocks + opened + gifts + [step for step in program if step not in stocks and step not in opened]


def _cut(program: list[Step], fails: Fails) -> list[Step]:
    """Return the program up to the step that shows the difference."""
    place = fails(program)
    assert place is not None, "a program to be shrunk shows a difference"
    return program[: place + 1]


def _leave_out(program: list[Step], fails: Fails, go_on: Callable[[], bool]) -> list[Step]:
    """Leave out chunks: halves first, single steps last."""
    chunk = max(1, len(program) // 2)
    while True:
        start = len(program)
        while start > 0 and go_on():
            start = max(0, start - chunk)
            shorter = program[:start] + program[start + chunk :]
            if shorter and (place := fails(shorter)) is not None:
                program = shorter[: place + 1]
                start = min(start, len(program))
        if chunk == 1 or not go_on():
            return program
        chunk = max(1, chunk // 2)


def _leave_out_pairs(program: list[Step], fails: Fails, go_on: Callable[[], bool]) -> list[Step]:
    """Leave out two steps at once, such as an order and its cancel, where few are left."""
    if len(program) > _FEW:
        return program
    for first, second in combinations(reversed(range(len(program))), 2):
        if first >= len(program) or not go_on():
            continue
        shorter = program[:second] + program[second + 1 : first] + program[first + 1 :]
        if shorter and (place := fails(shorter)) is not None:
            program = shorter[: place + 1]
    return program


def _simplify_prices(program: list[Step], fails: Fails) -> list[Step]:
    """Try plain prices, each in the place of one price wherever it stands, so that orders still meet."""
    for price in sorted({step.command.price for step in program}):
        for plainer in _plainer(price, _PLAIN_MONEY):
            candidate = [
                step.changed("price", plainer) if step.command.price == price else step for step in program
            ]
            if plainer and fails(candidate) is not None:
                program = candidate
                break
    return program


def _simplify(program: list[Step], fails: Fails, go_on: Callable[[], bool]) -> list[Step]:
    """Try simpler forms of every step, the last first."""
    for place in reversed(range(len(program))):
        tried = True
        while tried and go_on():
            tried = False
            for simpler in _simpler(program[place]):
                candidate = [*program[:place], simpler, *program[place + 1 :]]
                if fails(candidate) is not None:
                    program, tried = candidate, True
                    break
    return program


def _simpler(step: Step) -> Iterator[Step]:
    """Yield forms of a step that are simpler than it, the simplest first."""
    if step.do in (Do.END_BATCH, Do.RESTORE):
        return
    if step.do == Do.SWAP:
        yield Step(Do.RESTORE)
        return
    command = step.command
    if step.do == Do.SEND:
        for times in sorted({1, 2, step.times // 2, step.times * 9 // 10, step.times - 1}):
            if 0 < times < step.times:
                yield step._replace(times=times)
    for name, plain in _PLAIN.items():
        if getattr(command, name) != plain and command.kind == CommandKind.PLACE_ORDER:
            yield step.changed(name, plain)
    if command.client_id != NO_CLIENT_ID:
        yield step.changed("client_id", NO_CLIENT_ID)
    if command.order_type == OrderType.MARKET and command.kind == CommandKind.PLACE_ORDER:
        yield step.changed("order_type", int(OrderType.LIMIT)).changed("price", _PLAIN_MONEY[1])
    for name, plain_numbers in _PLAIN_NUMBERS.items():
        for plainer in _plainer(getattr(command, name), plain_numbers):
            yield step.changed(name, plainer)


def _plainer(number: int, plain: tuple[int, ...]) -> Iterator[int]:
    if number in plain:
        yield from plain[: plain.index(number)]
        return
    yield from plain
    if number > 4:
        yield from (number // 2, number - number // 10 - 1)


def _renumber(program: list[Step], fails: Fails) -> list[Step]:
    """Renumber accounts, stocks and orders 1, 2, 3, … as they appear, each kind as far as it still fails."""
    for name in _ID_FIELDS:
        numbers: dict[int, int] = {0: 0}
        renamed = []
        for step in program:
            old = getattr(step.command, name)
            if step.command.kind == CommandKind.SET_LIMITS or step.do in (Do.END_BATCH, Do.RESTORE, Do.SWAP):
                renamed.append(step)
                continue
            new = numbers.setdefault(old, len(numbers))
            renamed.append(step.changed(name, new))
        if renamed != program and fails(renamed) is not None:
            program = renamed
    return program


def _spread(program: list[Step], fails: Fails) -> list[Step]:
    """Make every command a batch of its own where the difference shows then too."""
    steps = [step for step in program if step.do != Do.END_BATCH]
    spread = [each for step in steps for each in ((step, END_BATCH) if step.do == Do.SEND else (step,))]
    place = fails(spread)
    return program if place is None else spread[: place + 1]
