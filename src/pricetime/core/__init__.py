"""The venue compiled: the rules of ``pricetime.rules``, with the same interface and the same results.

``venue`` is the whole in one piece, ``partitions`` the venue in parts. Importing this package raises
ImportError where it was installed without a C compiler.
"""

from pricetime.core.partitions import BookPartition, LedgerPartition
from pricetime.core.venue import Venue

__all__ = ["BookPartition", "LedgerPartition", "Venue"]
