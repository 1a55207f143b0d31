"""A person trades from the command line on a real venue."""

import json
import os
import signal
import subprocess
import sys
import uuid

import pytest

from pricetime import cli
from pricetime.cli.remote import session_path
from pricetime.client import Client

PASSWORD = "a long password"


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path, server):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PRICETIME_URL", server.url)


@pytest.fixture
def pricetime(capsys):
    """Run a verb; return what it prints: with --json what that decodes to."""

    def run(line, *, status=0):
        arguments = line.split()
        assert cli.execute(arguments) == status, capsys.readouterr().err
        said = capsys.readouterr()
        if status:
            return said.err
        return json.loads(said.out) if "--json" in arguments else said.out

    return run


@pytest.fixture
def stock(server):
    """A stock with a maker: 100 for sale at 135.00, 50 wanted at 120.00. Yields its name."""
    name = f"Stock{uuid.uuid4().hex[:8]}"
    with Client(server.url) as maker:
        maker.register(name, PASSWORD)
        maker.login(name, PASSWORD)
        maker.deposit(1_000_000)
        listed = maker.create_stock(name)
        maker.grant_shares(listed.stock, 100)
        maker.place_order(listed.stock, "sell", 100, 135)
        maker.place_order(listed.stock, "buy", 50, 120)
    return name


@pytest.fixture
def user(pricetime):
    """A user who is logged in and has 10,000."""
    name = f"user-{uuid.uuid4().hex[:8]}"
    pricetime(f"register --user {name} --password longpassword")
    pricetime(f"login --user {name} --password longpassword")
    pricetime("wallet deposit 10000")
    return name


def test_register_login_and_logout(pricetime, server):
    name = f"user-{uuid.uuid4().hex[:8]}"
    registered = pricetime(f"register --user {name} --password longpassword --json")
    logged_in = pricetime(f"login --user {name} --password longpassword --json")
    assert logged_in["user"] == registered
    assert logged_in["url"] == server.url
    assert "Nobody is logged in" not in pricetime("wallet")
    assert pricetime("logout") == f"Logged out of {server.url}.\n"
    assert "Nobody is logged in" in pricetime("wallet", status=1)


def test_a_wrong_password_is_one_sentence(pricetime, user):
    said = pricetime(f"login --user {user} --password wrongpassword", status=1)
    assert said == "pricetime: The user name or the password is wrong.\n"


def test_a_taken_name_is_one_sentence(pricetime, user):
    said = pricetime(f"register --user {user} --password longpassword", status=1)
    assert said == "pricetime: This user name is taken. Choose another.\n"


def test_a_user_buys_looks_at_everything_and_sells_again(pricetime, user, stock):
    bought = pricetime(f"order buy {stock} 10")
    assert f"buy 10 {stock} at market is filled, 10 at 135.00." in bought
    assert pricetime("wallet --json") == {"available": "8650.00", "held": "0.00", "total": "8650.00"}
    [holding] = pricetime("portfolio --json")["holdings"]
    assert (holding["name"], holding["available"], holding["average_cost"]) == (stock, 10, "135.00")
    sold = pricetime(f"order sell {stock} 4 --price 120 --json")
    assert (sold["status"], sold["average_price"]) == ("filled", "120.00")
    moved = pricetime("wallet transactions --json")
    assert [(each["kind"], each["amount"]) for each in moved] == [
        ("sell", "480.00"),
        ("buy", "-1350.00"),
        ("deposit", "10000.00"),
    ]
    assert stock in pricetime("portfolio")
    assert "sell" in pricetime("wallet transactions")


def test_an_order_rests_is_amended_and_cancelled(pricetime, user, stock):
    placed = pricetime(f"order buy {stock} 10 --price 100 --json")
    assert placed["status"] == "open"
    number = placed["order"]
    assert f"buy 8 {stock} at 101.50 is open." in pricetime(
        f"order amend {number} --quantity 8 --price 101.50"
    )
    [listed] = pricetime("order list --json")
    assert (listed["order"], listed["quantity"], listed["price"]) == (number, 8, "101.50")
    assert pricetime("wallet show --json")["held"] == "812.00"
    assert "is cancelled (cancelled); 0 of 8 shares were traded." in pricetime(f"order cancel {number}")
    assert "was closed already (cancelled)" in pricetime(f"order cancel {number}")
    assert pricetime("order list") == "You have no such order.\n"
    assert len(pricetime(f"order list --all --stock {stock} --json")) == 1
    assert pricetime(f"order show {number} --json")["executions"] == []


