"""Commands and events as fixed-size, versioned binary records.

A batch is records laid end to end. The journal stores batches, the rules take and give batches, and
``np.frombuffer`` reads a batch as an array without a copy::

    request ──> Command.pack() ──> b"96 bytes" … ──> Venue.apply ──> b"152 bytes" … ──> iter_events()
"""

from pricetime.records.codes import (
    CommandKind,
    EventKind,
    Flag,
    OrderType,
    Reason,
    SelfTrade,
    Side,
    TimeInForce,
)
from pricetime.records.commands import (
    Command,
    check_commands,
    command_array,
    command_from_json,
    command_to_json,
    iter_commands,
)
from pricetime.records.events import (
    Event,
    check_events,
    event_array,
    event_from_json,
    event_to_json,
    iter_events,
)
from pricetime.records.fields import COMMAND_BYTES, EVENT_BYTES, NO_CLIENT_ID, VERSION

__all__ = [
    "COMMAND_BYTES",
    "EVENT_BYTES",
    "NO_CLIENT_ID",
    "VERSION",
    "Command",
    "CommandKind",
    "Event",
    "EventKind",
    "Flag",
    "OrderType",
    "Reason",
    "SelfTrade",
    "Side",
    "TimeInForce",
    "check_commands",
    "check_events",
    "command_array",
    "command_from_json",
    "command_to_json",
    "event_array",
    "event_from_json",
    "event_to_json",
    "iter_commands",
    "iter_events",
]
