"""A request as a value: everything that a transport needs to know, and nothing that is I/O.

``repeatable`` requests may be sent again when nobody knows whether the first copy was carried out:
reads, requests whose second execution changes nothing, and those that carry an id of the client's,
made before the first sending.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, Literal, TypeVar

import msgspec

from pricetime.schema import Page

T = TypeVar("T")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[T]):
    """A request of ``/v1`` whose answer is a ``T``. ``answer`` of ``str`` is text as it stands."""

    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    answer: type[T]
    query: Mapping[str, str] = field(default_factory=dict)
    body: msgspec.Struct | None = None
    idempotency_key: str | None = None
    repeatable: bool = True
    with_session: bool = True
    """Whether it carries the access token where there is one."""
    changes_session: bool = False
    """Whether the answer is the new session (a Session), or its end (None)."""


def at_cursor(request: Request[Page[Item]], cursor: str) -> Request[Page[Item]]:
    """Return the request for the page at ``cursor``."""
    return replace(request, query={**request.query, "cursor": cursor})
