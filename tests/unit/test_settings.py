from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from pricetime.errors import SettingError
from pricetime.settings import Settings, SettingValue, describe, load


def loaded(folder: Path, flags: dict[str, object] | None = None, **environment: str) -> Settings:
    return load(flags, folder=folder, environment=environment)


def described(folder: Path, name: str, **environment: str) -> SettingValue:
    rows = describe({}, folder=folder, environment=environment)
    return next(row for row in rows if row.name == name)


def refusal(folder: Path, **environment: str) -> str:
    with pytest.raises(SettingError) as caught:
        loaded(folder, **environment)
    return str(caught.value)


def test_without_any_source_every_setting_has_its_default(tmp_path: Path) -> None:
    assert loaded(tmp_path) == Settings()
    assert Settings().port == 8080


def test_every_setting_has_a_meaning_a_unit_and_a_default_within_its_range() -> None:
    for option in fields(Settings):
        assert option.metadata["meaning"], option.name
        assert option.metadata["unit"], option.name
        if isinstance(option.default, int) and not isinstance(option.default, bool):
            assert option.metadata["low"] <= option.default <= option.metadata["high"], option.name
        if option.metadata["words"]:
            assert option.default in option.metadata["words"], option.name


def test_the_later_of_toml_dotenv_environment_and_flags_wins(tmp_path: Path) -> None:
    (tmp_path / "pricetime.toml").write_text("port = 1\nqueue_limit = 1\nbatch_limit = 1\nbcrypt_cost = 5\n")
    (tmp_path / ".env").write_text("PRICETIME_PORT=2\nPRICETIME_QUEUE_LIMIT=2\nPRICETIME_BATCH_LIMIT=2\n")
    environment = {"PRICETIME_PORT": "3", "PRICETIME_QUEUE_LIMIT": "3"}
    settings = loaded(tmp_path, {"port": 4, "bcrypt_cost": None}, **environment)
    assert (settings.port, settings.queue_limit, settings.batch_limit, settings.bcrypt_cost) == (4, 3, 2, 5)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("PORT", "9000", 9000),
        ("QUEUE_LIMIT", "1_000_000", 1_000_000),
        ("RATE_LIMITS", "off", False),
        ("RATE_LIMITS", "False", False),
        ("OPEN_SETUP", "1", True),
        ("DATA", "/var/lib/pricetime", "/var/lib/pricetime"),
        ("LOG_LEVEL", "debug", "debug"),
    ],
)
def test_text_from_the_environment_becomes_a_value(
    tmp_path: Path, name: str, text: str, value: object
) -> None:
    assert getattr(loaded(tmp_path, **{f"PRICETIME_{name}": text}), name.lower()) == value


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("PORT", "web", "environment: port cannot be 'web': it is a whole number"),
        ("PORT", "80.5", "environment: port cannot be '80.5': it is a whole number"),
        ("PORT", "", "environment: port cannot be '': it is a whole number"),
        ("PORT", "65536", "environment: port is 65536; it must lie in 0–65535 port"),
        ("PORT", "-1", "environment: port is -1; it must lie in 0–65535 port"),
        ("PORT", "9" * 5_000, f"environment: port cannot be '{'9' * 5_000}': it is a whole number"),
        ("BCRYPT_COST", "3", "environment: bcrypt_cost is 3; it must lie in 4–16 log2 rounds"),
        ("OPEN_SETUP", "maybe", "environment: open_setup cannot be 'maybe': it is on or off"),
        (
            "LOG_LEVEL",
            "loud",
            "environment: log_level cannot be 'loud'; it is one of debug, info, warning, error",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_a_sentence(
    tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    assert refusal(tmp_path, **{f"PRICETIME_{name}": text}) == sentence


@pytest.mark.parametrize("value", ["true", "1.0", "[1]", '"x"', "{a = 1}"])
def test_toml_must_have_a_whole_number_where_one_belongs(tmp_path: Path, value: str) -> None:
    (tmp_path / "pricetime.toml").write_text(f"port = {value}\n")
    assert refusal(tmp_path).startswith("pricetime.toml: port cannot be ")


def test_toml_must_have_a_text_where_one_belongs(tmp_path: Path) -> None:
    (tmp_path / "pricetime.toml").write_text("host = 127\n")
    assert refusal(tmp_path) == "pricetime.toml: host cannot be 127: it is a text"


def test_a_setting_that_does_not_exist_is_refused_in_files_and_flags(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="flag: there is no setting 'prot'"):
        loaded(tmp_path, {"prot": 1})
    (tmp_path / ".env").write_text("PRICETIME_PROT=1\n")
    assert refusal(tmp_path).startswith(".env: there is no setting 'prot'")
    (tmp_path / "pricetime.toml").write_text("prot = 1\n")
    assert refusal(tmp_path).startswith("pricetime.toml: there is no setting 'prot'")


def test_the_environment_may_hold_other_variables(tmp_path: Path) -> None:
    assert loaded(tmp_path, PRICETIME_TOKEN="secret", PATH="/bin", pricetime_port="1") == Settings()


def test_dotenv_may_hold_variables_of_other_programs(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# a comment\nOTHER=1\nPRICETIME_PORT\nPRICETIME_HOST='0.0.0.0'\n")
    assert loaded(tmp_path) == Settings(host="0.0.0.0")


@pytest.mark.parametrize("name", ["pricetime.toml", ".env"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PRICETIME_PORT='\xff\xfe'\n")
    assert refusal(tmp_path).startswith(f"{name} cannot be read: ")


def test_toml_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pricetime.toml").write_text("port 8080\n")
    assert refusal(tmp_path).startswith("pricetime.toml cannot be read: ")


def test_a_description_says_what_a_setting_is_and_where_its_value_comes_from(tmp_path: Path) -> None:
    assert described(tmp_path, "bcrypt_cost", PRICETIME_BCRYPT_COST="4") == SettingValue(
        "bcrypt_cost", 4, "log2 rounds", 12, "4–16", "of password hashes", "environment"
    )
    assert described(tmp_path, "port").source == "default"
    assert described(tmp_path, "data").range == ""
    assert described(tmp_path, "log_level").range == "debug, info, warning, error"


def test_every_setting_is_described_once(tmp_path: Path) -> None:
    names = [row.name for row in describe({}, folder=tmp_path, environment={})]
    assert names == [option.name for option in fields(Settings)]


def test_settings_cannot_be_changed() -> None:
    settings: Any = Settings()
    with pytest.raises(AttributeError):
        settings.port = 1
