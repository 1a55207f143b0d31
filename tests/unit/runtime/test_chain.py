"""The chain of hashes: any change, gap or swap shows at the batch where it is."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from pricetime.errors import JournalError, JournalTampered, JournalTorn
from pricetime.runtime.chain import START, batch_hash, link_of, seal, verify


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_the_hash_is_sha256_over_hash_before_number_lengths_commands_and_events():
    content = b"\x07" * 32 + b"".join(n.to_bytes(8, "little") for n in (5, 3, 2)) + b"abc" + b"de"
    assert batch_hash(b"\x07" * 32, 5, b"abc", b"de") == hashlib.sha256(content).digest()


def test_bytes_that_move_from_commands_to_events_change_the_hash():
    assert batch_hash(bytes(32), 1, b"ab", b"c") != batch_hash(bytes(32), 1, b"a", b"bc")


def test_every_batch_of_a_journal_follows_on_the_one_before(filled):
    link = START
    for batch in filled.batches:
        link = verify(batch, link)
    assert link == link_of(filled.last())


@pytest.mark.parametrize("column", ["commands", "events", "hash", "previous_hash"])
def test_one_flipped_bit_names_its_batch(filled, column):
    before, batch = filled.batches[3:5]
    data = getattr(batch, column)
    for at in (0, len(data) // 2, len(data) - 1):
        changed = msgspec.structs.replace(batch, **{column: flipped(data, at)})
        with pytest.raises(JournalTampered, match="batch 5 "):
            verify(changed, link_of(before))


@pytest.mark.parametrize("column", ["first_sequence", "last_sequence", "last_event", "time_ns"])
def test_a_changed_column_names_its_batch(filled, column):
    before, batch = filled.batches[3:5]
    changed = msgspec.structs.replace(batch, **{column: getattr(batch, column) + 1})
    with pytest.raises(JournalTampered, match="batch 5 was changed: its columns"):
        verify(changed, link_of(before))


def test_a_missing_batch_is_named(filled):
    with pytest.raises(JournalTorn, match="batch 5 is missing; the next one found is batch 6"):
        verify(filled.batches[5], link_of(filled.batches[3]))


@pytest.mark.parametrize("column", ["commands", "events", "hash"])
@pytest.mark.parametrize("kept", [0, 50])
def test_a_batch_without_all_its_bytes_is_named(filled, column, kept):
    before, batch = filled.batches[3:5]
    short = msgspec.structs.replace(batch, **{column: getattr(batch, column)[: kept and -kept]})
    if short == batch:
        short = msgspec.structs.replace(batch, **{column: b""})
    with pytest.raises(JournalError, match="batch 5 "):
        verify(short, link_of(before))


def test_a_batch_resealed_by_a_forger_breaks_the_next_one(filled):
    forged = seal(link_of(filled.batches[3]), filled.batches[4].commands, filled.batches[5].events)
    with pytest.raises(JournalTampered, match="batch 6 does not follow on batch 5"):
        verify(filled.batches[5], link_of(forged))
