"""`pricetime up` and `down`: what starts, who is let in where, and what is left when things are killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.topology import Topology, eventually, greet, greet_plain, pricetime

from pricetime.services.topology.certs import make_certificates
from pricetime.services.topology.plan import SERVICES, Layout
from pricetime.services.topology.probes import Prober
from pricetime.services.topology.processes import find, leftovers
from pricetime.services.topology.record import Part, locked
from pricetime.services.topology.watcher import Watcher
from pricetime.settings import load

HTTP = b"GET /healthz HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
AMQP = b"AMQP\x00\x00\x09\x01"
PING = b"PING\r\n"
HELLO = b"\x3a\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xd4\x07\x00\x00" + bytes(42)
"""Begins like a message of MongoDB's protocol."""
NO_SERVICES = ["--scale", *(f"{name}=0" for name in SERVICES)]


def doors(topology: Topology) -> list[tuple[str, int, bytes]]:
    """The name of each part that speaks TLS to others than clients, its port, and what it is told first."""
    told = {"rabbitmq": AMQP, "redis": PING, "mongodb": HELLO}
    return [
        (part.service, part.port, told.get(part.name, HTTP))
        for part in topology.record.parts
        if part.service and part.kind != "door" and part.port is not None
    ]


def let_in(port: int, context: ssl.SSLContext, name: str, said: bytes) -> bool:
    try:
        return greet(port, context, name, said) != b""
    except OSError:
        return False


def test_the_door_answers_for_itself_and_serves_the_page(topology: Topology):
    with topology.client() as client:
        health = client.get("/healthz", headers={"X-Request-Id": "mine-1"})
        assert (health.json(), health.headers["x-request-id"]) == ({"status": "up"}, "mine-1")
        page = client.get("/stocks/1")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert page.headers["cache-control"] == "no-cache"
        script = page.text.split('src="')[1].split('"')[0]
        assert "immutable" in client.get(script).headers["cache-control"]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_the_door_speaks_http_2_and_nothing_older_than_tls_1_2(topology: Topology):
    modern, old = topology.trusting(None), topology.trusting(None)
    modern.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", topology.port("nginx"))) as plain,
        modern.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        assert secured.selected_alpn_protocol() == "h2"
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    assert not let_in(topology.port("nginx"), old, "localhost", HTTP)


def test_an_order_trades_through_the_door(topology: Topology):
    with topology.client() as client:

        def member(name: str) -> dict[str, str]:
            login = {"user_name": name, "password": "correct-horse-1"}
            assert client.post("/v1/users", json={**login, "name": name}).status_code == 201
            return {
                "Authorization": "Bearer " + client.post("/v1/sessions", json=login).json()["access_token"]
            }

        def said(status: int, answer: httpx2.Response) -> dict[str, Any]:
            assert answer.status_code == status, answer.text
            return answer.json()

        seller, buyer = member("door-seller"), member("door-buyer")
        stock = said(201, client.post("/v1/stocks", headers=seller, json={"name": "Doorwood"}))["stock"]
        order = {"stock": stock, "type": "limit", "price": "5.00", "quantity": 3}
        said(201, client.post(f"/v1/stocks/{stock}/grants", headers=seller, json={"quantity": 10}))
        said(201, client.post("/v1/wallet/deposits", headers=buyer, json={"amount": "100"}))
        said(201, client.post("/v1/orders", headers=seller, json={**order, "side": "sell"}))
        bought = said(201, client.post("/v1/orders", headers=buyer, json={**order, "side": "buy"}))
        assert (bought["status"], bought["filled_quantity"]) == ("filled", 3)
        assert said(200, client.get("/v1/wallet", headers=buyer))["total"] == "85.00"
        [holding] = said(200, client.get("/v1/portfolio", headers=seller))["holdings"]
        assert holding["available"] == 7


def test_every_part_runs_and_has_a_log(topology: Topology):
    states = topology.supervisor.states()
    assert Counter(states[part.name].state for part in topology.record.parts) == {"RUNNING": len(states)}
    assert all((topology.layout.logs / f"{name}.log").exists() for name in states)


