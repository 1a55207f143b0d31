"""Both clients over one stub of a venue: the same methods, the same answers."""

import asyncio
import threading
from datetime import UTC, datetime

import httpx2
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pricetime import client as sdk
from pricetime.client import AsyncClient, Client, NoAnswer, Retry, calls
from pricetime.client.methods import Methods
from pricetime.schema import Session

QUICK = Retry(base_s=0.001, total_s=5)


class Stub:
    """A venue that remembers what it was asked, and whose tokens can be made to end."""

    def __init__(self):
        self.requests = []
        self.valid = "token-1"
        self.refreshed = 0
        self.busy = 0

    async def wallet(self, request: Request) -> Response:
        self.requests.append(request)
        if self.busy:
            self.busy -= 1
            return problem(503, "queue_full")
        if request.headers.get("authorization") != f"Bearer {self.valid}":
            return problem(401, "token_invalid")
        return JSONResponse({"available": "1.00", "held": "0.00", "total": "1.00"})

    async def refresh(self, request: Request) -> Response:
        self.refreshed += 1
        self.valid = f"token-{self.refreshed + 1}"
        return JSONResponse(session(self.refreshed + 1))

    async def trades(self, request: Request) -> Response:
        page = int(request.query_params.get("cursor", "0"))
        items = [
            {"trade": str(10 * page + n), "price": "1.00", "quantity": 1, "side": "buy", "time": ""}
            for n in range(2)
        ]
        return JSONResponse({"items": items, "next_cursor": str(page + 1) if page < 2 else None})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/wallet", self.wallet),
                Route("/v1/sessions/refresh", self.refresh, methods=["POST"]),
                Route("/v1/stocks/{stock}/trades", self.trades),
            ]
        )


def session(number):
    return {
        "access_token": f"token-{number}",
        "refresh_token": "r",
        "expires_in_s": 9,
        "token_type": "Bearer",
    }


def problem(status, code):
    body = {"type": "", "title": "", "status": status, "detail": "No.", "code": code}
    return JSONResponse(body, status)


@pytest.fixture
def stub():
    return Stub()


@pytest.fixture
async def client(stub):
    transport = httpx2.ASGITransport(app=stub.app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://venue") as http:
        yield AsyncClient("http://venue", http=http, retry=QUICK, session=known())


def known():
    return msgspec.convert(session(1), Session)


def sync_client(handler, **options):
    http = httpx2.Client(transport=httpx2.MockTransport(handler), base_url="http://venue")
    return Client("http://venue", http=http, retry=QUICK, **options)


async def test_a_busy_venue_is_asked_again(stub, client):
    stub.busy = 2
    assert (await client.wallet()).total == "1.00"
    assert len(stub.requests) == 3


async def test_an_ended_session_is_renewed_once_for_all_tasks_that_share_the_client(stub, client):
    stub.valid = "nothing"
    wallets = await asyncio.gather(*(client.wallet() for _ in range(20)))
    assert {wallet.total for wallet in wallets} == {"1.00"}
    assert stub.refreshed == 1


async def test_a_list_is_fetched_page_by_page_to_its_end(client):
    assert [trade.trade async for trade in client.every_trade(7)] == ["0", "1", "10", "11", "20", "21"]


def test_the_sync_client_renews_once_for_all_its_threads():
    valid, refreshed, entered = "nothing", 0, threading.Barrier(4)

    def handler(request):
        nonlocal valid, refreshed
        if request.url.path.endswith("refresh"):
            refreshed, valid = refreshed + 1, "Bearer token-2"
            return httpx2.Response(200, json=session(2))
        if request.headers["authorization"] == "Bearer token-1":
            entered.wait(5)
        if request.headers["authorization"] != valid:
            body = {"type": "", "title": "", "status": 401, "detail": "No.", "code": "token_invalid"}
            return httpx2.Response(401, json=body)
        return httpx2.Response(200, json={"available": "1.00", "held": "0.00", "total": "1.00"})

    client, totals = sync_client(handler, session=known()), []
    threads = [threading.Thread(target=lambda: totals.append(client.wallet().total)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals == ["1.00"] * 4
    assert refreshed == 1


def test_the_sync_client_fetches_lists_page_by_page():
    def handler(request):
        page = int(request.url.params.get("cursor", "0"))
        body = {"items": [], "next_cursor": str(page + 1) if page < 3 else None}
        seen.append(str(request.url.query, "ascii"))
        return httpx2.Response(200, json=body)

    seen = []
    assert list(sync_client(handler).every_order(status="open", limit=5)) == []
    assert seen == ["status=open&limit=5", *(f"status=open&limit=5&cursor={n}" for n in (1, 2, 3))]


@pytest.mark.parametrize(
    ("error", "sent", "words"),
    [
        (httpx2.ConnectError, False, "cannot be reached"),
        (httpx2.ConnectTimeout, False, "cannot be reached"),
        (httpx2.ReadTimeout, True, "did not answer in time"),
        (httpx2.RemoteProtocolError, True, "broke the connection"),
    ],
)
def test_what_went_wrong_on_the_way_says_whether_the_request_may_have_been_carried_out(error, sent, words):
    def handler(request):
        raise error("no", request=request)

    with pytest.raises(NoAnswer, match=words) as caught:
        sync_client(handler).register("ada", "a long password")
    assert caught.value.sent is sent


def test_every_call_is_a_method_of_both_clients_with_its_words():
    builders = {
        name
        for name, value in vars(calls).items()
        if callable(value) and getattr(value, "__module__", "") == calls.__name__ and name[0] != "_"
    } - {"new_id", "new_order", "refresh"}
    assert builders <= set(vars(Methods))
    assert Client("http://venue").wallet.__doc__ == calls.wallet.__doc__


def test_ids_cannot_leave_their_place_in_the_path():
    assert calls.order("../admin/state").path == "/v1/orders/..%2Fadmin%2Fstate"


def test_a_time_without_its_zone_is_refused():
    assert calls.candles(1, start=datetime(2026, 1, 2, tzinfo=UTC)).query["start"] == "2026-01-02T00:00:00Z"
    with pytest.raises(ValueError, match="zone"):
        calls.candles(1, start=datetime(2026, 1, 2))  # noqa: DTZ001 - the mistake under test


def test_public_names_all_exist():
    assert all(hasattr(sdk, name) for name in sdk.__all__)
