"""The way of a request through the guards to its handler and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from starlette.responses import StreamingResponse
from tests.support.asgi import Asker, asker

from pricetime.api.endpoints import Call, Endpoint, Query, Reply, Scope
from pricetime.errors import QueueFull, RuleError
from pricetime.records import Reason
from pricetime.schema import Request


class Order(Request, frozen=True):
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    note: str = ""


class Free(msgspec.Struct):
    """As the daytrade bodies: what else stands there is ignored."""

    quantity: int


class Paging(Query, frozen=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=10)] = 5
    name: str | None = None
    since: datetime | None = None


seen: list[Call] = []


async def echo(call: Call) -> object:
    seen.append(call)
    return {"body": call.body, "query": call.query, "path": dict(call.path)}


async def broken(call: Call) -> object:
    raise KeyError("a secret of the inside")


async def denied(call: Call) -> object:
    raise RuleError(Reason.OFF_TICK)


async def full(call: Call) -> object:
    raise QueueFull(retry_after_s=3)


async def slow(call: Call) -> object:
    return await asyncio.Event().wait()


async def nothing(call: Call) -> None:
    return None


async def other(call: Call) -> object:
    return Reply(body={"checked": True}, status=202, headers=(("Location", "/there"),))


async def stream(call: Call) -> object:
    async def lines() -> AsyncIterator[bytes]:
        yield b"a,b\n"
        yield b"1,2\n"

    return StreamingResponse(lines(), media_type="text/csv")


async def by_id(call: Call) -> object:
    return {"id": call.id("order")}


def row(method: str, path: str, handler: Any = echo, **more: Any) -> Endpoint:
    more = {"family": "v1", "scope": Scope.PUBLIC, "response": dict} | more
    return Endpoint(method=method, path=path, handler=handler, summary="A test", **more)  # type: ignore[arg-type]


ROWS = [
    row("GET", "/v1/open", query=Paging),
    row("GET", "/v1/bare"),
    row("POST", "/v1/orders", request=Order, idempotent=True),
    row("POST", "/v1/mine", request=Order, scope=Scope.TRADER),
    row("POST", "/v1/heavy", scope=Scope.TRADER, weight=50),
    row("GET", "/v1/setup", scope=Scope.SETUP),
    row("GET", "/v1/funding", scope=Scope.FUNDING),
    row("GET", "/v1/admin", scope=Scope.ADMIN),
    row("GET", "/v1/orders/{order}", by_id),
    row("GET", "/v1/broken", broken),
    row("GET", "/v1/denied", denied),
    row("GET", "/v1/full", full),
    row("GET", "/v1/slow", slow),
    row("DELETE", "/v1/nothing", nothing, response=None, status=204),
    row("POST", "/v1/other", other),
    row("GET", "/v1/stream", stream, media="text/csv"),
    row("POST", "/engine/place", family="daytrade", request=Free, scope=Scope.TRADER),
    row("POST", "/engine/open", family="daytrade", request=Free),
]


def served(tmp_path: Path, **chosen: Any) -> AbstractAsyncContextManager[Asker]:
    seen.clear()
    return asker(tmp_path, ROWS, rate_limits=chosen.pop("rate_limits", False), **chosen)


@pytest.fixture
async def ask(tmp_path: Path) -> AsyncIterator[Asker]:
    async with served(tmp_path) as asking:
        yield asking


# ------------------------------------------------------------------------------------------ answers


async def test_an_answer_is_json_and_safe_to_show(ask: Asker):
    answer = await ask("GET", "/v1/bare")
    assert (answer.status, answer.json) == (200, {"body": None, "query": None, "path": {}})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_handler_may_answer_nothing_or_otherwise(ask: Asker):
    nothing = await ask("DELETE", "/v1/nothing")
    assert (nothing.status, nothing.body, "content-length" in nothing.headers) == (204, b"", False)
    other = await ask("POST", "/v1/other")
    assert (other.status, other.json, other.headers["location"]) == (202, {"checked": True}, "/there")


async def test_a_stream_carries_the_same_headers(ask: Asker):
    answer = await ask("GET", "/v1/stream")
    assert (answer.body, answer.headers["content-type"]) == (b"a,b\n1,2\n", "text/csv; charset=utf-8")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]


async def test_a_sane_request_id_comes_back_and_any_other_is_replaced(ask: Asker):
    kept = await ask("GET", "/v1/bare", headers={"X-Request-Id": "trace-7.A_b"})
    assert kept.headers["x-request-id"] == "trace-7.A_b"
    made = {
        (await ask("GET", "/v1/bare", headers={"X-Request-Id": bad})).headers["x-request-id"]
        for bad in ("", "two words", "x" * 129, "<script>", "é")
    }
    assert len(made) == 5
    assert not any("script" in value for value in made)


async def test_a_failure_of_ours_says_nothing_but_its_request_id(
    ask: Asker, capsys: pytest.CaptureFixture[str]
):
    answer = await ask("GET", "/v1/broken", headers={"X-Request-Id": "find-me"})
    assert (answer.status, answer.json["code"]) == (500, "internal_error")
    assert answer.json["request_id"] == "find-me"
    assert b"secret" not in answer.body
    logged = capsys.readouterr()
    assert "find-me" in logged.out + logged.err
    assert "a secret of the inside" in logged.out + logged.err


async def test_a_denial_becomes_a_problem(ask: Asker):
    answer = await ask("GET", "/v1/denied")
    assert (answer.status, answer.json["code"]) == (422, "off_tick")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_full_queue_says_when_to_come_back(ask: Asker):
    answer = await ask("GET", "/v1/full")
    assert (answer.status, answer.headers["retry-after"]) == (503, "3")


# ---------------------------------------------------------------------------------- paths and methods


@pytest.mark.parametrize("path", ["/v1/none", "/v1/open/", "/V1/open", "/none"])
async def test_an_unknown_path_is_a_problem(ask: Asker, path: str):
    answer = await ask("GET", path)
    assert (answer.status, answer.json["code"]) == (404, "unknown_path")


async def test_an_unknown_path_of_daytrade_answers_in_its_own_format(ask: Asker):
    answer = await ask("GET", "/engine/none")
    assert answer.status == 404
    assert answer.json["success"] is False


async def test_a_wrong_method_names_the_right_ones(ask: Asker):
    answer = await ask("PUT", "/v1/open")
    assert (answer.status, answer.headers["allow"], answer.json["code"]) == (
        405,
        "GET, HEAD",
        "method_not_allowed",
    )
    daytrade = await ask("GET", "/engine/open")
    assert (daytrade.status, daytrade.headers["allow"], daytrade.json["success"]) == (405, "POST", False)


@pytest.mark.parametrize("order", ["0", "abc", "-1", "9" * 19, "9" * 40, "１", "1\n"])
async def test_an_id_that_cannot_be_is_unknown(ask: Asker, order: str):
    answer = await ask("GET", f"/v1/orders/{order}")
    assert (answer.status, answer.json["code"]) == (404, "unknown_order")


async def test_an_id_is_a_number_inside(ask: Asker):
    assert (await ask("GET", "/v1/orders/9223372036854775807")).json == {"id": 2**63 - 1}


# ------------------------------------------------------------------------------------------- queries


async def test_a_query_is_converted_to_its_types(ask: Asker):
    answer = await ask("GET", "/v1/open?limit=7&name=A%26B")
    assert answer.json["query"] == {"limit": 7, "name": "A&B", "since": None}
    assert (await ask("GET", "/v1/open")).json["query"] == {"limit": 5, "name": None, "since": None}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=11",
        "limit=x",
        "limit=",
        "limit=1&limit=2",
        "name=null&limit=null",
        "other=1",
        "name=%ff",
        "limit=1e400",
        "since=0.5",
    ],
)
async def test_a_query_that_cannot_be_is_refused(ask: Asker, query: str):
    answer = await ask("GET", f"/v1/open?{query}")
    assert (answer.status, answer.json["code"]) == (400, "invalid_request")
    assert seen == []


async def test_a_path_without_query_refuses_one(ask: Asker):
    assert (await ask("GET", "/v1/bare?x=1")).status == 400


# -------------------------------------------------------------------------------------------- bodies


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b"NaN", "invalid_json"),
        (b'{"quantity": NaN}', "invalid_json"),
        (b'{"quantity": Infinity}', "invalid_json"),
        (b'{"quantity": 1} x', "invalid_json"),
        (b'{"quantity": 1, "note": "\xff"}', "invalid_json"),
        (b'{"quantity": 1, "note": "\\ud800"}', "invalid_json"),
        (b'\xef\xbb\xbf{"quantity": 1}', "invalid_json"),
        (b"[]", "invalid_request"),
        (b"null", "invalid_request"),
        (b"{}", "invalid_request"),
        (b'{"quantity": 0}', "invalid_request"),
        (b'{"quantity": "1"}', "invalid_request"),
        (b'{"quantity": true}', "invalid_request"),
        (b'{"quantity": 1.5}', "invalid_request"),
        (b'{"quantity": 1e400}', "invalid_request"),
        (b'{"quantity": 1' + b"0" * 5_000 + b"}", "invalid_request"),
        (b'{"quantity": 1, "more": 1}', "invalid_request"),
        (b'{"quantity": ' + b"[" * 200_000, "invalid_request"),
        (b"[" * 200_000, "invalid_request"),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else None,
)
async def test_a_body_that_cannot_be_is_refused(ask: Asker, body: bytes, code: str):
    answer = await ask("POST", "/v1/orders", body)
    assert (answer.status, answer.json["code"]) == (400, code)
    assert seen == []


async def test_deep_nesting_where_anything_may_stand_is_refused(ask: Asker):
    answer = await ask(
        "POST", "/engine/open", b'{"quantity": 1, "more": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    )
    assert (answer.status, answer.json["success"]) == (400, False)
    assert "nested too deeply" in answer.json["data"]["error"]


async def test_daytrade_ignores_further_fields(ask: Asker):
    answer = await ask("POST", "/engine/open?x=1", b'{"quantity": 1, "more": {"x": []}}')
    assert answer.json["body"] == {"quantity": 1}


async def test_a_body_in_parts_is_put_together(ask: Asker):
    answer = await ask("POST", "/v1/orders", [b'{"quan', b'tity": 3, ', b'"note": "x"}'])
    assert answer.json["body"] == {"quantity": 3, "note": "x"}


async def test_the_type_of_the_body_is_not_asked_for_but_compression_is_refused(ask: Asker):
    body = b'{"quantity": 3}'
    assert (await ask("POST", "/v1/orders", body, headers={"Content-Type": "text/plain"})).status == 200
    packed = await ask("POST", "/v1/orders", body, headers={"Content-Encoding": "gzip"})
    assert (packed.status, packed.json["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("headers", [{"Content-Length": "2000"}, {}], ids=["declared", "undeclared"])
async def test_a_large_body_is_refused(tmp_path: Path, headers: dict[str, str]):
    async with served(tmp_path, body_limit=1_024) as ask:
        parts = [b"x" * 500] * 4
        v1 = await ask("POST", "/v1/orders", parts, headers=headers)
        daytrade = await ask("POST", "/engine/open", parts, headers=headers)
    assert (v1.status, v1.json["code"]) == (413, "body_too_large")
    assert (daytrade.status, daytrade.json["success"]) == (400, False)


async def test_a_client_that_goes_away_is_not_answered(ask: Asker):
    answer = await ask("POST", "/v1/orders", [])
    assert answer.status == 0
    assert seen == []


# ------------------------------------------------------------------------------------------ sessions


async def test_a_token_is_taken_from_either_header(ask: Asker):
    token = await ask.token()
    for headers in (
        {"token": token},
        {"Authorization": f"Bearer {token}"},
        {"authorization": f"bearer {token}"},
    ):
        assert (await ask("POST", "/v1/mine", b'{"quantity": 1}', headers=headers)).status == 200
    assert [call.account for call in seen] == [1, 1, 1]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"token": ""},
        {"token": "x"},
        {"token": "é"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer x.y.z"},
    ],
    ids=str,
)
async def test_a_bad_token_is_refused_before_the_body_is_looked_at(ask: Asker, headers: dict[str, str]):
    v1 = await ask("POST", "/v1/mine", b"no json", headers=headers)
    assert (v1.status, v1.json["code"]) == (401, "token_invalid")
    assert v1.headers["www-authenticate"].startswith("Bearer")
    daytrade = await ask("POST", "/engine/place", b"no json", headers=headers)
    assert (daytrade.status, daytrade.json["success"]) == (401, False)


@pytest.mark.parametrize(
    ("open_to_all", "role", "statuses"),
    [
        (True, "trader", (200, 200, 403)),
        (False, "trader", (403, 403, 403)),
        (False, "lister", (200, 403, 403)),
        (False, "admin", (200, 200, 200)),
    ],
)
async def test_roles_may_do_what_the_scope_says(
    tmp_path: Path, open_to_all: bool, role: str, statuses: tuple[int, ...]
):
    async with served(tmp_path, open_setup=open_to_all, open_funding=open_to_all) as ask:
        headers = {"token": await ask.token(role)}
        answers = [await ask("GET", f"/v1/{name}", headers=headers) for name in ("setup", "funding", "admin")]
    assert tuple(answer.status for answer in answers) == statuses
    assert all(answer.json["code"] == "not_allowed" for answer in answers if answer.status == 403)


async def test_an_idempotency_key_becomes_sixteen_bytes(ask: Asker):
    for key in ("a", "a", "b"):
        await ask("POST", "/v1/orders", b'{"quantity": 1}', headers={"Idempotency-Key": key})
    await ask("POST", "/v1/orders", b'{"quantity": 1}')
    first, second, third, none = (call.idempotency_key for call in seen)
    assert first == second != third
    assert first is not None
    assert len(first) == 16
    assert none is None


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "é"])
async def test_an_idempotency_key_is_short_and_visible(ask: Asker, key: str):
    answer = await ask("POST", "/v1/orders", b'{"quantity": 1}', headers={"Idempotency-Key": key})
    assert (answer.status, answer.json["code"]) == (400, "invalid_request")


# --------------------------------------------------------------------------------------------- rates


async def test_an_address_that_sends_too_much_is_told_to_wait(tmp_path: Path):
    async with served(tmp_path, rate_limits=True, rate_address_per_s=1, rate_address_burst=2) as ask:
        answers = [await ask("GET", "/v1/bare") for _ in range(3)]
        elsewhere = await ask("GET", "/v1/bare", address="198.51.100.9")
        daytrade = await ask("POST", "/engine/open", b"{}")
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[2].headers["retry-after"] == "1"
    assert answers[2].json["code"] == "rate_limited"
    assert elsewhere.status == 200
    assert (daytrade.status, daytrade.json["success"], daytrade.headers["retry-after"]) == (429, False, "1")


async def test_an_account_is_limited_wherever_it_comes_from(tmp_path: Path):
    async with served(tmp_path, rate_limits=True, rate_account_per_s=1, rate_account_burst=60) as ask:
        headers = {"token": await ask.token()}
        first = await ask("POST", "/v1/heavy", headers=headers)
        second = await ask("POST", "/v1/heavy", headers=headers, address="198.51.100.9")
    assert (first.status, first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == (
        200,
        "60",
        "10",
    )
    assert (second.status, second.headers["retry-after"]) == (429, "40")


async def test_guessing_tokens_and_paths_is_charged_to_the_address(tmp_path: Path):
    async with served(tmp_path, rate_limits=True, rate_address_per_s=1, rate_address_burst=2) as ask:
        statuses = [
            (await ask("GET", "/v1/none")).status,
            (await ask("GET", "/v1/admin")).status,
            (await ask("GET", "/v1/none")).status,
        ]
    assert statuses == [404, 401, 429]


async def test_rates_can_be_off(ask: Asker):
    answer = await ask("GET", "/v1/bare")
    assert not any(name.startswith("ratelimit") for name in answer.headers)


async def test_connections_beyond_the_limit_are_turned_away(tmp_path: Path):
    connections = 3
    rows = [row("GET", "/v1/bare")]
    async with asker(tmp_path, rows, lambda: connections, rate_limits=False, connection_limit=3) as ask:
        assert (await ask("GET", "/v1/bare")).status == 200
        connections = 4
        answer = await ask("GET", "/v1/bare")
    assert (answer.status, answer.json["code"]) == (503, "too_many_connections")
    assert (answer.headers["connection"], answer.headers["retry-after"]) == ("close", "1")


# ------------------------------------------------------------------------------------------ deadlines


async def test_a_request_that_takes_too_long_is_ended(tmp_path: Path):
    async with served(tmp_path, request_timeout_s=1) as ask:
        answer = await ask("GET", "/v1/slow")
    assert (answer.status, answer.json["code"]) == (504, "request_timeout")


async def test_being_cancelled_by_others_is_no_answer(ask: Asker):
    task = asyncio.create_task(ask("GET", "/v1/slow"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# ----------------------------------------------------------------------------------------------- CORS

PREFLIGHT = {"Origin": "https://floor.example", "Access-Control-Request-Method": "POST"}


async def test_by_default_no_other_origin_may_read(ask: Asker):
    answer = await ask("GET", "/v1/bare", headers={"Origin": "https://floor.example"})
    assert "access-control-allow-origin" not in answer.headers
    assert (await ask("OPTIONS", "/v1/orders", headers=PREFLIGHT)).status == 405


async def test_a_chosen_origin_may_read_and_send(tmp_path: Path):
    async with served(tmp_path, cors_origins="https://floor.example, https://b.example") as ask:
        answer = await ask("GET", "/v1/bare", headers={"Origin": "https://floor.example"})
        error = await ask("GET", "/v1/admin", headers={"Origin": "https://floor.example"})
        stranger = await ask("GET", "/v1/bare", headers={"Origin": "https://evil.example"})
        preflight = await ask("OPTIONS", "/v1/orders", headers=PREFLIGHT)
        refused = await ask("OPTIONS", "/v1/orders", headers=PREFLIGHT | {"Origin": "https://evil.example"})
    assert answer.headers["access-control-allow-origin"] == "https://floor.example"
    assert error.headers["access-control-allow-origin"] == "https://floor.example"
    assert "access-control-allow-origin" not in stranger.headers
    assert stranger.headers["vary"] == "origin"
    assert (preflight.status, preflight.headers["access-control-allow-methods"]) == (204, "POST")
    assert "idempotency-key" in preflight.headers["access-control-allow-headers"]
    assert refused.status == 405


async def test_a_star_allows_every_origin_and_no_cookies(tmp_path: Path):
    async with served(tmp_path, cors_origins="*") as ask:
        answer = await ask("GET", "/v1/bare", headers={"Origin": "https://any.example"})
    assert answer.headers["access-control-allow-origin"] == "https://any.example"
    assert "access-control-allow-credentials" not in answer.headers


# ------------------------------------------------------------------------------------------- metrics


async def test_requests_are_counted_by_endpoint_and_status(ask: Asker):
    metrics = ask.app._venue.metrics
    for path in ("/v1/orders/1", "/v1/orders/2", "/v1/orders/x", "/v1/none"):
        await ask("GET", path)
    page = metrics.page().decode()
    counted = 'pricetime_http_requests_total{method="GET",path="/v1/orders/{order}",status="200"} 2.0'
    assert counted in page
    assert 'pricetime_http_requests_total{method="",path="",status="404"} 1.0' in page
    assert 'pricetime_http_request_seconds_count{method="GET",path="/v1/orders/{order}"} 3.0' in page
    assert "pricetime_http_in_flight 0.0" in page
