from __future__ import annotations

from pricetime.identity.lockout import Lockout

SECOND_NS = 1_000_000_000


def lockout(**changes: int) -> Lockout:
    return Lockout(**{"failures": 3, "base_s": 1, "max_s": 60, "keys_limit": 100} | changes)


def delays(locks: Lockout, key: str, failures: int) -> list[int]:
    """Fail as soon as it is allowed again; return the delay after each failure."""
    now_ns, found = 0, []
    for _ in range(failures):
        found.append(locks.failed(key, now_ns))
        now_ns += locks.wait_s(key, now_ns) * SECOND_NS
    return found


def test_the_delay_begins_after_the_allowed_failures_and_doubles_up_to_the_longest() -> None:
    assert delays(lockout(), "ada", 11) == [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_no_number_of_failures_makes_the_delay_longer_than_the_longest() -> None:
    assert delays(lockout(), "ada", 2_000)[-1] == 60


def test_keys_are_counted_apart() -> None:
    locks = lockout(failures=1)
    assert locks.failed("ada", 0) == 1
    assert locks.wait_s("bob", 0) == 0


def test_the_wait_is_in_whole_seconds_and_never_too_short() -> None:
    locks = lockout(failures=1, base_s=2)
    locks.failed("ada", 0)
    waits = [locks.wait_s("ada", now_ns) for now_ns in (0, 1, SECOND_NS, SECOND_NS + 1, 2 * SECOND_NS)]
    assert waits == [2, 2, 1, 1, 0]


def test_success_forgets_the_failures() -> None:
    locks = lockout()
    delays(locks, "ada", 5)
    locks.succeeded("ada")
    assert delays(locks, "ada", 3) == [0, 0, 1]


def test_quiet_for_the_longest_delay_forgets_the_failures() -> None:
    locks = lockout()
    for _ in range(4):
        locks.failed("ada", 0)
    # The fourth failure locked for 2 s, so quiet begins there.
    assert locks.failed("ada", 61 * SECOND_NS) == 4
    assert locks.failed("ada", (61 + 4 + 60) * SECOND_NS) == 0


def test_memory_is_bounded_and_the_oldest_failure_is_forgotten_first() -> None:
    locks = lockout(failures=1, keys_limit=2)
    for key in ("ada", "bob", "ada", "eve"):
        locks.failed(key, 0)
    assert len(locks) == 2
    assert [locks.wait_s(key, 0) > 0 for key in ("ada", "bob", "eve")] == [True, False, True]
