"""What makes the rules durable: the sequencer, the chain of hashes, recovery, snapshots, and reads.

::

    commands ─> Sequencer ─> rules ─> Journal ─> answers
                                         ├─────> views ──> Progress ──> Reader ──> reads
                                         └─────> Snapshotting ──> recover()
"""

from pricetime.runtime.progress import Progress
from pricetime.runtime.reader import Reader
from pricetime.runtime.sequencer import Sequencer

__all__ = ["Progress", "Reader", "Sequencer"]
