"""The tables of ``sqlite_accounts``, and how their file is opened.

Invariants: a file of another format is refused; the file is readable for its owner only, because it holds
password hashes; what is committed is on the disk (``synchronous = FULL``).
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

from pricetime.errors import AccountsFailed

FORMAT: Final = 1
"""Version of the tables below."""

_BUSY_TIMEOUT_S: Final = 10

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS users (
    account INTEGER PRIMARY KEY,
    user_name TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash BLOB NOT NULL,
    role TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    disabled INTEGER NOT NULL,
    tokens_valid_from_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS users_by_valid_from ON users (tokens_valid_from_ns)
    WHERE tokens_valid_from_ns > 0;
CREATE INDEX IF NOT EXISTS users_by_name ON users (user_name COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS admins ON users (disabled) WHERE role = 'admin';
CREATE TABLE IF NOT EXISTS pending_users (
    user_name TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    password_hash BLOB NOT NULL,
    role TEXT NOT NULL,
    created_ns INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS revoked_tokens (token_id TEXT PRIMARY KEY, expires_ns INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS revoked_tokens_by_expiry ON revoked_tokens (expires_ns);
CREATE TABLE IF NOT EXISTS refresh_tokens (
    token_hash BLOB PRIMARY KEY,
    family TEXT NOT NULL,
    account INTEGER NOT NULL,
    expires_ns INTEGER NOT NULL,
    used INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS refresh_tokens_by_family ON refresh_tokens (family);
CREATE INDEX IF NOT EXISTS refresh_tokens_by_account ON refresh_tokens (account);
CREATE INDEX IF NOT EXISTS refresh_tokens_by_expiry ON refresh_tokens (expires_ns);
CREATE TABLE IF NOT EXISTS stock_names (
    stock INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_ns INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS audit (
    id INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    actor INTEGER NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS audit_by_actor ON audit (actor);
CREATE INDEX IF NOT EXISTS audit_by_action ON audit (action);
"""


def open_database(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """Return a connection that writes and one that reads, to a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    writing = _connect(path)
    try:
        _prepare(writing, path)
        reading = _connect(path)
        reading.execute("PRAGMA query_only = ON")
    except BaseException:
        writing.close()
        raise
    return writing, reading


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")
    connection.execute("INSERT OR IGNORE INTO meta VALUES ('format', ?)", (FORMAT,))
    (found,) = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    if found != FORMAT:
        raise AccountsFailed(f"{path} has format {found}; this pricetime reads {FORMAT}. Update pricetime.")
