"""``pricetime lobster``: order flow in, reports and files out."""

import json
from pathlib import Path

import pytest
from tests.support.lobster import as_lobster_does, write_run, write_sample

from pricetime import cli
from pricetime.client import Client


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def pricetime(capsys):
    """Run the verb; return (exit status, standard output, standard error)."""

    def run(*arguments):
        status = cli.execute(["lobster", *map(str, arguments)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_a_replay_prints_what_it_found(pricetime, tmp_path):
    messages, book = as_lobster_does(*write_run(tmp_path, 2_000), after=500)
    status, out, err = pricetime(messages, "--book", book)
    assert (status, err) == (0, "")
    for words in (
        "rows equal to the file",
        "level 10",
        "met the very order that the record names",
        "came_into_view",
        "levels were taken over from the file as they came into view.",
        "Every cent and every share is accounted for.",
    ):
        assert words in out


def test_a_replay_without_a_book_says_what_became_of_the_executions(pricetime, tmp_path):
    messages, _ = write_run(tmp_path, 300)
    status, out, _ = pricetime(messages)
    assert (status, "rows equal" in out, "100.00%" in out) == (0, False, True)


@pytest.mark.parametrize("core", ["rules", "auto"])
def test_a_replay_as_json_says_the_same_under_every_implementation(pricetime, tmp_path, core):
    messages, book = write_sample(
        tmp_path,
        """
        1,21,4,1002,-1  |  1002x9/1000x1
        4,21,4,1002,-1  |  1002x5/1000x1
        """,
    )
    status, out, _ = pricetime(messages, "--book", book, "--json", "--set", f"core={core}")
    report = json.loads(out)
    assert status == 0
    assert report["core"] == "rules" or core == "auto"
    assert report["messages"]["new"] == report["messages"]["execute"] == 1
    assert report["rows"] == {"compared": 2, "equal": 2, "equal_at": [2], "levels_revealed": 0}
    assert report["executions"]["another"] == 1
    assert report["faults"] == []
    assert report["differences"] == [
        {
            "what": "execution",
            "cause": "unannounced_ahead",
            "meaning": "an order that the file never announced stood ahead of the one it names",
            "count": 1,
            "lines": [2],
        }
    ]


def test_seed_once_takes_nothing_but_the_first_row(pricetime, tmp_path):
    messages, book = write_sample(
        tmp_path,
        """
        1,21,4,1002,-1  |  1002x4/-
        3,21,4,1002,-1  |  1005x9/-
        5,0,4,1002,-1   |  1005x9/-
        """,
    )
    equal = [
        json.loads(pricetime(messages, "--book", book, "--json", *more)[1])["rows"]["equal"]
        for more in ([], ["--seed-once"])
    ]
    assert equal == [2, 1]


def test_what_happened_on_a_venue_is_written_and_replays_just_the_same(pricetime, start_server, tmp_path):
    venue = start_server()
    with Client(venue.url) as ada, Client(venue.url) as bob:
        for name, client in (("ada", ada), ("bob", bob)):
            client.register(name, "longpassword")
            client.login(name, "longpassword")
            client.deposit(10_000)
        stock = ada.create_stock("Google").stock
        ada.grant_shares(stock, 100)
        first = ada.place_order(stock, "sell", 10, "13.50").order
        ada.place_order(stock, "sell", 20, "13.60")
        bob.place_order(stock, "buy", 15, "13.60")
        bob.place_order(stock, "buy", 7, "13.40")
        amended = ada.place_order(stock, "sell", 9, "14").order
        ada.amend_order(amended, quantity=4)
        ada.cancel_order(amended)
    assert venue.stop() == 0
    out = tmp_path / "google_message_3.csv"
    status, said, _ = pricetime("--data", venue.data, "--stock", stock, "--out", out, "--levels", 3)
    book = tmp_path / "google_orderbook_3.csv"
    assert (status, said) == (0, f"8 messages are in {out}, and the book after each in {book}.\n")
    kinds = [line.split(",")[1:] for line in out.read_text().splitlines()]
    assert [kind for kind, *_ in kinds] == ["1", "1", "4", "4", "1", "1", "2", "3"]
    assert kinds[2] == ["4", first, "10", "135000", "-1"]
    assert book.read_text().splitlines()[-1] == "136000,15,134000,7" + ",9999999999,0,-9999999999,0" * 2
    status, said, _ = pricetime(out, "--book", book, "--json")
    report = json.loads(said)
    assert (status, report["rows"]["equal"], report["executions"]["as_named"]) == (0, 8, 2)
    assert report["differences"] == []
    status, said, _ = pricetime("--data", venue.data, "--stock", stock, "--out", "b.csv", "--json")
    assert json.loads(said) == {
        "messages": 8, "passed_over": 0, "message_file": "b.csv", "orderbook_file": "b_orderbook.csv",
    }  # fmt: skip


def test_an_export_says_where_somebody_passed_over_their_own_orders(pricetime, start_server):
    venue = start_server()
    with Client(venue.url) as ada, Client(venue.url) as bob:
        for name, client in (("ada", ada), ("bob", bob)):
            client.register(name, "longpassword")
            client.login(name, "longpassword")
            client.deposit(10_000)
        stock = ada.create_stock("Google").stock
        ada.grant_shares(stock, 100)
        bob.grant_shares(stock, 100)
        ada.place_order(stock, "sell", 10, "13.50")
        bob.place_order(stock, "sell", 10, "13.50")
        ada.place_order(stock, "buy", 10, "13.50")
    assert venue.stop() == 0
    status, said, _ = pricetime("--data", venue.data, "--stock", stock, "--out", "a.csv")
    assert (status, "In 1 of them somebody passed over an order of their own." in said) == (0, True)
    status, said, _ = pricetime("a.csv", "--book", "a_orderbook.csv", "--json")
    [difference] = json.loads(said)["differences"]
    assert (difference["what"], difference["cause"]) == ("execution", "older_ahead")


def test_a_replay_writes_its_own_run(pricetime, tmp_path):
    messages, book = write_run(tmp_path, 300)
    status, out, _ = pricetime(messages, "--book", book, "--out", "again.csv")
    assert (status, "messages were written." in out) == (0, True)
    assert Path("again.csv").read_bytes() == messages.read_bytes()
    assert Path("again_orderbook.csv").read_bytes() == book.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "name either a message file to replay, or a --stock to write"),
        (["m.csv", "--stock", "1", "--out", "o.csv"], "name either a message file to replay, or a --stock"),
        (["--stock", "1"], "--stock goes with --out"),
        (["m.csv", "--day", "2026-01-01"], "--day goes with --stock"),
        (["--stock", "1", "--out", "o.csv", "--book", "m_orderbook.csv"], "--book goes with a message file"),
        (["m.csv", "--out", "m.csv"], "--out would overwrite a file that is read"),
        (
            ["m.csv", "--book", "m_orderbook.csv", "--out", "./m.csv"],
            "--out would overwrite a file that is read",
        ),
        (["none.csv"], "File 'none.csv' does not exist"),
        (["m.csv", "--levels", "0"], "0 is not in the range"),
    ],
)
def test_what_is_mistyped_exits_2(pricetime, arguments, sentence):
    Path("m.csv").write_text("1,1,1,1,1,1\n")
    Path("m_orderbook.csv").write_text("9999999999,0,1,1\n")
    status, out, err = pricetime(*arguments)
    assert (status, out) == (2, "")
    assert sentence in err
    assert Path("m.csv").read_text() == "1,1,1,1,1,1\n"


