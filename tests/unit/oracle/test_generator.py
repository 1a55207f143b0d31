"""The generator: the same program from the same seed, and programs that come to everything."""

from __future__ import annotations

from collections import Counter

import pytest

from pricetime.oracle.contestants import RULES
from pricetime.oracle.prove import try_program
from pricetime.oracle.scenarios import SCENARIOS, TURNS
from pricetime.oracle.trial import Contestant, Totals
from pricetime.records import CommandKind, EventKind, Reason, event_array
from pricetime.rules import Venue


def events_of(seed: int, scenario: str) -> bytes:
    """Return all events of a program."""
    told = []

    class Recording(Venue):
        def apply(self, batch: bytes) -> bytes:
            told.append(super().apply(batch))
            return told[-1]

    assert try_program((RULES, Contestant("recording", Recording)), seed, Totals(), scenario) is None
    return b"".join(told)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_program_comes_of_its_seed_alone(scenario: str) -> None:
    assert events_of(3, scenario) == events_of(3, scenario)


def test_another_seed_is_another_program() -> None:
    assert events_of(3, "everyday") != events_of(4, "everyday")


def test_seeds_in_a_row_go_through_every_scenario() -> None:
    assert set(TURNS) == set(SCENARIOS)


def test_programs_come_to_every_kind_of_command_and_event_and_to_every_reason() -> None:
    seen: Counter[tuple[str, int]] = Counter()
    for scenario in SCENARIOS:
        for seed in range(4):
            events = event_array(events_of(seed, scenario))
            for field in ("kind", "command", "reason"):
                seen.update((field, code) for code in set(events[field].tolist()))
    missing = [
        code
        for field, codes in (("kind", EventKind), ("command", CommandKind), ("reason", Reason))
        for code in codes
        if not seen[field, code]
    ]
    assert missing == []


def test_most_cancels_of_an_everyday_market_hit_an_open_order() -> None:
    events = event_array(b"".join(events_of(seed, "everyday") for seed in range(20)))
    answers = events[(events["command"] == CommandKind.CANCEL_ORDER) & (events["kind"] <= EventKind.DENIED)]
    hits = (answers["kind"] == EventKind.ACCEPTED).sum()
    assert hits > 0.6 * len(answers) > 100
