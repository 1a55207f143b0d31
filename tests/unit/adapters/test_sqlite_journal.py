"""The SQLite journal: durable, one writer, readable beside it, and no damage passed over."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from pricetime.adapters.memory import MemorySnapshots
from pricetime.adapters.sqlite_journal import SqliteJournal
from pricetime.errors import JournalBusy, JournalError, JournalFailed, JournalTampered, JournalTorn
from pricetime.ports import Batch
from pricetime.records import commands as command
from pricetime.rules import Venue
from pricetime.runtime.chain import link_of, seal
from pricetime.runtime.check import check
from pricetime.runtime.stamping import stamp

BATCHES = 20


def batches(count: int = BATCHES) -> list[Batch]:
    """A chain of real batches: accounts and deposits, a few pages each."""
    venue, made = Venue(), []
    for number in range(count):
        wanted = [command.open_account(), *(command.deposit(1, 100 + at) for at in range(5 * number))]
        commands = stamp(b"".join(each.pack() for each in wanted), venue.sequence + 1, 10**18)
        made.append(seal(link_of(made[-1] if made else None), commands, venue.apply(commands)))
    return made


@pytest.fixture(scope="module")
def chain() -> list[Batch]:
    return batches()


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "data" / "journal.db"


@pytest.fixture
def journal(path, chain):
    journal = SqliteJournal.create(path)
    for batch in chain:
        journal.append(batch)
    yield journal
    journal.close()


def changed(path: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def everything(path: Path) -> list[Batch]:
    journal = SqliteJournal.open(path)
    read: list[Batch] = []
    try:
        while page := journal.read(len(read), 7):
            read += page
    finally:
        journal.close()
    return read


def readable(path: Path) -> list[Batch] | str:
    """All batches, or what was wrong with one."""
    try:
        return everything(path)
    except JournalError as error:
        return str(error)


def test_what_was_appended_is_read_in_order(journal, chain):
    assert journal.read() == chain
    assert journal.read(after=5, limit=3) == chain[5:8]
    assert journal.read(after=BATCHES) == []
    assert journal.last() == chain[-1]


def test_an_empty_journal_has_no_last_batch(path):
    journal = SqliteJournal.create(path)
    assert (journal.last(), list(journal.read())) == (None, [])
    journal.close()


def test_it_is_all_there_after_closing_and_opening(journal, path, chain):
    journal.close()
    journal.close()
    assert everything(path) == chain
    again = SqliteJournal.create(path)
    assert again.last() == chain[-1]
    again.close()


def test_every_append_is_synced_to_the_disk(journal):
    pragmas = {
        name: journal._writer.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("synchronous", "journal_mode")
    }
    assert pragmas == {"synchronous": 2, "journal_mode": "wal"}


def test_a_second_writer_is_told_that_the_journal_is_busy(journal, path):
    with pytest.raises(JournalBusy, match="Another process writes"):
        SqliteJournal.create(path)
    journal.close()
    SqliteJournal.create(path).close()


def test_another_process_can_read_and_cannot_write_while_this_one_writes(journal, path):
    program = (
        "import sys, pathlib\n"
        "from pricetime.adapters.sqlite_journal import SqliteJournal\n"
        "from pricetime.errors import JournalBusy\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "print(SqliteJournal.open(path).last().number)\n"
        "try: SqliteJournal.create(path)\n"
        "except JournalBusy: print('busy')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == [str(BATCHES), "busy"]


def test_what_a_killed_writer_had_appended_is_there(path, chain):
    program = (
        "import os, sys, pathlib, msgspec\n"
        "from pricetime.adapters.sqlite_journal import SqliteJournal\n"
        "from pricetime.ports import Batch\n"
        "journal = SqliteJournal.create(pathlib.Path(sys.argv[1]))\n"
        "batches = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=list[Batch])\n"
        "for batch in batches: journal.append(batch)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    sent = msgspec.msgpack.encode(chain)
    subprocess.run([sys.executable, "-c", program, str(path)], input=sent, check=False)
    assert everything(path) == chain
    again = SqliteJournal.create(path)
    assert again.read() == chain
    again.close()


def test_threads_read_while_another_appends(path, chain):
    journal, seen, failures = SqliteJournal.create(path), [], []

    def follow() -> None:
        read = 0
        try:
            while read < BATCHES:
                page = journal.read(read, 3)
                read += len(page)
            seen.append(read)
        except JournalError as error:
            failures.append(error)

    threads = [threading.Thread(target=follow) for _ in range(3)]
    for thread in threads:
        thread.start()
    for batch in chain:
        journal.append(batch)
    for thread in threads:
        thread.join(10)
    journal.close()
    assert (seen, failures) == ([BATCHES] * 3, [])


def test_a_full_disk_is_a_failure_that_names_the_batch_and_leaves_the_rest_whole(journal, path, chain):
    [(pages,)] = journal._writer.execute("PRAGMA page_count")
    journal._writer.execute(f"PRAGMA max_page_count = {pages + 1}")
    more = batches(BATCHES + 1)[-1]
    with pytest.raises(JournalFailed, match=f"batch {BATCHES + 1} could not be written: .*full"):
        journal.append(more)
    journal.close()
    assert everything(path) == chain


def test_a_reader_does_not_write(journal, path, chain):
    reader = SqliteJournal.open(path)
    with pytest.raises(JournalFailed):
        reader.append(chain[0])
    reader.close()


def test_where_there_is_no_journal_a_reader_says_so(path):
    with pytest.raises(JournalError, match="there is no journal"):
        SqliteJournal.open(path)
    assert not path.exists()


def test_a_journal_of_another_format_is_refused(journal, path):
    journal.close()
    changed(path, "UPDATE meta SET value = 3")
    for opener in (SqliteJournal.open, SqliteJournal.create):
        with pytest.raises(JournalError, match="format is 3"):
            opener(path)


def test_a_file_that_is_no_database_is_refused(path):
    path.parent.mkdir()
    path.write_bytes(b"not a database at all" * 100)
    for opener in (SqliteJournal.open, SqliteJournal.create):
        with pytest.raises(JournalTorn, match="cannot be read"):
            opener(path)


@pytest.mark.parametrize("column", ["commands", "events", "hash", "previous_hash"])
def test_a_changed_blob_names_its_batch_and_the_batches_before_it_are_read(journal, path, chain, column):
    journal.close()
    data = bytearray(getattr(chain[11], column))
    data[len(data) // 2] ^= 4
    changed(path, f"UPDATE batches SET {column} = ? WHERE number = 12", bytes(data))
    reader = SqliteJournal.open(path)
    assert reader.read() == chain[:11]
    with pytest.raises(JournalTampered, match="batch 12 "):
        reader.read(after=11)
    reader.close()


@pytest.mark.parametrize("column", ["first_sequence", "last_sequence", "last_event", "time_ns"])
def test_a_changed_number_beside_the_records_names_its_batch(journal, path, column):
    journal.close()
    changed(path, f"UPDATE batches SET {column} = {column} + 1 WHERE number = 12")
    with pytest.raises(JournalTampered, match="batch 12 "):
        everything(path)


@pytest.mark.parametrize("value", ["text", None, 3, 2.5])
def test_a_column_of_another_type_names_its_batch(journal, path, value):
    journal.close()
    changed(path, "PRAGMA writable_schema = on")
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE copy AS SELECT * FROM batches")
    connection.execute("DROP TABLE batches")
    connection.execute("ALTER TABLE copy RENAME TO batches")
    connection.execute("UPDATE batches SET events = ? WHERE number = 12", (value,))
    connection.commit()
    connection.close()
    with pytest.raises(JournalTorn, match="batch 12 is damaged"):
        everything(path)


def test_the_batch_of_an_event_is_found(journal, chain):
    for before, batch in zip([None, *chain], chain, strict=False):
        end = link_of(before).event
        assert journal.batches_up_to(end) == journal.batches_up_to(batch.last_event - 1) == batch.number - 1
    assert journal.batches_up_to(chain[-1].last_event) == journal.batches_up_to(10**12) == BATCHES


def test_in_an_empty_journal_no_batch_is_before_any_event(path):
    journal = SqliteJournal.create(path)
    assert journal.batches_up_to(10) == 0
    journal.close()


def stored(path: Path, column: str, number: int) -> bytes:
    connection = sqlite3.connect(path)
    [[blob]] = connection.execute(f"SELECT {column} FROM batches WHERE number = ?", (number,))
    connection.close()
    return blob


@pytest.fixture(scope="module")
def large() -> list[Batch]:
    """Two batches, each large enough to be packed."""
    venue, made = Venue(), []
    for _ in range(2):
        wanted = [command.open_account(), *(command.deposit(1, 100 + at) for at in range(1_000))]
        commands = stamp(b"".join(each.pack() for each in wanted), venue.sequence + 1, 10**18)
        made.append(seal(link_of(made[-1] if made else None), commands, venue.apply(commands)))
    return made


def test_large_batches_are_stored_in_a_fifth_of_their_size_and_read_as_they_were(path, large):
    journal = SqliteJournal.create(path)
    for batch in large:
        journal.append(batch)
    assert (journal.read(), journal.last()) == (large, large[-1])
    journal.close()
    assert everything(path) == large
    for column in ("commands", "events"):
        assert 5 * len(stored(path, column, 2)) < len(getattr(large[1], column))


@pytest.mark.parametrize("column", ["commands", "events"])
def test_damage_to_packed_records_names_their_batch_or_changes_nothing(path, large, column):
    journal = SqliteJournal.create(path)
    for batch in large:
        journal.append(batch)
    journal.close()
    whole = stored(path, column, 2)
    places = [*range(12), *range(12, len(whole), 97), len(whole) - 1]
    spoilt = [whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :] for at in places]
    harmless = 0
    for blob in (*spoilt, whole[:-1], whole + b"x", whole[:4]):
        changed(path, f"UPDATE batches SET {column} = ? WHERE number = 2", blob)
        found = readable(path)
        assert found == large or (isinstance(found, str) and "batch 2 " in found)
        harmless += found == large
    assert harmless < len(places) / 10, "some bits of a frame mean nothing, and only those"


def test_a_missing_batch_is_named(journal, path):
    journal.close()
    changed(path, "DELETE FROM batches WHERE number = 12")
    with pytest.raises(JournalTorn, match="batch 12 is missing; the next one found is batch 13"):
        everything(path)


def test_reading_after_a_batch_that_is_not_there_is_refused(journal):
    with pytest.raises(JournalTorn, match=f"batch {BATCHES + 1} is missing"):
        journal.read(after=BATCHES + 1)


def blob_bytes(path: Path, chain: list[Batch]) -> list[tuple[int, int]]:
    """Return (place in the file, batch) of bytes spread over all records and hashes."""
    content, places = path.read_bytes(), []
    for batch in chain:
        records = [batch.events[start : start + 152] for start in range(0, len(batch.events), 5 * 152)]
        for blob in (*records, batch.commands[:96], batch.hash):
            at = content.find(blob)  # not found where it is spread over two pages
            places += [(at + 5, batch.number)] if at >= 0 else []
    return places


def findings(path: Path) -> list[str]:
    try:
        journal = SqliteJournal.open(path)
    except JournalError as error:
        return [str(error)]
    try:
        return list(check(journal, MemorySnapshots(), None, Venue, damage=journal.damage()))
    finally:
        journal.close()


def test_check_finds_nothing_wrong_with_a_whole_file(journal, path):
    assert findings(path) == []
    journal.close()
    assert findings(path) == []


def test_a_look_for_damage_keeps_its_hold_on_the_log(journal, path):
    program = (
        "import sys, pathlib\n"
        "from pricetime.adapters.sqlite_journal import SqliteJournal\n"
        "journal = SqliteJournal.open(pathlib.Path(sys.argv[1]))\n"
        "print(list(journal.damage()), flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as looking:
        assert looking.stdout is not None
        assert looking.stdout.readline() == "[]\n"
        journal.close()
        assert log_of(path).exists(), "the last one to close removes the log, and somebody reads it still"
        looking.communicate()


def test_check_names_the_batch_of_any_flipped_byte_of_the_records(journal, path, chain):
    journal.close()
    content = path.read_bytes()
    places = blob_bytes(path, chain)
    assert len(places) > 3 * BATCHES
    for at, number in places:
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x20]) + content[at + 1 :])
        # A hash is found twice, in its batch and as the one before of the next.
        names = (f"batch {number} ", f"batch {number + 1} ")
        assert any(name in finding for finding in findings(path) for name in names), (at, number)


def killed(path: Path, chain: list[Batch]) -> bytes:
    """Leave a journal as a killed process does, all of it in the log, and return the log."""
    journal = SqliteJournal.create(path)
    for batch in chain:
        journal.append(batch)
    files = {file: file.read_bytes() for file in (path, log_of(path))}
    journal.close()
    for file, content in files.items():
        file.write_bytes(content)
    return files[log_of(path)]


def log_of(path: Path) -> Path:
    return path.with_name("journal.db-wal")


def test_a_log_of_a_killed_process_is_whole(path, chain):
    killed(path, chain)
    assert findings(path) == []
    again = SqliteJournal.create(path)
    assert again.read() == chain
    again.close()


def test_what_a_killed_process_left_is_synced_before_anybody_reads_it(path, chain, monkeypatch):
    killed(path, chain)
    synced: list[str] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    SqliteJournal.create(path).close()
    assert synced == [log_of(path).name, path.parent.name]


def test_a_disk_that_does_not_sync_is_a_failure_at_the_start(path, chain, monkeypatch):
    def fails(_: int) -> None:
        raise OSError(5, "Input/output error")

    killed(path, chain)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails)
        with pytest.raises(JournalFailed, match=r"journal\.db-wal could not be synced"):
            SqliteJournal.create(path)
    assert everything(path) == chain
    SqliteJournal.create(path).close()


def test_a_log_cut_short_in_its_last_transaction_loses_what_was_never_acknowledged(path, chain):
    log = killed(path, chain)
    log_of(path).write_bytes(log[:-1_000])
    assert findings(path) == []
    again = SqliteJournal.create(path)
    assert again.read() == chain[:-1]
    again.close()


def test_a_damaged_log_is_refused_before_sqlite_forgets_what_follows(path, chain):
    log = killed(path, chain)
    records = log.find(chain[4].commands[:96])
    header = 32 + (records - 32) // (4_096 + 24) * (4_096 + 24)
    for at in (records + 50, header + 2, header + 7, header + 9, header + 17):
        log_of(path).write_bytes(log[:at] + bytes([log[at] ^ 1]) + log[at + 1 :])
        [finding] = findings(path)
        assert "batch 5 is damaged in the log" in finding
        with pytest.raises(JournalTorn, match="batch 5 is damaged in the log"):
            SqliteJournal.create(path)


@pytest.mark.parametrize("at", [5, 10, 14, 17, 22, 25, 31])
def test_a_damaged_header_of_the_log_is_refused(path, chain, at):
    log = killed(path, chain)
    log_of(path).write_bytes(log[:at] + bytes([log[at] ^ 1]) + log[at + 1 :])
    with pytest.raises(JournalTorn):
        SqliteJournal.create(path)


def test_frames_left_from_before_a_checkpoint_are_no_damage(path, chain):
    journal = SqliteJournal.create(path)
    for batch in chain[:-1]:
        journal.append(batch)
    journal._writer.execute("PRAGMA wal_checkpoint(RESTART)")
    journal.append(chain[-1])
    assert log_of(path).stat().st_size > 10 * len(chain[-1].events)
    assert findings(path) == []
    journal.close()
