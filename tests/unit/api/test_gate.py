"""Whose stream it is: a header's token, or the cookie of our own page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.asgi import asker

from pricetime.api.gate import Gate
from pricetime.errors import TokenInvalid

HERE = (b"host", b"venue.example:8080")
PEER = ("203.0.113.7", 50_000)
PROXY = ("10.0.0.1", 50_000)


@pytest.fixture
async def entry(tmp_path: Path) -> AsyncIterator[tuple[Gate, str]]:
    """A gate and a good token."""
    async with asker(tmp_path, [], trusted_proxies="10.0.0.0/8") as ask:
        yield ask.app._gate, await ask.token()


def opened(entry: tuple[Gate, str], *headers: tuple[bytes, bytes], client: tuple[str, int] = PEER) -> str:
    """Return whose stream it is that comes with the page's cookie and some headers."""
    gate, token = entry
    cookie = f"theme=dark; pricetime_session={token}".encode()
    found = gate.stream_token({b"cookie": cookie, **dict([HERE, *headers])}, client)
    return {token: "ours", None: "nobody's"}[found]


def test_a_header_names_a_stream_and_a_wrong_one_is_refused(entry: tuple[Gate, str]):
    gate, token = entry
    bearer = {b"authorization": b"Bearer " + token.encode()}
    assert gate.stream_token(bearer, PEER) == gate.stream_token({b"token": token.encode()}, None) == token
    for headers in ({b"token": b"nonsense"}, {b"authorization": b"Basic x"}):
        with pytest.raises(TokenInvalid):
            gate.stream_token(headers, PEER)
    assert gate.stream_token({}, PEER) is None


def test_the_cookie_names_a_stream_that_our_own_page_opens(entry: tuple[Gate, str]):
    assert opened(entry) == "ours"
    assert opened(entry, (b"origin", b"http://venue.example:8080")) == "ours"
    assert opened(entry, (b"origin", b"https://Venue.Example:8080")) == "ours"
    assert opened(entry, (b"sec-fetch-site", b"same-origin")) == "ours"


@pytest.mark.parametrize(
    "origin", [b"http://evil.example", b"http://venue.example", b"null", b"", b"ftp://venue.example:8080"]
)
def test_the_cookie_names_nobody_to_another_page(entry: tuple[Gate, str], origin: bytes):
    assert opened(entry, (b"origin", origin)) == "nobody's"
    assert opened(entry, (b"sec-fetch-site", b"cross-site")) == "nobody's"


def test_the_host_is_what_a_trusted_proxy_forwards_and_nobody_else(entry: tuple[Gate, str]):
    outside = [(b"x-forwarded-host", b"made.up, trade.example"), (b"origin", b"https://trade.example")]
    assert opened(entry, *outside, client=PROXY) == "ours"
    assert opened(entry, *outside, client=PEER) == "nobody's"
    assert opened(entry, (b"origin", b"http://venue.example:8080"), client=PROXY) == "ours"


def test_a_cookie_that_has_ended_names_nobody(entry: tuple[Gate, str]):
    gate, _ = entry
    assert gate.stream_token({b"cookie": b"pricetime_session=nonsense"}, PEER) is None
