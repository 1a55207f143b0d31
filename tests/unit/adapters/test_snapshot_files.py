"""Snapshot files: whole or not there, two deep, and damage is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pricetime.adapters.snapshot_files import SnapshotFiles
from pricetime.errors import SnapshotError
from pricetime.ports import Snapshot


def snapshot(batch: int, state: bytes = b"the state of a venue") -> Snapshot:
    return Snapshot(
        batch=batch,
        batch_hash=bytes([batch]) * 32,
        sequence=10 * batch,
        state=state,
        state_hash=b"\x07" * 32,
    )


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "data" / "snapshots"


@pytest.fixture
def files(folder) -> SnapshotFiles:
    return SnapshotFiles(folder)


def test_without_a_folder_there_are_no_snapshots(files):
    assert list(files.newest_first()) == []


def test_what_was_saved_is_read_newest_first(files):
    files.save(snapshot(9))
    files.save(snapshot(10, b""))
    assert list(files.newest_first()) == [snapshot(10, b""), snapshot(9)]


def test_two_are_kept_and_nothing_else_stays_in_the_folder(files, folder):
    (folder.parent).mkdir()
    folder.mkdir()
    (folder / "00000000000000000001.99.draft").write_bytes(b"left by a process that was killed")
    for batch in (1, 2, 3):
        files.save(snapshot(batch))
    assert [kept.batch for kept in files.newest_first()] == [3, 2]
    assert len(list(folder.iterdir())) == 2


def test_an_old_snapshot_that_cannot_be_removed_does_not_undo_the_new_one(files, folder):
    stays = folder / "00000000000000000001.snapshot"
    stays.mkdir(parents=True)  # what unlink cannot remove
    for batch in (2, 3):
        files.save(snapshot(batch))
    assert [kept.batch for kept in files.newest_first()] == [3, 2]
    assert stays.is_dir()


def test_a_snapshot_of_the_same_batch_replaces_the_one_before(files):
    files.save(snapshot(3))
    files.save(snapshot(3))
    assert len(list(files.newest_first())) == 1


@pytest.mark.parametrize("keep", [0, 10, 100, -1])
def test_a_file_cut_short_is_left_out(files, folder, keep):
    for batch in (1, 2):
        files.save(snapshot(batch))
    newest = max(folder.iterdir())
    newest.write_bytes(newest.read_bytes()[:keep])
    assert [kept.batch for kept in files.newest_first()] == [1]
    assert [newest.name in finding for finding in files.damage()] == [True]


def test_one_flipped_byte_anywhere_is_noticed(files, folder):
    files.save(snapshot(1))
    [path] = folder.iterdir()
    content = path.read_bytes()
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert list(files.newest_first()) == []


def test_a_folder_that_cannot_be_written_is_an_error_that_names_the_batch(tmp_path):
    (tmp_path / "snapshots").write_text("a file where the folder should be")
    with pytest.raises(SnapshotError, match="batch 4 cannot be written"):
        SnapshotFiles(tmp_path / "snapshots").save(snapshot(4))


def test_a_file_dropped_for_a_newer_one_while_others_are_read_is_no_damage(files, folder):
    files.save(snapshot(1))
    files.save(snapshot(2))
    newest = next(folder.glob("*2.snapshot"))
    newest.write_bytes(newest.read_bytes()[:-1])
    faults = files.damage()
    assert "is damaged" in next(faults)
    files.save(snapshot(3))
    assert list(faults) == []
