"""Every setting and every limit of pricetime: name, unit, default, range and meaning, in one place.

A value comes from the default, ``pricetime.toml``, ``.env``, the environment (``PRICETIME_<NAME>``) or
a flag; the later of these wins. A wrong value fails at start-up with a sentence. The settings
reference in ``docs/settings.md`` and ``pricetime config`` are made from this table.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, NamedTuple

from dotenv import dotenv_values

from pricetime.errors import SettingError

PREFIX: Final = "PRICETIME_"


def _option(
    default: object,
    unit: str,
    meaning: str,
    low: int | None = None,
    high: int | None = None,
    *,
    words: tuple[str, ...] = (),
) -> Any:
    metadata = {"unit": unit, "meaning": meaning, "low": low, "high": high, "words": words}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings of one process. Build them with ``load``, which checks them."""

    # Where the venue lives
    data: str = _option("data", "folder", "holds the journal, snapshots, views, users and keys")
    host: str = _option("127.0.0.1", "address", "to listen on")
    port: int = _option(8080, "port", "to listen on; 0 takes a free one", 0, 65_535)
    connection_limit: int = _option(20_000, "connections", "served at once; beyond it 503", 1, 1_000_000)
    log_level: str = _option(
        "info", "name", "from which on logs are written", words=("debug", "info", "warning", "error")
    )

    # The runtime
    core: str = _option(
        "auto",
        "name",
        "of what matches: the compiled core where it is installed, the core or nothing, the reference rules",
        words=("auto", "compiled", "rules"),
    )
    queue_limit: int = _option(50_000, "commands", "that may wait; beyond it 503", 1, 10_000_000)
    batch_limit: int = _option(2_000, "commands", "journaled together at most", 1, 100_000)
    snapshot_every: int = _option(500_000, "commands", "between two snapshots", 100, 100_000_000)
    view_batch_limit: int = _option(
        20_000, "events", "that the views take in one transaction", 100, 1_000_000
    )
    view_wait_ms: int = _option(5_000, "ms", "a read waits at most for the views to catch up", 10, 600_000)

    # The market
    open_setup: bool = _option(True, "on/off", "every signed-in user may create stocks and add shares")
    open_funding: bool = _option(True, "on/off", "every signed-in user may deposit and withdraw")
    default_tick: int = _option(100, "1/10000", "tick of a stock that names none", 1, 1_000_000_000)
    open_orders_limit: int = _option(10_000, "orders", "open in one account", 1, 100_000_000)
    client_ids_remembered: int = _option(1_024, "ids", "of an account's latest commands", 1, 1_000_000)
    orders_limit: int = _option(20_000_000, "orders", "open in the whole venue", 1, 2**31 - 1)
    accounts_limit: int = _option(10_000_000, "accounts", "of the venue", 1, 2**31 - 1)
    stocks_limit: int = _option(100_000, "stocks", "of the venue", 1, 2**31 - 1)

    # Users and sessions
    bcrypt_cost: int = _option(12, "log2 rounds", "of password hashes", 4, 16)
    bcrypt_workers: int = _option(2, "processes", "that hash passwords", 1, 64)
    bcrypt_queue_limit: int = _option(20_000, "log-ins", "waiting for a hash; beyond it 503", 1, 1_000_000)
    password_min_length: int = _option(8, "characters", "of a password at /v1", 1, 72)
    access_token_lifetime_s: int = _option(900, "s", "of an access token of /v1", 10, 86_400)
    refresh_token_lifetime_s: int = _option(2_592_000, "s", "of a refresh token", 60, 31_536_000)
    refresh_grace_s: int = _option(
        30, "s", "a used refresh token of the page brings the same tokens again, for its other tabs", 0, 600
    )
    daytrade_token_lifetime_s: int = _option(86_400, "s", "of a token of the daytrade API", 10, 2_592_000)
    lockout_failures: int = _option(
        5, "attempts", "of one user that may fail before the delay begins", 1, 1_000
    )
    lockout_address_failures: int = _option(
        100, "attempts", "of one address that may fail before the delay begins", 1, 1_000_000
    )
    lockout_base_s: int = _option(1, "s", "first delay; each further failure doubles it", 1, 3_600)
    lockout_max_s: int = _option(900, "s", "longest delay", 1, 86_400)
    lockout_keys_limit: int = _option(
        100_000, "keys", "users, and as many addresses, whose failures are remembered", 100, 10_000_000
    )
    users_cached: int = _option(50_000, "users", "kept in memory once looked up", 1, 10_000_000)
    tokens_cached: int = _option(50_000, "tokens", "remembered as verified", 1, 10_000_000)
    accounts_queue_limit: int = _option(
        50_000, "writes", "to the users' database that may wait; beyond it 503", 1, 10_000_000
    )

    # The API
    rate_limits: bool = _option(True, "on/off", "limit requests of accounts and addresses")
    rate_account_per_s: int = _option(200, "weight/s", "an account may send", 1, 1_000_000)
    rate_account_burst: int = _option(2_000, "weight", "an account may send at once", 1, 10_000_000)
    rate_address_per_s: int = _option(1_000, "weight/s", "an address may send", 1, 1_000_000)
    rate_address_burst: int = _option(5_000, "weight", "an address may send at once", 1, 10_000_000)
    rate_share_ms: int = _option(
        100, "ms", "between two times that services tell each other what they let through", 10, 10_000
    )
    rate_keys_limit: int = _option(100_000, "keys", "whose rates are remembered", 100, 10_000_000)
    body_limit: int = _option(1_048_576, "bytes", "of a request's body", 1_024, 1_073_741_824)
    body_timeout_s: int = _option(10, "s", "a body may take to arrive", 1, 600)
    request_timeout_s: int = _option(30, "s", "a request may take", 1, 600)
    page_default: int = _option(100, "rows", "of a page that names no limit", 1, 10_000)
    page_limit: int = _option(1_000, "rows", "of a page", 1, 100_000)
    order_batch_limit: int = _option(1_000, "orders", "in one request", 1, 100_000)
    daytrade_list_limit: int = _option(100_000, "rows", "of a whole list of the daytrade API", 1, 10_000_000)
    statement_limit: int = _option(1_000_000, "rows", "of a statement", 1, 100_000_000)
    history_limit: int = _option(
        100_000, "prices", "read for one history of a portfolio: its points times its stocks", 1, 10_000_000
    )
    depth_limit: int = _option(1_000, "levels", "of a side in a depth answer", 1, 100_000)
    cors_origins: str = _option("", "origins", "allowed by CORS, by commas; * for all; empty: none")
    page: str = _option("", "folder", "with the built page; empty: the one in the package")
    trusted_proxies: str = _option("", "addresses", "whose X-Forwarded-For is believed, by commas")

    # The feed
    feed_connections_limit: int = _option(1_000, "connections", "of feeds at once; beyond it 503", 0, 60_000)
    feed_account_limit: int = _option(10, "connections", "of feeds of one account", 1, 10_000)
    feed_message_limit: int = _option(1_048_576, "bytes", "of a message, either way", 4_096, 67_108_864)
    feed_frame_limit: int = _option(5_000, "commands", "in one message", 1, 100_000)
    feed_in_flight_limit: int = _option(
        20_000, "commands", "of a feed that are not acknowledged; then it is not read", 1, 1_000_000
    )
    feed_buffer_limit: int = _option(
        16_777_216, "bytes", "of events kept for a slow feed; the rest waits in the journal", 65_536, 2**30
    )
    feed_stall_s: int = _option(10, "s", "that a feed may leave its events unread", 1, 600)
    feed_resume_limit: int = _option(
        5_000_000, "events", "of the venue since the last one seen, up to which a feed resumes", 1, 2**40
    )

    # The streams
    stream_connections_limit: int = _option(
        20_000, "connections", "of streams at once; beyond it 503", 0, 1_000_000
    )
    stream_account_limit: int = _option(20, "connections", "of streams of one account", 1, 10_000)
    stream_subscriptions_limit: int = _option(100, "channels", "of one connection", 1, 10_000)
    stream_channels_limit: int = _option(10_000, "channels", "told of at once, to all", 1, 60_000)
    stream_message_limit: int = _option(8_192, "characters", "of a client's message", 256, 1_048_576)
    stream_updates_per_s: int = _option(10, "updates/s", "of a channel at most", 1, 100)
    stream_heartbeat_s: int = _option(5, "s", "between two heartbeats", 1, 60)
    stream_rows_limit: int = _option(
        1_000,
        "rows",
        "of an update, and open orders of a snapshot; a larger update is a snapshot",
        100,
        10_000,
    )
    stream_buffer_limit: int = _option(
        65_536, "bytes", "unread by a client, from which on it is told no prices until it reads", 4_096, 2**30
    )
    stream_private_buffer_limit: int = _option(
        1_048_576, "bytes", "unread by a client, from which on its account's channel ends it", 4_096, 2**30
    )
    stream_updates_kept: int = _option(100, "updates", "of a channel, for clients that come back", 0, 100_000)
    stream_bytes_kept: int = _option(
        262_144, "bytes", "of a channel's updates, for clients that come back", 0, 2**30
    )
    stream_keep_s: int = _option(15, "s", "a channel is kept that nobody has any more", 0, 3_600)
    stream_resume_limit: int = _option(
        200_000, "events", "of the venue, up to which an account's channel resumes", 0, 2**40
    )

    # Many services: what they share, and who hosts what
    mongo_url: str = _option("", "URL", "of MongoDB; the services of `pricetime run` need it")
    mongo_database: str = _option("pricetime", "name", "of the database there")
    mongo_timeout_ms: int = _option(
        5_000, "ms", "an operation of MongoDB may take, retries included", 100, 600_000
    )
    mongo_connections: int = _option(
        50, "connections", "of a process to MongoDB, and as many of its threads", 1, 10_000
    )
    registrations_waiting_limit: int = _option(
        10_000, "registrations", "that wait while MongoDB is away; beyond it 503", 1, 1_000_000
    )
    history_read_preference: str = _option(
        "primary",
        "name",
        "of the members that old orders and statements are read from; secondaries may be behind",
        words=("primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest"),
    )
    redis_url: str = _option("", "URL", "of Redis; the services of `pricetime run` need it")
    rabbit_url: str = _option("", "URL", "of RabbitMQ; the services of `pricetime run` need it")
    certs: str = _option("", "folder", "with ca.pem and each service's certificate and key; empty: no TLS")
    peers: str = _option(
        "nginx,operator", "names", "of certificates that may speak to a service, by commas; with certs"
    )
    instance: str = _option("", "name", "of this process among its like; empty: one is made up")
    ledgers: int = _option(4, "partitions", "of accounts; fixed once the venue has begun", 1, 1_024)
    books: int = _option(16, "partitions", "of stocks; fixed once the venue has begun", 1, 4_096)
    partition_batch_limit: int = _option(1_000, "messages", "journaled together at most", 1, 100_000)
    partition_batch_bytes: int = _option(
        4_194_304, "bytes", "of messages journaled together; MongoDB takes 16 MB", 65_536, 8_388_608
    )
    partition_snapshot_every: int = _option(
        2_000, "batches", "of a partition between two snapshots", 1, 10_000_000
    )
    services_remembered: int = _option(
        10_000, "services", "whose messages a partition knows again", 10, 1_000_000
    )
    requests_remembered: int = _option(
        10_000, "commands", "whose request ids a partition names in its log and passes on", 10, 1_000_000
    )
    rabbit_queue_limit: int = _option(
        1_000_000, "messages", "in the queue of a partition; more are refused", 100, 1_000_000_000
    )
    rabbit_queue_bytes: int = _option(
        2**30, "bytes", "in the queue of a partition; more are refused", 1_048_576, 2**40
    )
    rabbit_listener_limit: int = _option(
        10_000, "messages", "kept for one who listens; then it must catch up otherwise", 100, 10_000_000
    )
    rabbit_listener_bytes: int = _option(268_435_456, "bytes", "kept for one who listens", 1_048_576, 2**40)
    rabbit_heartbeat_s: int = _option(
        3, "s", "after about two of which RabbitMQ holds a silent connection dead", 1, 600
    )
    rabbit_timeout_s: int = _option(10, "s", "that RabbitMQ may take to answer", 1, 600)
    redis_timeout_ms: int = _option(1_000, "ms", "that Redis may take to answer", 10, 60_000)
    redis_connections: int = _option(64, "connections", "of a process to Redis at once", 1, 10_000)
    copy_ms: int = _option(
        250, "ms", "that a row read from MongoDB may be given again by Redis, if nothing changes", 10, 60_000
    )
    reconnect_pause_ms: int = _option(
        100, "ms", "before what has failed is tried again; each time twice as long", 1, 60_000
    )
    reconnect_pause_max_ms: int = _option(3_000, "ms", "the longest of these pauses", 1, 600_000)
    heard_bytes: int = _option(
        33_554_432, "bytes", "of events that a service remembers for streams and feeds", 65_536, 2**36
    )
    heartbeat_ms: int = _option(500, "ms", "between two signs of life of a host", 50, 60_000)
    heartbeat_lifetime_ms: int = _option(
        2_500, "ms", "without a sign of life after which a host is held dead", 200, 600_000
    )
    hand_over_ms: int = _option(
        10_000, "ms", "a host serves on what goes to another, until that one stands by", 0, 600_000
    )

    # Certificates of the services
    certificate_days: int = _option(90, "days", "that a certificate of a service is good for", 1, 3_650)
    certificate_renew_days: int = _option(
        30, "days", "before its end from which on `pricetime certs --renew` replaces a certificate", 0, 3_650
    )
    authority_days: int = _option(3_650, "days", "that the certificate of the CA is good for", 1, 36_500)
    certificate_check_s: int = _option(5, "s", "between two looks for renewed certificates", 1, 3_600)

    # nginx, the door to many services
    door_certificate: str = _option(
        "", "file", "with the certificate that nginx shows to clients; empty: its own of the development CA"
    )
    door_key: str = _option("", "file", "with the key of it")
    door_connections: int = _option(40_000, "connections", "of nginx, both sides counted", 64, 1_000_000)
    door_address_connections: int = _option(
        1_000, "requests", "of one address at once, streams counted; with rate_limits", 1, 1_000_000
    )
    door_token_connections: int = _option(
        200, "requests", "with one token at once, streams counted; with rate_limits", 1, 1_000_000
    )
    door_body_limit: int = _option(
        4_194_304, "bytes", "of a body that nginx lets pass; body_limit is what services take", 1_024, 2**30
    )
    door_header_limit: int = _option(32_768, "bytes", "of a line of a request's head", 1_024, 65_536)
    door_head_timeout_s: int = _option(10, "s", "a request's head may take to arrive", 1, 600)
    door_idle_s: int = _option(75, "s", "a connection is kept that asks nothing", 1, 3_600)
    door_stream_idle_s: int = _option(90, "s", "a stream or feed may be silent", 10, 86_400)
    door_connect_timeout_s: int = _option(2, "s", "a service may take to accept a connection", 1, 75)
    door_max_fails: int = _option(
        3, "failures", "in a row of an instance, from which on it is left out", 1, 1_000
    )
    door_fail_timeout_s: int = _option(2, "s", "an instance that failed is left out", 1, 600)
    door_hsts_s: int = _option(
        0, "s", "browsers are to use nothing but TLS with this host; 0: they are not told", 0, 2**31 - 1
    )

    # `pricetime up`
    start_timeout_s: int = _option(120, "s", "servers, then services, may take to be ready", 5, 3_600)
    stop_timeout_s: int = _option(25, "s", "a process may take to stop before it is killed", 1, 600)
    watch_every_s: int = _option(3, "s", "between two questions to a service whether it is healthy", 1, 600)
    watch_timeout_s: int = _option(5, "s", "a service may take to answer that", 1, 600)
    watch_failures: int = _option(
        4, "failures", "in a row to answer, from which on a service is started anew", 1, 1_000
    )
    autoscale: str = _option(
        "", "bounds", "of hosts that come and go with the load, as engine=1..4,ledger=1..2; empty: none do"
    )
    autoscale_every_s: int = _option(5, "s", "between two looks at how busy hosts are", 1, 3_600)
    autoscale_waiting_high: int = _option(
        500, "messages", "waiting for each host, above which one more is wanted", 1, 1_000_000_000
    )
    autoscale_waiting_low: int = _option(
        50, "messages", "waiting for each host, up to which one less may do", 0, 1_000_000_000
    )
    autoscale_cpu_high: int = _option(
        75, "%", "of a processor in use by each host, above which one more is wanted", 1, 10_000
    )
    autoscale_cpu_low: int = _option(
        25, "%", "of a processor in use by each host, up to which one less may do", 0, 10_000
    )
    autoscale_looks: int = _option(
        3, "looks", "in a row that find the same, before a host is started or stopped", 1, 1_000
    )
    autoscale_cool_down_s: int = _option(
        60, "s", "after a host was started or stopped, before the next one is", 0, 86_400
    )
    log_bytes: int = _option(20_000_000, "bytes", "of a log, before it is rotated", 10_000, 2**40)
    log_files: int = _option(3, "files", "of rotated logs kept of each process", 0, 1_000)


