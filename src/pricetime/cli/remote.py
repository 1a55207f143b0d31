"""How verbs reach a venue: its URL, and the session that ``pricetime login`` keeps.

The session lies in ``~/.config/pricetime/session.json`` (or under ``XDG_CONFIG_HOME``), readable by its
owner alone. It is sent to the venue that gave it and to no other.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from pricetime.client import Client
from pricetime.client.transport import DEFAULT_URL
from pricetime.errors import PricetimeError
from pricetime.schema import Session, Stock


class KeptSession(msgspec.Struct, frozen=True):
    """What ``login`` keeps. The user is empty after ``logout``, which leaves the URL."""

    url: str
    user_name: str
    session: Session | None


class NotLoggedIn(PricetimeError):
    """Nobody is logged in. Run `pricetime login` first."""


class NoSuchStock(PricetimeError):
    """There is no such stock. `pricetime stocks` lists them."""


def session_path() -> Path:
    """Return where the session is kept."""
    configured = os.environ.get("XDG_CONFIG_HOME")
    folder = Path(configured) if configured else Path.home() / ".config"
    return folder / "pricetime" / "session.json"


def kept_session() -> KeptSession | None:
    """Return the kept session; None where there is none that can be read."""
    try:
        return msgspec.json.decode(session_path().read_bytes(), type=KeptSession)
    except (OSError, msgspec.DecodeError):
        return None


def keep_session(kept: KeptSession) -> None:
    """Replace the kept session in one step, so that no reader ever sees half of it."""
    path = session_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".session-{os.getpid()}.json")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(kept))
    temporary.replace(path)


def url_of(url: str | None) -> str:
    """Return the venue's URL: as asked for, else of the kept session, else the default."""
    kept = kept_session()
    return (url or (kept.url if kept else DEFAULT_URL)).rstrip("/")


def visitor(url: str | None) -> Client:
    """Return a client without a session, for what everybody may see."""
    return Client(url_of(url))


@contextmanager
def trader(url: str | None) -> Iterator[Client]:
    """Open a client with the kept session, kept again whenever it is renewed; NotLoggedIn.

    Verbs that use the session wait for each other: a refresh token works once, and two that spend the
    same one would end the session.
    """
    with _alone():
        client = _trader(url)
        with client:
            yield client


@contextmanager
def _alone() -> Iterator[None]:
    path = session_path().with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _trader(url: str | None) -> Client:
    chosen, kept = url_of(url), kept_session()
    if kept is None or kept.session is None:
        raise NotLoggedIn
    if kept.url != chosen:
        raise NotLoggedIn(f"The session belongs to {kept.url}. Run `pricetime login --url {chosen}` first.")
    user_name = kept.user_name

    def keep(session: Session | None) -> None:
        keep_session(KeptSession(chosen, user_name if session else "", session))

    return Client(chosen, session=kept.session, on_session=keep)


def find_stock(client: Client, text: str) -> Stock:
    """Return the stock that a person means: an id, a name, or how one name alone begins; NoSuchStock."""
    stocks = list(client.every_stock())
    wanted = text.casefold()
    for found in (
        [stock for stock in stocks if stock.stock == text or stock.name == text],
        [stock for stock in stocks if stock.name.casefold() == wanted],
        [stock for stock in stocks if stock.name.casefold().startswith(wanted)],
    ):
        if len(found) == 1:
            return found[0]
    names = ", ".join(stock.name for stock in stocks[:12]) or "no stock is listed yet"
    raise NoSuchStock(f"There is no stock {text!r}; there are: {names}.")


def stock_names(client: Client) -> dict[str, str]:
    """Return the names of all stocks by id."""
    return {stock.stock: stock.name for stock in client.every_stock()}
