"""``pricetime lobster``: LOBSTER files through the venue, and runs of the venue as LOBSTER files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pricetime.cli import options
from pricetime.cli.output import console, print_json, say, table
from pricetime.cli.progress import progress_bar
from pricetime.errors import CheckFailed

if TYPE_CHECKING:
    from pricetime.lobster.replay import Report

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MOST_LEVELS = 500


@click.command
@click.argument("messages", required=False, type=_FILE)
@click.option("--book", metavar="FILE", type=_FILE, help="Orderbook file of MESSAGES, to compare with.")
@click.option("--seed-once", is_flag=True, help="Take nothing from the orderbook file but its first row.")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the venue's own messages to FILE, and the book after each beside it: X_message_N.csv has "
    "X_orderbook_N.csv; any other name gets _orderbook before its suffix.",
)
@click.option(
    "--levels", type=click.IntRange(1, _MOST_LEVELS), help="Levels to write; else as --book, or 10."
)
@click.option("--stock", type=click.IntRange(1), help="Write this stock (its id) of the venue in --data.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Write this day (UTC) alone.")
@options.settings
@options.as_json
def command(
    messages: Path | None,
    book: Path | None,
    seed_once: bool,
    out: Path | None,
    levels: int | None,
    stock: int | None,
    day: datetime | None,
    data: str | None,
    chosen: tuple[str, ...],
    as_json: bool,
) -> None:
    """Replay real order flow, or write a run in its format.

    With MESSAGES, a LOBSTER message file, the flow runs through a venue in memory, which is compared with
    the exchange's record. With --stock, what happened on the venue in --data is written to --out.
    """
    _check_usage(messages, book, out, stock, day)
    settings = options.settings_from(chosen, data=data)
    if stock is not None:
        assert out is not None, "checked above"
        written = _export(settings, stock, out, levels, day, as_json=as_json)
        if as_json:
            print_json(written)
        return
    from pricetime.lobster.replay import replay
    from pricetime.runtime.implementations import name_of, pick

    assert messages is not None, "checked above"
    venue_type = pick(settings.core)
    with progress_bar("Messages") as told:
        report = replay(
            messages, book, venue_type, out=out, levels=levels, seed_once=seed_once, progress=told
        )
    if as_json:
        import msgspec

        print_json({"core": name_of(venue_type)} | msgspec.to_builtins(report))
    else:
        _show(report)
    if report.faults:
        raise CheckFailed(f"The venue's wallets are not right: {report.faults[0]}.")


def _check_usage(
    messages: Path | None, book: Path | None, out: Path | None, stock: int | None, day: datetime | None
) -> None:
    if (messages is None) == (stock is None):
        raise click.UsageError("name either a message file to replay, or a --stock to write")
    if stock is not None and out is None:
        raise click.UsageError("--stock goes with --out, where to write it")
    if stock is None and day is not None:
        raise click.UsageError("--day goes with --stock")
    if stock is not None and book is not None:
        raise click.UsageError("--book goes with a message file")
    if out is not None:
        from pricetime.lobster.format import companion

        read = {path.resolve() for path in (messages, book) if path is not None}
        if read & {out.resolve(), companion(out).resolve()}:
            raise click.UsageError("--out would overwrite a file that is read")


def _export(
    settings: Any, stock: int, out: Path, levels: int | None, day: datetime | None, *, as_json: bool
) -> dict[str, object]:
    from pricetime.lobster.export import export
    from pricetime.lobster.format import companion
    from pricetime.lobster.replay import DEFAULT_LEVELS
    from pricetime.services.offline import batches, open_journal

    day_ns = None if day is None else int(day.replace(tzinfo=UTC).timestamp()) * 1_000_000_000
    with open_journal(settings) as journal, progress_bar("Commands") as told:
        newest = journal.last()
        goal = newest.last_sequence if newest else 0

        def events() -> Any:
            for batch in batches(journal):
                yield batch.events
                told(batch.last_sequence, goal)

        written = export(events(), stock, out, levels or DEFAULT_LEVELS, day_ns=day_ns)
    if not as_json:
        say(f"{written.messages} messages are in {out}, and the book after each in {companion(out)}.")
        if written.passed_over:
            say(
                f"In {written.passed_over} of them somebody passed over an order of their own. "
                "The format cannot tell whose an order is; a replay will differ from there on."
            )
    return written._asdict() | {"message_file": str(out), "orderbook_file": str(companion(out))}


_EXECUTIONS = {
    "as_named": "met the very order that the record names",
    "unannounced": "met an order from before the file or below its depth, as the record says",
    "another": "met another order at the same price",
    "other_price": "met an order at another price",
    "not_executed": "not executed, or not whole",
}


def _show(report: Report) -> None:
    everything = sum(report.messages.values())
    rows = [(kind.replace("_", " "), count) for kind, count in report.messages.items() if count]
    console().print(table(("messages", ">count"), [*rows, ("all", everything)]))
    if compared := report.rows:
        levels = [
            (f"level {level}", equal, _share(equal, compared.compared))
            for level, equal in enumerate(compared.equal_at, 1)
        ]
        whole = ("all levels", compared.equal, _share(compared.equal, compared.compared))
        console().print(table(("rows equal to the file", ">rows", ">share"), [whole, *levels]))
    executions = sum(report.executions.values())
    picks = [
        (_EXECUTIONS[pick], count, _share(count, executions)) for pick, count in report.executions.items()
    ]
    console().print(table(("executions of visible orders", ">count", ">share"), picks))
    if report.differences:
        found = [
            (each.what, each.cause, each.count, ", ".join(map(str, each.lines)), each.meaning)
            for each in report.differences
        ]
        console().print(table(("differs", "cause", ">count", "first lines", "meaning"), found))
    if compared and compared.levels_revealed:
        say(f"{compared.levels_revealed} levels were taken over from the file as they came into view.")
    if report.written:
        say(f"{report.written} messages were written.")
    if not report.faults:
        say("Every cent and every share is accounted for.")
    say(f"{everything} messages in {report.seconds} s, {report.messages_per_s} a second.")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "–"
