"""nginx with its configuration before services that are made up: limits, retries, streams, headers."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
from tests.support.topology import eventually

from pricetime.adapters.tls import Certificates
from pricetime.api.shares import SHARES
from pricetime.services.topology.certs import make_certificates
from pricetime.services.topology.nginx import Door, render_nginx
from pricetime.services.topology.ports import free_ports
from pricetime.settings import load

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")

Answering = Callable[[BaseHTTPRequestHandler], None]


class MadeUpService:
    """A service that answers as the test says, over mutual TLS. ``asked``: method, path, headers, body."""

    def __init__(self, certs: Path, answer: Answering | None = None, name: str = "orders") -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                service.asked.append((self.command, self.path, headers, self.rfile.read(length)))
                (answer or say)(self)

            do_GET = do_POST = do_DELETE = do_PATCH = handle_any  # noqa: N815 - the names of http.server

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = (
            Certificates(certs, name)
            .server()
            .wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        )
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.address = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> MadeUpService:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def say(handler: BaseHTTPRequestHandler, status: int = 200, body: bytes = b"{}") -> None:
    handler.send_response(status)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def fail(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without an answer, as a process that is killed does."""
    handler.close_connection = True
    handler.connection.close()


class Nginx:
    """A running nginx. ``client`` asks it; ``log`` is what it wrote of each request."""

    def __init__(
        self, folder: Path, certs: Path, upstreams: dict[str, list[str]], **settings: object
    ) -> None:
        [port] = free_ports(1)
        folder.mkdir()
        door = Door(
            host="127.0.0.1",
            port=port,
            is_tls=False,
            folder=folder,
            certs=certs,
            page=None,
            upstreams={share: upstreams.get(share, []) for share in SHARES},
            user="root" if os.geteuid() == 0 else "",
            open_files=5_000,
            access_log=str(folder / "access.log"),
        )
        (folder / "nginx.conf").write_text(render_nginx(door, load(settings, folder=folder, environment={})))
        self._log = folder / "access.log"
        self._errors = (folder / "errors.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pricetime.services.topology.door", folder / "nginx.conf", folder],
            stderr=self._errors,
        )
        self.port = port
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20)
        eventually(self._answers)

    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self) -> Nginx:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._process.terminate()
        self._process.wait(20)
        self._errors.close()


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("door") / "certs"
    make_certificates(folder, days=1, authority_days=1)
    return folder


@pytest.fixture
def start(tmp_path: Path, certs: Path) -> Iterator[Callable[..., tuple[Nginx, list[MadeUpService]]]]:
    with ExitStack() as stack:

        def begin(*answers: Answering | None, **settings: object) -> tuple[Nginx, list[MadeUpService]]:
            """Start nginx before instances of orders."""
            made = [stack.enter_context(MadeUpService(certs, answer)) for answer in answers]
            door = Nginx(tmp_path / "nginx", certs, {"orders": [each.address for each in made]}, **settings)
            return stack.enter_context(door), made

        yield begin


