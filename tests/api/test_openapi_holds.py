"""Every answer that the API gives is one that its OpenAPI document lists, whatever it is sent."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.server import Server, serve

from pricetime.services.offline import create_admin
from pricetime.settings import Settings

SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))
CONFIG = str(Path(__file__).with_name("schemathesis.toml"))
ENDS_THE_SESSION = ("/v1/sessions/current", "/v1/me/password")
NEVER_ENDS = "/v1/stream/events"

pytestmark = pytest.mark.embedded


def ask(url: str, body: Any, token: str = "") -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"token": token})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A venue with a stock, money and shares, and the token of its administrator."""
    data = tmp_path_factory.mktemp("holds") / "data"
    create_admin(Settings(data=str(data), bcrypt_cost=4), "root", "a good password", "Root")
    with serve(data, body_timeout_s=2) as server:
        login = {"user_name": "root", "password": "a good password"}
        token = ask(f"{server.url}/v1/sessions", login)["access_token"]
        ask(f"{server.url}/v1/stocks", {"name": "Google"}, token)
        ask(f"{server.url}/v1/stocks/1/grants", {"quantity": 1_000}, token)
        ask(f"{server.url}/v1/wallet/deposits", {"amount": "100000"}, token)
        yield server, token


def run(server: Server, token: str, *options: str) -> None:
    finished = subprocess.run(
        [
            SCHEMATHESIS,
            f"--config-file={CONFIG}",
            "run",
            f"{server.url}/openapi.json",
            f"--header=Authorization: Bearer {token}",
            "--checks=all",
            "--phases=examples,coverage,fuzzing",
            "--seed=7",
            "--no-color",
            *options,
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=server.data,
    )
    if finished.returncode:
        pytest.fail(f"{finished.stdout}\n{finished.stderr}\n{server.log()}", pytrace=False)


def test_no_answer_is_undocumented(venue: tuple[Server, str]):
    leave_out = [f"--exclude-path={path}" for path in (*ENDS_THE_SESSION, NEVER_ENDS)]
    run(*venue, "--max-examples=10", *leave_out)


def test_no_answer_of_what_ends_a_session_is_undocumented(venue: tuple[Server, str]):
    take = [f"--include-path={path}" for path in ENDS_THE_SESSION]
    run(*venue, "--max-examples=5", *take)
