"""The compiled core alone: no journal, no network, one core of the processor.

Each flow is made once and then given to a fresh venue again and again, in batches, the answers made in
full. The reference rules are measured with the beginning of the very same program, and both must say the same
about its first 20,000 commands.
"""

from __future__ import annotations

from typing import Final

from bench._flows import (
    BATCH,
    COMMANDS,
    MIX,
    THICK,
    THIN,
    Flow,
    assert_same,
    liquid,
    mix,
    per_command_s,
)
from bench._table import Result
from pricetime import rules
from pricetime.runtime.implementations import pick

PASSES: Final = 5
RULES_COMMANDS: Final = 40_000
RULES_MOST_RESTING: Final = 1_000_000
RESTING: Final = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)


def main() -> list[Result]:
    compiled = pick("compiled")
    flows = (
        ("mix, one stock", lambda: mix(1), f"{MIX}, one stock, 100 accounts, 1,000 orders resting"),
        (
            "mix, sixteen stocks",
            lambda: mix(16),
            f"{MIX}, sixteen stocks, 100 accounts, 1,000 orders resting",
        ),
        ("liquid stock, thick", lambda: liquid(THICK), "a liquid stock, 1,000 accounts"),
        ("liquid stock, thin", lambda: liquid(THIN), "a liquid stock, 1,000 accounts"),
    )
    rows = []
    for name, make, what in flows:
        flow = make()
        assert_same(flow)
        seconds = per_command_s(flow, compiled, PASSES)
        rows.append(_rate(name, f"{COMMANDS:,} commands, {what}{_about(flow)}", flow, seconds))
    return [*rows, _large_book()]


def _about(flow: Flow) -> str:
    span = f", prices over {flow.span_ticks:,} ticks" if flow.span_ticks else ""
    levels = f" on {flow.levels[1]:,} levels, 95% of the resting cancelled, 15% IOC, 20% amended"
    return f"{span}, {flow.open[1]:,} orders{levels}" if span else ""


def _rate(name: str, workload: str, flow: Flow, seconds: float) -> Result:
    reference = per_command_s(flow.beginning(RULES_COMMANDS), rules.Venue, 2)
    return Result(
        name=f"core: {name}",
        value=1 / seconds,
        unit="commands/s",
        workload=f"{workload}; wallets kept, batches of {BATCH}, median of {PASSES} passes on one core",
        target=5_000_000,
        baseline=1 / reference,
        baseline_is=f"the reference rules on the first {RULES_COMMANDS:,} commands of it",
    )


def _large_book() -> Result:
    """Measure the mix with ever more orders resting, and make the row of the last against the first."""
    compiled = pick("compiled")
    core_ns: dict[int, float] = {}
    rules_ns: dict[int, float] = {}
    for resting in RESTING:
        flow = mix(resting=resting)
        assert_same(flow)
        core_ns[resting] = per_command_s(flow, compiled, PASSES if resting <= 100_000 else 3) * 1e9
        if resting <= RULES_MOST_RESTING:
            rules_ns[resting] = per_command_s(flow.beginning(RULES_COMMANDS), rules.Venue, 1) * 1e9
    return Result(
        name=f"core: cost with {RESTING[-1]:,} resting",
        value=core_ns[RESTING[-1]],
        unit="ns/command",
        workload=f"the mix over one stock with {RESTING[-1]:,} orders resting on a thousand price levels",
        target=4,
        at_most=True,
        target_is_ratio=True,
        baseline=core_ns[RESTING[0]],
        baseline_is=f"the same mix with {RESTING[0]:,} orders resting",
        more={
            "cost_by_resting": {"core": list(core_ns.items()), "rules": list(rules_ns.items())},
        },
    )
