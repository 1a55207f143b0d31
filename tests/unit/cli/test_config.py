"""``pricetime config`` and the settings reference made from it."""

import json
from pathlib import Path

import pytest

from pricetime import cli
from pricetime.runtime import implementations
from pricetime.settings import Settings

REFERENCE = Path(__file__).parents[3] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    for name in Settings.__dataclass_fields__:
        monkeypatch.delenv(f"PRICETIME_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_settings_reference_is_up_to_date(capsys):
    assert cli.execute(["config", "--markdown"]) == 0
    assert capsys.readouterr().out == REFERENCE.read_text("utf-8")


def test_every_setting_says_its_value_and_where_the_value_comes_from(capsys, monkeypatch, tmp_path):
    (tmp_path / "pricetime.toml").write_text("port = 7000\nqueue_limit = 5\n")
    (tmp_path / ".env").write_text("PRICETIME_QUEUE_LIMIT=6\n")
    monkeypatch.setenv("PRICETIME_BCRYPT_COST", "5")
    assert cli.execute(["config", "--json", "--set", "open_setup=off"]) == 0
    rows = {row["name"]: (row["value"], row["source"]) for row in json.loads(capsys.readouterr().out)}
    assert rows["port"] == (7000, "pricetime.toml")
    assert rows["queue_limit"] == (6, ".env")
    assert rows["bcrypt_cost"] == (5, "environment")
    assert rows["open_setup"] == (False, "flag")
    assert rows["batch_limit"] == (2000, "default")
    assert rows.keys() == Settings.__dataclass_fields__.keys()


def test_people_see_on_and_off(capsys):
    assert cli.execute(["config"]) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("rate_limits")]
    assert line.split()[1:4] == ["on", "on/off", "on"]


def test_people_are_told_what_matches(capsys, monkeypatch):
    assert cli.execute(["config", "--set", "core=rules"]) == 0
    assert "The reference rules match, as the setting core asks" in capsys.readouterr().out
    monkeypatch.setattr(implementations, "_FOUND", {"rules": implementations.RULES})
    assert cli.execute(["config"]) == 0
    assert "for want of a C compiler" in capsys.readouterr().out
