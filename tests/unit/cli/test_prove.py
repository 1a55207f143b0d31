"""``pricetime prove``: totals, planted faults, a saved difference that runs again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pricetime import cli
from pricetime.cli import prove
from pricetime.oracle.contestants import RESTLESS, contestants
from pricetime.oracle.faults import FAULTS


@pytest.fixture(autouse=True)
def in_an_empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_totals_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.execute(["prove", "--programs", "3", "--seed", "5", "--json"]) == 0
    totals = json.loads(capsys.readouterr().out)
    assert (totals["seed"], totals["programs"], totals["differences"]) == (5, 3, 0)
    assert totals["commands"] > 100
    assert totals["found"] is None
    assert list(Path().iterdir()) == []


def test_people_read_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.execute(["prove", "--programs", "2", "--seed", "5", "--scenario", "waiting"]) == 0
    said = capsys.readouterr().out
    assert "from seed 5" in said
    assert "commands a second" in said
    assert said.endswith("No difference.\n")


def test_no_time_proves_nothing_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.execute(["prove", "--minutes", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["programs"] == 0


def test_seeds_are_named_before_they_are_tried(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.execute(["prove", "--programs", "2", "--seed", "5", "--seeds"]) == 0
    assert capsys.readouterr().err.splitlines() == ["seed 5", "seed 6"]


def test_a_difference_is_told_saved_and_runs_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prove, "contestants", lambda second=None: contestants(second or "hold-kept"))
    assert cli.execute(["prove", "--seed", "1"]) == 1
    said = capsys.readouterr()
    assert said.err == "pricetime: rules and hold-kept: the answers to apply differ.\n"
    assert "The book of stock 1:" in said.out
    assert "pricetime prove --rerun difference-1.json" in said.out
    assert json.loads(Path("difference-1.json").read_bytes())["second"] == "hold-kept"
    assert cli.execute(["prove", "--rerun", "difference-1.json"]) == 1
    assert "account 1 cancels order 1" in capsys.readouterr().out


def test_a_saved_difference_that_is_mended_is_no_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prove, "contestants", lambda second=None: contestants(second or "hold-kept"))
    cli.execute(["prove", "--seed", "1", "--save", "saved.json"])
    saved = json.loads(Path("saved.json").read_bytes()) | {"second": "rules"}
    Path("mended.json").write_text(json.dumps(saved))
    capsys.readouterr()
    assert cli.execute(["prove", "--rerun", "mended.json"]) == 0
    assert capsys.readouterr().out == "rules and rules do not differ any more.\n"


def test_what_is_no_saved_difference_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.json").write_text("{}")
    assert cli.execute(["prove", "--rerun", "other.json"]) == 1
    assert capsys.readouterr().err.startswith("pricetime: other.json is no difference that")


def test_a_planted_fault_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.execute(["prove", "--plant", "fok-in-part", "--seed", "1"]) == 0
    assert "fok as order" in capsys.readouterr().out


def test_a_planted_fault_that_nobody_finds_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.execute(["prove", "--plant", "fok-in-part", "--minutes", "0", "--json"]) == 1
    said = capsys.readouterr()
    assert said.err == "pricetime: Not found: fok-in-part.\n"
    [row] = json.loads(said.out)
    assert (row["fault"], row["found"], row["steps"]) == ("fok-in-part", None, None)


def test_all_faults_are_a_table_of_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {name: FAULTS[name] for name in ("hold-kept", "cut-untold")}
    monkeypatch.setattr(prove, "FAULTS", few)
    assert cli.execute(["prove", "--plant", "all", "--seed", "1"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in few)
    assert "A cancelled order's hold is not released." in said


def test_help_names_every_fault_and_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.execute(["prove", "--help"]) == 0
    said = "".join(capsys.readouterr().out.split())
    assert all(name in said for name in FAULTS)


def test_without_a_core_it_says_that_the_rules_meet_themselves(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prove, "contestants", lambda second=None: contestants(second or RESTLESS))
    assert cli.execute(["prove", "--programs", "3", "--seed", "2"]) == 0
    assert capsys.readouterr().out.startswith("The compiled core is not installed")
