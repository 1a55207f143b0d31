"""The shrinker, on programs whose fault is known."""

from __future__ import annotations

from pricetime.oracle.program import END_BATCH, Do, Program, Step
from pricetime.oracle.shrink import shrink
from pricetime.records import CommandKind, Side, TimeInForce, commands

NOISE = [Step(Do.SEND, commands.deposit(account, 777_777)) for account in range(40)]


def place_of(program: Program, kind: CommandKind) -> int | None:
    """Return where a program first has a command of a kind."""
    return next((at for at, step in enumerate(program) if step.command.kind == kind), None)


def test_everything_that_does_not_matter_is_left_out() -> None:
    culprit = Step(Do.SEND, commands.halt_stock(1))
    program = [*NOISE, END_BATCH, culprit, *NOISE]
    assert shrink(program, lambda each: place_of(each, CommandKind.HALT_STOCK)) == [culprit]


def test_two_steps_that_need_each_other_stay() -> None:
    first, second = Step(Do.SEND, commands.halt_stock(1)), Step(Do.SEND, commands.resume_stock(1))

    def fails(program: Program) -> int | None:
        halted, resumed = (place_of(program, each.command.kind) for each in (first, second))
        return resumed if None not in (halted, resumed) and halted < resumed else None

    assert shrink([*NOISE, first, *NOISE, second, *NOISE], fails) == [first, END_BATCH, second]


def test_steps_that_only_go_together_are_left_out_together() -> None:
    culprit = Step(Do.SEND, commands.halt_stock(1))

    def fails(program: Program) -> int | None:
        whole = len([step for step in program if step.command.kind == CommandKind.DEPOSIT]) % 2 == 0
        return place_of(program, CommandKind.HALT_STOCK) if whole else None

    assert shrink([NOISE[0], culprit, NOISE[1]], fails) == [culprit]


def test_numbers_codes_and_repeats_become_plain() -> None:
    order = commands.place_order(
        31, 17, Side.BUY, 4_000, 123_400, time_in_force=TimeInForce.FOK, client_id=b"x" * 16
    )

    def fails(program: Program) -> int | None:
        return next((at for at, step in enumerate(program) if step.command.quantity >= 100), None)

    [step] = shrink([Step(Do.SEND, order._replace(order=412), times=50)], fails)
    assert step.times == 1
    assert step.command == commands.place_order(1, 1, Side.BUY, step.command.quantity, None)._replace(
        order_type=step.command.order_type, order=1
    )
    assert 100 <= step.command.quantity < 120


def test_orders_keep_meaning_each_other_when_they_are_renumbered() -> None:
    place = commands.place_order(1, 1, Side.BUY, 1, 0)._replace(order=90)

    def fails(program: Program) -> int | None:
        placed = {step.command.order for step in program if step.command.kind == CommandKind.PLACE_ORDER}
        cancels = (
            at
            for at, step in enumerate(program)
            if step.command.kind == CommandKind.CANCEL_ORDER and step.command.order in placed
        )
        return next(cancels, None)

    program = [Step(Do.SEND, place), Step(Do.SEND, commands.cancel_order(1, 90))]
    assert [step.command.order for step in shrink(program, fails) if step != END_BATCH] == [1, 1]


def test_it_stops_when_it_is_told_to_and_what_it_returns_still_fails() -> None:
    program = [*NOISE, Step(Do.SEND, commands.halt_stock(1))]
    shrunk = shrink(program, lambda each: place_of(each, CommandKind.HALT_STOCK), go_on=lambda: False)
    assert place_of(shrunk, CommandKind.HALT_STOCK) is not None
