"""Programs: repeated steps, JSON there and back, words."""

from __future__ import annotations

import pytest

from pricetime.errors import RecordError
from pricetime.oracle.program import (
    END_BATCH,
    Do,
    Step,
    program_from_json,
    program_to_json,
    stamp,
)
from pricetime.oracle.words import tell
from pricetime.records import Command, SelfTrade, Side, TimeInForce, commands

ORDER = commands.place_order(
    2, 1, Side.SELL, 5, 155_000, time_in_force=TimeInForce.IOC, self_trade=SelfTrade.CANCEL_BOTH
)


def test_a_repeated_order_has_the_next_number_each_time() -> None:
    step = Step(Do.SEND, ORDER._replace(order=7), times=3)
    assert [(each.order, each.account) for each in step.commands()] == [(7, 2), (8, 2), (9, 2)]


def test_a_step_apart_is_of_the_next_account_each_time() -> None:
    step = Step(Do.SEND, commands.deposit(4, 100), times=3, apart=True)
    assert [each.account for each in step.commands()] == [4, 5, 6]


def test_an_order_keeps_the_number_that_its_program_gives_it() -> None:
    assert stamp(ORDER._replace(order=7), 30).order == 7
    assert stamp(ORDER, 30).order == 31


def test_json_there_and_back_is_the_same_program() -> None:
    program = [
        Step(Do.SEND, commands.set_limits(3), 1),
        Step(Do.SEND, ORDER._replace(client_id=b"a" * 16, flags=255), 9, apart=True),
        END_BATCH,
        Step(Do.SWAP),
        Step(Do.VALIDATE, ORDER),
        Step(Do.TEAR, Command(kind=200, price=-(2**63))),
    ]
    assert program_from_json(program_to_json(program)) == program


@pytest.mark.parametrize("data", [{}, [7], [{"do": "dance"}], [{"do": "send", "command": {"kind": "dance"}}]])
def test_what_is_no_program_is_refused(data: object) -> None:
    with pytest.raises(RecordError):
        program_from_json(data or [data])


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step(Do.SEND, ORDER), "account 2 sells 5 of stock 1 @ 15.50, ioc, cancel_both as order 0"),
        (
            Step(Do.SEND, commands.place_order(1, 1, Side.BUY, 5, None)),
            "account 1 buys 5 of stock 1 at market as order 0",
        ),
        (Step(Do.SEND, commands.amend_order(1, 4, quantity=2)), "account 1 amends order 4 to 2"),
        (Step(Do.SEND, commands.cancel_all(1)), "account 1 cancels all its orders"),
        (
            Step(Do.SEND, commands.grant_shares(1, 2, 10), 4_611),
            "account 1 is granted 10 of stock 2, 4,611 times",
        ),
        (
            Step(Do.SEND, commands.deposit(1, 100, client_id=b"\1" * 16)),
            f"account 1 deposits 0.01 (client id {'01' * 16})",
        ),
        (Step(Do.VALIDATE, ORDER), f"only to be judged: {tell(Step(Do.SEND, ORDER))}"),
        (Step(Do.RESTORE), "each venue goes on from its own snapshot"),
        (Step(Do.SEND, Command(kind=99, account=1)), "a command of kind 99, self_trade skip, account 1"),
        (Step(Do.SEND, Command(kind=2, side=9)), "stock 0 is listed with tick 0.00 (side 9)"),
        (Step(Do.SEND, Command(kind=6, side=9)), "a command of kind place_order, side 9, self_trade skip"),
    ],
)
def test_a_step_in_words(step: Step, words: str) -> None:
    assert tell(step) == words
