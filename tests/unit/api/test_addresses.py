"""Whose request it is."""

from __future__ import annotations

import pytest

from pricetime.api.guards.addresses import Addresses
from pricetime.errors import SettingError

PROXY = ("10.0.0.1", 443)


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ("", "198.51.100.1", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.0/8", "6.6.6.6, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "no address", "10.0.0.1"),
        ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("192.0.2.1", "198.51.100.1", "10.0.0.1"),
    ],
)
def test_forwarded_addresses_are_believed_as_far_as_trusted_proxies_wrote_them(
    trusted: str, forwarded: str, address: str
):
    assert Addresses(trusted).of(PROXY, {b"x-forwarded-for": forwarded.encode()}) == address


def test_a_request_from_nowhere_has_an_address_all_the_same():
    assert Addresses("").of(None, {}) == "unknown"


def test_a_setting_that_is_no_network_is_refused_by_name():
    with pytest.raises(SettingError, match=r"trusted_proxies: '10\.0\.0\.999'"):
        Addresses("10.0.0.1, 10.0.0.999")


@pytest.mark.parametrize("trusted", ["10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:10.0.0.0/104"])
def test_peers_of_ipv4_are_known_where_the_server_listens_on_ipv6(trusted: str):
    addresses, peer = Addresses(trusted), ("::ffff:10.0.0.1", 443)
    assert addresses.trusts(peer)
    assert addresses.of(peer, {}) == "10.0.0.1"
    forwarded = {b"x-forwarded-for": b"6.6.6.6, ::ffff:198.51.100.1, ::ffff:10.0.0.1"}
    assert addresses.of(peer, forwarded) == "198.51.100.1"
    assert Addresses("192.0.2.1").of(peer, forwarded) == "10.0.0.1"
