"""Load: many users who arrive on schedule, whether or not the venue keeps up (open loop).

``daytrade``: every user goes through the ten steps of a first visit to the daytrade API and checks what
comes back. ``orders``: users who are there already place orders at a fixed rate. The venue should run
with ``rate_limits`` off, since all these users come from one address.
"""

from __future__ import annotations

import asyncio
import resource
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from pricetime.client.errors import NoAnswer
from pricetime.sim.latency import Latency, Recorder
from pricetime.sim.wire import Address, LoadFailed, Wire

Journey = Literal["daytrade", "orders"]
Told = Callable[[int, int], None]
"""Called with how many users (or orders) are through, and how many there are."""

_PASSWORD: Final = "a long enough password"  # noqa: S105 - of users made for one load
_DONE: Final = b'{"success":true,"data":null}'
"""What most steps are answered."""

_SHARES: Final = 10**12
_ASK: Final = 135
_BID: Final = 120
_encode: Final = msgspec.json.Encoder().encode
_SHOWN_FAILURES: Final = 10
_FILES_BESIDE_SOCKETS: Final = 64
_SET_UP_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is sent. ``ramp_s``: over which users arrive; ``rate_per_s``, ``duration_s``: of orders."""

    url: str
    journey: Journey = "daytrade"
    users: int = 1_000
    ramp_s: float = 5.0
    rate_per_s: float = 200.0
    duration_s: float = 10.0
    timeout_s: float = 30.0


class Report(msgspec.Struct, frozen=True):
    """What came of it."""

    journey: str
    users: int
    requests: int
    errors: int
    seconds: float
    requests_per_s: float
    latencies: list[Latency]
    failures: dict[str, int]
    """The most frequent sentences of what went wrong."""


class Failed(Exception):
    """A step's answer was not what it should be."""


class User:
    """One user on one connection of the daytrade API."""

    def __init__(self, name: str, address: Address, recorder: Recorder, timeout_s: float) -> None:
        self.name = name
        self._wire = Wire(address)
        self._recorder = recorder
        self._timeout_s = timeout_s
        self._token = b""
        self._due: float | None = None

    def due_at(self, moment: float) -> None:
        """Say when the next step should have been sent; its latency counts from then."""
        self._due = moment

    async def register(self) -> None:
        """Step 1."""
        content = {"user_name": self.name, "password": _PASSWORD, "name": "Load"}
        await self.step("register", "/authentication/register", content)

    async def login(self) -> None:
        """Step 2."""
        answer = await self.step(
            "login", "/authentication/login", {"user_name": self.name, "password": _PASSWORD}
        )
        self._token = b"token: %s\r\n" % answer["token"].encode()

    async def order(
        self, name: str, stock: str, *, buy: bool, quantity: int, price: int | None = None
    ) -> None:
        """Place an order; without a price at market."""
        content = {"stock_id": stock, "is_buy": buy, "quantity": quantity, "price": price}
        content["order_type"] = "MARKET" if price is None else "LIMIT"
        await self.step(name, "/engine/placeStockOrder", content)

    async def step(self, name: str, path: str, content: dict[str, Any] | None = None) -> Any:
        """Return ``data`` of the answer; Failed. Without content it is a GET."""
        due, self._due = self._due or time.perf_counter(), None
        method, body = ("GET", b"") if content is None else ("POST", _encode(content))
        try:
            status, answer = await self._wire.exchange(
                method, path, body, self._token, timeout_s=self._timeout_s
            )
            self._recorder.add(name, time.perf_counter() - due)
            return _data(status, answer)
        except (NoAnswer, Failed) as error:
            self._recorder.fail(name, str(error))
            raise Failed(f"{name}: {error}") from error

    def measure(self, recorder: Recorder) -> None:
        """Count from now on in ``recorder``."""
        self._recorder = recorder

    def expect(self, name: str, found: object, wanted: object) -> None:
        """Check what an answer says; Failed."""
        if found != wanted:
            sentence = f"expected {wanted!r}, got {found!r}"
            self._recorder.fail(name, sentence)
            raise Failed(sentence)

    def close(self) -> None:
        """Leave."""
        self._wire.close()


def _data(status: int, answer: bytes) -> Any:
    if answer == _DONE and status < 400:
        return None
    try:
        decoded = msgspec.json.decode(answer)
        success, data = decoded["success"], decoded["data"]
    except (msgspec.DecodeError, KeyError, TypeError):
        raise Failed(f"status {status} without a daytrade answer") from None
    if status >= 400 or not success:
        raise Failed(f"status {status}: {data.get('error') if isinstance(data, dict) else data}")
    return data


async def visit(user: User, stock: str, *, at_market: bool) -> None:
    """Go through the ten steps. Who buys at market places a second order; who waits cancels it."""
    await user.register()
    await user.login()
    await user.step("addMoneyToWallet", "/transaction/addMoneyToWallet", {"amount": 10_000})
    balance = await user.step("getWalletBalance", "/transaction/getWalletBalance")
    user.expect("getWalletBalance", balance, {"balance": 10_000})
    prices = await user.step("getStockPrices", "/transaction/getStockPrices")
    user.expect("getStockPrices", stock in {row["stock_id"] for row in prices}, True)
    await user.order("placeStockOrder", stock, buy=True, quantity=10, price=None if at_market else _BID)
    portfolio = await user.step("getStockPortfolio", "/transaction/getStockPortfolio")
    user.expect("getStockPortfolio", [row["quantity_owned"] for row in portfolio], [10] if at_market else [])
    orders = await user.step("getStockTransactions", "/transaction/getStockTransactions")
    user.expect("getStockTransactions", len(orders), 1)
    money = await user.step("getWalletTransactions", "/transaction/getWalletTransactions")
    user.expect("getWalletTransactions", [row["amount"] for row in money], [10 * _ASK] if at_market else [])
    if at_market:
        await user.order("placeStockOrder", stock, buy=False, quantity=10, price=_ASK + 10)
    else:
        cancelled = {"stock_tx_id": orders[0]["stock_tx_id"]}
        await user.step("cancelStockTransaction", "/engine/cancelStockTransaction", cancelled)


