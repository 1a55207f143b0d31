"""How verbs print."""

import json

import pytest

from pricetime.cli.options import flags_from
from pricetime.cli.output import print_json, print_table, shown
from pricetime.cli.status import lasting


def test_what_could_steer_a_terminal_is_replaced_in_names():
    assert shown("a\x1b[2Jb\nc\u202ed") == "a\ufffd[2Jb\ufffdc\ufffdd"
    assert shown("Zoë & Söhne 株") == "Zoë & Söhne 株"


def test_nothing_is_shown_as_a_dash():
    assert shown(None) == "–"


def test_markup_in_names_is_text(capsys):
    print_table(("name", ">price"), [("[red]evil[/red] :smile:", "1.00")], empty="none")
    assert "[red]evil[/red] :smile:" in capsys.readouterr().out


def test_an_empty_table_is_a_sentence(capsys):
    print_table(("name",), [], empty="You hold no shares.")
    assert capsys.readouterr().out == "You hold no shares.\n"


def test_json_is_one_document_on_one_line(capsys):
    print_json({"name": "a\nb", "price": "1.00"})
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {"name": "a\nb", "price": "1.00"}


@pytest.mark.parametrize("named", [{"port": 9}, {"port": None}])
def test_a_flag_of_its_own_wins_over_set(named):
    assert flags_from(("port=5",), **named) == {"port": named["port"] or "5"}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (200, "3 min 20 s"), (7_530, "2 h 5 min"), (349_300, "4 d 1 h")],
)
def test_a_time_is_shown_in_its_two_largest_units(seconds, words):
    assert lasting(seconds) == words
