"""Large contents as Zstandard frames: records are a tenth of their size, at the speed of a disk."""

from __future__ import annotations

import threading
from typing import Final

import zstandard

_LEVEL: Final = -1  # fast, and within 3% of the size that level 1 gives records
_UNPACKED_LIMIT_BYTES: Final = 2**31

PACKING_ERRORS: Final = (zstandard.ZstdError, MemoryError)
"""What ``unpacked`` raises where a content was changed."""

_own = threading.local()  # neither side is for two threads at once


def packed(content: bytes, from_bytes: int) -> bytes:
    """Return a content as a frame, or as it is where it is shorter than ``from_bytes``."""
    if len(content) < from_bytes:
        return content
    try:
        packer: zstandard.ZstdCompressor = _own.packer
    except AttributeError:
        packer = _own.packer = zstandard.ZstdCompressor(level=_LEVEL)
    return packer.compress(content)


def unpacked(blob: bytes) -> bytes:
    """Return the content; one that begins like no frame is its own. ``PACKING_ERRORS``."""
    if not blob.startswith(zstandard.FRAME_HEADER):
        return blob
    if not 0 <= zstandard.frame_content_size(blob) <= _UNPACKED_LIMIT_BYTES:
        raise zstandard.ZstdError("the size that it names is none that was packed")
    try:
        unpacker: zstandard.ZstdDecompressor = _own.unpacker
    except AttributeError:
        unpacker = _own.unpacker = zstandard.ZstdDecompressor()
    return unpacker.decompress(blob, allow_extra_data=False)