def test_who_has_a_certificate_is_let_in(topology: Topology):
    for name, port, said in doors(topology):
        assert let_in(port, topology.trusting("operator"), name, said) or said == HELLO, name


def test_who_has_no_certificate_is_refused(topology: Topology):
    for name, port, said in doors(topology):
        assert not let_in(port, topology.trusting(None), name, said), name


def test_a_certificate_of_another_authority_is_refused(topology: Topology, tmp_path: Path):
    make_certificates(tmp_path, ["operator"], days=1, authority_days=1)
    stranger = topology.trusting(None)
    stranger.load_cert_chain(tmp_path / "operator.pem", tmp_path / "operator-key.pem")
    for name, port, said in doors(topology):
        assert not let_in(port, stranger, name, said), name


def test_a_certificate_of_another_name_is_refused(topology: Topology):
    for name, port, said in doors(topology):
        if said == HTTP:  # a service expects nginx or the operator
            assert not let_in(port, topology.trusting("redis"), name, said), name


def test_who_answers_must_carry_the_name(topology: Topology):
    for name, port, said in doors(topology):
        with pytest.raises(ssl.SSLCertVerificationError):
            greet(port, topology.trusting("operator"), f"not-{name}", said)


def test_without_tls_nobody_answers(topology: Topology):
    for name, port, said in doors(topology):
        try:
            answer = greet_plain(port, said)
        except OSError:
            answer = b""
        assert not answer.startswith((b"HTTP/1.1 200", b"+PONG", b"\x01")), name
        assert b"status" not in answer


def test_only_loopback_is_listened_on(topology: Topology):
    mine = {each.pid for each in topology.processes()}
    sockets = set()
    for pid in mine:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                sockets.add(str(file.readlink()))
    listening = [
        line.split()[1]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and f"socket:[{line.split()[9]}]" in sockets
    ]
    assert len(listening) >= len(topology.record.parts) - 1
    loopback = ("0100007F:", "00000000000000000000000001000000:")
    assert [address for address in listening if not address.startswith(loopback)] == []


def test_a_second_up_in_one_folder_is_refused(topology: Topology):
    told = pricetime("up", "--data", topology.layout.data)
    assert told.returncode == 1
    assert topology.url in told.stderr
    assert "pricetime down" in told.stderr


def test_while_one_command_is_at_it_another_is_refused(tmp_path: Path):
    with locked(Layout(tmp_path).lock):
        told = pricetime("down", "--data", tmp_path)
    assert (told.returncode, "Another command" in told.stderr) == (1, True)


def test_renewed_certificates_are_taken_in_without_a_restart(topology: Topology):
    def certificate() -> bytes:
        return ssl.get_server_certificate(("127.0.0.1", topology.port("nginx"))).encode()

    before, pids = certificate(), {name: topology.pid(name) for name in ("nginx", "redis")}
    told = pricetime("certs", "nginx", "redis", "--renew", "--data", topology.layout.data)
    assert told.returncode == 0, told.stderr
    renewed = (topology.layout.certs / "nginx.pem").read_bytes().split()
    assert renewed != before.split()
    eventually(lambda: certificate().split() == renewed)
    assert {name: topology.pid(name) for name in ("nginx", "redis")} == pids


def test_a_killed_nginx_is_back_without_its_old_workers(topology: Topology):
    def workers(master: int) -> set[int]:
        return {each.pid for each in topology.processes() if each.group == master}

    old = topology.pid("nginx")
    before = workers(old)
    os.kill(old, signal.SIGKILL)
    eventually(lambda: topology.pid("nginx") not in (0, old) and len(workers(topology.pid("nginx"))) > 1)
    assert {each.pid for each in topology.processes()}.isdisjoint(before)
    with topology.client() as client:
        assert client.get("/healthz").status_code == 200


