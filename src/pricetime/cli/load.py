"""``pricetime load``: many users at once, and how long they waited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pricetime.cli import options
from pricetime.cli.output import console, print_json, say, table
from pricetime.cli.progress import progress_bar
from pricetime.cli.remote import url_of
from pricetime.errors import PricetimeError

if TYPE_CHECKING:
    from pricetime.sim.load import Journey, Report


class LoadErrors(PricetimeError):
    """Some requests failed."""


@click.command
@click.option("--users", type=click.IntRange(1, 50_000), default=1_000, show_default=True)
@click.option(
    "--ramp", type=click.FloatRange(0), default=5.0, show_default=True, help="Seconds to arrive in."
)
@click.option("--journey", type=click.Choice(["daytrade", "orders"]), default="daytrade", show_default=True)
@click.option("--rate", type=click.FloatRange(0.1), default=200.0, show_default=True, help="Orders a second.")
@click.option(
    "--duration", type=click.FloatRange(0.1), default=10.0, show_default=True, help="Seconds of orders."
)
@click.option(
    "--timeout", type=click.FloatRange(0.1), default=30.0, show_default=True, help="Of a request, in s."
)
@options.url
@options.as_json
def command(
    users: int,
    ramp: float,
    journey: Journey,
    rate: float,
    duration: float,
    timeout: float,
    url: str | None,
    as_json: bool,
) -> None:
    """Put the venue under load and measure latency.

    Users arrive on schedule (open loop), and a latency counts from when its request was due. All of them
    come from one address: start the venue with --set rate_limits=off.
    """
    import uvloop

    from pricetime.sim.load import Plan, load

    plan = Plan(
        url=url_of(url),
        journey=journey,
        users=users,
        ramp_s=ramp,
        rate_per_s=rate,
        duration_s=duration,
        timeout_s=timeout,
    )
    with progress_bar("Users" if journey == "daytrade" else "Orders") as told:
        report = uvloop.run(load(plan, told))
    if as_json:
        print_json(report)
    else:
        _show(report)
    if report.errors:
        [first, *_] = report.failures
        raise LoadErrors(f"{report.errors} of {report.requests} requests failed, most often: {first}")


def _show(report: Report) -> None:
    rows = [
        (
            each.name,
            each.requests,
            each.errors,
            each.mean_ms,
            each.p50_ms,
            each.p90_ms,
            each.p99_ms,
            each.p999_ms,
            each.max_ms,
        )
        for each in report.latencies
    ]
    columns = (
        "step",
        ">requests",
        ">errors",
        ">mean ms",
        ">p50 ms",
        ">p90 ms",
        ">p99 ms",
        ">p99.9 ms",
        ">max ms",
    )
    console().print(table(columns, rows))
    say(
        f"{report.users} users, {report.requests} requests in {report.seconds} s "
        f"({report.requests_per_s} a second), {report.errors} errors."
    )
    for sentence, count in report.failures.items():
        say(f"{count} × {sentence}")
