"""What is said for one request, without I/O: sending, retrying, renewing the session, reading the answer.

``Conversation.about(request)`` is a generator of steps. A transport performs each step and sends back
its outcome; the generator returns the decoded answer or raises. Both clients drive the same steps::

    about(request) ── Send ──> transport ── Answer | Failure ──> about
                   ── Renew ─> lock; renewal(token) ──>             (once, after a 401)
                   ── Wait ──> sleep ──>                            (between tries)

Invariants: a request that is not ``repeatable`` is sent again only where the first copy was certainly
not carried out; tries and total time are bounded; the refresh token, which works once, is spent once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar, cast

import msgspec

from pricetime.client import calls
from pricetime.client.errors import ApiError, BadAnswer, NoAnswer, Unauthorized, error_class
from pricetime.client.request import Request
from pricetime.schema import Problem, Session

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How long to insist. Pauses double from ``base_s`` to ``max_s``, each with full jitter."""

    tries: int = 5
    base_s: float = 0.1
    max_s: float = 5.0
    total_s: float = 30.0

    def pause(self, tried: int, retry_after_s: float | None) -> float:
        """Return the seconds to wait after ``tried`` tries; never less than the venue asked for."""
        jittered = random.uniform(0, min(self.max_s, self.base_s * 2 ** (tried - 1)))  # noqa: S311 - no secret
        return (retry_after_s or 0.0) + jittered


NO_RETRY: Final = Retry(tries=1)


class Send(NamedTuple):
    """Send this and give back an Answer or a Failure."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: dict[str, str]
    body: bytes


class Wait(NamedTuple):
    """Do nothing for a while."""

    seconds: float


class Renew(NamedTuple):
    """Under the session's lock, drive ``Conversation.renewal(stale_token)``."""

    stale_token: str


class Answer(NamedTuple):
    """What came back. The headers' names are looked up regardless of case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Failure(NamedTuple):
    """Nothing came back."""

    error: NoAnswer


Step = Send | Wait | Renew
Outcome = Answer | Failure | None
Steps = Generator[Step, Outcome, T]


class Conversation:
    """The session of one client and how it talks. Safe for the threads of one sync client."""

    def __init__(
        self,
        session: Session | None,
        retry: Retry,
        on_session: Callable[[Session | None], None] | None = None,
        credentials: tuple[str, str] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session = session
        self._credentials = credentials
        self.retry = retry
        self._on_session = on_session
        self._now = now

    def about(self, request: Request[T]) -> Steps[T]:
        """Yield the steps of a request and return its answer; ApiError, NoAnswer, BadAnswer."""
        deadline = self._now() + self.retry.total_s
        body = b"" if request.body is None else msgspec.json.encode(request.body)
        tried, renewed = 0, False
        while True:
            token = self.session.access_token if self.session and request.with_session else ""
            outcome = yield Send(request.method, request.path, request.query, _headers(request, token), body)
            tried += 1
            error = _error_of(outcome)
            if error is None:
                return self._taken(request, cast("Answer", outcome))
            if token and not renewed and getattr(error, "code", "") == "token_invalid":
                renewed = True
                tried -= 1
                yield Renew(token)
                continue
            pause = self.retry.pause(tried, getattr(error, "retry_after_s", None))
            if tried >= self.retry.tries or self._now() + pause > deadline or not _may_retry(request, error):
                raise error
            yield Wait(pause)

    def renewal(self, stale_token: str) -> Steps[None]:
        """Yield the steps that renew the session, unless somebody has renewed it already."""
        if self.session is None or self.session.access_token != stale_token:
            return
        try:
            yield from self.about(calls.refresh(self.session.refresh_token))
        except Unauthorized:
            if self._credentials is None:
                raise
            yield from self.about(calls.login(*self._credentials))

    def _taken(self, request: Request[T], answer: Answer) -> T:
        decoded = _decoded(request, answer)
        if request.changes_session:
            self.session = decoded if isinstance(decoded, Session) else None
            if self._on_session is not None:
                self._on_session(self.session)
        return decoded


def _headers(request: Request[Any], token: str) -> dict[str, str]:
    headers = {"accept": "text/csv" if request.answer is str else "application/json"}
    if request.body is not None:
        headers["content-type"] = "application/json"
    if token:
        headers["authorization"] = f"Bearer {token}"
    if request.idempotency_key is not None:
        headers["idempotency-key"] = request.idempotency_key
    return headers


# A rate limit refuses before anything is done, so that even what may be done only once can be sent again.
# Somebody locked out is refused too, but trying again would only lengthen the delay.
def _may_retry(request: Request[Any], error: Exception) -> bool:
    if isinstance(error, NoAnswer):
        return request.repeatable or not error.sent
    if isinstance(error, ApiError):
        refused = error.status == 429 and error.code != "locked_out"
        return refused or (request.repeatable and error.status in (502, 503, 504))
    return False


def _error_of(outcome: Outcome) -> ApiError | BadAnswer | NoAnswer | None:
    if isinstance(outcome, Failure):
        return outcome.error
    assert outcome is not None, "a Send has an outcome"
    if outcome.status < 300:
        return None
    if outcome.status < 400:
        return BadAnswer(
            f"The venue redirects to {outcome.headers.get('location', 'nowhere')}; use that URL."
        )
    return _problem(outcome)


def _problem(answer: Answer) -> ApiError:
    kind = error_class(answer.status)
    retry_after_s = _seconds(answer.headers.get("retry-after"))
    try:
        problem = msgspec.json.decode(answer.body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # A proxy in between answers in its own words; the status is all that is known.
        return kind(
            answer.status,
            f"http_{answer.status}",
            f"HTTP status {answer.status}, not from the venue itself",
            request_id=answer.headers.get("x-request-id"),
            retry_after_s=retry_after_s,
        )
    request_id = problem.request_id or answer.headers.get("x-request-id")
    return kind(
        answer.status, problem.code, problem.detail, request_id=request_id, retry_after_s=retry_after_s
    )


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None


@lru_cache(maxsize=128)
def _decoder(answer: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(answer)


def _decoded(request: Request[T], answer: Answer) -> T:
    wanted: Any = request.answer
    if wanted is type(None):
        return cast("T", None)
    try:
        text_wanted = wanted is str
        return cast("T", answer.body.decode() if text_wanted else _decoder(wanted).decode(answer.body))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadAnswer(
            f"{request.method} {request.path} was answered by something that is no pricetime venue: {error}"
        ) from error
