"""The built page, served from memory."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.asgi import Asker, asker

from pricetime.api import plain
from pricetime.api.page import POLICY, read_page

INDEX = b"<!doctype html><title>pricetime</title>"
SCRIPT = b"console.log('a script')"
ADDRESSES = (
    *("/", "/market", "/stocks/1", "/orders", "/portfolio", "/wallet", "/sign-in", "/register"),
    *("/operator", "/operator/", "/operator/audit/users", "/index.html"),
)
SCRIPT_PATH = "/assets/index-4f3a.js"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a build leaves behind."""
    root = tmp_path / "page"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_bytes(INDEX)
    (root / "favicon.svg").write_bytes(b"<svg/>")
    script = root / SCRIPT_PATH[1:]
    script.write_bytes(SCRIPT)
    script.with_name(script.name + ".gz").write_bytes(gzip.compress(SCRIPT))
    script.with_name(script.name + ".br").write_bytes(b"brotli of it")
    return root


@pytest.fixture
async def ask(folder: Path) -> AsyncIterator[Asker]:
    async with asker(folder.parent, plain.ENDPOINTS, page=str(folder)) as one:
        yield one


@pytest.mark.parametrize("path", ADDRESSES)
async def test_every_address_of_the_page_answers_its_index(ask: Asker, path: str):
    answer = await ask("GET", path)
    assert (answer.status, answer.body) == (200, INDEX)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == POLICY.decode()
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-length"] == str(len(INDEX))
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/stocks", "/stocks/1/2", "/nothing", "/market/", "/assets/index-old.js"])
async def test_other_addresses_are_nothing(ask: Asker, path: str):
    answer = await ask("GET", path)
    assert (answer.status, answer.json["code"]) == (404, "unknown_path")
    assert answer.headers["cache-control"] == "no-store"


async def test_files_with_a_hash_in_their_names_are_kept_for_good(ask: Asker):
    answer = await ask("GET", SCRIPT_PATH)
    assert (answer.status, answer.body) == (200, SCRIPT)
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    icon = await ask("GET", "/favicon.svg")
    assert (icon.headers["content-type"], icon.headers["cache-control"]) == ("image/svg+xml", "no-cache")


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, GZIP;q=0.5", "gzip"),
        ("gzip;q=0.000", None),
        ("identity", None),
        ("", None),
    ],
)
async def test_a_compressed_file_goes_to_who_accepts_it(ask: Asker, accepted: str, encoding: str | None):
    answer = await ask("GET", SCRIPT_PATH, headers={"accept-encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert {"br": answer.body, "gzip": answer.body[:2], None: answer.body}[encoding] == {
        "br": b"brotli of it",
        "gzip": b"\x1f\x8b",
        None: SCRIPT,
    }[encoding]
    assert answer.headers["content-length"] == str(len(answer.body))


async def test_who_has_the_file_already_is_not_sent_it_again(ask: Asker):
    tag = (await ask("GET", "/")).headers["etag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        again = await ask("GET", "/market", headers={"if-none-match": known})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == tag
        assert "content-length" not in again.headers
    assert (await ask("GET", "/", headers={"if-none-match": '"other"'})).status == 200
    packed = await ask("GET", SCRIPT_PATH, headers={"accept-encoding": "gzip"})
    assert packed.headers["etag"] != (await ask("GET", SCRIPT_PATH)).headers["etag"]


async def test_the_page_is_only_read(ask: Asker):
    assert (await ask("HEAD", "/")).headers["content-length"] == str(len(INDEX))
    assert (await ask("POST", "/")).status == 405
    assert (await ask("POST", "/market")).status == 404


async def test_the_api_is_not_hidden(ask: Asker):
    assert (await ask("GET", "/healthz")).json == {"status": "up"}


async def test_files_weigh_as_much_as_a_request(folder: Path):
    async with asker(folder.parent, [], page=str(folder), rate_address_per_s=1, rate_address_burst=1) as ask:
        assert [(await ask("GET", "/")).status for _ in range(2)] == [200, 429]


async def test_without_a_page_there_is_the_front_page_of_the_api(tmp_path: Path):
    async with asker(tmp_path, plain.ENDPOINTS) as ask:
        front = await ask("GET", "/")
        assert b'<a href="/docs">' in front.body
        assert (await ask("GET", "/market")).status == 404


def test_a_sentence_says_whether_there_is_a_page(folder: Path, tmp_path: Path):
    assert read_page(str(folder)).sentence == "The page is served, from 3 files."
    (folder / "index.html").unlink()
    for empty in (folder, tmp_path / "nowhere"):
        assert read_page(str(empty)).sentence == (
            "The page is not built, so the API is served alone. Install Node 20 and run make setup."
        )
