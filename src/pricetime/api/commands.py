"""Commands on their way to the venue, and what both APIs make of the answer.

The rules answer with events; this room turns a denial into ``RuleError`` and nothing else. There are no
rules of the market here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from inspect import isawaitable
from typing import Final

from pricetime.api.endpoints import Call, Reply
from pricetime.errors import InvalidRequest, RuleError
from pricetime.identity import fault_of
from pricetime.records import Command, EventKind, Flag, Reason
from pricetime.records.commands import list_stock
from pricetime.records.fields import EVENT_FIELDS

STOCK_NAME_LIMIT: Final = 100
"""Characters of a stock's name."""

_NAMES: Final = [field.name for field in EVENT_FIELDS]
_KIND_AT: Final = _NAMES.index("kind")
_FLAGS_AT: Final = _NAMES.index("flags")
_REASON_AT: Final = _NAMES.index("reason")
_DENIED: Final = int(EventKind.DENIED)
_REPEATED: Final = int(Flag.REPEATED)
_TRIAL: Final = int(Flag.TRIAL)


class OneCommand:
    """A handler that sends one command: ``ask`` makes it of a call, ``tell`` makes the answer of its events.

    ``ask`` may answer without a command, by a ``Reply``; ``tell`` returns an awaitable where it must read
    something first. Everything else is plain functions, so that such a request can be answered without a
    task of its own (``api/short.py``); ``await`` works as with any handler.
    """

    def __init__(self, ask: Callable[[Call], Command | Reply], tell: Callable[[Call, bytes], object]) -> None:
        self.ask = ask
        self.tell = tell
        self.__doc__ = ask.__doc__

    async def __call__(self, call: Call) -> object:
        """Answer a call."""
        asked = self.ask(call)
        if isinstance(asked, Reply):
            return asked
        answer = self.tell(call, await carry_out(call, asked))
        return await answer if isawaitable(answer) else answer


async def carry_out(call: Call, command: Command) -> bytes:
    """Submit one command and return its events, durable; RuleError where it is denied."""
    return accepted(await call.venue.sequencer.submit(command.pack(), request=call.request_id))


def accepted(events: bytes) -> bytes:
    """Return a command's events; RuleError where they say that it is denied."""
    if events[_KIND_AT] == _DENIED:
        raise RuleError(Reason(events[_REASON_AT]))
    return events


def is_repeated(events: bytes) -> bool:
    """Return whether the command had been carried out before, so that nothing was done now."""
    return bool(events[_FLAGS_AT] & _REPEATED)


def is_trial(events: bytes) -> bool:
    """Return whether the command was only judged."""
    return bool(events[_FLAGS_AT] & _TRIAL)


async def create_stock(call: Call, name: str, tick: int) -> int:
    """Name a stock and list it; return its number.

    InvalidRequest where the name cannot be one, RuleError (STOCK_EXISTS) where it is listed already, and
    (VENUE_FULL) where no more can be. A name is given for ever, so none is given where that is known before.
    """
    name = unicodedata.normalize("NFC", name)
    if fault := fault_of(name, "stock name", STOCK_NAME_LIMIT):
        raise InvalidRequest(fault, code="invalid_field")
    if name not in call.venue.stocks and await _is_full(call):
        raise RuleError(Reason.VENUE_FULL)
    stock = await call.venue.stocks.number_for(name)
    await carry_out(call, list_stock(stock, tick, actor=call.account))
    return stock


async def _is_full(call: Call) -> bool:
    """Return whether as many stocks are listed as may be; they are counted where there are as many names."""
    limit = call.venue.settings.stocks_limit
    if len(call.venue.stocks) < limit:
        return False
    return await call.venue.reader.read(lambda views: len(views.stocks()), market=True) >= limit
