"""The servers that benchmarks load."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_TIMEOUT_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """Run a server, wait until it is ready, yield its process id, and end it."""
    process = subprocess.Popen(command, env=os.environ | dict(environment or {}), stdout=subprocess.DEVNULL)
    try:
        _wait_until_ready(process, port)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    give_up = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up and process.poll() is None:
        try:
            if call(port, "GET", "/readyz")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit(f"the server on port {port} did not start")


@contextmanager
def venue(data: Path, **settings: object) -> Iterator[int]:
    """Serve a venue without rate limits from ``data``; yield its port."""
    with venue_process(data, **settings) as (port, _):
        yield port


@contextmanager
def venue_process(data: Path, **settings: object) -> Iterator[tuple[int, int]]:
    """Do what ``venue`` does; yield its port and its process id."""
    port = free_port()
    command = [sys.executable, "-m", "bench._venue"]
    chosen = {"port": port, "data": data, "bcrypt_cost": 4, "rate_limits": "off", "log_level": "warning"}
    chosen |= settings
    environment = {f"PRICETIME_{name.upper()}": str(value) for name, value in chosen.items()}
    with running(command, port, environment) as pid:
        yield port, pid


@contextmanager
def bare() -> Iterator[int]:
    """Serve an empty POST handler on stock uvicorn and Starlette; yield its port."""
    port = free_port()
    with running([sys.executable, "-m", "bench._bare", str(port)], port):
        yield port


def call(port: int, method: str, path: str, body: object = None, token: str = "") -> tuple[int, Any]:
    """Send one request; return the status and the body, decoded where it is JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json"} | ({"token": token} if token else {})
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        raw = answer.read()
    finally:
        connection.close()
    try:
        return answer.status, json.loads(raw)
    except ValueError:
        return answer.status, raw


def daytrade(port: int, path: str, body: object, token: str = "") -> Any:
    """Send a POST of the daytrade API; return its data, or end with what it said."""
    status, answer = call(port, "POST", path, body, token)
    if status not in (200, 201):
        raise SystemExit(f"{path} answered {status}: {answer}")
    return answer["data"]
