"""The SDK on a real venue: every call's answer decodes, and retries do nothing twice."""

import asyncio
import uuid
from datetime import UTC, datetime

import pytest

from pricetime import cli
from pricetime.client import (
    AsyncClient,
    Client,
    Conflict,
    Forbidden,
    NotFound,
    Retry,
    Unauthorized,
    new_order,
)

PASSWORD = "a long password"


def entered(url, **options):
    """Return a client of a new user with 10,000."""
    client, name = Client(url, **options), f"user-{uuid.uuid4().hex[:8]}"
    client.register(name, PASSWORD, "Ada")
    client.login(name, PASSWORD)
    client.deposit(10_000)
    return client


@pytest.fixture
def client(server):
    with entered(server.url) as client:
        yield client


@pytest.fixture
def stock(client):
    """A stock of the client's own, with 1,000 shares."""
    listed = client.create_stock(f"Stock{uuid.uuid4().hex[:8]}", tick_size="0.05")
    assert client.grant_shares(listed.stock, 1_000).available == 1_000
    return listed.stock


def test_a_user_of_the_sdk_trades_and_reads_it_all_back(server, client, stock):
    resting = client.place_order(stock, "sell", 100, "12.50")
    with entered(server.url) as buyer:
        bought = buyer.place_order(stock, "buy", 30)
        assert (bought.status, bought.average_price) == ("filled", "12.50")
        [execution] = buyer.every_execution()
        assert (execution.order, execution.amount, execution.maker) == (bought.order, "375.00", False)
        assert buyer.portfolio().market_value == "375.00"
        assert [each.kind for each in buyer.every_wallet_transaction(limit=1)] == ["buy", "deposit"]
        assert "375.00" in buyer.statement(end=datetime(2100, 1, 1, tzinfo=UTC))
    seen = client.order(resting.order)
    assert (seen.status, seen.filled_quantity, len(seen.executions)) == ("partially_filled", 30, 1)
    assert client.amend_order(resting.order, quantity=80).remaining_quantity == 50
    assert client.book(stock, levels=1).asks[0].quantity == 50
    assert [each.quantity for each in client.every_trade(stock)] == [30]
    [candle] = client.candles(stock, "1d").items
    assert (candle.close, candle.volume) == ("12.50", 30)
    assert client.stock(stock).last_price == "12.50"
    assert "12.50" in {each.price for each in client.every_price(limit=1) if each.stock == stock}
    assert client.cancel_order(resting.order).already_closed is False
    assert client.cancel_order(resting.order).already_closed is True
    assert client.withdraw("1.50").available == "10373.50"


def test_a_batch_is_answered_order_by_order(client, stock):
    orders = [new_order(stock, "sell", 10, "20.00"), new_order(stock, "sell", 10, "20.01")]
    placed, denied = client.place_orders(orders).outcomes
    assert placed.order.status == "open"
    assert denied.problem.code == "off_tick"
    assert client.cancel_orders(stock=stock).cancelled == 1


def test_an_order_can_be_found_by_the_id_its_client_gave_it(client, stock):
    order = new_order(stock, "sell", 10, "20.00")
    placed = client.place(order)
    assert [each.order for each in client.every_order(client_order_id=order.client_order_id)] == [
        placed.order
    ]
    assert client.place(order).order == placed.order
    with pytest.raises(Conflict) as caught:
        client.place_order(stock, "sell", 11, "20.00", client_order_id=order.client_order_id)
    assert caught.value.code == "client_id_reused"
    assert caught.value.request_id


def test_the_same_deposit_sent_twice_moves_money_once(client):
    key = uuid.uuid4().hex
    client.deposit(5, idempotency_key=key)
    assert client.deposit(5, idempotency_key=key).total == "10005.00"


def test_an_order_is_checked_without_being_placed(client, stock):
    assert client.validate_order(new_order(stock, "buy", 10, "2.50")).holds == "25.00"
    assert client.orders().items == []


def test_a_changed_password_goes_on_with_a_new_session_and_ends_the_others(server, client):
    with Client(server.url, session=client.session, retry=Retry(tries=1)) as elsewhere:
        client.change_password(PASSWORD, "another long password")
        assert client.me().name == "Ada"
        with pytest.raises(Unauthorized):
            elsewhere.me()
    client.logout()
    with pytest.raises(Unauthorized):
        client.me()


def test_errors_say_what_kind_they_are(client):
    with pytest.raises(NotFound) as caught:
        client.order(999_999_999)
    assert caught.value.code == "unknown_order"
    with pytest.raises(Forbidden) as caught:
        client.state()
    assert caught.value.code == "not_allowed"


def test_an_administrator_sees_users_state_and_audit(start_server, tmp_path, capsys):
    create = ["admin", "create", "root", "--password", PASSWORD, "--data", str(tmp_path / "data")]
    assert cli.execute([*create, "--set", "bcrypt_cost=4"]) == 0
    url = start_server().url
    with Client(url) as root, entered(url) as user:
        root.login("root", PASSWORD)
        account, stock = user.me().account, user.create_stock("Google").stock
        assert root.set_user(account, role="lister").role == "lister"
        assert {each.role for each in root.every_user(limit=1)} == {"admin", "lister"}
        assert root.halt_stock(stock).halted is True
        assert root.resume_stock(stock).halted is False
        assert [each.amount for each in root.every_audit_entry(account=account, kind="deposit")] == [
            "10000.00"
        ]
        assert "admin_created" in {each.action for each in root.user_audit().items}
        assert root.state().state == "running"
        assert root.set_user(account, disabled=True).disabled is True


async def test_the_asynchronous_client_does_the_same(server):
    async with AsyncClient(server.url) as client:
        name = f"user-{uuid.uuid4().hex[:8]}"
        await client.register(name, PASSWORD)
        await client.login(name, PASSWORD)
        await asyncio.gather(*(client.deposit("1.00") for _ in range(20)))
        assert (await client.wallet()).total == "20.00"
        assert len([each async for each in client.every_wallet_transaction(limit=7)]) == 20


def test_an_order_whose_answer_was_lost_by_a_restart_is_placed_once(start_server):
    venue = start_server()
    with entered(venue.url) as client:
        stock = client.create_stock("Google").stock
        client.grant_shares(stock, 100)
        order = new_order(stock, "sell", 10, "20.00")
        client.place(order)
        venue.kill()
        start_server(port=venue.port)
        client.place(order)
        assert len(list(client.every_order())) == 1