async def load(plan: Plan, told: Told = lambda _done, _all: None) -> Report:
    """Put a venue under load and return what came of it; LoadFailed, NoAnswer."""
    address, recorder, run = Address(plan.url), Recorder(), secrets.token_hex(4)
    _allow_sockets(plan.users)
    stock = await _set_up(plan, address, run)
    if plan.journey == "daytrade":
        start, end = await _daytrade(plan, address, recorder, run, stock, told)
    else:
        start, end = await _orders(plan, address, recorder, run, stock, told)
    seconds = end - start
    return Report(
        journey=plan.journey,
        users=plan.users,
        requests=recorder.requests,
        errors=recorder.errors,
        seconds=round(seconds, 3),
        requests_per_s=round(recorder.requests / seconds, 1),
        latencies=recorder.rows(),
        failures=dict(recorder.failures.most_common(_SHOWN_FAILURES)),
    )


def _allow_sockets(users: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = users + _FILES_BESIDE_SOCKETS
    if hard != resource.RLIM_INFINITY and needed > hard:
        raise LoadFailed(f"{users} users need {needed} open files; the system allows {hard} (ulimit -Hn).")
    if needed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


async def _set_up(plan: Plan, address: Address, run: str) -> str:
    """Make a seller with a stock whose shares are for sale; return the stock."""
    recorder = Recorder()
    seller = User(f"load-{run}-seller", address, recorder, plan.timeout_s)
    try:
        await seller.register()
        await seller.login()
        created = await seller.step("createStock", "/setup/createStock", {"stock_name": f"load-{run}"})
        stock: str = created["stock_id"]
        granted = {"stock_id": stock, "quantity": _SHARES}
        await seller.step("addStockToUser", "/setup/addStockToUser", granted)
        await seller.order("placeStockOrder", stock, buy=False, quantity=_SHARES, price=_ASK)
    except Failed as error:
        raise LoadFailed(f"The load could not be set up at {plan.url}: {error}") from error
    finally:
        seller.close()
    return stock


async def _daytrade(
    plan: Plan, address: Address, recorder: Recorder, run: str, stock: str, told: Told
) -> tuple[float, float]:
    start, done = time.perf_counter(), 0

    async def one(number: int, due: float) -> None:
        nonlocal done
        user = User(f"load-{run}-{number}", address, recorder, plan.timeout_s)
        user.due_at(due)
        try:
            await visit(user, stock, at_market=number % 2 == 0)
        except Failed:
            pass  # the recorder has counted it; the user goes away
        finally:
            user.close()
        done += 1
        told(done, plan.users)

    async with asyncio.TaskGroup() as group:
        for number in range(plan.users):
            due = start + plan.ramp_s * number / plan.users
            if (ahead := due - time.perf_counter()) > 0:
                await asyncio.sleep(ahead)
            group.create_task(one(number, due))
    return start, time.perf_counter()


async def _orders(
    plan: Plan, address: Address, recorder: Recorder, run: str, stock: str, told: Told
) -> tuple[float, float]:
    users = [
        User(f"load-{run}-{number}", address, Recorder(), plan.timeout_s) for number in range(plan.users)
    ]
    await _enter(users, stock, recorder)
    count, done = int(plan.rate_per_s * plan.duration_s), 0
    start = time.perf_counter()

    async def one(number: int) -> None:
        """Place every ``users``-th order, each counted from when it was due."""
        nonlocal done
        for index in range(number, count, plan.users):
            due = start + index / plan.rate_per_s
            await asyncio.sleep(due - time.perf_counter())
            users[number].due_at(due)
            try:
                await _next_order(users[number], stock, index)
            except Failed:
                continue
            finally:
                done += 1
                told(done, count)

    async with asyncio.TaskGroup() as group:
        for number in range(plan.users):
            group.create_task(one(number))
    end = time.perf_counter()
    for user in users:
        user.close()
    return start, end


async def _enter(users: list[User], stock: str, recorder: Recorder) -> None:
    """Register everybody with money and shares, not measured."""
    at_once = asyncio.Semaphore(_SET_UP_AT_ONCE)

    async def enter(user: User) -> None:
        async with at_once:
            await user.register()
            await user.login()
            await user.step("addMoneyToWallet", "/transaction/addMoneyToWallet", {"amount": 10**9})
            granted = {"stock_id": stock, "quantity": 10**6}
            await user.step("addStockToUser", "/setup/addStockToUser", granted)
        user.measure(recorder)

    try:
        await asyncio.gather(*(enter(user) for user in users))
    except Failed as error:
        raise LoadFailed(f"The users could not be set up: {error}") from error


async def _next_order(user: User, stock: str, index: int) -> None:
    """Place one of a mix: buys that take, sells and buys that rest."""
    match index % 4:
        case 0:
            await user.order("buy at market", stock, buy=True, quantity=1 + index % 7)
        case 1:
            await user.order(
                "sell, resting", stock, buy=False, quantity=1 + index % 5, price=_ASK + index % 50
            )
        case _:
            await user.order("buy, resting", stock, buy=True, quantity=1 + index % 9, price=_BID - index % 50)
