"""Read models: the journal's batches as rows that the API reads, made by one projection.

Follower (its own thread) ──> Projection ──> ViewStore.save        readers ──> Views
"""

from pricetime.views.candles import INTERVALS_S
from pricetime.views.follower import Follower, rebuild, resume
from pricetime.views.partition_projection import PartitionProjection
from pricetime.views.projection import Projection

__all__ = ["INTERVALS_S", "Follower", "PartitionProjection", "Projection", "rebuild", "resume"]