def status(topology: Topology) -> dict[str, dict[str, Any]]:
    """What `pricetime status` says of each part."""
    told = pricetime("status", "--data", topology.layout.data, "--json")
    parts = json.loads(told.stdout)["parts"]
    assert told.returncode == (0 if all(each["is_ready"] for each in parts) else 1), told.stderr
    return {each["name"]: each for each in parts}


def test_status_shows_what_each_part_is_and_uses(topology: Topology):
    shown = status(topology)
    assert [(name, each["port"]) for name, each in shown.items()] == [
        (part.name, part.port) for part in topology.record.parts
    ]
    assert {name: each["pid"] for name, each in shown.items()} == {
        name: state.pid for name, state in topology.supervisor.states().items()
    }
    assert shown["rabbitmq"]["memory_bytes"] > 30_000_000
    assert sum(each["cpu"] for each in shown.values()) > 0
    told = pricetime("status", "--data", topology.layout.data)
    assert (told.returncode, topology.url in told.stdout) == (0, True), told.stdout


def test_status_counts_how_often_a_part_has_ended_unasked_and_says_why_it_is_not_ready(topology: Topology):
    before = status(topology)["views-1"]
    topology.supervisor.stop("views-1")
    eventually(lambda: status(topology)["views-1"]["state"] == "stopped")
    stopped = status(topology)["views-1"]
    assert (stopped["is_ready"], stopped["pid"], stopped["restarts"]) == (False, 0, before["restarts"])
    topology.supervisor.start("views-1")
    eventually(lambda: status(topology)["views-1"]["is_ready"])
    os.kill(topology.pid("views-1"), signal.SIGKILL)
    eventually(lambda: status(topology)["views-1"]["restarts"] == before["restarts"] + 1)
    eventually(lambda: status(topology)["views-1"]["is_ready"])


def test_status_where_nothing_runs_says_so(tmp_path: Path):
    told = pricetime("status", "--data", tmp_path)
    assert (told.returncode, "No venue runs" in told.stderr) == (1, True)


async def test_what_hangs_is_killed_and_started_anew(topology: Topology):
    settings = load({"watch_every_s": 1, "watch_timeout_s": 3, "watch_failures": 2}, environment={})
    watch = asyncio.create_task(Watcher(topology.layout, topology.record, settings).run())
    old = topology.pid("engine-1")
    os.kill(old, signal.SIGSTOP)
    try:
        while topology.pid("engine-1") in (0, old):
            await asyncio.sleep(0.1)
    finally:
        watch.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(old, 0)
    [part] = [part for part in topology.record.parts if part.name == "engine-1"]
    await eventually_ready(topology, part)


async def eventually_ready(topology: Topology, part: Part) -> None:
    prober = Prober(topology.layout.certs, topology.url)
    async with asyncio.timeout(60):
        while True:
            if not await prober.unready(part, 5):
                return
            await asyncio.sleep(0.1)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Topology]:
    """A topology of servers and nginx alone, for tests that break it."""
    with Topology(tmp_path / ("a-folder-with-a-long-name-" * 4) / "data") as made:
        yield made


def test_nginx_and_redis_show_what_is_renewed_even_while_nobody_watches(small: Topology, tmp_path: Path):
    public = tmp_path / "public"
    folders = {"nginx": public, "redis": small.layout.certs}

    def renew(name: str) -> None:
        make_certificates(folders[name], [name], days=9, authority_days=9, renew_days=99)

    def is_shown(name: str) -> bool:
        shown = ssl.get_server_certificate(("127.0.0.1", small.port(name)))
        return shown.split() == (folders[name] / f"{name}.pem").read_text().split()

    renew("nginx")
    files = {"door_certificate": "nginx.pem", "door_key": "nginx-key.pem"}
    chosen = [part for name, file in files.items() for part in ("--set", f"{name}={public / file}")]
    small.up(*NO_SERVICES, *chosen)
    assert is_shown("nginx")
    renew("nginx")
    eventually(lambda: is_shown("nginx"))
    small.supervisor.stop("watcher")
    eventually(lambda: small.supervisor.states()["watcher"].state == "STOPPED")
    for name in folders:
        renew(name)
    small.supervisor.start("watcher")
    eventually(lambda: is_shown("nginx") and is_shown("redis"))