class SettingValue(NamedTuple):
    """One row of ``pricetime config``."""

    name: str
    value: object
    unit: str
    default: object
    range: str
    meaning: str
    source: str


def load(
    flags: Mapping[str, object] | None = None,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings from all sources; SettingError names a wrong or unknown one."""
    values, _ = _collect(flags or {}, folder or Path.cwd(), environment)
    return Settings(**values)


def describe(
    flags: Mapping[str, object] | None = None,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> list[SettingValue]:
    """Return every setting with its value and where the value comes from."""
    values, sources = _collect(flags or {}, folder or Path.cwd(), environment)
    return [
        SettingValue(
            name=option.name,
            value=values.get(option.name, option.default),
            unit=option.metadata["unit"],
            default=option.default,
            range=_range_of(option.metadata),
            meaning=option.metadata["meaning"],
            source=sources.get(option.name, "default"),
        )
        for option in fields(Settings)
    ]


def _range_of(metadata: Mapping[str, Any]) -> str:
    if metadata["words"]:
        return ", ".join(metadata["words"])
    return "" if metadata["low"] is None else f"{metadata['low']}–{metadata['high']}"


def _collect(
    flags: Mapping[str, object], folder: Path, environment: Mapping[str, str] | None
) -> tuple[dict[str, Any], dict[str, str]]:
    known = {option.name: option for option in fields(Settings)}
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, found in _sources(flags, folder, environment):
        for name, raw in found.items():
            if name not in known:
                raise SettingError(
                    f"{source}: there is no setting {name!r}; `pricetime config` lists them all"
                )
            values[name] = _checked(name, raw, known[name].default, known[name].metadata, source)
            sources[name] = source
    return values, sources


def _sources(
    flags: Mapping[str, object], folder: Path, environment: Mapping[str, str] | None
) -> list[tuple[str, Mapping[str, object]]]:
    environ = os.environ if environment is None else environment
    return [
        ("pricetime.toml", _toml(folder / "pricetime.toml")),
        (".env", _prefixed(_dotenv(folder / ".env"), strict=True)),
        ("environment", _prefixed(environ, strict=False)),
        ("flag", {name: value for name, value in flags.items() if value is not None}),
    ]


def _toml(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingError(f"{path.name} cannot be read: {error}") from error


def _dotenv(path: Path) -> Mapping[str, str | None]:
    try:
        return dotenv_values(path)
    except (UnicodeDecodeError, OSError) as error:
        raise SettingError(f"{path.name} cannot be read: {error}") from error


def _prefixed(environ: Mapping[str, str | None], *, strict: bool) -> dict[str, object]:
    """Return the settings among environment variables.

    The environment also carries variables that are not settings, such as those that the tests or the
    client read; only ``.env`` (``strict``) must hold nothing else under the prefix.
    """
    names = {option.name for option in fields(Settings)}
    found = {
        key.removeprefix(PREFIX).lower(): value
        for key, value in environ.items()
        if key.startswith(PREFIX) and value is not None
    }
    return {name: value for name, value in found.items() if strict or name in names}


_TRUE: Final = {"1", "on", "true", "yes"}
_FALSE: Final = {"0", "off", "false", "no"}


def _checked(name: str, raw: object, default: object, metadata: Mapping[str, Any], source: str) -> object:
    try:
        value = _parsed(raw, type(default))
    except ValueError as error:
        raise SettingError(f"{source}: {name} cannot be {raw!r}: {error}") from None
    low, high = metadata["low"], metadata["high"]
    if isinstance(value, int) and low is not None and not low <= value <= high:
        raise SettingError(f"{source}: {name} is {value}; it must lie in {low}–{high} {metadata['unit']}")
    if metadata["words"] and value not in metadata["words"]:
        raise SettingError(f"{source}: {name} cannot be {raw!r}; it is one of {_range_of(metadata)}")
    return value


def _parsed(raw: object, kind: type) -> object:
    if kind is bool:
        word = str(raw).lower()
        if word not in _TRUE | _FALSE:
            raise ValueError("it is on or off")
        return word in _TRUE
    if kind is int:
        if isinstance(raw, bool | float):
            raise ValueError("it is a whole number")
        try:
            return int(str(raw).replace("_", ""))
        except ValueError:
            raise ValueError("it is a whole number") from None
    if not isinstance(raw, str):
        raise ValueError("it is a text")
    return raw
