"""A process that does nothing but bcrypt: ``python -m pricetime.adapters.bcrypt_worker``.

::

    stdin:  digest, 44 bytes; setting (``$2b$…``: cost and salt, with or without a hash), padded to 60
    stdout: the hash, 60 bytes; zeros where the setting is none

One answer for each question, in order. It ends when stdin does, that is, with whoever started it.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Final

import bcrypt

DIGEST_BYTES: Final = 44
HASH_BYTES: Final = 60
QUESTION_BYTES: Final = DIGEST_BYTES + HASH_BYTES
NICENESS: Final = 5
"""Where cores are few, hashing gives way: an order is worth more than a log-in that is slow by intent."""


def question(digest: bytes, setting: bytes) -> bytes:
    """Return what asks for the hash of a digest."""
    return digest + setting.ljust(HASH_BYTES, b"\0")


def answer_to(asked: bytes) -> bytes:
    """Return the hash that a question asks for, or zeros."""
    try:
        return bcrypt.hashpw(asked[:DIGEST_BYTES], asked[DIGEST_BYTES:].rstrip(b"\0"))
    except ValueError:
        return bytes(HASH_BYTES)


def main() -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the venue, which then closes stdin
    os.nice(NICENESS)
    while len(asked := sys.stdin.buffer.read(QUESTION_BYTES)) == QUESTION_BYTES:
        os.write(sys.stdout.fileno(), answer_to(asked))


if __name__ == "__main__":
    main()
