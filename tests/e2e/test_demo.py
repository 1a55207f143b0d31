"""``pricetime demo``: a moving market within seconds, whose suggestions work when pasted."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from pricetime.client import Client

STARTS_WITHIN_S = 90  # on a machine that runs other tests too; alone it takes about two


def bare_environment(home):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRICETIME_")}
    return kept | {"XDG_CONFIG_HOME": str(home)}


@contextmanager
def demo(home, *arguments):
    """Start a demo and yield what it says when the market is open; stop it with Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pricetime.cli", "demo", "--json", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=home,
        env=bare_environment(home),
    )
    try:
        yield json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(STARTS_WITHIN_S) == 0
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        process.stdout.close()


def until(condition):
    """Wait for something to become true; return it."""
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)  # between two looks
    raise AssertionError("it did not become true")


def everything_traded(client):
    """Return the stocks once each has traded and has both sides of a book."""
    stocks = list(client.every_stock())
    return stocks if all(each.last_price and each.best_bid and each.best_ask for each in stocks) else None


def test_the_market_moves_and_the_three_commands_work_when_pasted(tmp_path):
    with demo(tmp_path, "--rate", "100") as said, Client(said["url"]) as client:
        assert len(until(lambda: everything_traded(client))) == 8
        [login, buy, watch] = said["commands"]
        assert "Demo is logged in" in pasted(login, tmp_path)
        bought = pasted(buy, tmp_path)
        assert ": buy 10 Alderpoint at market is " in bought
        show = f"{buy.split(' order ')[0]} order show {bought.split()[1].rstrip(':')} --json"
        assert until(lambda: json.loads(pasted(show, tmp_path))["status"] == "filled")
        assert "Alderpoint  last" in pasted(f"{watch} --once", tmp_path)
        watching = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {watch}"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=bare_environment(tmp_path),
        )
        with watching:
            assert "Alderpoint" in watching.stdout.readline()
            watching.send_signal(signal.SIGINT)
    assert is_gone(said["venue_pid"])


def pasted(line, home):
    """Return what a line prints in a shell."""
    done = subprocess.run(
        ["/bin/sh", "-c", line], capture_output=True, text=True, cwd=home, env=bare_environment(home)
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_demo_on_the_same_folder_goes_on_with_its_users_and_stocks(tmp_path):
    data = str(tmp_path / "data")
    with demo(tmp_path, "--data", data) as first, Client(first["url"]) as client:
        client.login(**first["login"])
        account, stocks = client.me().account, {each.stock for each in client.every_stock()}
    with demo(tmp_path, "--data", data) as second, Client(second["url"]) as client:
        client.login(**second["login"])
        assert client.me().account == account
        assert {each.stock for each in client.every_stock()} == stocks
        assert client.wallet().total == "100000.00"
    check = [sys.executable, "-m", "pricetime.cli", "check", "--data", data]
    done = subprocess.run(check, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"The data in {data} is right.\n")


def test_no_trader_lets_its_orders_pile_up(tmp_path):
    with demo(tmp_path, "--rate", "400") as said, Client(said["url"]) as client:
        until(lambda: sum(stock.day_volume for stock in client.every_stock()) > 5_000)
        levels = [client.book(each.stock, levels=1_000) for each in client.every_stock()]
    resting = sum(level.orders for book in levels for level in (*book.bids, *book.asks))
    # Two makers with twelve quotes a stock, four noise traders with twelve orders each and one in flight.
    assert resting <= 2 * 12 * 8 + 4 * 13


def started(home, *wrapper):
    """Start a demo, by a wrapper or by itself, and return it with what it says."""
    process = subprocess.Popen(
        [*wrapper, sys.executable, "-m", "pricetime.cli", "demo", "--json", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=home,
        env=bare_environment(home),
    )
    return process, json.loads(process.stdout.readline())


def is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_demo_whose_venue_ends_says_so_and_ends(tmp_path):
    process, said = started(tmp_path)
    with process:
        os.kill(said["venue_pid"], signal.SIGKILL)
        assert process.wait(STARTS_WITHIN_S) == 1
        assert "The venue has ended" in process.stderr.read()


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM])
def test_a_demo_leaves_no_venue_behind_however_it_ends(tmp_path, signal_number):
    process, said = started(tmp_path)
    with process:
        process.send_signal(signal_number)
        process.wait(STARTS_WITHIN_S)
    assert until(lambda: is_gone(said["venue_pid"]))
    if signal_number != signal.SIGKILL:
        assert not Path(said["data"]).exists()


def test_a_demo_that_a_script_runs_in_the_background_stops_when_told(tmp_path):
    process, said = started(tmp_path, "sh", "-c", 'trap "" INT; exec "$@"', "sh")
    with process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(STARTS_WITHIN_S) == 0
    assert until(lambda: is_gone(said["venue_pid"]))


def test_a_demo_that_cannot_start_says_why(tmp_path):
    (tmp_path / "data").write_text("no folder")
    done = subprocess.run(
        [sys.executable, "-m", "pricetime.cli", "demo", "--port", "0", "--data", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=bare_environment(tmp_path),
    )
    assert done.returncode == 1
    assert "is no folder" in done.stderr
