"""The table of all endpoints: the handlers' own tables, laid end to end, and the two that describe them."""

from __future__ import annotations

from typing import Final

from pricetime.api import daytrade, plain, stream, v1
from pricetime.api.endpoints import Endpoint

_API: Final = (*v1.ENDPOINTS, *stream.ENDPOINTS, *daytrade.ENDPOINTS, *plain.ENDPOINTS)

ENDPOINTS: Final[tuple[Endpoint, ...]] = (*_API, *plain.description_of(_API))
