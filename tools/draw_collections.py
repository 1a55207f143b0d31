"""Draw the collections of MongoDB into docs/mongodb.md, from the tables in the adapters.

``make docs`` runs this; a test fails where the page and the tables have come to differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pricetime.adapters.mongo import EVERY_COLLECTION

PAGE = Path(__file__).resolve().parent.parent / "docs" / "mongodb.md"
BLOCK = re.compile(r"\| collection \|.*?\n\n", re.DOTALL)


def table() -> str:
    """Return the table in Markdown."""
    lines = ["| collection | holds | shard key | indexes beside `_id` |", "| --- | --- | --- | --- |"]
    for each in EVERY_COLLECTION:
        indexes = [
            _fields(index.keys) + " (unique)" * index.is_unique + " (partial)" * bool(index.only)
            for index in each.indexes
        ]
        key = _fields(each.shard_key) or "–"
        lines.append(f"| `{each.name}` | {each.holds} | {key} | {'; '.join(indexes) or '–'} |")
    return "\n".join([*lines, "", ""])


def drawn(page: str) -> str:
    """Return the page with today's table."""
    text, found = BLOCK.subn(lambda _: table(), page)
    assert found == 1, "the page has exactly one table of collections"
    return text


def _fields(keys: Sequence[tuple[str, int | str]]) -> str:
    how = {1: "", -1: " ↓", "hashed": " hashed"}
    return ", ".join(f"{field}{how[direction]}" for field, direction in keys)


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text("utf-8")), "utf-8")
