"""What a run comes to: what was counted, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass
class Totals:
    """Counts of one run, or of many added up."""

    runs: int = 0
    steps: int = 0
    power_cuts: int = 0
    kills: int = 0
    stops: int = 0
    failures: int = 0
    """The venue stopped answering, because its disk failed or was full."""
    commands: int = 0
    acknowledged: int = 0
    retries: int = 0
    gone: int = 0
    """Callers that went away without an answer."""
    refused: int = 0
    reads: int = 0
    snapshots: int = 0
    spoiled: int = 0
    """Snapshots and journals of which a bit was turned over."""
    views_deaths: int = 0
    torn_writes: int = 0
    lost_writes: int = 0

    def add(self, other: Totals) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def __str__(self) -> str:
        return ", ".join(
            f"{getattr(self, each.name):,} {each.name.replace('_', ' ')}" for each in fields(self)
        )


@dataclass(frozen=True)
class Violation:
    """A promise that was broken. ``kind`` says which one."""

    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


@dataclass
class Report:
    """The outcome of the run of one seed."""

    seed: int
    core: str
    totals: Totals = field(default_factory=lambda: Totals(runs=1))
    violations: list[Violation] = field(default_factory=list)
    trace: str = ""

    def blame(self, kind: str, message: str) -> None:
        self.violations.append(Violation(kind, message))

    @property
    def kinds(self) -> set[str]:
        return {violation.kind for violation in self.violations}

    def __str__(self) -> str:
        found = "\n".join(f"  {violation}" for violation in self.violations[:20])
        return (
            f"seed {self.seed} breaks a promise:\n{found}\n"
            f"Again, with every step: python -m tests.simulation --seed {self.seed} --core {self.core}"
        )
