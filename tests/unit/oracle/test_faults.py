"""Every planted fault is found, shrunk, told and saved; what the witness alone must see, it sees alone."""

from __future__ import annotations

from itertools import repeat
from pathlib import Path

import pytest

from pricetime.errors import SettingError
from pricetime.oracle.contestants import RESTLESS, contestants
from pricetime.oracle.faults import FAULTS
from pricetime.oracle.program import END_BATCH, Do, Step
from pricetime.oracle.prove import Found, prove, rerun, shrunk
from pricetime.oracle.record import load, save
from pricetime.oracle.story import lines_of, tell_story
from pricetime.oracle.trial import Contestant
from pricetime.records import Side, commands

SLOW_TO_SHRINK = "shares-wrap"  # thousands of grants are needed to come to the limit


def found(name: str) -> Found:
    totals, difference = prove(contestants(name), 1, go_on=lambda totals: totals.programs < 100)
    assert difference is not None, f"{totals.programs} programs did not find {name}"
    assert totals.differences == 1
    return difference


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str) -> None:
    assert found(name).difference.what


@pytest.mark.parametrize("name", [name for name in FAULTS if name != SLOW_TO_SHRINK])
def test_a_planted_fault_is_shrunk_to_a_few_steps_that_show_it_again(name: str, tmp_path: Path) -> None:
    small = shrunk(contestants(name), found(name))
    assert len(lines_of(small.program)) <= 12
    save(tmp_path / "difference.json", name, small)
    recorded = load(tmp_path / "difference.json")
    assert (recorded.second, recorded.seed, recorded.program) == (name, small.seed, small.program)
    assert rerun(contestants(name), recorded.program) == small.difference


def test_the_overflow_is_told_in_a_few_lines_though_it_takes_thousands_of_commands() -> None:
    patience = repeat(True, 40)
    small = shrunk(contestants(SLOW_TO_SHRINK), found(SLOW_TO_SHRINK), go_on=lambda: next(patience, False))
    assert len(lines_of(small.program)) <= 20
    assert sum(step.times for step in small.program) > 9_000


def test_the_story_shows_the_book_before_the_last_command_and_what_each_says() -> None:
    sell, buy = (commands.place_order(1, 1, side, 1, 10_000) for side in (Side.SELL, Side.BUY))
    program = [
        Step(Do.SEND, command)
        for command in (
            commands.list_stock(1, 100),
            commands.open_account(1),
            commands.open_account(2),
            commands.deposit(2, 10_000),
            commands.grant_shares(1, 1, 2),
            sell._replace(order=1),
            sell._replace(order=2),
            buy._replace(account=2, order=3),
        )
    ]
    told = tell_story(contestants("time-priority"), [each for step in program for each in (step, END_BATCH)])
    *_, drawn, last, _, then, ours, theirs = told.splitlines()
    assert drawn.strip() == "| 1.00 @ 1+1"
    assert last == "   8  account 2 buys 1 of stock 1 @ 1.00 as order 3"
    assert then == "Then the answers to apply differ."
    assert '"maker_order": 1' in ours
    assert '"maker_order": 2' in theirs


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("price-priority", "is filled while order"),
        ("time-priority", "is filled while order"),
        ("reduced-loses-place", "or in another line"),
        ("self-trade", "an account trades with itself"),
        ("takers-price", "a trade at another price"),
        ("balance-untold", "made or lost money"),
        ("hold-kept", "on hold"),
    ],
)
def test_the_witness_sees_it_where_both_are_wrong_alike(name: str, words: str) -> None:
    fault = Contestant(name, FAULTS[name])
    _, difference = prove((fault, fault), 1, go_on=lambda totals: totals.programs < 100)
    assert difference is not None
    if name != "hold-kept":  # which check finds before the program is at its end
        assert words in difference.difference.what


def test_where_nobody_else_is_installed_the_rules_meet_themselves_restless() -> None:
    pair = contestants(RESTLESS)
    totals, difference = prove(pair, 1, go_on=lambda totals: totals.programs < 40)
    assert difference is None
    assert totals.restores > 10
    assert totals.commands > 1_000


def test_nobody_of_an_unknown_name_is_compared() -> None:
    with pytest.raises(SettingError, match="no implementation 'nobody'"):
        contestants("nobody")
