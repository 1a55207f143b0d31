"""``pricetime prove``: random programs through two implementations of the venue, which must not differ."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from pricetime.cli import options
from pricetime.cli.output import console, print_json, say, table
from pricetime.cli.progress import Told, progress_bar
from pricetime.errors import ProofFailed
from pricetime.oracle.contestants import RESTLESS, contestants
from pricetime.oracle.faults import FAULTS
from pricetime.oracle.prove import Contestants, Found, prove, rerun, shrunk
from pricetime.oracle.record import found_to_json, load, save
from pricetime.oracle.scenarios import SCENARIOS
from pricetime.oracle.story import lines_of, tell_story
from pricetime.oracle.trial import Totals

_SHRINK_S: Final = 30
"""After this a program is as small as it has become."""


@click.command
@click.option("--minutes", type=click.FloatRange(0), default=1.0, show_default=True, help="How long.")
@click.option("--seed", type=click.IntRange(0), help="Of the first program; the next takes the next seed.")
@click.option("--programs", type=click.IntRange(1), help="Stop after so many programs.")
@click.option("--scenario", type=click.Choice(list(SCENARIOS)), help="Programs of this kind alone.")
@click.option(
    "--plant",
    type=click.Choice(["all", *FAULTS]),
    help="Prove the oracle itself: it must find this fault in a copy of the reference.",
)
@click.option("--rerun", "again", type=click.Path(path_type=Path), help="Run a saved difference again.")
@click.option("--save", "path", type=click.Path(path_type=Path), help="Where to save a difference.")
@click.option("--seeds", "tell_seeds", is_flag=True, help="Print each seed first, to see which one crashes.")
@options.as_json
def command(
    minutes: float,
    seed: int | None,
    programs: int | None,
    scenario: str | None,
    plant: str | None,
    again: Path | None,
    path: Path | None,
    tell_seeds: bool,
    as_json: bool,
) -> None:
    """Prove that core and rules are the same, and fair.

    Random programs of commands run through two implementations of the venue, which must give the same
    events and the same state after every batch; nothing may be minted or lost, and no order may be filled
    while another with priority waits. What differs is shrunk to the smallest program and told.
    """
    seed = secrets.randbelow(10**9) if seed is None else seed

    def search(pair: Contestants, told: Told) -> tuple[Totals, Found | None, float]:
        return _search(pair, seed, minutes, programs, scenario, tell_seeds, told)

    if again is not None:
        _rerun(again, as_json)
    elif plant is not None:
        _plant(list(FAULTS) if plant == "all" else [plant], search, as_json)
    else:
        _prove(search, seed, path, as_json)


Search = Callable[["Contestants", Told], "tuple[Totals, Found | None, float]"]
"""Looks for a difference; returns what was compared, the difference, and the seconds it took."""


def _search(
    pair: Contestants,
    seed: int,
    minutes: float,
    programs: int | None,
    scenario: str | None,
    tell_seeds: bool,
    told: Told,
) -> tuple[Totals, Found | None, float]:
    started = time.monotonic()

    def go_on(totals: Totals) -> bool:
        elapsed = time.monotonic() - started
        told(int(elapsed), int(minutes * 60))
        going_on = elapsed < minutes * 60 and (programs is None or totals.programs < programs)
        if going_on and tell_seeds:
            click.echo(f"seed {seed + totals.programs}", err=True)
        return going_on

    totals, found = prove(pair, seed, scenario=scenario, go_on=go_on)
    return totals, found, time.monotonic() - started


def _shrunk(pair: Contestants, found: Found) -> Found:
    deadline = time.monotonic() + _SHRINK_S
    return shrunk(pair, found, go_on=lambda: time.monotonic() < deadline)


def _prove(search: Search, seed: int, path: Path | None, as_json: bool) -> None:
    pair = contestants()
    second = pair[1].name
    if second == RESTLESS and not as_json:
        say("The compiled core is not installed: the rules are proved against themselves, restless")
        say("(every command a batch of its own, restored from a snapshot after every batch).")
    with progress_bar("Proving, seconds") as told:
        totals, found, seconds = search(pair, told)
    if found is not None:
        found = _shrunk(pair, found)
        path = path or Path(f"difference-{found.seed}.json")
        save(path, second, found)
    if as_json:
        print_json(
            {"first": pair[0].name, "second": second, "seed": seed, "seconds": round(seconds, 3)}
            | vars(totals)
            | {"commands_per_s": _rate(totals, seconds), "differences": int(found is not None)}
            | {"found": found and found_to_json(second, found), "saved": path and str(path)}
        )
    else:
        _say_totals(pair, totals, seconds, seed)
    if found is None:
        return
    if not as_json:
        console().print(tell_story(pair, found.program), soft_wrap=True)
        say(f"Run it again: pricetime prove --seed {found.seed} --scenario {found.scenario}")
        say(f"or, as it is told here: pricetime prove --rerun {path}")
    raise ProofFailed(f"{pair[0].name} and {second}: {found.difference.what}.")


def _say_totals(pair: Contestants, totals: Totals, seconds: float, seed: int) -> None:
    say(f"{pair[0].name} and {pair[1].name}, from seed {seed}, in {seconds:.1f} s:")
    rows = [(name, f"{count:,}") for name, count in vars(totals).items()]
    rows.append(("commands a second", f"{_rate(totals, seconds):,}"))
    console().print(table(("compared", ">count"), rows))
    say("No difference." if not totals.differences else "A difference:")


def _rate(totals: Totals, seconds: float) -> int:
    return round(totals.commands / seconds) if seconds else 0


def _plant(names: list[str], search: Search, as_json: bool) -> None:
    rows = []
    with progress_bar("Faults") as told:
        for place, name in enumerate(names):
            told(place, len(names))
            pair = contestants(name)
            totals, found, seconds = search(pair, lambda _done, _all: None)
            found = found and _shrunk(pair, found)
            rows.append((name, totals, found, seconds))
    if as_json:
        print_json([_fault_to_json(*row) for row in rows])
    elif len(names) == 1 and rows[0][2]:
        console().print(tell_story(contestants(names[0]), rows[0][2].program), soft_wrap=True)
        say(f"Found after {rows[0][3]:.2f} s.")
    else:
        columns = ("fault", "what is wrong", "found after", ">programs", ">steps of the story")
        told_rows = [_fault_row(*row) for row in rows]
        console().print(table(columns, told_rows))
    if missed := [name for name, _, found, _ in rows if found is None]:
        raise ProofFailed(f"Not found: {', '.join(missed)}.")


def _fault_row(name: str, totals: Totals, found: Found | None, seconds: float) -> tuple[object, ...]:
    after = f"{seconds:.2f} s" if found else "not found"
    return (
        name,
        FAULTS[name].__doc__,
        after,
        totals.programs,
        len(lines_of(found.program)) if found else None,
    )


def _fault_to_json(name: str, totals: Totals, found: Found | None, seconds: float) -> dict[str, Any]:
    return {
        "fault": name,
        "meaning": FAULTS[name].__doc__,
        "seconds": round(seconds, 3),
        "programs": totals.programs,
        "found": found and found_to_json(name, found),
        "steps": found and len(lines_of(found.program)),
    }


def _rerun(path: Path, as_json: bool) -> None:
    recorded = load(path)
    pair = contestants(recorded.second)
    difference = rerun(pair, recorded.program)
    if as_json:
        print_json({"second": recorded.second, "what": difference and difference.what})
    elif difference is None:
        say(f"{pair[0].name} and {pair[1].name} do not differ any more.")
    else:
        console().print(tell_story(pair, recorded.program), soft_wrap=True)
    if difference is not None:
        raise ProofFailed(f"{pair[0].name} and {pair[1].name}: {difference.what}.")
