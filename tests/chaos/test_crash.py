"""A few of the rounds of ``make crash``."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.crash import crash


def test_a_venue_killed_under_bulk_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    ledger = crash(6, 7, tmp_path / "data", said.append)
    assert len(said) == 6
    assert ledger.commands >= len(ledger.done) > 5_000
