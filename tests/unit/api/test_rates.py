"""Token buckets."""

from __future__ import annotations

import pytest

from pricetime.api.guards.rates import Buckets


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def test_a_burst_is_spent_then_refilled_with_time(time: Time):
    buckets = Buckets(2, 4, 10, time)
    assert [buckets.charge("ada", 1).remaining for _ in range(4)] == [3, 2, 1, 0]
    refused = buckets.charge("ada", 1)
    assert (refused.allowed, refused.remaining, refused.retry_s, refused.reset_s) == (False, 0, 1, 2)
    time.now += 0.5
    assert buckets.charge("ada", 1).allowed
    assert not buckets.charge("ada", 1).allowed


def test_a_refused_charge_takes_nothing(time: Time):
    buckets = Buckets(1, 10, 10, time)
    assert buckets.charge("ada", 6).remaining == 4
    assert buckets.charge("ada", 6) == (False, 10, 4, 6, 2)
    assert buckets.charge("ada", 4).remaining == 0


def test_a_bucket_never_holds_more_than_its_burst(time: Time):
    buckets = Buckets(1_000, 5, 10, time)
    buckets.charge("ada", 1)
    time.now += 1_000
    assert buckets.charge("ada", 1).remaining == 4


def test_a_weight_above_the_burst_takes_a_full_bucket(time: Time):
    buckets = Buckets(1, 5, 10, time)
    assert buckets.charge("ada", 50) == (True, 5, 0, 5, 0)
    assert buckets.charge("ada", 50).retry_s == 5


def test_each_key_has_a_bucket_of_its_own(time: Time):
    buckets = Buckets(1, 1, 10, time)
    assert buckets.charge("ada", 1).allowed
    assert buckets.charge("bob", 1).allowed
    assert not buckets.charge("ada", 1).allowed


def test_the_table_is_bounded_and_forgets_who_was_seen_least_recently(time: Time):
    buckets = Buckets(1, 1, 2, time)
    for key in ("ada", "bob", "ada", "eve"):
        buckets.charge(key, 1)
    assert len(buckets) == 2
    assert not buckets.charge("ada", 1).allowed
    assert buckets.charge("bob", 1).allowed


def test_headers_carry_the_three_numbers(time: Time):
    assert Buckets(2, 4, 10, time).charge("ada", 1).headers() == [
        (b"ratelimit-limit", b"4"),
        (b"ratelimit-remaining", b"3"),
        (b"ratelimit-reset", b"1"),
    ]


def test_what_was_let_through_elsewhere_is_taken_from_the_bucket_and_what_it_owes_is_bounded(time: Time):
    buckets = Buckets(1, 10, 5, time)
    buckets.take_charged()
    buckets.charge("a", 3)
    buckets.charge("a", 20)
    assert buckets.take_charged() == {"a": 3}
    assert buckets.take_charged() == {}
    buckets.charge_elsewhere("a", 1_000)
    assert not buckets.charge("a", 1).allowed
    time.now += 11.5
    assert buckets.charge("a", 1).allowed
