"""A served venue in front of clients that are slow, endless, rude or gone, and of operators who stop it."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.server import Server, Venue

LOGIN = b'{"user_name":"nobody","password":"x"}'


@contextmanager
def connected(server: Venue) -> Iterator[socket.socket]:
    with server.connect() as connection:
        yield connection


def answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one answer with a Content-Length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += (part := connection.recv(65_536))
        assert part, f"closed after {received!r}"
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65_536)
    return int(first.split()[1]), headers, body


def post(path: str, body: bytes, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def ask(server: Venue, request: bytes) -> tuple[int, dict[str, str], bytes]:
    with connected(server) as connection:
        connection.sendall(request)
        return answer(connection)


def call(server: Venue, path: str, body: object, token: str = "") -> Any:
    status, _, text = ask(server, post(path, json.dumps(body).encode(), f"token: {token}"))
    assert status < 300, text
    return json.loads(text)


def is_closed(connection: socket.socket) -> bool:
    """Wait until the other side has closed."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


# ------------------------------------------------------------------------------------------ answers


def test_the_reference_loads_nothing_and_its_style_is_allowed_by_its_policy(server: Venue):
    import base64
    import hashlib
    import re

    status, headers, page = ask(server, b"GET /docs HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status == 200
    styles = re.findall(rb"<style>(.*?)</style>", page, re.DOTALL)
    allowed = re.findall(r"sha256-([\w+/=]+)", headers["content-security-policy"], re.IGNORECASE)
    hashes = [base64.b64encode(hashlib.sha256(style).digest()).decode().lower() for style in styles]
    assert hashes == allowed
    assert re.findall(rb"<script|src=|https?://(?!this-host)|@import|style=", page) == []


def test_head_has_the_headers_of_get_and_no_body(server: Venue):
    with connected(server) as connection:
        connection.sendall(
            b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        received = b""
        while received.count(b"HTTP/1.1 200 OK") < 2 or not received.endswith(b'"up"}'):
            received += connection.recv(65_536)
    assert received.lower().count(b"content-length: 15") == 2
    assert received.count(b'{"status":"up"}') == 1


def test_requests_sent_together_are_answered_in_their_order(server: Venue):
    requests = [f"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: r{i}\r\n\r\n".encode() for i in range(50)]
    with connected(server) as connection:
        connection.sendall(b"".join(requests))
        received = b""
        while received.count(b'"up"}') < 50:
            received += connection.recv(65_536)
    ids = [line.split(b": ")[1] for line in received.split(b"\r\n") if line.startswith(b"x-request-id")]
    assert ids == [b"r%d" % i for i in range(50)]


@pytest.fixture
def payment(server: Venue) -> Callable[[int], bytes]:
    """A user's request to add money, which is one command and takes the short way."""
    name = f"payer-{time.monotonic_ns()}"
    call(server, "/authentication/register", {"user_name": name, "password": "a password", "name": "P"})
    login = {"user_name": name, "password": "a password"}
    token = call(server, "/authentication/login", login)["data"]["token"]

    def pays(amount: int) -> bytes:
        body = b'{"amount":%d}' % amount
        return post("/transaction/addMoneyToWallet", body, f"token: {token}")

    return pays


def balance(connection: socket.socket, payment: bytes) -> Any:
    """Return the balance of the user who pays."""
    token = next(line for line in payment.decode().split("\r\n") if line.startswith("token"))
    connection.sendall(f"GET /transaction/getWalletBalance HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n".encode())
    return json.loads(answer(connection)[2])["data"]["balance"]


def test_a_head_that_came_before_is_as_good_as_a_new_one(server: Venue, payment: Callable[[int], bytes]):
    with connected(server) as connection:
        for amount in (10, 11, 12, 500):  # two lengths of one head
            connection.sendall(payment(amount))
            assert answer(connection)[0] == 200
        connection.sendall(payment(13).replace(b"token: ", b"token: x"))
        assert answer(connection)[0] == 401
        connection.sendall(payment(14))
        assert answer(connection)[0] == 200
        assert balance(connection, payment(1)) == 547


def test_commands_sent_together_or_in_parts_are_each_done_once(
    server: Venue, payment: Callable[[int], bytes]
):
    with connected(server) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # so that parts travel as parts
        for number in range(3):  # at first with new heads, then with known ones
            connection.sendall(payment(10) + payment(20) + payment(30))
            assert [json.loads(part) for part in _bodies(connection, 3)] == [
                {"success": True, "data": None}
            ] * 3
            request = payment(40)
            for part in (request[:7], request[7:-5], request[-5:]):
                connection.sendall(part)
            assert answer(connection)[0] == 200
            assert balance(connection, payment(1)) == 100 * (number + 1)


def _bodies(connection: socket.socket, count: int) -> list[bytes]:
    received = b""
    while received.count(b'"data":null}') < count:
        received += connection.recv(65_536)
    return [part.partition(b"\r\n\r\n")[2] for part in received.split(b"HTTP/1.1 ")[1:]]


def test_a_known_head_that_asks_for_the_end_closes_the_connection(
    server: Venue, payment: Callable[[int], bytes]
):
    last = payment(10).replace(b"Host: x", b"Host: x\r\nConnection: close")
    for _ in range(2):
        with connected(server) as connection:
            connection.sendall(last)
            status, headers, _ = answer(connection)
            assert (status, headers["connection"]) == (200, "close")
            assert is_closed(connection)


def test_a_client_that_goes_before_its_answer_has_paid(server: Venue, payment: Callable[[int], bytes]):
    for _ in range(2):
        with connected(server) as connection:
            connection.sendall(payment(10))
    with connected(server) as connection:
        give_up = time.monotonic() + 10
        while balance(connection, payment(1)) != 20:
            assert time.monotonic() < give_up


def test_http_1_0_is_answered_and_closed(server: Venue):
    with connected(server) as connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        status, headers, _ = answer(connection)
        assert (status, headers["connection"]) == (200, "close")
        assert is_closed(connection)


def test_metrics_are_prometheus_text(server: Venue):
    status, headers, page = ask(server, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status == 200
    assert headers["content-type"].startswith("text/plain; version=")
    assert b"pricetime_running 1.0\n" in page


# -------------------------------------------------------------------------------------- bad requests


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
        b"POST /v1/sessions HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    ],
)
def test_what_is_no_http_is_a_problem_and_closed(server: Venue, request_bytes: bytes):
    with connected(server) as connection:
        connection.sendall(request_bytes)
        status, headers, body = answer(connection)
        assert is_closed(connection)
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert json.loads(body)["code"] == "invalid_http"


def test_a_path_that_is_no_text_is_unknown(server: Venue):
    assert ask(server, b"GET /v1/%ff%00 HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 404
    assert ask(server, b"GET /v1/\xff HTTP/1.1\r\nHost: x\r\n\r\n")[0] in (400, 404)


def test_headers_without_end_are_cut_off(server: Venue):
    with connected(server) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 70_000)
        status, _, body = answer(connection)
    assert (status, json.loads(body)["code"]) == (431, "headers_too_large")


def test_a_body_of_ten_megabytes_is_refused(server: Venue):
    status, _, body = ask(server, post("/v1/sessions", b"x" * 10_000_000))
    assert (status, json.loads(body)["code"]) == (413, "body_too_large")


@pytest.mark.embedded
def test_after_a_body_that_was_refused_the_connection_goes_on(server: Venue):
    with connected(server) as connection:
        connection.sendall(post("/v1/sessions", b"x" * 10_000_000))
        assert answer(connection)[0] == 413
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer(connection)[0] == 200


def test_a_chunked_body_is_limited_as_it_comes(server: Venue):
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    with connected(server) as connection:
        connection.sendall(b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            connection.sendall(chunk)
        connection.sendall(b"0\r\n\r\n")
        assert answer(connection)[0] == 413


CHUNKED = b"POST /v1/users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"2\r\n{}\r\n0\r\n", b"a:b\r\n" * 2_000),
        (b"2\r\n{}\r\n0\r\na:", b"b" * 10_000),
        (b"2;a=", b"b" * 10_000),
    ],
    ids=["fields after the body", "a field after the body", "a chunk's line"],
)
def test_what_is_no_body_and_has_no_end_is_cut_off(server: Venue, begin: bytes, piece: bytes):
    with connected(server) as connection:
        connection.sendall(CHUNKED + begin)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            connection.sendall(piece * 2_000)


@pytest.mark.embedded
def test_fields_after_a_body_are_too_large_beyond_what_a_head_may_have(server: Venue):
    with connected(server) as connection:
        connection.sendall(CHUNKED + b"2\r\n{}\r\n0\r\na:")
        connection.sendall(b"b" * 66_000)
        status, headers, body = answer(connection)
        assert is_closed(connection)
    assert (status, json.loads(body)["code"]) == (431, "headers_too_large")
    assert headers["connection"] == "close"


@pytest.mark.embedded
def test_fields_after_a_body_are_not_the_head_s(server: Venue):
    asked = b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    with connected(server) as connection:
        connection.sendall(asked + b"X-Request-ID: after\r\n\r\n")
        status, headers, _ = answer(connection)
    assert status == 401
    assert headers["x-request-id"] != "after"


def test_a_long_body_may_come_in_chunks_of_a_byte(server: Venue):
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in LOGIN + b" " * 30_000)
    with connected(server) as connection:
        connection.sendall(CHUNKED.replace(b"users", b"sessions") + chunks + b"0\r\n\r\n")
        assert answer(connection)[0] == 401