def test_a_service_sees_who_asks_and_under_which_id(start):
    door, [orders] = start(None)
    door.client.get(
        "/v1/orders?limit=3", headers={"X-Forwarded-For": "6.6.6.6", "Host": "venue.example:8443"}
    )
    door.client.post("/v1/orders", headers={"X-Request-Id": "mine.1"}, content=b"{}")
    door.client.get("/v1/orders", headers={"X-Request-Id": 'forged"id'})
    (_, path, first, _), (_, _, second, body), (_, _, third, _) = orders.asked
    assert path == "/v1/orders?limit=3"
    assert (first["x-forwarded-for"], first["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert first["host"] == first["x-forwarded-host"] == "venue.example:8443"
    assert (second["x-request-id"], body) == ("mine.1", b"{}")
    assert len({first["x-request-id"], third["x-request-id"], 'forged"id'}) == 3
    eventually(lambda: len(door.log()) == 3)
    logged = door.log()
    assert [each["request_id"] for each in logged] == [each[2]["x-request-id"] for each in orders.asked]
    assert (logged[0]["path"], logged[0]["service"], logged[0]["status"]) == ("/v1/orders", "orders", 200)


def test_behind_trusted_proxies_the_client_is_whom_they_name(start):
    door, [orders] = start(None, trusted_proxies="127.0.0.1")
    door.client.get("/v1/orders", headers={"X-Forwarded-For": "6.6.6.6, 10.1.2.3"})
    assert orders.asked[0][2]["x-forwarded-for"] == "10.1.2.3"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("answer", [fail, lambda handler: say(handler, 503)], ids=["dies", "503"])
def test_what_may_be_sent_twice_goes_to_another_instance(start, method: str, answer: Answering):
    door, [failing, good] = start(answer, None, door_max_fails=1000)
    answers = [door.client.request(method, "/v1/orders/7").status_code for _ in range(6)]
    assert set(answers) == {200}
    assert len(good.asked) == 6
    assert failing.asked


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_an_order_is_sent_once(start, method: str):
    door, [failing, good] = start(fail, None, door_max_fails=1000)
    answers = [door.client.request(method, "/v1/orders/7", content=b"{}") for _ in range(6)]
    assert len(failing.asked) + len(good.asked) == 6
    failed = [answer for answer in answers if answer.status_code != 200]
    assert len(failed) == len(failing.asked) > 0
    assert (failed[0].status_code, failed[0].json()["code"]) == (503, "not_ready")


def test_an_instance_that_failed_is_left_out_for_a_while(start):
    door, [failing, good] = start(fail, None, door_max_fails=1, door_fail_timeout_s=600)
    for _ in range(10):
        assert door.client.get("/v1/orders").status_code == 200
    assert len(failing.asked) <= 2  # each of nginx's workers looks once, where it has two
    assert len(good.asked) == 10


def test_a_service_of_another_name_is_not_spoken_to(tmp_path: Path, certs: Path):
    with (
        MadeUpService(certs, name="market") as impostor,
        Nginx(tmp_path / "nginx", certs, {"orders": [impostor.address]}) as door,
    ):
        answer = door.client.get("/v1/orders")
        assert (answer.status_code, impostor.asked) == (503, [])


def test_past_the_rate_of_an_address_all_its_requests_are_refused(start):
    door, _ = start(None, rate_address_per_s=1, rate_address_burst=5)
    answers = [door.client.get("/v1/orders") for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 4
    assert refused[0].headers["content-type"] == "application/problem+json"
    assert (refused[0].json()["code"], refused[0].json()["status"]) == ("rate_limited", 429)
    assert refused[0].json()["request_id"] == refused[0].headers["x-request-id"]
    assert refused[0].headers["retry-after"] == "1"
    daytrade = door.client.post("/engine/placeStockOrder", json={})
    assert (daytrade.status_code, daytrade.headers["content-type"]) == (429, "application/json")
    assert daytrade.json() == {"success": False, "data": {"error": refused[0].json()["detail"]}}


@pytest.mark.parametrize(
    "headers",
    [
        lambda t: {"Authorization": f"Bearer {t}"},
        lambda t: {"token": t},
        lambda t: {"Cookie": f"pricetime_session={t}"},
    ],
    ids=["authorization", "token", "cookie"],
)
def test_past_the_rate_of_a_token_only_it_is_refused(start, headers):
    door, _ = start(None, rate_account_per_s=1, rate_account_burst=3)
    mine, other = headers("head.body." + "a" * 86), headers("head.body." + "b" * 86)
    answers = [door.client.get("/v1/orders", headers=mine).status_code for _ in range(10)]
    assert answers.count(429) >= 4
    assert door.client.get("/v1/orders", headers=other).status_code == 200
    assert door.client.get("/v1/orders").status_code == 200


@pytest.mark.parametrize(
    ("read", "unread"),
    [("token", "Authorization"), ("token", "Cookie"), ("Authorization", "Cookie")],
)
def test_what_the_services_do_not_read_is_no_other_token(start, read: str, unread: str):
    door, _ = start(None, rate_account_per_s=1, rate_account_burst=3)
    made_up = [{unread: f"pricetime_session={each:086}"} for each in range(12)]
    answers = [
        door.client.get("/v1/orders", headers={read: "Bearer head.body." + "a" * 86, **each}).status_code
        for each in made_up
    ]
    assert answers.count(429) >= 4


def test_an_address_has_a_number_of_requests_at_once(start):
    waiting, done = threading.Semaphore(0), threading.Event()

    def wait(handler: BaseHTTPRequestHandler) -> None:
        waiting.release()
        done.wait(20)
        say(handler)

    door, _ = start(wait, door_address_connections=2)
    threads = [threading.Thread(target=door.client.get, args=("/v1/orders",)) for _ in range(2)]
    for thread in threads:
        thread.start()
        assert waiting.acquire(timeout=20)
    assert door.client.get("/v1/orders").status_code == 429
    done.set()
    for thread in threads:
        thread.join()
    assert door.client.get("/v1/orders").status_code == 200


def test_without_rate_limits_nothing_is_refused(start):
    door, _ = start(None, rate_limits=False, rate_address_per_s=1, rate_address_burst=1)
    assert {door.client.get("/v1/orders").status_code for _ in range(10)} == {200}


@pytest.mark.parametrize(
    ("request_line", "status", "code"),
    [
        (b"POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n", 413, "body_too_large"),
        (b"GET /v1/orders HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 3_000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET /" + b"x" * 3_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431, "headers_too_large"),
        (b"GET /v1/orders HTTP/1.1\r\n\r\n", 400, "invalid_http"),
        (b"TRACE /v1/orders HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed"),
        (b"GET /v1/orders HTTP/9.9\r\n\r\n", 400, "invalid_http"),
        (b"POST /v1/orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400, "invalid_http"),
        (b"GET /v1/orders/%00 HTTP/1.1\r\nHost: a\r\n\r\n", 404, "unknown_order"),
        (b"GET /v1/stocks/7%00/book?a HTTP/1.1\r\nHost: a\r\n\r\n", 404, "unknown_stock"),
        (b"GET /v1/%00 HTTP/1.1\r\nHost: a\r\n\r\n", 404, "unknown_path"),
        (b"GET /v1/orders/..%2f..%2f.. HTTP/1.1\r\nHost: a\r\n\r\n", 400, "invalid_http"),
    ],
    ids=[
        "body",
        "header",
        "address",
        "no host",
        "method",
        "version",
        "encoding",
        "no order",
        "no stock",
        "no path",
        "above all",
    ],
)
def test_what_is_too_large_or_no_request_never_reaches_a_service(start, request_line, status, code):
    door, [orders] = start(None, door_body_limit=1_024, door_header_limit=2_048)
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as connection:
        connection.sendall(request_line)
        answer = HTTPResponse(connection)
        answer.begin()
        problem = json.loads(answer.read())
        assert (answer.status, problem["status"], problem["code"]) == (status, status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["request_id"] == answer.headers["x-request-id"]
    assert orders.asked == []


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"POST /engine/placeStockOrder HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n", 400),
        (b"GET /transaction/getStockPrices HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 3_000 + b"\r\n\r\n", 431),
        (b"GET /setup/createStock HTTP/1.1\r\n\r\n", 400),
        (b"GET /authentication/%00 HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"GET /engine/placeStockOrder HTTP/9.9\r\n\r\n", 400),
    ],
    ids=["body", "header", "no host", "no path", "version"],
)
def test_refusals_of_daytrade_paths_are_in_its_format(start, request_line, status):
    door, _ = start(None, door_body_limit=1_024, door_header_limit=2_048)
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as connection:
        connection.sendall(request_line)
        answer = HTTPResponse(connection)
        answer.begin()
        failure = json.loads(answer.read())
        assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
        assert (failure["success"], failure["data"].keys()) == (False, {"error"})


def test_the_log_is_text_whatever_bytes_were_asked_for(start):
    door, _ = start(None)
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as connection:
        connection.sendall(b"GET /v1/orders\xff\xfe?a HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 ")
    eventually(lambda: [each["path"] for each in door.log()] == ["/v1/orders"])


def test_what_was_asked_is_done_whether_or_not_the_client_waits(start):
    asked, gone, answered = threading.Event(), threading.Event(), threading.Event()

    def answer_late(handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        assert gone.wait(20)
        say(handler)
        answered.set()

    door, _ = start(answer_late)
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as connection:
        connection.sendall(b"POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")
        assert asked.wait(20)
    gone.set()
    assert answered.wait(20)
    eventually(lambda: [each["status"] for each in door.log()] == [200])


def test_whoever_comes_back_to_a_stream_finds_the_same_instance(tmp_path: Path, certs: Path):
    with ExitStack() as stack:
        instances = [stack.enter_context(MadeUpService(certs, name="stream")) for _ in range(3)]
        addresses = [each.address for each in instances]
        door = stack.enter_context(Nginx(tmp_path / "nginx", certs, {"stream": addresses}))
        for token in ("a" * 86, "b" * 86, "c" * 86, "d" * 86, ""):
            for each in instances:
                each.asked.clear()
            for _ in range(5):
                door.client.get("/v1/stream/events", headers={"token": token})
            assert sorted(len(each.asked) for each in instances) == [0, 0, 5]


def test_events_arrive_as_they_are_sent(tmp_path: Path, certs: Path):
    may_go_on = threading.Event()

    def stream(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.end_headers()
        handler.wfile.write(b"data: 1\n\n")
        assert may_go_on.wait(20)
        handler.wfile.write(b"data: 2\n\n")
        handler.close_connection = True

    with (
        MadeUpService(certs, stream, name="stream") as service,
        Nginx(tmp_path / "nginx", certs, {"stream": [service.address]}) as door,
        door.client.stream("GET", "/v1/stream/events") as answer,
    ):
        parts = answer.iter_raw()
        assert next(parts) == b"data: 1\n\n"
        may_go_on.set()
        assert next(parts) == b"data: 2\n\n"


@pytest.mark.parametrize("path", ["/v1/stream", "/v1/orders/feed"])
def test_a_web_socket_goes_through(tmp_path: Path, certs: Path, path: str):
    def upgrade(handler: BaseHTTPRequestHandler) -> None:
        assert handler.headers["upgrade"] == "websocket"
        assert handler.headers["connection"] == "upgrade"
        handler.send_response(101)
        handler.send_header("upgrade", "websocket")
        handler.send_header("connection", "upgrade")
        handler.end_headers()
        handler.wfile.write(handler.rfile.read(4)[::-1])
        handler.close_connection = True

    name = "stream" if path == "/v1/stream" else "orders"
    with (
        MadeUpService(certs, upgrade, name=name) as service,
        Nginx(tmp_path / "nginx", certs, {name: [service.address]}) as door,
        socket.create_connection(("127.0.0.1", door.port), timeout=10) as connection,
    ):
        asking = f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        connection.sendall(asking.encode())
        reading = connection.makefile("rb")
        assert reading.readline().startswith(b"HTTP/1.1 101")
        while reading.readline().strip():
            pass
        connection.sendall(b"ping")
        assert reading.read() == b"gnip"
