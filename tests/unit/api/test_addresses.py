"""Whose request it is."""

from __future__ import annotations

import pytest

from pricetime.api.guards.addresses import Addresses, rate_key
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


def test_an_ipv6_network_shares_one_rate():
    assert rate_key("2001:db8:1:2::1") == rate_key("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert rate_key("2001:db8:1:3::1") != rate_key("2001:db8:1:2::1")
    assert rate_key("198.51.100.1") == "198.51.100.1"
