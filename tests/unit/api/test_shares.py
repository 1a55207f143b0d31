"""Every path has one service, and it is the one where its data is."""

from __future__ import annotations

import pytest

from pricetime.api.app import FEED_PATH
from pricetime.api.page import ADDRESSES
from pricetime.api.shares import PREFIXES, SHARES, service_of
from pricetime.api.stream import STREAM_PATH
from pricetime.api.table import ENDPOINTS


@pytest.mark.parametrize("share", SHARES)
def test_every_service_has_a_share_of_the_table(share: str):
    assert [row.path for row in ENDPOINTS if service_of(row.path) == share]


@pytest.mark.parametrize("prefix", [prefix for prefix in PREFIXES if prefix != "/"])
def test_every_prefix_is_of_an_endpoint_or_a_socket(prefix: str):
    paths = [row.path for row in ENDPOINTS]
    assert any(path.startswith(prefix) and service_of(path) == PREFIXES[prefix] for path in paths)


@pytest.mark.parametrize(
    ("path", "share"),
    [
        ("/v1/users", "auth"),
        ("/v1/me/password", "auth"),
        ("/v1/web/session/refresh", "auth"),
        ("/v1/admin/users/{account}", "auth"),
        ("/authentication/login", "auth"),
        ("/.well-known/jwks.json", "auth"),
        ("/v1/orders", "orders"),
        ("/v1/orders/17", "orders"),
        (FEED_PATH, "orders"),
        ("/engine/placeStockOrder", "orders"),
        ("/v1/wallet/deposits", "portfolio"),
        ("/v1/executions", "portfolio"),
        ("/transaction/getWalletBalance", "portfolio"),
        ("/transaction/getStockPrices", "market"),
        ("/setup/createStock", "market"),
        ("/v1/stocks/3/candles", "market"),
        ("/v1/admin/state", "market"),
        ("/docs", "market"),
        ("/", "market"),
        ("/nothing/here", "market"),
        (STREAM_PATH, "stream"),
        ("/v1/stream/events", "stream"),
    ],
)
def test_a_path_belongs_where_its_data_is(path: str, share: str):
    assert service_of(path) == share


@pytest.mark.parametrize("path", ["/market", "/orders", "/stocks/1", "/operator/journal"])
def test_addresses_of_the_page_do_not_look_like_the_apis(path: str):
    assert ADDRESSES.fullmatch(path)
    assert service_of(path) == "market"