def test_a_body_that_comes_too_slowly_is_a_timeout(start_server: Callable[..., Server]):
    server = start_server(body_timeout_s=1)
    for path, status in (("/v1/sessions", 408), ("/authentication/login", 400)):
        with connected(server) as connection:
            connection.sendall(post(path, LOGIN)[:-5])
            assert answer(connection)[0] == status
            assert is_closed(connection)


def test_connections_that_send_nothing_or_half_a_head_are_closed(start_server: Callable[..., Server]):
    server = start_server(body_timeout_s=1)
    with connected(server) as silent, connected(server) as half:
        half.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert is_closed(silent)
        assert is_closed(half)


def test_a_client_that_reads_no_answers_is_cut_off(start_server: Callable[..., Server]):
    server = start_server(body_timeout_s=1)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.settimeout(20)
        deaf.connect(("127.0.0.1", server.port))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            deaf.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 1_000_000)


@pytest.mark.embedded
def test_an_expected_100_is_not_said_to_those_who_may_not_send(server: Venue):
    with connected(server) as connection:
        connection.sendall(post("/v1/orders", b"{}", "Expect: 100-continue")[:-2])
        assert answer(connection)[0] == 401


def test_an_expected_100_is_said(server: Venue):
    with connected(server) as connection:
        connection.sendall(post("/v1/sessions", LOGIN, "Expect: 100-continue")[: -len(LOGIN)])
        assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(LOGIN)
        assert answer(connection)[0] == 401


