"""A difference as a file: who differed, from which seed, and the program that shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pricetime.errors import RecordError
from pricetime.oracle.program import Step, program_from_json, program_to_json
from pricetime.oracle.prove import Found


class Recorded(NamedTuple):
    """A program that showed a difference between the reference and ``second``."""

    second: str
    seed: int
    scenario: str
    program: list[Step]


def found_to_json(second: str, found: Found) -> dict[str, Any]:
    """Return a found difference as a JSON object."""
    return {
        "second": second,
        "seed": found.seed,
        "scenario": found.scenario,
        "difference": {"what": found.difference.what, "sides": list(found.difference.sides)},
        "program": program_to_json(found.program),
    }


def save(path: Path, second: str, found: Found) -> None:
    """Write a found difference to a file; OSError where it cannot be written."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found_to_json(second, found))) + b"\n")


def load(path: Path) -> Recorded:
    """Read a file that ``save`` wrote; RecordError where it is none."""
    try:
        data = msgspec.json.decode(path.read_bytes())
        return Recorded(
            str(data["second"]), int(data["seed"]), str(data["scenario"]), program_from_json(data["program"])
        )
    except (OSError, msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise RecordError(f"{path} is no difference that `pricetime prove` saved: {error}") from error
