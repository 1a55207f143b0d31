"""``/v1``: one noun per file. Handlers are thin: a request becomes a command, or a query of the views."""

from __future__ import annotations

from typing import Final

from pricetime.api.endpoints import Endpoint
from pricetime.api.v1.admin import ENDPOINTS as ADMIN
from pricetime.api.v1.engines import ENDPOINTS as ENGINES
from pricetime.api.v1.market import ENDPOINTS as MARKET
from pricetime.api.v1.orders import ENDPOINTS as ORDERS
from pricetime.api.v1.portfolio import ENDPOINTS as PORTFOLIO
from pricetime.api.v1.sessions import ENDPOINTS as SESSIONS
from pricetime.api.v1.statements import ENDPOINTS as STATEMENTS
from pricetime.api.v1.stocks import ENDPOINTS as STOCKS
from pricetime.api.v1.users import ENDPOINTS as USERS
from pricetime.api.v1.verification import ENDPOINTS as VERIFICATION
from pricetime.api.v1.wallet import ENDPOINTS as WALLET
from pricetime.api.v1.web import ENDPOINTS as WEB

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *USERS,
    *SESSIONS,
    *WEB,
    *STOCKS,
    *MARKET,
    *WALLET,
    *PORTFOLIO,
    *STATEMENTS,
    *ORDERS,
    *ADMIN,
    *VERIFICATION,
    *ENGINES,
)
