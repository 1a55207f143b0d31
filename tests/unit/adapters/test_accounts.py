"""The tests of every storage of users over two of them; then what a file can do and dictionaries cannot."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.support.accounts import (  # noqa: F401 - pytest finds the tests here
    TestAudit,
    TestPendingUsers,
    TestSessions,
    TestStockNames,
    TestUsers,
    pending,
    user,
)

from pricetime.adapters.memory_accounts import MemoryAccounts
from pricetime.adapters.sqlite_accounts import SqliteAccounts
from pricetime.errors import AccountsFailed, QueueFull, UserNameTaken
from pricetime.ports import Accounts, StockName


@pytest.fixture(params=["sqlite", "memory"])
async def accounts(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Accounts]:
    store: Accounts = (
        SqliteAccounts(tmp_path / "accounts.db") if request.param == "sqlite" else MemoryAccounts()
    )
    yield store
    store.close()


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqliteAccounts]:
    store = SqliteAccounts(tmp_path / "accounts.db")
    yield store
    store.close()


class TestFile:
    async def test_everything_is_there_after_closing_and_opening(self, tmp_path: Path) -> None:
        store = SqliteAccounts(tmp_path / "accounts.db")
        await store.add_user(user())
        await store.name_stock("A", 1)
        await store.revoke_token("a", 10)
        store.close()
        store.close()
        again = SqliteAccounts(tmp_path / "accounts.db")
        assert await again.user_by_name("ada") == user()
        assert await again.stock_names() == [StockName(1, "A", 1)]
        assert await again.revoked_tokens(0) == [("a", 10)]
        assert again.check() == []
        again.close()

    async def test_a_write_is_durable_when_it_returns(self, sqlite: SqliteAccounts, tmp_path: Path) -> None:
        await sqlite.add_user(user())
        other = sqlite3.connect(tmp_path / "accounts.db")
        assert other.execute("SELECT user_name FROM users").fetchall() == [("ada",)]
        assert sqlite._writer._connection.execute("PRAGMA synchronous").fetchone() == (2,)
        other.close()

    async def test_the_file_is_readable_for_its_owner_only(
        self, sqlite: SqliteAccounts, tmp_path: Path
    ) -> None:
        await sqlite.add_user(user())
        assert {oct(path.stat().st_mode & 0o777) for path in tmp_path.glob("accounts.db*")} == {"0o600"}

    async def test_of_a_thousand_writes_at_once_only_those_fail_that_must(
        self, sqlite: SqliteAccounts
    ) -> None:
        writes = [sqlite.add_user(user(n, f"user {n // 2}")) for n in range(1, 1_001)]
        answers = await asyncio.gather(*writes, return_exceptions=True)
        assert [type(answer) for answer in answers].count(UserNameTaken) == 499
        assert answers.count(None) == 501
        assert len(await sqlite.users(0, 2_000)) == 501

    async def test_a_thousand_writes_at_once_take_a_few_commits(self, sqlite: SqliteAccounts) -> None:
        commits: list[str] = []
        sqlite._writer._connection.set_trace_callback(
            lambda sql: commits.append(sql) if sql == "COMMIT" else None
        )
        await asyncio.gather(*(sqlite.add_audit(n, 0, "login", "", "") for n in range(1_000)))
        assert len(commits) <= 20

    async def test_a_write_that_fails_changes_nothing_and_the_next_works(
        self, sqlite: SqliteAccounts
    ) -> None:
        with pytest.raises(OverflowError):
            await sqlite.revoke_token("a", 2**63)
        with pytest.raises(UnicodeEncodeError):
            await sqlite.name_stock("\ud800", 1)
        with pytest.raises(AccountsFailed):
            await sqlite.add_user(replace(user(), password_hash=None))
        assert await sqlite.users(0, 10) == []
        await sqlite.add_user(user())
        assert len(await sqlite.users(0, 10)) == 1

    async def test_a_group_that_cannot_be_committed_fails_whole_and_the_next_works(
        self, sqlite: SqliteAccounts, tmp_path: Path
    ) -> None:
        sqlite._writer._connection.execute("PRAGMA busy_timeout = 1")
        other = sqlite3.connect(tmp_path / "accounts.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writes = [sqlite.add_user(user(n, f"user {n}")) for n in range(1, 4)]
        answers = await asyncio.gather(*writes, return_exceptions=True)
        told = "The users' database cannot be used: database is locked. See to its disk and its file."
        assert [str(answer) for answer in answers] == [told] * 3
        other.execute("ROLLBACK")
        other.close()
        await sqlite.add_user(user())
        assert [one.account for one in await sqlite.users(0, 10)] == [1]

    async def test_of_many_audit_entries_at_once_one_that_cannot_be_stored_fails_alone(
        self, sqlite: SqliteAccounts
    ) -> None:
        subjects = [f"user {n}" if n != 40 else "\ud800" for n in range(100)]
        writes = [sqlite.add_audit(n, 0, "login", subject, "") for n, subject in enumerate(subjects)]
        answers = await asyncio.gather(*writes, return_exceptions=True)
        assert [n for n, answer in enumerate(answers) if answer is not None] == [40]
        assert isinstance(answers[40], UnicodeEncodeError)
        found = await sqlite.audit(actor=None, action=None, before=0, limit=200)
        assert [entry.subject for entry in reversed(found)] == subjects[:40] + subjects[41:]

    async def test_a_full_disk_is_an_error_and_with_space_again_all_is_well(
        self, sqlite: SqliteAccounts
    ) -> None:
        writing = sqlite._writer._connection
        (pages,) = writing.execute("PRAGMA page_count").fetchone()
        writing.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(AccountsFailed, match="full"):
            await sqlite.add_audit(1, 0, "login", "x" * 100_000, "")
        writing.execute("PRAGMA max_page_count = 1000000")
        await sqlite.add_audit(2, 0, "login", "", "")
        found = await sqlite.audit(actor=None, action=None, before=0, limit=10)
        assert [entry.time_ns for entry in found] == [2]

    async def test_who_gives_up_waiting_does_not_disturb_the_others(self, sqlite: SqliteAccounts) -> None:
        writes = [asyncio.ensure_future(sqlite.add_audit(n, 0, "login", "", "")) for n in range(10)]
        await asyncio.sleep(0)
        writes[3].cancel()
        answers = await asyncio.gather(*writes, return_exceptions=True)
        assert answers.count(None) == 9

    async def test_a_full_queue_refuses_further_writes(self, tmp_path: Path) -> None:
        store = SqliteAccounts(tmp_path / "accounts.db", queue_limit=3)
        writes = [store.add_audit(n, 0, "login", "", "") for n in range(5)]
        answers = await asyncio.gather(*writes, return_exceptions=True)
        assert [type(answer) for answer in answers] == [type(None)] * 3 + [QueueFull] * 2
        await store.add_audit(9, 0, "login", "", "")
        store.close()

    async def test_closing_writes_what_was_queued(self, tmp_path: Path) -> None:
        store = SqliteAccounts(tmp_path / "accounts.db")
        writes = [asyncio.ensure_future(store.add_audit(n, 0, "login", "", "")) for n in range(100)]
        await asyncio.sleep(0)
        store.close()
        assert await asyncio.gather(*writes) == [None] * 100
        with pytest.raises(AccountsFailed, match="closed"):
            await store.add_audit(0, 0, "", "", "")

    async def test_another_process_adds_a_pending_user_while_the_server_runs(
        self, sqlite: SqliteAccounts, tmp_path: Path
    ) -> None:
        other = SqliteAccounts(tmp_path / "accounts.db")
        await other.add_pending_user(pending("root"))
        other.close()
        assert await sqlite.pending_user("root") == pending("root")
        with pytest.raises(UserNameTaken):
            await sqlite.add_user(user(1, "root"))

    async def test_a_read_does_not_wait_for_a_write_of_another_process(
        self, sqlite: SqliteAccounts, tmp_path: Path
    ) -> None:
        await sqlite.add_user(user())
        other = sqlite3.connect(tmp_path / "accounts.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        assert await sqlite.user_by_name("ada") == user()
        assert time.monotonic() - started < 1
        other.execute("ROLLBACK")
        other.close()

    def test_a_file_that_is_no_database_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "accounts.db"
        path.write_bytes(b"this is no database, but long enough to be asked " * 100)
        with pytest.raises(AccountsFailed, match=f"The users' database {path} cannot be opened"):
            SqliteAccounts(path)

    def test_a_path_that_cannot_be_made_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(AccountsFailed, match="cannot be opened"):
            SqliteAccounts(tmp_path / "file" / "accounts.db")

    async def test_a_damaged_page_is_an_error_and_the_check_finds_it(self, tmp_path: Path) -> None:
        path = tmp_path / "accounts.db"
        store = SqliteAccounts(path)
        await asyncio.gather(*(store.add_user(user(n, f"user {n}")) for n in range(1, 500)))
        store.close()
        content = path.read_bytes()
        pages = [content[start : start + 4_096] for start in range(0, len(content), 4_096)]
        path.write_bytes(b"".join(b"\xff" * 4_096 if b"user 250" in page else page for page in pages))
        damaged = SqliteAccounts(path)
        with pytest.raises(AccountsFailed, match="malformed"):
            await damaged.user_by_name("user 250")
        assert damaged.check() != []
        damaged.close()

    def test_a_file_of_a_newer_format_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "accounts.db"
        SqliteAccounts(path).close()
        other = sqlite3.connect(path)
        other.execute("UPDATE meta SET value = 2")
        other.commit()
        other.close()
        with pytest.raises(AccountsFailed, match="has format 2; this pricetime reads 1"):
            SqliteAccounts(path)

    def test_users_are_looked_up_over_indexes(self, tmp_path: Path) -> None:
        SqliteAccounts(tmp_path / "accounts.db").close()
        other = sqlite3.connect(tmp_path / "accounts.db")
        for query in (
            "SELECT * FROM users WHERE user_name = 'ada'",
            "SELECT * FROM refresh_tokens WHERE token_hash = x'00'",
            "DELETE FROM refresh_tokens WHERE family = ''",
            "DELETE FROM refresh_tokens WHERE account = 1",
            "SELECT count(*) FROM users WHERE role = 'admin' AND disabled = 0",
            "SELECT account FROM users WHERE tokens_valid_from_ns > 0 AND tokens_valid_from_ns > 5",
            "SELECT * FROM audit WHERE id < 9 AND actor = 1 ORDER BY id DESC LIMIT 5",
            "SELECT * FROM audit WHERE id < 9 AND action = 'login' ORDER BY id DESC LIMIT 5",
        ):
            (step,) = other.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
            assert step[3].startswith("SEARCH"), step
        other.close()


class TestUsersInMemory:
    async def test_a_change_shows_at_once(self, sqlite: SqliteAccounts) -> None:
        await sqlite.add_user(user(1, "ada"))
        assert await sqlite.user_by_name("ada") == user(1, "ada")
        await sqlite.set_disabled(1, True, 9)
        assert await sqlite.user_by_name("ada") == replace(
            user(1, "ada"), disabled=True, tokens_valid_from_ns=9
        )

    async def test_a_change_shows_though_whoever_asked_for_it_has_gone(self, sqlite: SqliteAccounts) -> None:
        await sqlite.add_user(user(1, "ada"))
        change = asyncio.ensure_future(sqlite.set_role(1, "admin", 9))
        await asyncio.sleep(0)
        change.cancel()
        await asyncio.gather(change, return_exceptions=True)
        await sqlite.add_audit(1, 1, "after", "", "")  # written behind it
        await asyncio.sleep(0)
        found = await sqlite.user_by_account(1)
        assert found is not None
        assert found.role == "admin"

    async def test_only_so_many_are_kept(self, tmp_path: Path) -> None:
        store = SqliteAccounts(tmp_path / "accounts.db", users_cached=2)
        for account, name in enumerate(("ada", "bob", "cyd"), 1):
            await store.add_user(user(account, name))
        assert [store._known.named(name) is None for name in ("ada", "bob", "cyd")] == [True, False, False]
        assert await store.user_by_name("ada") == user(1, "ada")
        assert store._known.of_account(2) is None
        store.close()
