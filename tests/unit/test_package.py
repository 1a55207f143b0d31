"""What is installed with the package beside its code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "src" / "pricetime" / "page"


@pytest.mark.skipif(not (PAGE / "index.html").exists(), reason="the page is not built here: Node is missing")
def test_the_built_page_is_packed_whole(tmp_path: Path):
    command = [sys.executable, "setup.py", "-q", "build_py", "--build-lib", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    packed = tmp_path / "pricetime" / "page"
    assert names_in(packed) == names_in(PAGE)
    assert "index.html" in names_in(packed)
    assert (packed / "index.html").read_bytes() == (PAGE / "index.html").read_bytes()


def names_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
