"""What the command line does with a venue's folder: check, journal, replay, rebuild, the first admin."""

import json
import sqlite3

import pytest

from pricetime import cli
from pricetime.client import Client


@pytest.fixture
def pricetime(capsys):
    """Run a verb over a folder; return (exit status, standard output, standard error)."""

    def run(line, folder):
        status = cli.execute([*line.split(), "--data", str(folder)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def folder(start_server):
    """The folder of a venue on which little has happened and that has stopped."""
    venue = start_server()
    _trade(venue.url)
    assert venue.stop() == 0
    return venue.data


def _trade(url):
    with Client(url) as client:
        client.register("ada", "longpassword")
        client.login("ada", "longpassword")
        client.deposit(1_000)
        stock = client.create_stock("Google").stock
        client.grant_shares(stock, 10)
        client.place_order(stock, "sell", 10, "13.50")
        with Client(url) as other:
            other.register("bob", "longpassword")
            other.login("bob", "longpassword")
            other.deposit(1_000)
            other.place_order(stock, "buy", 4)


def records(pricetime, line, folder):
    status, out, _ = pricetime(f"journal {line}", folder)
    assert status == 0
    return [json.loads(each) for each in out.splitlines()]


def test_a_good_folder_is_right(pricetime, folder):
    assert pricetime("check", folder) == (0, f"The data in {folder} is right.\n", "")
    status, out, _ = pricetime("check --json", folder)
    assert (status, json.loads(out)) == (
        0,
        {"data": str(folder), "right": True, "findings": [], "notes": []},
    )


def test_a_flipped_byte_is_found_and_its_batch_named(pricetime, folder):
    with sqlite3.connect(folder / "journal.db") as journal:
        [events] = journal.execute("SELECT events FROM batches WHERE number = 3").fetchone()
        flipped = bytes([*events[:40], events[40] ^ 1, *events[41:]])
        journal.execute("UPDATE batches SET events = ? WHERE number = 3", (flipped,))
    journal.close()
    status, out, err = pricetime("check", folder)
    assert status == 1
    assert "batch 3 was changed" in out
    assert err.startswith(f"pricetime: The data in {folder} is not right: ")
    status, _, err = pricetime("replay --verify", folder)
    assert (status, "batch 3" in err) == (1, True)


def test_views_that_say_otherwise_are_found_and_rebuilt(pricetime, folder):
    for name in ("views.db", "views.db-wal", "views.db-shm"):
        (folder / name).unlink(missing_ok=True)
    status, out, _ = pricetime("check", folder)
    assert (status, "Note: there are no views to compare" in out) == (0, True)
    assert pricetime("rebuild", folder)[0] == 0
    assert pricetime("check", folder) == (0, f"The data in {folder} is right.\n", "")


def test_a_replay_ends_in_the_same_state_each_time(pricetime, folder):
    first, second = (json.loads(pricetime("replay --verify --json", folder)[1]) for _ in range(2))
    assert first == second
    assert len(first["state_hash"]) == 64
    assert first["commands"] == records(pricetime, "--commands", folder)[-1]["sequence"]


def test_the_journal_shows_each_command_before_its_events(pricetime, folder):
    lines = records(pricetime, "", folder)
    sequences = [line["sequence"] for line in lines]
    assert sequences == sorted(sequences)
    begins = [
        line["record"]
        for line, before in zip(lines, [0, *sequences], strict=False)
        if line["sequence"] > before
    ]
    assert set(begins) == {"command"}


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("--kind place_order", ["place_order", "place_order"]),
        ("--kind traded", ["traded"]),
        ("--commands --kind traded", []),
        ("--events --kind order_opened", ["order_opened"]),
        ("--kind deposit --limit 1", ["deposit"]),
    ],
)
def test_the_journal_is_filtered_by_kind(pricetime, folder, line, kinds):
    assert [record["kind"] for record in records(pricetime, line, folder)] == kinds


def test_the_journal_is_filtered_by_what_records_are_about(pricetime, folder):
    [sell, buy] = records(pricetime, "--kind place_order", folder)
    [trade] = records(pricetime, f"--kind traded --account {sell['account']}", folder)
    assert (trade["maker_account"], trade["account"]) == (sell["account"], buy["account"])
    about = records(pricetime, f"--order {sell['order']}", folder)
    assert [line["kind"] for line in about[:3]] == ["place_order", "accepted", "order_opened"]
    later = records(pricetime, f"--after {sell['sequence']}", folder)
    assert min(line["sequence"] for line in later) == sell["sequence"] + 1
    assert records(pricetime, "--stock 99", folder) == []


def test_a_running_venue_can_be_checked_but_not_rebuilt(pricetime, start_server):
    venue = start_server()
    _trade(venue.url)
    assert pricetime("check", venue.data)[0] == 0
    status, _, err = pricetime("rebuild", venue.data)
    assert status == 1
    assert "Another process writes this journal. Stop it first" in err


def test_the_first_admin_is_made_beside_the_server_and_can_log_in(pricetime, start_server, tmp_path):
    status, out, _ = pricetime(
        "admin create root --password longpassword --set bcrypt_cost=4", tmp_path / "data"
    )
    assert (status, out) == (0, "root is an administrator, and can log in as soon as the venue runs.\n")
    with Client(start_server().url) as client:
        client.login("root", "longpassword")
        assert client.me().role == "admin"
        assert client.state().state == "running"


def test_an_admin_of_a_taken_name_is_refused(pricetime, folder):
    status, _, err = pricetime("admin create ada --password longpassword --set bcrypt_cost=4", folder)
    assert (status, err) == (1, "pricetime: This user name is taken. Choose another.\n")
