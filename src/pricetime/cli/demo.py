"""``pricetime demo``: a venue in a process of its own, a simulated market on it, and what to try.

::

    demo ── starts ──> pricetime serve          one folder, temporary or given
      └── simulated traders ── HTTP ──> ┘       until Ctrl-C, which ends both
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click
import msgspec

from pricetime.cli import options
from pricetime.cli.output import print_json, say
from pricetime.cli.signals import take_signals
from pricetime.errors import PricetimeError
from pricetime.settings import describe

if TYPE_CHECKING:
    from pricetime.sim.run import Simulation

_STOP_WAIT_S = 30.0
_LOOK_EVERY_S = 0.5

# The passwords of simulated users are worth little and are made at random; strong hashes of them would only
# delay the start. All traders come from one address, which an ordinary limit would take for an attack.
_DEMO_SETTINGS: dict[str, object] = {
    "bcrypt_cost": 4,
    "rate_account_per_s": 2_000,
    "rate_account_burst": 10_000,
    "rate_address_per_s": 5_000,
    "rate_address_burst": 20_000,
    "log_level": "warning",
}


class Running(msgspec.Struct):
    """What ``serve --json`` says when it is ready."""

    url: str
    data: str


class DemoFailed(PricetimeError):
    """The demo could not start."""


@click.command
@options.address
@click.option(
    "--rate", type=click.FloatRange(1, 1_000), default=40.0, show_default=True, help="Orders a second."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of everything that is drawn at random.")
@options.settings
@options.as_json
def command(
    host: str | None,
    port: int | None,
    rate: float,
    seed: int,
    data: str | None,
    chosen: tuple[str, ...],
    as_json: bool,
) -> None:
    """Run a venue with a moving market to try out.

    Ctrl-C stops both. Without --data it lives in a temporary folder and leaves nothing behind.
    """
    from pricetime.sim.run import Simulation

    with _folder(data) as folder, _stopped_by_signals():
        flags = options.flags_from(chosen, host=host, port=port, data=str(folder))
        server = _start(_with_demo_settings(flags))
        try:
            running = _ready(server)
            simulation = Simulation(running.url, _secret(folder), seed=seed, rate=rate)
            asyncio.run(
                _trade(simulation, server, lambda: _welcome(running, server.pid, simulation, as_json))
            )
        finally:
            _stop(server)


@contextlib.contextmanager
def _folder(data: str | None) -> Iterator[Path]:
    if data is not None:
        yield Path(data)
        return
    with tempfile.TemporaryDirectory(prefix="pricetime-demo-") as folder:
        yield Path(folder) / "data"


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and the terminal's closing end all the same way."""
    take_signals()
    try:
        yield
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):  # the terminal may have gone
            say("Stopped.")


def _with_demo_settings(flags: dict[str, object]) -> dict[str, object]:
    """Return the flags and what a demo needs besides, where nobody has set that otherwise."""
    defaults = {each.name for each in describe(flags) if each.source == "default"}
    return {name: value for name, value in _DEMO_SETTINGS.items() if name in defaults} | flags


def _start(flags: dict[str, object]) -> subprocess.Popen[str]:
    chosen = [part for name, value in flags.items() for part in ("--set", f"{name}={value}")]
    # A session of its own keeps the terminal's Ctrl-C from it: first the traders stop, then the venue.
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "pricetime.cli", "serve", "--json", "--until-eof", *chosen],
        stdin=subprocess.PIPE,  # which ends with this process, even where it is killed
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _ready(server: subprocess.Popen[str]) -> Running:
    """Wait for the venue to say that it is ready."""
    line = _output(server).readline()
    if not line:
        server.wait()
        raise DemoFailed("The venue did not start; it has said why above.")
    return msgspec.json.decode(line, type=Running)


def _output(server: subprocess.Popen[str]) -> IO[str]:
    assert server.stdout is not None
    return server.stdout


def _secret(folder: Path) -> str:
    """Return what the passwords are made from; kept in the venue's folder, for its owner alone."""
    path = folder / "demo-secret"
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(16))
    return path.read_text()


async def _trade(simulation: Simulation, server: subprocess.Popen[str], welcome: Callable[[], None]) -> None:
    """Run the market until Ctrl-C, or until the venue ends."""
    from pricetime.sim.run import simulate

    market = asyncio.create_task(simulate(simulation, welcome))
    while server.poll() is None:
        done, _ = await asyncio.wait([market], timeout=_LOOK_EVERY_S)
        if done:
            return await market
    market.cancel()
    raise DemoFailed("The venue has ended; it has said why above.")


def _welcome(running: Running, venue_pid: int, simulation: Simulation, as_json: bool) -> None:
    from pricetime.sim.run import GUEST

    password = simulation.password_of(GUEST)
    stock = simulation.market.instruments[0].name
    program = _program()
    commands = [
        f"{program} login --url {running.url} --user {GUEST} --password {password}",
        f"{program} order buy {stock} 10",
        f"{program} watch {stock}",
    ]
    if as_json:
        login = {"user_name": GUEST, "password": password}
        where = {"url": running.url, "data": running.data, "venue_pid": venue_pid}
        print_json({**where, "login": login, "commands": commands})
        return
    say(f"The market is open at {running.url} (its API: {running.url}/docs)")
    say(f"Demo login: {GUEST} / {password}, with money and some shares")
    say("Try, in another terminal:")
    for each in commands:
        say(f"  {each}")
    say("Ctrl-C stops it.")


def _program() -> str:
    """Return how this program is called from a shell in the folder where it was started."""
    found = shutil.which("pricetime")
    own = Path(sys.executable).with_name("pricetime")
    if found is not None and (not own.exists() or Path(found).resolve() == own.resolve()):
        return "pricetime"
    if not own.exists():
        return shlex.join([sys.executable, "-m", "pricetime.cli"])
    here = Path.cwd()
    return shlex.quote(str(own.relative_to(here) if own.is_relative_to(here) else own))


def _stop(server: subprocess.Popen[str]) -> None:
    server.terminate()
    try:
        server.wait(_STOP_WAIT_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    for pipe in (server.stdin, server.stdout):
        if pipe is not None:
            pipe.close()