def test_all_orders_are_cancelled_at_once(pricetime, user, stock):
    for price in (90, 91, 92):
        pricetime(f"order buy {stock} 1 --price {price}")
    assert pricetime(f"order cancel --all --stock {stock}") == "3 orders cancelled.\n"


def test_the_same_client_order_id_places_one_order(pricetime, user, stock):
    line = f"order buy {stock} 1 --price 100 --client-order-id {uuid.uuid4()} --json"
    assert pricetime(line)["order"] == pricetime(line)["order"]
    assert len(pricetime("order list --json")) == 1


def test_an_order_can_be_checked_without_being_placed(pricetime, user, stock):
    said = pricetime(f"order buy {stock} 10 --price 100 --validate")
    assert said == "It would be placed with 10 shares, holding 1000.00.\n"
    assert pricetime("order list") == "You have no such order.\n"


def test_what_the_rules_deny_is_one_sentence(pricetime, user, stock):
    said = pricetime(f"order sell {stock} 1", status=1)
    assert said.startswith("pricetime: The portfolio does not have enough free shares.")


def test_the_stocks_are_listed_with_their_quotes(pricetime, stock):
    [row] = [row for row in pricetime("stocks --json") if row["name"] == stock]
    assert (row["best_bid"], row["best_ask"]) == ("120.00", "135.00")
    assert stock in pricetime("stocks")


def test_watch_shows_the_book_and_the_tape_once(pricetime, stock):
    seen = pricetime(f"watch {stock} --once --json")
    assert [(level["price"], level["quantity"]) for level in seen["book"]["asks"]] == [("135.00", 100)]
    picture = pricetime(f"watch {stock} --once")
    assert picture.index("135.00") < picture.index("spread 15.00") < picture.index("120.00")


def test_watch_goes_on_until_ctrl_c_and_prints_what_changes(server, stock, tmp_path):
    watching = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pricetime.cli",
            "watch",
            stock,
            "--json",
            "--every",
            "0.1",
            "--url",
            server.url,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)},
    )
    with watching:
        assert json.loads(watching.stdout.readline())["trades"] == []
        with Client(server.url) as buyer:
            name = f"user-{uuid.uuid4().hex[:8]}"
            buyer.register(name, PASSWORD)
            buyer.login(name, PASSWORD)
            buyer.deposit(1_000)
            buyer.place_order(_id_of(server, stock), "buy", 3)
        [trade] = next(seen for line in watching.stdout if (seen := json.loads(line)["trades"]))
        assert (trade["price"], trade["quantity"], trade["side"]) == ("135.00", 3, "buy")
        watching.send_signal(signal.SIGINT)
        assert watching.wait(10) == 130
        assert watching.stderr.read().strip() == ""


def _id_of(server, name):
    with Client(server.url) as client:
        return next(each.stock for each in client.every_stock() if each.name == name)


def test_the_kept_session_is_renewed_when_its_token_has_ended(start_server, monkeypatch, pricetime):
    venue = start_server(access_token_lifetime_s=10)
    monkeypatch.setenv("PRICETIME_URL", venue.url)
    pricetime("register --user ada --password longpassword")
    pricetime("login --user ada --password longpassword")
    kept = json.loads(session_path().read_bytes())
    broken = kept | {"session": kept["session"] | {"access_token": "ended"}}
    session_path().write_text(json.dumps(broken))
    assert "free to spend" in pricetime("wallet")
    renewed = json.loads(session_path().read_bytes())
    assert renewed["session"]["refresh_token"] != kept["session"]["refresh_token"]
    assert "free to spend" in pricetime("wallet")


@pytest.mark.parametrize(
    "journey", ["daytrade --users 30 --ramp 0.3", "orders --users 10 --rate 200 --duration 0.5"]
)
def test_a_load_ends_without_errors_and_tells_its_latencies(pricetime, journey):
    report = pricetime(f"load --journey {journey} --json")
    assert report["errors"] == 0
    assert report["requests"] == (300 if report["journey"] == "daytrade" else 100)
    everything = report["latencies"][-1]
    assert 0 < everything["p50_ms"] <= everything["p99_ms"] <= everything["max_ms"]
