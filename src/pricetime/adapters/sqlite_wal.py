"""Whether SQLite's write-ahead log has lost transactions that were synced to the disk.

After a crash SQLite keeps the log up to the first frame whose checksum is wrong and silently forgets the
rest. For a write that the power cut short that is right. But the journal syncs each transaction before
it begins the next, so where a later transaction follows the broken one, the broken one had been
durable and acknowledged, and the disk has damaged it since. That must not be passed over.

The file (https://www.sqlite.org/fileformat2.html#walformat)::

    header: magic, version, page size, count, salt 1, salt 2, checksum 1, checksum 2
    frame:  page number, size of the database if it ends a transaction, salts, checksums, the page
    …

Frames of the present log carry the salts of its header; frames left from before carry others.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_HEADER: Final = struct.Struct(">8I")
_FRAME_HEADER_BYTES: Final = 24
_MAGIC: Final = 0x377F0682  # the lowest bit says whether checksums are of big-endian words
_FRAMES_AT_ONCE: Final = 1_000
_ATTEMPTS: Final = 5
_MASK: Final = 0xFFFFFFFF

Words = NDArray[np.uint32]
Checksum = tuple[int, int]


class _Header(NamedTuple):
    big_endian: bool
    salts: Checksum
    checksum: Checksum
    whole: bool


def has_lost_transactions(database: Path, page_bytes: int | None = None) -> bool:
    """Return whether SQLite would forget durable transactions of the log beside ``database``.

    A writer may be at work: where it begins the log anew meanwhile, the look is repeated. A process that has
    the database open gives the size of its pages: to open and close the file once more would drop the locks
    of the whole process (https://www.sqlite.org/howtocorrupt.html, 2.2), and a venue that stops meanwhile
    would then remove the log under the one that reads it.
    """
    path = database.with_name(f"{database.name}-wal")
    if not path.exists():
        return False
    page_bytes = page_bytes or _page_bytes(database)
    for _ in range(_ATTEMPTS):
        with path.open("rb") as log:
            before = log.read(_HEADER.size)
            lost = len(before) == _HEADER.size and _Scan(_header(before), page_bytes).loses(log)
            log.seek(0)
            if log.read(_HEADER.size) == before:
                return lost
    return False


def _page_bytes(database: Path) -> int:
    """Return the size of a page, from the database itself: the log's header may be what is damaged."""
    with database.open("rb") as file:
        size = int.from_bytes(file.read(18)[16:18], "big")
    return 65_536 if size == 1 else max(size, 512)


def _header(data: bytes) -> _Header:
    magic, _, _, _, salt_1, salt_2, sum_1, sum_2 = _HEADER.unpack(data)
    big_endian = bool(magic & 1)
    words = np.frombuffer(data[:24], ">u4" if big_endian else "<u4").astype(np.uint32)
    [parts] = _checksum_parts(words.reshape(1, -1))
    whole = magic & ~1 == _MAGIC and (sum_1, sum_2) == (int(parts[0]), int(parts[1]))
    return _Header(big_endian, (salt_1, salt_2), (sum_1, sum_2), whole)


class _Scan:
    """One look at the frames behind a header."""

    def __init__(self, header: _Header, page_bytes: int) -> None:
        self._header = header
        self._frame_bytes = _FRAME_HEADER_BYTES + page_bytes
        self._checksum = header.checksum
        self._broken = not header.whole
        self._ended_broken = False
        """Whether a transaction has ended at or after the broken frame."""

    def loses(self, log: BinaryIO) -> bool:
        """Return whether a transaction ends in or after a broken frame, and another one follows."""
        size = self._frame_bytes
        while block := log.read(size * _FRAMES_AT_ONCE):
            frames = len(block) // size
            table = np.frombuffer(block, np.uint8, frames * size).reshape(frames, size)
            if self._loses_in(table):
                return True
        return False

    def _loses_in(self, table: NDArray[np.uint8]) -> bool:
        headers = table[:, :_FRAME_HEADER_BYTES].copy().view(">u4")
        kind = ">u4" if self._header.big_endian else "<u4"
        summed = np.concatenate((table[:, :8], table[:, _FRAME_HEADER_BYTES:]), axis=1).view(kind)
        parts = _checksum_parts(summed.astype(np.uint32)).tolist()
        power = _power(summed.shape[1] // 2)
        return any(
            self._loses_at(header, part, power) for header, part in zip(headers.tolist(), parts, strict=True)
        )

    def _loses_at(self, header: list[int], part: list[int], power: tuple[int, int, int]) -> bool:
        _, ends, salt_1, salt_2, *stored = header
        present = self._is_present((salt_1, salt_2))
        if present and self._ended_broken:
            return True
        if not self._broken:
            first, second = self._checksum
            a, b, c = power
            expected = (a * first + b * second + part[0]) & _MASK, (b * first + c * second + part[1]) & _MASK
            self._broken = not present or expected != tuple(stored)
            self._checksum = expected
        self._ended_broken |= self._broken and present and ends != 0
        return False

    def _is_present(self, salts: Checksum) -> bool:
        """Return whether a frame is of the present log; a damaged header may have one salt wrong."""
        same = [mine == theirs for mine, theirs in zip(self._header.salts, salts, strict=True)]
        return all(same) if self._header.whole else any(same)


# One step of SQLite's checksum over two words x, y is s = s + t + x; t = t + s + y: the map
# ((1, 1), (1, 2)) on (s, t) plus (x, x + y). Its powers are Fibonacci numbers, so the checksum of a page is
# a few sums of products, all modulo 2**32, which NumPy does for many pages at once.


def _power(steps: int) -> tuple[int, int, int]:
    """Return a, b, c of the map's power ((a, b), (b, c))."""
    a, b = 1, 0
    for _ in range(steps):
        a, b = (a + b) & _MASK, (a + 2 * b) & _MASK
    return a, b, (a + b) & _MASK


def _checksum_parts(words: Words) -> Words:
    """Return for each row of words what it adds to a checksum that was (0, 0) before."""
    steps = words.shape[1] // 2
    powers = np.array(_powers(steps), np.uint32)
    first, second = words[:, ::2], words[:, ::2] + words[:, 1::2]
    a, b, c = powers[:, 0], powers[:, 1], powers[:, 2]
    return np.stack((first @ a + second @ b, first @ b + second @ c), axis=1)


def _powers(steps: int) -> list[tuple[int, int, int]]:
    """Return the powers that the words of each step still go through, first step first."""
    found, (a, b) = [], (1, 0)
    for _ in range(steps):
        found.append((a, b, (a + b) & _MASK))
        a, b = (a + b) & _MASK, (a + 2 * b) & _MASK
    return found[::-1]
