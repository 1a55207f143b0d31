"""Which venue is picked, and what is said where the core is missing."""

from __future__ import annotations

import pytest

from pricetime import rules
from pricetime.errors import SettingError
from pricetime.runtime import implementations
from pricetime.runtime.implementations import RULES, available, name_of, pick, pick_parts


def test_the_core_is_picked_where_it_is_installed():
    core = pytest.importorskip("pricetime.core", reason="installed without a compiler")
    assert pick("auto") is pick("compiled") is core.Venue
    assert pick("rules") is rules.Venue
    assert pick_parts("auto") == pick_parts("compiled") == (core.LedgerPartition, core.BookPartition)
    assert pick_parts("rules") is RULES.parts
    assert [name_of(each) for each in available().values()] == ["core", "rules"]


def test_without_a_compiler_the_rules_serve_and_asking_for_the_core_says_what_to_do(monkeypatch):
    monkeypatch.setattr(implementations, "_FOUND", {"rules": RULES})
    assert pick("auto") is rules.Venue
    assert pick_parts("auto") is RULES.parts
    with pytest.raises(SettingError, match="Install a C compiler"):
        pick("compiled")
