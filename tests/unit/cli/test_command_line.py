"""The command line as a whole: its verbs, its exits, its words."""

import subprocess
import sys

import click
import pytest

from pricetime import cli
from pricetime.cli.verbs import VERBS


@pytest.fixture(autouse=True)
def nobodys_home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("PRICETIME_URL", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("verb", VERBS)
def test_the_list_of_verbs_says_what_each_verbs_own_help_says(verb):
    command = cli.command.get_command(click.Context(cli.command), verb)
    assert command.get_short_help_str(limit=200) == VERBS[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_and_subverb_prints_json_on_request(verb):
    command = cli.command.get_command(click.Context(cli.command), verb)
    leaves = command.commands.values() if isinstance(command, click.Group) else [command]
    for leaf in leaves:
        assert "--json" in {option for param in leaf.params for option in param.opts}


def test_help_answers_without_importing_what_only_verbs_need():
    heavy = "{'rich', 'numpy', 'uvicorn', 'starlette', 'httpx2', 'msgspec', 'cryptography'}"
    script = (
        f"from pricetime import cli; import sys; cli.execute(['--help']); print({heavy} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Run the venue." in done.stdout
    assert done.stdout.endswith("set()\n")


def test_a_mistyped_verb_exits_2(capsys):
    assert cli.execute(["sevre"]) == 2
    assert "No such command" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["order", "buy", "Aspen", "0"],
        ["order", "buy", "Aspen", "1.5"],
        ["order", "buy", "Aspen", "10", "--price", "ten"],
        ["order", "buy", "Aspen", "10", "--price", "0"],
        ["order", "cancel"],
        ["order", "cancel", "7", "--all"],
        ["order", "amend", "7"],
        ["wallet", "deposit", "1.23456"],
        ["serve", "--port", "70000"],
        ["config", "--set", "port"],
        ["up", "--scale", "engine=²"],
    ],
)
def test_what_is_mistyped_exits_2_before_anything_is_sent(arguments, capsys):
    assert cli.execute(arguments) == 2
    assert "Error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["wallet"], "Nobody is logged in. Run `pricetime login` first."),
        (
            ["config", "--set", "speed=9"],
            "flag: there is no setting 'speed'; `pricetime config` lists them all",
        ),
        (["check", "--data", "none"], "There is no venue in the folder none. Name its folder with --data."),
        (["journal", "--data", "none"], "There is no venue in the folder none. Name its folder with --data."),
        (["replay", "--data", "none"], "There is no venue in the folder none. Name its folder with --data."),
        (["rebuild", "--data", "none"], "There is no venue in the folder none. Name its folder with --data."),
    ],
)
def test_what_goes_wrong_is_one_sentence_on_standard_error_and_exit_1(arguments, sentence, capsys, tmp_path):
    assert cli.execute(arguments) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"pricetime: {sentence}\n")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("data", ["/etc/passwd", "/proc/nope"])
@pytest.mark.parametrize(
    "verb",
    [
        ["up"],
        ["down"],
        ["status"],
        ["scale", "engine=2"],
        ["check"],
        ["engines"],
        ["certs"],
        ["certs", "--list"],
        ["admin", "create", "ada", "--password", "correct-horse-1"],
    ],
    ids=" ".join,
)
def test_a_folder_that_cannot_be_is_one_sentence_that_says_what_to_do(verb, data, capsys):
    assert cli.execute([*verb, "--data", data]) == 1
    said = capsys.readouterr().err
    assert (said.startswith("pricetime: "), said.count("\n")) == (True, 1)


def test_a_venue_that_is_not_there_is_told_with_its_url(capsys):
    assert cli.execute(["stocks", "--url", "http://127.0.0.1:9"]) == 1
    assert capsys.readouterr().err == (
        "pricetime: The venue at http://127.0.0.1:9 cannot be reached. Is it running there?\n"
    )


def test_output_to_a_reader_that_has_gone_is_no_error():
    script = f"{sys.executable} -m pricetime.cli config --json --set port=1 | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["/bin/bash", "-c", script], capture_output=True, text=True)
    assert done.returncode in (0, 1, 141)
    assert done.stderr == ""
