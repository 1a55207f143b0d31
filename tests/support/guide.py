"""The guides under ``docs``, and the examples in them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

_DOCS = Path(__file__).resolve().parents[2] / "docs"


def guide(name: str) -> str:
    """Return the text of a guide."""
    return (_DOCS / name).read_text("utf-8")


def output_of_example(text: str, url: str) -> list[str]:
    """Run the only Python example of a guide against a venue; return the lines that it prints."""
    [example] = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    finished = subprocess.run(
        [sys.executable, "-c", example],
        env={**os.environ, "VENUE": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.stderr == ""
    return finished.stdout.splitlines()
