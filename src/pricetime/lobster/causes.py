"""Why something is not as the file has it: each cause, and the sentence that explains it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """Why a message, an execution or a row differs."""

    BEFORE_FILE = "before_file"
    BELOW_DEPTH = "below_depth"
    NOT_ENOUGH = "not_enough"
    NOT_HERE = "not_here"
    OTHER_SIZE = "other_size"
    OTHER_PRICE = "other_price"
    ALREADY_OPEN = "already_open"
    IN_THE_WAY = "in_the_way"
    HIDDEN = "hidden"
    CROSS = "cross"
    HALTED = "halted"
    QUOTING = "quoting"
    DENIED = "denied"
    UNKNOWN_ORDER = "unknown_order"
    UNANNOUNCED_AHEAD = "unannounced_ahead"
    OLDER_AHEAD = "older_ahead"
    BETTER_PRICE = "better_price"
    CAME_INTO_VIEW = "came_into_view"
    LEFT_UNSEEN = "left_unseen"
    UNEXPLAINED = "unexplained"


MEANING: Final = {
    Cause.BEFORE_FILE: "the order is from before the file began; it is one of those the first row shows",
    Cause.BELOW_DEPTH: "the order was never announced; it is one of those that came into view from below",
    Cause.NOT_ENOUGH: "less than the message says stands at its price here",
    Cause.NOT_HERE: "the order is no longer here, or never came to rest here, for a reason given earlier",
    Cause.OTHER_SIZE: "the order has more or fewer shares here than the message says",
    Cause.OTHER_PRICE: "the order stands at another price, or on the other side, than the message says",
    Cause.ALREADY_OPEN: "an order announced anew was still open here; it had left unseen, and went first",
    Cause.IN_THE_WAY: "a new order would have traded with orders that the exchange no longer had; they went",
    Cause.HIDDEN: "a hidden order was executed; it never stood in the visible book",
    Cause.CROSS: "an auction's trade; it did not go through the book",
    Cause.HALTED: "the stock is halted; the venue then takes nothing but cancels",
    Cause.QUOTING: "after a halt orders may rest crossed until trading resumes; the venue leaves them out",
    Cause.DENIED: "the venue denied the command",
    Cause.UNKNOWN_ORDER: "the file never announced the order that it names; only others stand here",
    Cause.UNANNOUNCED_AHEAD: "an order that the file never announced stood ahead of the one it names",
    Cause.OLDER_AHEAD: "an order that the file announced earlier stood ahead of the one it names",
    Cause.BETTER_PRICE: "an order stood at a better price here than the record's",
    Cause.CAME_INTO_VIEW: "a level below the file's depth came into view with orders it never announced",
    Cause.LEFT_UNSEEN: "a level came back into view without orders that left it while it was below",
    Cause.UNEXPLAINED: "no cause is known",
}
