"""Whose request it is, by address.

``X-Forwarded-For`` is believed only as far as it was written by trusted proxies: from the right, the
first address that is no trusted proxy is the client's. Everything further left may be made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from pricetime.errors import SettingError

_UNKNOWN = "unknown"


class Addresses:
    """Finds the client's address behind the proxies of a setting: addresses or networks, by commas."""

    def __init__(self, trusted_proxies: str) -> None:
        self._networks = [_network(part.strip()) for part in trusted_proxies.split(",") if part.strip()]
        self._trusted = lru_cache(maxsize=4_096)(self._is_trusted)

    def of(self, client: tuple[str, int] | None, headers: Mapping[bytes, bytes]) -> str:
        """Return the client's address as text."""
        address = client[0] if client else _UNKNOWN
        if not self._networks or not self._trusted(address):
            return address
        for hop in reversed(headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
            if not _is_address(hop := hop.strip()):
                break
            address = hop
            if not self._trusted(hop):
                break
        return address

    def trusts(self, client: tuple[str, int] | None) -> bool:
        """Return whether what the peer forwards about its own client is believed."""
        return bool(self._networks) and client is not None and self._trusted(client[0])

    def _is_trusted(self, address: str) -> bool:
        if not _is_address(address):
            return False
        parsed = ip_address(address)
        return any(parsed in network for network in self._networks)


@lru_cache(maxsize=16_384)
def rate_key(address: str) -> str:
    """Return what shares one rate: an IPv4 address, or an IPv6 /64, of which anybody has many."""
    if ":" not in address or not _is_address(address):
        return address
    return str(ip_network((address, 64), strict=False))


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise SettingError(f"trusted_proxies: {error}") from None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
