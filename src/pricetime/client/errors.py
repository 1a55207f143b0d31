"""What can go wrong with a request, as one tree under PricetimeError.

PricetimeError
├── ApiError                the venue answered with a problem (RFC 9457)
│   ├── BadRequest          400, 405, 413, 415, 422: the request is not acceptable as it stands
│   ├── Unauthorized        401: no session, or one that has ended
│   ├── Forbidden           403: the role does not permit it
│   ├── NotFound            404
│   ├── Conflict            409
│   ├── TooManyRequests     429: carries ``retry_after_s``
│   └── ServerFault         5xx
│       └── Unavailable     502, 503, 504: try again after ``retry_after_s``
├── NoAnswer                the venue could not be reached, or did not answer in time
└── BadAnswer               what answered does not speak this protocol

A NoAnswer with ``sent`` means unknown, not failed: the client order id finds out what was done.
"""

from __future__ import annotations

from typing import Final

from pricetime.errors import PricetimeError


class ApiError(PricetimeError):
    """The venue refused the request. ``code`` is stable; ``detail`` is a sentence for people."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.request_id = request_id
        self.retry_after_s = retry_after_s


class BadRequest(ApiError):
    """The request is not acceptable as it stands."""


class Unauthorized(ApiError):
    """There is no session, or it has ended. Log in again."""


class Forbidden(ApiError):
    """Your role does not permit this."""


class NotFound(ApiError):
    """There is no such thing."""


class Conflict(ApiError):
    """The request does not fit the state of the venue."""


class TooManyRequests(ApiError):
    """Over the rate limit. Wait ``retry_after_s`` seconds."""


class ServerFault(ApiError):
    """The venue failed to answer properly."""


class Unavailable(ServerFault):
    """The venue cannot answer now. Try again."""


class NoAnswer(PricetimeError):
    """The venue could not be reached or did not answer in time.

    ``sent`` is False where the request certainly never left; otherwise it may have been carried out.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class BadAnswer(PricetimeError):
    """What answered does not speak this protocol. Check the URL and the versions on both sides."""


_CLASSES: Final[dict[int, type[ApiError]]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: TooManyRequests,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def error_class(status: int) -> type[ApiError]:
    """Return the class of errors for an HTTP status of 400 and more."""
    return _CLASSES.get(status, ServerFault if status >= 500 else BadRequest)
