"""A program: what is done to a venue, step by step, so that it can be run again, shrunk, saved and told.

Commands wait for the next ``END_BATCH`` (or any other step that is not ``SEND``) and are then applied
together. Any part of a program is a program too: orders are named by numbers that the program gives
them, not by the place of their command, so the shrinker may leave out what it likes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from pricetime.errors import RecordError
from pricetime.records import Command, CommandKind, command_from_json, command_to_json


class Do(StrEnum):
    """What a step does."""

    SEND = "send"
    END_BATCH = "end batch"
    VALIDATE = "validate"
    RESTORE = "restore"
    """Each implementation goes on from its own snapshot."""
    SWAP = "swap"
    """Each implementation goes on from the other's snapshot."""
    TEAR = "tear"
    """Apply a command of which the last byte is missing."""
    MISVERSION = "misversion"
    """Apply a command of an unknown version."""
    MISPLACE = "misplace"
    """Apply a command whose sequence is not the next one."""


class Step(NamedTuple):
    """One step. ``times`` sends the command so often, ``apart`` each time for the next account."""

    do: Do
    command: Command = Command()
    times: int = 1
    apart: bool = False

    def changed(self, field: str, value: int | bytes) -> Step:
        """Return the step with another value in one field of its command."""
        values: dict[str, Any] = {field: value}
        return self._replace(command=self.command._replace(**values))

    def commands(self) -> Iterator[Command]:
        """Yield the commands; each order has the number after the one before."""
        for more in range(self.times):
            command = self.command
            if more and self.apart:
                command = command._replace(account=command.account + more)
            if more and command.order:
                command = command._replace(order=command.order + more)
            yield command


Program = Sequence[Step]

END_BATCH = Step(Do.END_BATCH)


def stamp(command: Command, sequence: int, time_ns: int = 0) -> Command:
    """Return a command as the sequencer stamps it after ``sequence``; an order keeps a number it has."""
    number = sequence + 1
    stamped = command._replace(sequence=number, time_ns=time_ns or number)
    if command.kind == CommandKind.PLACE_ORDER and not command.order:
        return stamped._replace(order=number)
    if command.kind == CommandKind.OPEN_ACCOUNT and not command.account:
        return stamped._replace(account=number)
    return stamped


def program_to_json(program: Iterable[Step]) -> list[dict[str, Any]]:
    """Return a program as JSON objects."""
    return [_step_to_json(step) for step in program]


def _step_to_json(step: Step) -> dict[str, Any]:
    shown: dict[str, Any] = {"do": step.do.value}
    if step.command != Command():
        shown["command"] = command_to_json(step.command)
    if step.times != 1:
        shown |= {"times": step.times, "apart": step.apart}
    return shown


def program_from_json(data: Any) -> list[Step]:
    """Return the program that ``program_to_json`` wrote; RecordError where it is none."""
    try:
        return [
            Step(
                Do(step["do"]),
                command_from_json(step["command"]) if "command" in step else Command(),
                int(step.get("times", 1)),
                bool(step.get("apart", False)),
            )
            for step in data
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RecordError("this is no program of the oracle") from error
