"""A small workload is ended at every single step, and at pairs of changes of the disk; nothing is lost."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from tests.simulation.disk import CHANGE
from tests.simulation.plan import KILL, POWER, Crash, Plan, parts_of, small_plan
from tests.simulation.report import Report
from tests.simulation.world import run

from pricetime.runtime.implementations import available

PARTS = parts_of(next(iter(available())))
SEED = 1


def crashes_of(report: Report) -> int:
    return report.totals.power_cuts + report.totals.kills


def every_crash(kind: str, of: str, luck: int, then: tuple[Crash, ...] = ()) -> Iterator[Report]:
    """Run the workload with its end at step 1, 2, 3, … until it is done before that step comes."""
    for at in itertools.count(1):
        plan: Plan = small_plan(Crash(at, kind, of), *then)
        report = run(SEED, PARTS, plan=plan, luck=luck)
        assert not report.violations, f"a {kind} crash before step {at} {of}, luck {luck}:\n{report}"
        if not crashes_of(report):
            return
        yield report


def test_the_workload_by_itself_does_what_it_should():
    report = run(SEED, PARTS, plan=small_plan())
    assert not report.violations
    assert report.totals.acknowledged >= 20
    assert report.totals.snapshots >= 1
    assert crashes_of(report) == 0


@pytest.mark.parametrize(("kind", "luck"), [(POWER, 0), (POWER, 1), (KILL, 0)])
def test_a_crash_before_any_step_loses_and_doubles_nothing(kind, luck):
    reports = list(every_crash(kind, "", luck))
    assert len(reports) > 200
    assert all(crashes_of(report) == 1 for report in reports)


@pytest.mark.parametrize("again", [1, 2, 3, 4, 6])
def test_a_second_crash_soon_after_the_first_loses_and_doubles_nothing(again):
    first, second = (KILL, POWER) if again % 2 else (POWER, POWER)
    reports = list(every_crash(first, CHANGE, again, (Crash(again, second, CHANGE),)))
    assert len(reports) > 50
    assert sum(crashes_of(report) for report in reports) > 1.8 * len(reports)
