"""When one host more is wanted, and when one less will do."""

from __future__ import annotations

import pytest

from pricetime.errors import SettingError
from pricetime.services.topology.autoscaling import Bounds, Limits, Load, Past, bounds_of, decide
from pricetime.settings import Settings

BOUNDS = Bounds(1, 4)
LIMITS = Limits(waiting_high=100, waiting_low=10, cpu_high=0.8, cpu_low=0.3, looks=3, cool_down_s=60)


def counts(*loads: Load, every_s: float = 5, past: Past = Past()) -> list[int]:  # noqa: B008 - it is immutable
    """What is decided at each of some looks, the first of them at 1,000 s."""
    decided = []
    for number, load in enumerate(loads):
        count, past = decide(load, BOUNDS, LIMITS, past, 1_000 + every_s * number)
        decided.append(count)
    return decided


BUSY = Load(hosts=2, waiting=201, cpu=0.1)
HOT = Load(hosts=2, waiting=0, cpu=1.7)
IDLE = Load(hosts=2, waiting=20, cpu=0.6)
BETWEEN = Load(hosts=2, waiting=150, cpu=1.0)


@pytest.mark.parametrize("load", [BUSY, HOT])
def test_long_queues_or_much_work_so_many_times_in_a_row_want_one_more(load: Load):
    assert counts(load, load, load) == [2, 2, 3]


def test_short_queues_and_little_work_so_many_times_in_a_row_let_one_go():
    assert counts(IDLE, IDLE, IDLE) == [2, 2, 1]


@pytest.mark.parametrize("load", [IDLE._replace(waiting=21), IDLE._replace(cpu=0.61), BETWEEN])
def test_between_the_limits_nothing_changes(load: Load):
    assert counts(*[load] * 10) == [2] * 10


@pytest.mark.parametrize(("load", "other"), [(BUSY, BETWEEN), (BUSY, IDLE), (IDLE, BETWEEN), (IDLE, HOT)])
def test_what_does_not_last_is_no_reason(load: Load, other: Load):
    assert counts(load, load, other, load, load, other) == [2] * 6


@pytest.mark.parametrize(("load", "then"), [(BUSY, 3), (IDLE, 1)])
def test_after_a_change_nothing_changes_until_it_has_cooled_down(load: Load, then: int):
    just_now = Past(changed_s=990.0)
    assert counts(*[load] * 12, past=just_now) == [2] * 10 + [then, 2]


def test_none_goes_whom_the_others_would_miss():
    """Two at a quarter are idle each, but one alone would be busy where busy begins below a half."""
    limits = LIMITS._replace(cpu_high=0.4)
    load, past = Load(hosts=2, waiting=0, cpu=0.5), Past()
    for now_s in range(10):
        count, past = decide(load, BOUNDS, limits, past, now_s)
        assert count == 2


def test_the_bounds_are_kept():
    assert counts(*[Load(hosts=4, waiting=9_999, cpu=4.0)] * 5) == [4] * 5
    assert counts(*[Load(hosts=1, waiting=0, cpu=0.0)] * 5) == [1] * 5


@pytest.mark.parametrize(("count", "then"), [(0, 1), (7, 4)])
def test_what_is_outside_its_bounds_is_brought_back_at_once(count: int, then: int):
    assert counts(Load(hosts=count, waiting=50, cpu=0.5), past=Past(changed_s=999.0)) == [then]


def test_the_limits_are_settings():
    assert Limits.of(Settings(autoscale_cpu_high=90, autoscale_looks=7)) == Limits(500, 50, 0.9, 0.25, 7, 60)


def test_bounds_are_read():
    assert bounds_of("engine=1..4, ledger=2..2") == {"engine": Bounds(1, 4), "ledger": Bounds(2, 2)}
    assert bounds_of("") == {}


@pytest.mark.parametrize(
    "text", ["engine", "engine=4", "orders=1..2", "engine=0..2", "engine=3..2", "engine=1..65", "engine=²..4"]
)
def test_wrong_bounds_are_refused(text: str):
    with pytest.raises(SettingError, match="autoscale"):
        bounds_of(text)
