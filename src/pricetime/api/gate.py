"""The guards that every request passes, in their order: connections, address, rates, token and role."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pricetime.api.exchange import Exchange, Route
from pricetime.api.guards.access import Access
from pricetime.api.guards.addresses import Addresses, rate_key
from pricetime.api.guards.rates import Buckets, Charge
from pricetime.api.problems import Refused, retry_after
from pricetime.settings import Settings

if TYPE_CHECKING:
    from pricetime.identity import Identity, Session


class Gate:
    """What stands before every endpoint. Each method raises where a request must not go on."""

    def __init__(self, identity: Identity, settings: Settings, connections: Callable[[], int]) -> None:
        self._connections = connections
        self._connection_limit = settings.connection_limit
        self._addresses = Addresses(settings.trusted_proxies)
        self.access = Access(identity, settings)
        self._address_rates: Buckets | None = None
        self.account_rates: Buckets | None = None
        if settings.rate_limits:
            keys = settings.rate_keys_limit
            self._address_rates = Buckets(settings.rate_address_per_s, settings.rate_address_burst, keys)
            self.account_rates = Buckets(settings.rate_account_per_s, settings.rate_account_burst, keys)

    def refuse_crowd(self) -> None:
        """Refuse where more connections are open than the venue takes."""
        if self._connections() > self._connection_limit:
            detail = "The venue has as many connections as it takes. Try again in a moment."
            raise Refused("too_many_connections", detail, (retry_after(1), (b"connection", b"close")))

    def address(self, exchange: Exchange, client: tuple[str, int] | None) -> str:
        """Return the client's address, looked up behind trusted proxies."""
        return self._addresses.of(client, exchange.headers)

    def charge_address(self, exchange: Exchange, address: str, weight: int) -> None:
        """Take a request's weight from its address's rate."""
        if self._address_rates is not None:
            _charge(exchange, self._address_rates.charge(rate_key(address), weight))

    def session(self, exchange: Exchange, route: Route) -> Session | None:
        """Return who asks, charged to the account's rate; None where anybody may."""
        if route.public:
            return None
        session = self.access.session(exchange.headers, route.endpoint.scope)
        if self.account_rates is not None:
            _charge(exchange, self.account_rates.charge(session.account, route.endpoint.weight))
        return session


def _charge(exchange: Exchange, charge: Charge) -> None:
    exchange.extra = [pair for pair in exchange.extra if not pair[0].startswith(b"ratelimit-")]
    exchange.extra += charge.headers()
    if not charge.allowed:
        raise Refused(
            "rate_limited",
            f"You are sending too many requests. Try again in {charge.retry_s} s.",
            (retry_after(charge.retry_s),),
        )
