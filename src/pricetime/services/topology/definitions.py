"""What RabbitMQ is to hold from its start: users with their rights, queues, exchanges (``load_definitions``).

With certificates, a user is the name of a service's certificate and has no password: nobody gets in by one.
Each may do what it has to and nothing else: services of the API put commands into queues and hear notices;
hosts read the queues of their kind; only the views tell notices. What queues are bound by stands in their
arguments, so there are no policies.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from pricetime.adapters.rabbit_queues import (
    JOURNAL,
    LISTENERS,
    NOTICES,
    RabbitLimits,
    partition_arguments,
    queue_of,
)
from pricetime.errors import SettingError
from pricetime.rules.partitions import Topology
from pricetime.settings import Settings

_API: Final = ("auth", "orders", "portfolio", "market", "stream")
_DIRECTLY: Final = r"amq\.default"  # the exchange that leads to each queue by its name
_LEDGERS: Final = r"pricetime\.ledger\.\d+"
_BOOKS: Final = r"pricetime\.book\.\d+"
_LISTENERS: Final = LISTENERS.replace(".", r"\.") + ".+"
_NOTICES: Final = NOTICES.replace(".", r"\.")
_JOURNAL: Final = JOURNAL.replace(".", r"\.")


class Rights(NamedTuple):
    """What a user may make, write to and read from: patterns of names, any of them."""

    configure: tuple[str, ...]
    write: tuple[str, ...]
    read: tuple[str, ...]


_ALL: Final = (_LEDGERS, _BOOKS, _JOURNAL, _NOTICES, _LISTENERS)
_OF_API: Final = Rights((_NOTICES, _LISTENERS), (_DIRECTLY, _LISTENERS), (_NOTICES, _LISTENERS))
RIGHTS: Final[dict[str, Rights]] = {
    **dict.fromkeys(_API, _OF_API),
    "ledger": Rights(_ALL, (_DIRECTLY, _JOURNAL), (_LEDGERS,)),
    "engine": Rights(_ALL, (_DIRECTLY, _JOURNAL), (_BOOKS,)),
    "views": Rights(_ALL, (_NOTICES, _LISTENERS), (_JOURNAL, _NOTICES, _LISTENERS)),
    "operator": Rights((), (), ()),
}
"""Of each service. An operator may look how long queues are, which needs no right."""


def rabbit_definitions(settings: Settings, *, is_named: bool = True) -> dict[str, Any]:
    """Return the definitions in RabbitMQ's own format; SettingError.

    ``is_named``: users are the names of certificates; otherwise the one user is that of ``rabbit_url``, with
    its password's hash.
    """
    vhost = unquote(urlsplit(settings.rabbit_url).path.removeprefix("/")) or "/"
    topology, limits = Topology(settings.ledgers, settings.books), RabbitLimits.of(settings)
    users, permissions = _named() if is_named else _single(settings.rabbit_url)
    return {
        "vhosts": [{"name": vhost}],
        "users": users,
        "permissions": [{"vhost": vhost, **each} for each in permissions],
        "exchanges": [
            {"name": name, "vhost": vhost, "type": kind, "durable": True, "auto_delete": False}
            | {"internal": False, "arguments": {}}
            for name, kind in ((JOURNAL, "direct"), (NOTICES, "fanout"))
        ],
        "queues": [
            {"name": queue_of(address), "vhost": vhost, "durable": True, "auto_delete": False}
            | {"arguments": partition_arguments(limits)}
            for address in topology.addresses()
        ],
        "bindings": [],
        "policies": [],
    }


def _named() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a user without a password for each certificate."""
    users = [{"name": name, "password_hash": "", "tags": []} for name in RIGHTS]
    permissions = [
        {"user": name, **{what: _any_of(patterns) for what, patterns in rights._asdict().items()}}
        for name, rights in RIGHTS.items()
    ]
    return users, permissions


def _single(url: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the user of a URL, who may do everything."""
    parts = urlsplit(url)
    if not parts.username or not parts.password:
        raise SettingError(
            "rabbit_url names no user and password, and there are no certificates to know services by; "
            "set certs, or amqp://USER:PASSWORD@HOST:PORT"
        )
    user = unquote(parts.username)
    users = [
        {
            "name": user,
            "password_hash": _hashed(unquote(parts.password)),
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": [],
        }
    ]
    return users, [{"user": user, "configure": ".*", "write": ".*", "read": ".*"}]


def _any_of(patterns: tuple[str, ...]) -> str:
    """Return the pattern of RabbitMQ; an empty one would allow nameless things, so nothing is ``^$``."""
    return f"^({'|'.join(patterns)})$" if patterns else "^$"


def _hashed(password: str) -> str:
    """Return a password's hash as RabbitMQ keeps it: four bytes of salt, SHA-256 of salt and password."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
