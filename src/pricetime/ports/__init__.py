"""What the runtime, the identity rules and the API need from the outside, as small Protocols.

Adapters (SQLite, memory, later MongoDB and Redis) implement them; ``services/wiring.py`` picks one of
each. Rows are immutable structs of integers in the units of ``records``; text and decimals are made
at the edge.
"""

from pricetime.ports.accounts import (
    Accounts,
    AuditEntry,
    PasswordHasher,
    PendingUser,
    RefreshToken,
    StockName,
    TokenClaims,
    TokenSigner,
    User,
)
from pricetime.ports.base import (
    LATEST_NS,
    Clock,
    Row,
)
from pricetime.ports.journal import (
    Batch,
    Journal,
    Snapshot,
    Snapshots,
)
from pricetime.ports.partitions import (
    Delivery,
    Inputs,
    Message,
    Outputs,
    PartitionBatch,
    PartitionJournal,
    PartitionSnapshot,
    PartitionSnapshots,
)
from pricetime.ports.services import Notice, Notices, Numbers, Presence, Sign
from pricetime.ports.views import (
    Balance,
    Candle,
    CommandRow,
    Depth,
    DepthLevel,
    ExecutionRow,
    HoldingRow,
    OrderRow,
    PartitionViewStore,
    StockRow,
    TradeRow,
    ViewChanges,
    ViewPosition,
    Views,
    ViewStore,
    WalletRow,
    WealthChange,
)

__all__ = [
    "LATEST_NS",
    "Accounts",
    "AuditEntry",
    "Balance",
    "Batch",
    "Candle",
    "Clock",
    "CommandRow",
    "Delivery",
    "Depth",
    "DepthLevel",
    "ExecutionRow",
    "HoldingRow",
    "Inputs",
    "Journal",
    "Message",
    "Notice",
    "Notices",
    "Numbers",
    "OrderRow",
    "Outputs",
    "PartitionBatch",
    "PartitionJournal",
    "PartitionSnapshot",
    "PartitionSnapshots",
    "PartitionViewStore",
    "PasswordHasher",
    "PendingUser",
    "Presence",
    "RefreshToken",
    "Row",
    "Sign",
    "Snapshot",
    "Snapshots",
    "StockName",
    "StockRow",
    "TokenClaims",
    "TokenSigner",
    "TradeRow",
    "User",
    "ViewChanges",
    "ViewPosition",
    "ViewStore",
    "Views",
    "WalletRow",
    "WealthChange",
]
