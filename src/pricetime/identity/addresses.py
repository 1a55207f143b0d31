"""Addresses of clients: how they are written, and which are counted as one."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

_IPV6_HOME_BITS: Final = 64
"""One customer is given this much of the IPv6 space, and may use any address in it."""


def plain_address(text: str) -> str:
    """Return an address, IPv4 as such where an IPv6 socket gave it: ``::ffff:192.0.2.1`` is 192.0.2.1."""
    return _plain(text) if ":" in text else text


@lru_cache(maxsize=16_384)
def address_key(text: str) -> str:
    """Return what an address is counted under: itself, or its home network where it is IPv6."""
    address = _parsed(text := plain_address(text))
    if not isinstance(address, IPv6Address):
        return text
    return str(ip_network((address.packed, _IPV6_HOME_BITS), strict=False))


@lru_cache(maxsize=16_384)
def _plain(text: str) -> str:
    address = _parsed(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or text)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
