"""nginx's configuration: nginx itself accepts it, and its locations agree with the table of endpoints."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pricetime.api.app import FEED_PATH
from pricetime.api.page import ADDRESSES
from pricetime.api.shares import SHARES, service_of
from pricetime.api.stream import STREAM_PATH
from pricetime.api.table import ENDPOINTS
from pricetime.services.topology.certs import make_certificates
from pricetime.services.topology.nginx import Door, render_nginx
from pricetime.settings import load

PATHS = sorted(
    {row.path for row in ENDPOINTS if row.path != "/healthz"} | {FEED_PATH, STREAM_PATH, "/nothing"}
)
needs_nginx = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("door")
    make_certificates(root / "certs", ["nginx"], days=1, authority_days=1)
    (root / "page").mkdir()
    return root


def rendered(
    folder: Path, *, is_tls: bool = True, has_page: bool = True, host: str = "127.0.0.1", **settings
):
    door = Door(
        host=host,
        port=8443,
        is_tls=is_tls,
        folder=folder,
        certs=folder / "certs",
        page=folder / "page" if has_page else None,
        open_files=10_000,
        user="root" if os.geteuid() == 0 else "",
        upstreams={share: ["127.0.0.1:7001", "127.0.0.1:7002"] for share in SHARES},
    )
    return render_nginx(door, load(settings, folder=folder, environment={}))


def locations(text: str) -> dict[str, str]:
    """Return what stands in each location."""
    return dict(re.findall(r"^ {8}location (\S.*?) \{\n(.*?)^ {8}\}$", text, re.MULTILINE | re.DOTALL))


def location_of(text: str, path: str) -> str:
    """Return the location that nginx picks: an exact one, a pattern, else the longest prefix."""
    found = locations(text)
    if f"= {path}" in found:
        return found[f"= {path}"]
    for where, body in found.items():
        if where.startswith("~") and re.search(where[2:].strip('"'), path):
            return body
    return found[max((where for where in found if path.startswith(where)), key=len)]


@needs_nginx
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"is_tls": False},
        {"has_page": False},
        {"host": "::1"},
        {"rate_limits": False},
        {"door_hsts_s": 60},
        {"trusted_proxies": "10.0.0.0/8, 192.168.1.1"},
    ],
    ids=str,
)
def test_nginx_accepts_it(folder: Path, how):
    file = folder / "nginx.conf"
    file.write_text(rendered(folder, **how))
    told = subprocess.run(
        ["nginx", "-t", "-p", folder, "-c", file, "-e", "stderr"], capture_output=True, text=True, timeout=30
    )
    assert told.returncode == 0, told.stderr
    assert "[warn]" not in told.stderr


@pytest.mark.parametrize("has_page", [True, False])
@pytest.mark.parametrize("path", PATHS)
def test_a_path_goes_to_its_service(folder: Path, path: str, has_page: bool):
    text = rendered(folder, has_page=has_page)
    body = location_of(text, path)
    if "try_files" in body:  # a file of the page, else what is left
        body = locations(text)["@rest"]
    named = re.search(r"proxy_ssl_name (\w+);", body) or re.search(r"proxy_pass https://(\w+);", body)
    assert named[1] == service_of(path)


@pytest.mark.parametrize("path", ["/", "/market", "/stocks/7", "/operator/audit/users"])
def test_addresses_of_the_page_are_its_index(folder: Path, path: str):
    assert ADDRESSES.fullmatch(path)
    assert "try_files /index.html @rest;" in location_of(rendered(folder), path)


def test_only_streams_are_let_be_silent_and_not_buffered(folder: Path):
    text = rendered(folder, door_stream_idle_s=77)
    silent = {where for where, body in locations(text).items() if "proxy_read_timeout 77s" in body}
    assert silent == {STREAM_PATH, FEED_PATH}
    assert {where for where, body in locations(text).items() if "proxy_buffering off" in body} == silent


@pytest.mark.parametrize("family", ["v1", "daytrade"])
def test_a_refusal_of_nginx_reads_like_the_apis(folder: Path, family: str):
    body = locations(rendered(folder))[f"= /.door/{family}/429"]
    kind = {"v1": "application/problem+json", "daytrade": "application/json"}[family]
    assert f"default_type {kind};" in body
    assert ('"request_id":"$door_id"' in body) == (family == "v1")
    assert 'add_header retry-after "1" always;' in body


def test_limits_come_from_the_settings(folder: Path):
    text = rendered(folder, rate_address_per_s=17, rate_account_burst=3, door_body_limit=5_000)
    assert "zone=address_rate:16m rate=17r/s;" in text
    assert "limit_req zone=token_rate burst=3 nodelay;" in text
    assert "client_max_body_size 5000;" in text


def test_without_rate_limits_there_are_none(folder: Path):
    text = rendered(folder, rate_limits=False)
    assert not re.search(r"^\s*limit_", text, re.MULTILINE)


def test_every_instance_is_told(folder: Path):
    text = rendered(folder)
    assert text.count("server 127.0.0.1:7001 max_fails=3 fail_timeout=2s;") == len(SHARES) + 1  # the feed's
    assert text.count("least_conn;") == len(SHARES) - 1
    assert text.count('hash "$remote_addr$door_token" consistent;') == 2