def test_connections_beyond_the_limit_are_told_to_come_back(start_server: Callable[..., Server]):
    server = start_server(connection_limit=2)
    with connected(server) as first, connected(server) as second:
        for connection in (first, second):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer(connection)[0] == 200
        with connected(server) as third:
            third.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            status, headers, _ = answer(third)
            assert (status, headers["retry-after"], headers["connection"]) == (503, "1", "close")


# ------------------------------------------------------------------------------------ start and stop


def test_a_stop_answers_what_has_begun_and_the_next_start_knows_it(start_server: Callable[..., Server]):
    server = start_server()
    call(server, "/v1/users", {"user_name": "ada", "password": "a password", "name": "Ada"})
    token = call(server, "/v1/sessions", {"user_name": "ada", "password": "a password"})["access_token"]
    with connected(server) as late:
        deposit = post("/v1/wallet/deposits", b'{"amount":"5"}', f"token: {token}")
        late.sendall(deposit[:-3])
        call(server, "/v1/wallet/deposits", {"amount": "7"}, token)
        os.kill(server.pid, signal.SIGTERM)
        while is_listening(server):
            time.sleep(0.01)
        late.sendall(deposit[-3:])
        status, headers, _ = answer(late)
    assert (status, headers["connection"]) == (201, "close")
    assert server.stop() == 0
    again = start_server()
    status, _, wallet = ask(again, f"GET /v1/wallet HTTP/1.1\r\nHost: x\r\ntoken: {token}\r\n\r\n".encode())
    assert (status, json.loads(wallet)["total"]) == (200, "12.00")
    assert '"level": "error"' not in server.log()


def is_listening(server: Venue) -> bool:
    try:
        with connected(server):
            return True
    except ConnectionRefusedError:
        return False


def test_a_stop_keeps_the_state_so_that_the_next_start_replays_nothing(start_server: Callable[..., Server]):
    server = start_server()
    call(server, "/v1/users", {"user_name": "ada", "password": "a password", "name": "Ada"})
    server.stop()
    assert len(list((server.data / "snapshots").glob("*.snapshot"))) == 1


def test_everything_the_venue_writes_is_its_owners_alone(start_server: Callable[..., Server]):
    server = start_server()
    call(server, "/v1/users", {"user_name": "ada", "password": "a password", "name": "Ada"})
    server.stop()
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [server.data, *server.data.rglob("*")]}
    assert {path.name: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}


def refusal(**settings: object) -> str:
    """What a start that must fail says."""
    environment = os.environ | {f"PRICETIME_{name.upper()}": str(value) for name, value in settings.items()}
    finished = subprocess.run(
        [sys.executable, "-m", "pricetime.services.run"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (finished.returncode, finished.stdout) == (1, "")
    assert "Traceback" not in finished.stderr
    return finished.stderr


@pytest.mark.embedded
def test_a_port_in_use_is_said_in_a_sentence(server: Server, tmp_path: Path):
    said = refusal(port=server.port, data=tmp_path / "other")
    assert f"127.0.0.1:{server.port} cannot be used: Address already in use" in said
    assert not (tmp_path / "other").exists()


@pytest.mark.embedded
def test_an_address_of_another_machine_is_said_in_a_sentence(tmp_path: Path):
    assert "host" in refusal(host="no.such.host.invalid", port=0, data=tmp_path / "other")
    assert "203.0.113.1:0 cannot be used" in refusal(host="203.0.113.1", port=0, data=tmp_path / "other")


@pytest.mark.embedded
def test_a_second_venue_in_one_folder_is_refused(server: Server):
    assert "Another process writes this journal" in refusal(port=0, data=server.data)


@pytest.mark.embedded
def test_a_folder_that_is_a_file_is_said_in_a_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    assert "is no folder" in refusal(port=0, data=tmp_path / "file")


def test_a_damaged_journal_is_refused_with_its_batch(start_server: Callable[..., Server]):
    server = start_server()
    call(server, "/v1/users", {"user_name": "ada", "password": "a password", "name": "Ada"})
    server.kill()
    with sqlite3.connect(server.data / "journal.db") as journal:
        journal.execute("UPDATE batches SET commands = zeroblob(length(commands)) WHERE number = 1")
    journal.close()
    assert "batch 1" in refusal(port=0, data=server.data)
