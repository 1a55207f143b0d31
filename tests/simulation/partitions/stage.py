"""The stage: actors that take steps in an order drawn from the seed, and end at one of them.

An actor is a coroutine that awaits ``stage.step(label)`` before whatever others can see. There the stage
may let anybody else go first, for as long as it likes, or end the actor for good, as a kill would.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

STEPS_LIMIT = 60_000


class Step(Awaitable[None]):
    """Where an actor stands: what it is about to do, and until when it cannot."""

    def __init__(self, label: str, ready: Callable[[], bool] | None) -> None:
        self.label = label
        self.ready = ready

    def __await__(self) -> Generator[Step, None, None]:
        yield self


class Actor:
    """A coroutine on the stage. ``paused_until`` is a step of the stage before which it does not move."""

    def __init__(self, name: str, script: Coroutine[Step, None, None]) -> None:
        self.name = name
        self.script = script
        self.at: Step | None = None
        self.paused_until = 0
        self.error: Exception | None = None

    def move(self) -> bool:
        """Go on to the next step; return whether there is one."""
        try:
            self.at = self.script.send(None)
        except StopIteration:
            return False
        except Exception as error:  # noqa: BLE001 - a host ends with whatever a port raises
            self.error = error
            return False
        return True


class Endless(Exception):
    """A run takes more steps than any run should, or nobody can move."""


class Stage:
    """Runs actors one step at a time. ``tell`` gets each step as a line."""

    def __init__(self, dice: random.Random, tell: Callable[[str], None] | None = None) -> None:
        self.steps = 0
        self.dice = dice
        self.actors: list[Actor] = []
        self.on_end: Callable[[Actor], None] = lambda _: None
        self._tell = tell
        self._hash = hashlib.blake2b(digest_size=16)

    def step(self, label: str, ready: Callable[[], bool] | None = None) -> Step:
        """Return what an actor awaits before it does what the label says."""
        return Step(label, ready)

    def enter(self, name: str, script: Coroutine[Any, Any, None]) -> Actor:
        """Let an actor begin."""
        actor = Actor(name, script)
        self.note(f"{name} begins")
        if actor.move():
            self.actors.append(actor)
        else:
            self.on_end(actor)
        return actor

    def kill(self, actor: Actor) -> None:
        """End an actor before what it is about to do."""
        self.note(f"{actor.name} is killed before: {actor.at and actor.at.label}")
        self.actors.remove(actor)
        actor.script.close()
        self.on_end(actor)

    def move_one(self) -> None:
        """Let somebody take a step; where all are paused, time passes."""
        self.steps += 1
        if self.steps > STEPS_LIMIT:
            raise Endless(f"{STEPS_LIMIT} steps were taken and there is no end")
        able = [
            actor
            for actor in self.actors
            if actor.paused_until <= self.steps
            and (actor.at is None or actor.at.ready is None or actor.at.ready())
        ]
        if not able:
            return
        actor = able[int(self.dice.random() * len(able))]
        self.note(f"{actor.name} {actor.at and actor.at.label}")
        if not actor.move():
            self.actors.remove(actor)
            self.note(f"{actor.name} ends: {actor.error!r}")
            self.on_end(actor)

    def note(self, line: str) -> None:
        """Add to the trace."""
        self._hash.update(line.encode())
        if self._tell is not None:
            self._tell(f"{self.steps:>6} {line}")

    def trace(self) -> str:
        """Return the hash of everything so far: two runs of one seed have the same."""
        return self._hash.hexdigest()