@pytest.mark.parametrize(
    ("messages", "book", "sentence"),
    [
        ("", "1,1,1,1\n", "m.csv is empty."),
        ("1,1,1,1,1,1\n", "", "b.csv is empty."),
        ("1,1,1,one,1,1\n", None, "m.csv, line 1, column 4 (size): 'one' is no whole number."),
        ("2,1,1,1,1,1\n1,1,1,1,1,1\n", None, "m.csv, line 2, column 1: the time is before the last; rows"),
        (
            "1,1,1,1,1,1\n",
            "9,1,1,1\n9,1,1,1\n",
            "m.csv has 1 lines and b.csv has 2; an orderbook has one row",
        ),
        ("1,1,1,1,1,1\n", "9,1,1\n", "b.csv, line 1: 3 columns; an orderbook has four for each level"),
    ],
)
def test_a_wrong_file_is_one_sentence_and_exit_1(pricetime, messages, book, sentence):
    Path("m.csv").write_text(messages)
    options = []
    if book is not None:
        Path("b.csv").write_text(book)
        options = ["--book", "b.csv"]
    status, out, err = pricetime("m.csv", *options)
    assert (status, out) == (1, "")
    assert err.startswith(f"pricetime: {sentence}")


def test_a_venue_or_stock_that_is_not_there_is_told(pricetime, start_server):
    assert pricetime("--data", "none", "--stock", 1, "--out", "o.csv")[::2] == (
        1, "pricetime: There is no venue in the folder none. Name its folder with --data.\n",
    )  # fmt: skip
    venue = start_server()
    assert venue.stop() == 0
    assert pricetime("--data", venue.data, "--stock", 5, "--out", "o.csv")[::2] == (
        1, "pricetime: Stock 5 has no messages to write.\n",
    )  # fmt: skip
    assert not Path("o.csv").exists()
