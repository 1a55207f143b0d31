"""Whose request it is, by address.

``X-Forwarded-For`` is believed only as far as it was written by trusted proxies: from the right, the
first address that is no trusted proxy is the client's. Everything further left may be made up. Where the
server listens on IPv6, addresses of IPv4 are told and trusted as such all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from pricetime.errors import SettingError
from pricetime.identity import plain_address

_UNKNOWN = "unknown"


class Addresses:
    """Finds the client's address behind the proxies of a setting: addresses or networks, by commas."""

    def __init__(self, trusted_proxies: str) -> None:
        self._networks = [_network(part.strip()) for part in trusted_proxies.split(",") if part.strip()]
        self._trusted = lru_cache(maxsize=4_096)(self._is_trusted)

    def of(self, client: tuple[str, int] | None, headers: Mapping[bytes, bytes]) -> str:
        """Return the client's address as text."""
        address = plain_address(client[0]) if client else _UNKNOWN
        if not self._networks or not self._trusted(address):
            return address
        for hop in reversed(headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
            if not _is_address(hop := plain_address(hop.strip())):
                break
            address = hop
            if not self._trusted(hop):
                break
        return address

    def trusts(self, client: tuple[str, int] | None) -> bool:
        """Return whether what the peer forwards about its own client is believed."""
        return bool(self._networks) and client is not None and self._trusted(plain_address(client[0]))

    def _is_trusted(self, address: str) -> bool:
        if not _is_address(address):
            return False
        parsed = ip_address(address)
        return any(parsed in network for network in self._networks)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(text, strict=False)
    except ValueError as error:
        raise SettingError(f"trusted_proxies: {error}") from None
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return ip_network((mapped, network.prefixlen - 96)) if mapped else network


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
