"""The rooms of the package: who may import whom, and what an import must not do."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import pricetime
from pricetime.runtime.implementations import available

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "pricetime"
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(pricetime.__path__, "pricetime.")
    if not module.name.endswith("__main__")
    and ("core" in available() or not module.name.startswith("pricetime.core"))
)


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_imports_between_rooms_point_one_way():
    finished = run(Path(sys.executable).with_name("lint-imports"), "--no-cache")
    assert finished.returncode == 0, finished.stdout


def test_only_services_pick_adapters():
    importers = {
        path.relative_to(SOURCE).parts[0]
        for path in SOURCE.rglob("*.py")
        if "pricetime.adapters" in path.read_text("utf-8")
    }
    assert importers == {"adapters", "services"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_what_it_is_for(module):
    source = SOURCE.joinpath(*module.split(".")[1:])
    path = source / "__init__.py" if source.is_dir() else source.with_suffix(".py")
    path = path if path.exists() else path.with_suffix(".pyx")
    assert path.read_text("utf-8").lstrip().startswith(('"""', 'r"""'))


def test_every_module_imports_by_itself_and_says_nothing():
    finished = run(sys.executable, "-W", "error", "-c", f"import {', '.join(MODULES)}")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


def test_the_client_does_not_load_the_server():
    loaded = run(sys.executable, "-c", "import sys, pricetime.client; print(*sys.modules, sep='\\n')").stdout
    server = {"starlette", "uvicorn", "sqlite3", "pricetime.api", "pricetime.rules", "pricetime.runtime"}
    assert server.isdisjoint(loaded.split())
