"""A disk that forgets: what was written and not synced may survive a power cut, in part, or not.

Names of files live in folders, which have a sync of their own: without it a file that was made, renamed
or removed may be found as it was before. A sector is written whole or not, but the last one that was
under way may be torn. A process that dies loses nothing that it wrote.
"""

from __future__ import annotations

import errno
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation.steps import Crash, Steps, ViewsCrash

SECTOR_BYTES = 512
CHANGE = "disk: "
"""How the label of a step begins that is a change of the disk."""
Piece = tuple[int, bytes | None]
"""A part of one sector written at an offset; None cuts the file off there."""


@dataclass
class File:
    """``content`` is what anybody reads, ``synced`` what is surely there, ``pieces`` what lies between."""

    content: bytearray = field(default_factory=bytearray)
    synced: bytes = b""
    pieces: list[Piece] = field(default_factory=list)

    def write(self, offset: int, data: bytes) -> None:
        _put(self.content, (offset, data))
        ends = [*range(offset - offset % SECTOR_BYTES + SECTOR_BYTES, offset + len(data), SECTOR_BYTES)]
        for start, end in itertools.pairwise([offset, *ends, offset + len(data)]):
            self.pieces.append((start, data[start - offset : end - offset]))

    def cut(self, length: int) -> None:
        _put(self.content, (length, None))
        self.pieces.append((length, None))

    def sync(self) -> None:
        self.synced, self.pieces = bytes(self.content), []


@dataclass
class Folder:
    """Names of files. ``names`` is what anybody sees, ``before`` each state since the last sync."""

    names: dict[str, File] = field(default_factory=dict)
    before: list[dict[str, File]] = field(default_factory=lambda: [{}])

    def sync(self) -> None:
        self.before = [dict(self.names)]


@dataclass
class DiskTotals:
    torn: int = 0
    lost: int = 0
    errors: int = 0


class Disk:
    """All files of the venue, by ``folder/name``. Each change is a step, at which a process may end."""

    def __init__(self, steps: Steps, dice: random.Random) -> None:
        self.totals = DiskTotals()
        self.free: int | None = None
        """Bytes until the disk is full; None: enough."""
        self.fails_in: int | None = None
        """Changes until one fails with an error of the hardware; None: never."""
        self.on_change: Callable[[str], None] = lambda _: None
        """Called with the name of a file before it is changed."""
        self._steps = steps
        self._dice = dice
        self._folders: dict[str, Folder] = {}
        self._is_gone = False

    # --------------------------------------------------------------------------------------- reads

    def exists(self, path: str) -> bool:
        folder, name = self._at(path)
        return name in folder.names

    def read(self, path: str) -> bytes:
        return bytes(self._file(path).content)

    def list(self, folder: str) -> list[str]:
        return sorted(self._folders.get(folder, Folder()).names)

    # ------------------------------------------------------------------------------------- changes

    def create(self, path: str) -> None:
        """Make an empty file, or empty the one that is there."""
        self._change("create", path)
        folder, name = self._at(path)
        if name in folder.names:
            folder.names[name].cut(0)
        else:
            folder.names[name] = File()
            folder.before.append(dict(folder.names))

    def append(self, path: str, data: bytes) -> None:
        file = self._file(path)
        try:
            self._change("append", path)
        except (Crash, ViewsCrash):  # in the middle of it, unless it was gone before
            if self._is_gone:
                raise
            self._write(file, data[: self._dice.randint(0, len(data))])
            raise
        written = data if self.free is None else data[: max(0, self.free)]
        self._write(file, written)
        if len(written) < len(data):
            self.totals.errors += 1
            raise OSError(errno.ENOSPC, "No space left on device", path)

    def truncate(self, path: str, length: int) -> None:
        self._change("truncate", path)
        self._file(path).cut(length)

    def sync(self, path: str) -> None:
        self._change("sync", path)
        self._file(path).sync()

    def rename(self, path: str, other: str) -> None:
        self._change("rename", path)
        self._file(path)
        folder, name = self._at(path)
        folder.names[self._at(other)[1]] = folder.names.pop(name)
        folder.before.append(dict(folder.names))

    def unlink(self, path: str) -> None:
        self._change("unlink", path)
        self._file(path)
        folder, name = self._at(path)
        del folder.names[name]
        folder.before.append(dict(folder.names))

    def sync_folder(self, folder: str) -> None:
        self._change("sync folder", f"{folder}/")
        self._folders.setdefault(folder, Folder()).sync()

    def _change(self, what: str, path: str) -> None:
        if self._is_gone:
            raise Crash
        self.on_change(path)
        self._steps.take(f"{CHANGE}{what} {path}")
        if self.fails_in is not None:
            self.fails_in -= 1
            if self.fails_in <= 0:
                self.fails_in = None
                self.totals.errors += 1
                raise OSError(errno.EIO, "Input/output error", path)

    def _write(self, file: File, data: bytes) -> None:
        if data:
            file.write(len(file.content), data)
            if self.free is not None:
                self.free -= len(data)

    # --------------------------------------------------------------------------------------- ends

    def stop(self) -> None:
        """Let nothing more be changed: the process that would is gone."""
        self._is_gone = True

    def start(self) -> None:
        """Let a new process work, on a disk that is repaired and has room."""
        self._is_gone = False
        self.free = self.fails_in = None

    def cut_power(self) -> None:
        """Keep what was synced, and of the rest what chance keeps."""
        for folder in self._folders.values():
            folder.names = dict(self._dice.choice(folder.before))
            folder.sync()
            for _, file in sorted(folder.names.items()):
                self._lose(file)

    def spoil(self, path: str, offset: int) -> None:
        """Turn a bit over, as an ageing disk does."""
        file = self._file(path)
        synced = bytearray(file.synced)
        for data in (file.content, synced):
            if offset < len(data):
                data[offset] ^= 1
        file.synced = bytes(synced)

    def _lose(self, file: File) -> None:
        kept = self._survivors(file.pieces)
        content = bytearray(file.synced)
        for piece in kept:
            _put(content, piece)
        self.totals.lost += bool(file.pieces) and not kept
        self.totals.torn += bool(kept) and kept != file.pieces
        file.content = content
        file.sync()

    def _survivors(self, pieces: list[Piece]) -> list[Piece]:
        dice = self._dice
        match dice.choice(("none", "all", "first", "torn", "any", "holes")):
            case "none":
                return []
            case "all":
                return list(pieces)
            case "any":
                return [piece for piece in pieces if dice.random() < 0.5]
            case "holes":  # as long as it was, but what is lost is zeros
                return [piece if dice.random() < 0.7 else _zeros(piece) for piece in pieces]
            case how:
                kept = pieces[: dice.randint(0, len(pieces))]
                if how == "torn" and kept and kept[-1][1]:
                    offset, data = kept[-1]
                    kept[-1] = offset, data[: dice.randint(0, len(data))]
                return kept

    def _at(self, path: str) -> tuple[Folder, str]:
        folder, _, name = path.rpartition("/")
        return self._folders.setdefault(folder, Folder()), name

    def _file(self, path: str) -> File:
        folder, name = self._at(path)
        if name not in folder.names:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        return folder.names[name]


def _zeros(piece: Piece) -> Piece:
    offset, data = piece
    return offset, None if data is None else bytes(len(data))


def _put(content: bytearray, piece: Piece) -> None:
    """Change content by one piece; what was never written before it is zeros."""
    offset, data = piece
    if data is None:
        del content[offset:]
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data
