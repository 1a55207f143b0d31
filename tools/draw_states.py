"""Draw the life of an order into docs/life-of-an-order.md, from the table in rules/states.py.

``make docs`` runs this; a test fails where the page and the table have come to differ.
"""

from __future__ import annotations

import re
from pathlib import Path

from pricetime.rules.states import TRANSITIONS, OrderState

PAGE = Path(__file__).resolve().parent.parent / "docs" / "life-of-an-order.md"
BLOCK = re.compile(r"```mermaid\nstateDiagram-v2\n.*?```\n", re.DOTALL)


def diagram() -> str:
    """Return the state diagram in mermaid: what is not an arrow cannot happen."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {OrderState.ARRIVING}"]
    for state, ways in TRANSITIONS.items():
        lines += [f"    {state} --> {after}: {happening}" for happening, after in ways.items()]
        lines += [] if ways else [f"    {state} --> [*]"]
    return "\n".join([*lines, "```", ""])


def drawn(page: str) -> str:
    """Return the page with the diagram of today's table."""
    text, found = BLOCK.subn(diagram(), page)
    assert found == 1, "the page has exactly one state diagram"
    return text


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text("utf-8")), "utf-8")
