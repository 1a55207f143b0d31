"""The venue compiled: the rules of ``pricetime.rules``, with the same interface and the same results.

Importing this package raises ImportError where it was installed without a C compiler.
"""

from pricetime.core.venue import Venue

__all__ = ["Venue"]
