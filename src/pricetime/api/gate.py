"""The guards that every request passes, in their order: connections, address, rates, token and role.

A session is named by a header's token or, at ``/v1``, by the page's cookie. With a cookie, a request that may
change something must also show that it comes from our own page (``guards/browsers.py``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from pricetime.api.endpoints import Scope
from pricetime.api.exchange import Exchange, Route
from pricetime.api.guards.access import Access, has_token, refuse_forged, token_of
from pricetime.api.guards.addresses import Addresses
from pricetime.api.guards.browsers import Browsers, Client, Headers, csrf_token_of, session_cookie
from pricetime.api.guards.rates import Charge, Rates
from pricetime.api.problems import Refused, retry_after
from pricetime.errors import TokenInvalid
from pricetime.identity import address_key
from pricetime.settings import Settings

if TYPE_CHECKING:
    from pricetime.identity import Identity, Session


class Gate:
    """What stands before every endpoint. Each method raises where a request must not go on."""

    def __init__(
        self, identity: Identity, settings: Settings, rates: Rates, connections: Callable[[], int]
    ) -> None:
        self._identity = identity
        self._connections = connections
        self._connection_limit = settings.connection_limit
        self._addresses = Addresses(settings.trusted_proxies)
        self.access = Access(identity, settings)
        self.browsers = Browsers(self._addresses)
        self._address_rates = rates.addresses
        self.account_rates = rates.accounts

    def refuse_crowd(self) -> None:
        """Refuse where more connections are open than the venue takes."""
        if self._connections() > self._connection_limit:
            detail = "The venue has as many connections as it takes. Try again in a moment."
            raise Refused("too_many_connections", detail, (retry_after(1), (b"connection", b"close")))

    def address(self, exchange: Exchange, client: Client) -> str:
        """Return the client's address, looked up behind trusted proxies."""
        return self._addresses.of(client, exchange.headers)

    def charge_address(self, exchange: Exchange, address: str, weight: int) -> None:
        """Take a request's weight from its address's rate."""
        if self._address_rates is not None:
            _charge(exchange, self._address_rates.charge(address_key(address), weight))

    async def pay(self, account: int, address: str) -> None:
        """Wait until the rate of an account, or of an address where it is 0, allows one message more."""
        rates = self.account_rates if account else self._address_rates
        while rates is not None:
            charge = rates.charge(account or address_key(address), 1)
            if charge.allowed:
                return
            await asyncio.sleep(charge.retry_s)

    def session(self, exchange: Exchange, route: Route, client: Client) -> Session | None:
        """Return who asks, charged to the account's rate; None where anybody may."""
        if route.endpoint.page:
            self.browsers.refuse_foreign(exchange.headers, client)
        if route.public:
            return None
        headers, scope = exchange.headers, route.endpoint.scope
        if route.takes_cookie and not has_token(headers) and (token := session_cookie(headers)):
            session = self.access.session(token, scope)
            if route.changes:
                self.browsers.refuse_foreign(headers, client)
                refuse_forged(self._identity, session.session_id, csrf_token_of(headers))
        else:
            session = self.access.session(token_of(headers), scope)
        if self.account_rates is not None:
            _charge(exchange, self.account_rates.charge(session.account, route.endpoint.weight))
        return session

    def stream_token(self, headers: Headers, client: Client) -> str | None:
        """Return the good token of who opens a stream: a header's, else that of our own page's cookie.

        TokenInvalid where a header has none that is good. None: nobody is named. That a cookie has ended or
        comes from another page is no error, because browsers send it unasked, and a script sees no refusal.
        """
        if has_token(headers):
            token = token_of(headers)
            self.access.session(token, Scope.TRADER)
            return token
        cookie = session_cookie(headers)
        if cookie is None or not self.browsers.is_own(headers, client):
            return None
        try:
            self.access.session(cookie, Scope.TRADER)
        except TokenInvalid:
            return None
        return cookie


def _charge(exchange: Exchange, charge: Charge) -> None:
    exchange.extra = [pair for pair in exchange.extra if not pair[0].startswith(b"ratelimit-")]
    exchange.extra += charge.headers()
    if not charge.allowed:
        raise Refused(
            "rate_limited",
            f"You are sending too many requests. Try again in {charge.retry_s} s.",
            (retry_after(charge.retry_s),),
        )