def test_what_a_killed_supervisor_leaves_behind_is_ended_by_the_next_up(small: Topology):
    small.up(*NO_SERVICES)
    left = {each.pid for each in small.processes()}
    os.kill(small.record.supervisor, signal.SIGKILL)
    small.up(*NO_SERVICES)
    assert left.isdisjoint(each.pid for each in small.processes())
    with small.client() as client:
        assert client.get("/healthz").status_code == 200
    os.kill(small.record.supervisor, signal.SIGKILL)
    small.down()
    checked = pricetime("check", "--data", small.layout.data)  # on a database that is run for it
    assert "There is no venue in the database" in checked.stderr
    assert small.processes() == []
    assert not small.layout.run.exists()
    assert not small.layout.socket.exists()
    told = pricetime("down", "--data", small.layout.data)
    assert (told.returncode, "No venue ran" in told.stdout) == (0, True)


def test_a_start_that_fails_says_why_and_leaves_nothing(small: Topology):
    with pytest.raises(RuntimeError, match=r"engine-1 is not ready[\s\S]*engine-1\.log"):
        small.up("--scale", *(f"{name}=0" for name in SERVICES if name != "engine"), "engine=1",
                 "--set", "start_timeout_s=20", "--set", "mongo_url=mongodb://127.0.0.1:9/")  # fmt: skip
    assert small.processes() == []


def test_attached_it_ends_with_the_terminal_after_who_is_at_it(small: Topology):
    command = [sys.executable, "-m", "pricetime.cli", "up", "--data", str(small.layout.data), "--port", "0"]
    small.layout.data.mkdir(parents=True)
    with subprocess.Popen(
        [*command, *NO_SERVICES], cwd=small.layout.data, stdout=subprocess.PIPE
    ) as attached:
        assert attached.stdout is not None
        while b"Ctrl-C" not in (line := attached.stdout.readline()):
            assert line, "it has ended"
        assert small.processes()
        with locked(small.layout.lock):  # as `pricetime scale` does
            attached.send_signal(signal.SIGHUP)
            while b"waiting" not in (line := attached.stdout.readline()):
                assert line, "it has ended"
            attached.stdout.close()  # as the terminal's other side does
        attached.wait()
    assert small.processes() == []


@contextlib.contextmanager
def checking(data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `pricetime check` on a folder's database, which it has started when this is entered."""
    assert pricetime("certs", "--data", data).returncode == 0
    (data / "mongodb").mkdir()
    command = [sys.executable, "-m", "pricetime.cli", "check", "--data", str(data)]
    with subprocess.Popen(command, cwd=data, stderr=subprocess.PIPE) as checker:
        eventually(lambda: leftovers(data) != [])
        yield checker


def test_a_check_that_is_ended_ends_the_database_that_it_has_started(tmp_path: Path):
    with checking(tmp_path) as checker:
        checker.terminate()
        assert (checker.wait(60), leftovers(tmp_path)) == (130, [])


def test_the_database_of_a_check_that_was_killed_is_ended_by_down(tmp_path: Path):
    with checking(tmp_path) as checker:
        checker.kill()
    [left] = leftovers(tmp_path)
    told = pricetime("down", "--data", tmp_path)
    assert (told.returncode, find(left.pid)) == (0, None)


def test_a_folder_that_a_server_cannot_take_is_refused(tmp_path: Path):
    told = pricetime("up", "--data", tmp_path / "its'data")
    assert (told.returncode, '"\'"' in told.stderr) == (1, True)


def test_a_port_in_use_is_named(topology: Topology, tmp_path: Path):
    port = topology.port("nginx")
    told = pricetime("up", "--data", tmp_path / "data", "--port", port, "--detach")
    assert (told.returncode, f"Port {port}" in told.stderr) == (1, True)
    assert Topology(tmp_path / "data").processes() == []
