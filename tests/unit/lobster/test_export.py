"""What a venue does is written as LOBSTER messages, and runs through the venue again just the same."""

import pytest
from tests.support import lobster
from tests.support.lobster import NINE_O_CLOCK_NS, as_lobster_does, random_run, write_run

from pricetime.errors import LobsterError
from pricetime.lobster.book import VisibleBook
from pricetime.lobster.export import DAY_NS, export
from pricetime.lobster.format import UNOCCUPIED, companion
from pricetime.lobster.replay import replay
from pricetime.records import Side, TimeInForce
from pricetime.records import commands as command
from pricetime.rules import Venue
from pricetime.runtime.implementations import available

STOCK = 1
ADA, BOB, EVE = 1, 2, 3


class Room:
    """A venue with three rich people, and the messages that its events make."""

    def __init__(self):
        self.venue = Venue()
        self.book = VisibleBook(STOCK, 3)
        self.send(command.list_stock(STOCK, 1))
        self.send(command.list_stock(STOCK + 1, 1))
        for account in (ADA, BOB, EVE):
            self.send(command.open_account(account))
            self.send(command.deposit(account, 10**16))
            self.send(command.grant_shares(account, STOCK, 10**9))
            self.send(command.grant_shares(account, STOCK + 1, 10**9))

    def send(self, each):
        """Return the messages of a command, without their time."""
        number = self.venue.sequence + 1
        order = each.order or (number if each.price or each.quantity else 0)
        events = self.venue.apply(each._replace(sequence=number, time_ns=number, order=order).pack())
        return [message[1:] for message in self.book.follow(events)]

    def place(self, account, side, quantity, price, **options):
        messages = self.send(command.place_order(account, STOCK, side, quantity, price, **options))
        return self.venue.sequence, messages


@pytest.fixture
def room():
    return Room()


def test_an_order_that_rests_is_announced_and_its_end_is_a_deletion(room):
    order, messages = room.place(ADA, Side.SELL, 5, 1_002)
    assert messages == [(1, order, 5, 1_002, -1)]
    assert (room.book.asks.keys, room.book.asks.sizes) == ([1_002, *[UNOCCUPIED] * 3], [5, 0, 0, 0])
    assert room.send(command.cancel_order(ADA, order)) == [(3, order, 5, 1_002, -1)]
    assert room.book.asks.keys == [UNOCCUPIED] * 3


def test_a_taker_is_seen_by_whom_it_meets_and_by_what_of_it_rests(room):
    first, _ = room.place(ADA, Side.SELL, 5, 1_002)
    second, _ = room.place(BOB, Side.SELL, 5, 1_003)
    taker, messages = room.place(EVE, Side.BUY, 12, 1_003)
    assert messages == [(4, first, 5, 1_002, -1), (4, second, 5, 1_003, -1), (1, taker, 2, 1_003, 1)]
    assert room.place(ADA, Side.SELL, 9, 1_003, time_in_force=TimeInForce.IOC)[1] == [(4, taker, 2, 1_003, 1)]


def test_who_passes_over_an_order_of_their_own_is_counted(room):
    room.place(ADA, Side.SELL, 5, 1_002)
    room.place(BOB, Side.SELL, 5, 1_002)
    room.place(BOB, Side.SELL, 5, 1_003)
    room.place(EVE, Side.BUY, 1, 1_002)
    assert room.book.passed_over == 0
    room.place(ADA, Side.BUY, 1, 1_002)
    assert room.book.passed_over == 1  # behind their own at the price
    room.place(ADA, Side.BUY, 5, 1_003)
    assert room.book.passed_over == 3  # the same, and behind their own better price
    room.place(ADA, Side.BUY, 9, 1_002)
    assert room.book.passed_over == 4  # rests against their own


def test_an_amended_order_that_stays_is_reduced_and_one_that_moves_is_deleted_and_announced(room):
    order, _ = room.place(ADA, Side.BUY, 8, 1_000)
    room.place(BOB, Side.SELL, 2, 1_000)
    assert room.send(command.amend_order(ADA, order, quantity=5)) == [(2, order, 3, 1_000, 1)]
    assert room.send(command.amend_order(ADA, order, quantity=5)) == []
    assert room.send(command.amend_order(ADA, order, quantity=9)) == [
        (3, order, 3, 1_000, 1),
        (1, order, 7, 1_000, 1),
    ]
    seller, _ = room.place(BOB, Side.SELL, 3, 1_001)
    assert room.send(command.amend_order(ADA, order, price=1_001)) == [
        (3, order, 7, 1_000, 1),
        (4, seller, 3, 1_001, -1),
        (1, order, 4, 1_001, 1),
    ]


def test_an_amendment_that_is_repeated_or_denied_is_no_message(room):
    order, _ = room.place(ADA, Side.BUY, 8, 1_000)
    amend = command.amend_order(ADA, order, price=999, client_id=b"x" * 16)
    assert len(room.send(amend)) == 2
    assert room.send(amend) == []
    assert room.send(command.amend_order(ADA, order, quantity=10**15)) == []


def test_what_waits_at_market_is_not_announced_and_is_executed_as_a_hidden_order(room):
    waiting, messages = room.place(ADA, Side.BUY, 8, None)
    assert messages == []
    assert room.send(command.amend_order(ADA, waiting, quantity=9)) == []
    assert room.place(BOB, Side.SELL, 5, 1_000)[1] == [(5, waiting, 5, 1_000, 1)]
    assert room.send(command.cancel_order(ADA, waiting)) == []


def test_a_price_that_the_format_cannot_show_is_not_visible(room):
    order, messages = room.place(ADA, Side.SELL, 5, UNOCCUPIED)
    assert messages == []
    assert room.send(command.amend_order(ADA, order, price=UNOCCUPIED - 1)) == [
        (1, order, 5, UNOCCUPIED - 1, -1)
    ]


def test_a_halt_and_its_end_are_messages(room):
    assert room.send(command.halt_stock(STOCK)) == [(7, 0, 0, -1, -1)]
    assert room.send(command.resume_stock(STOCK)) == [(7, 0, 0, 1, -1)]


def test_other_stocks_are_left_out(room):
    room.send(command.place_order(ADA, STOCK + 1, Side.SELL, 5, 1_000))
    other = room.venue.sequence
    assert room.send(command.amend_order(ADA, other, quantity=3)) == []
    assert room.send(command.place_order(BOB, STOCK + 1, Side.BUY, 2, 1_000)) == []
    assert room.send(command.halt_stock(STOCK + 1)) == []
    assert room.book.orders == {}


@pytest.mark.parametrize("venue_type", available().values(), ids=list(available()))
@pytest.mark.parametrize("levels", [1, 10])
def test_a_run_that_is_written_and_replayed_is_equal_in_every_row_and_every_execution(
    tmp_path, venue_type, levels
):
    messages, book = write_run(tmp_path, 4_000, levels)
    out = tmp_path / "again_message.csv"
    report = replay(messages, book, venue_type, out=out)
    assert report.rows.compared == report.rows.equal == sum(report.messages.values()) > 3_000
    assert report.rows.equal_at == [report.rows.compared] * levels
    assert report.executions["as_named"] == sum(report.executions.values()) > 500
    assert (report.differences, report.faults) == ([], [])
    assert (out.read_bytes(), companion(out).read_bytes()) == (messages.read_bytes(), book.read_bytes())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_run_cut_as_real_files_are_differs_only_for_reasons_that_are_known(tmp_path, seed):
    files = as_lobster_does(*write_run(tmp_path, 6_000, 10, seed), after=1_000)
    report = replay(*files, next(iter(available().values())))
    assert report.faults == []
    assert report.rows.equal > 0.85 * report.rows.compared
    assert min(report.rows.equal_at[:3]) > 0.97 * report.rows.compared
    met = report.executions["as_named"] + report.executions["unannounced"]
    assert met > 0.95 * sum(report.executions.values())
    causes = {each.cause for each in report.differences}
    assert {"before_file", "below_depth", "came_into_view"} <= causes
    assert not {"unexplained", "denied", "halted"} & causes


def test_a_run_cut_in_the_middle_with_every_level_shown_is_equal_in_every_row(tmp_path):
    messages, book = write_run(tmp_path, 3_000, 100)
    files = as_lobster_does(messages, book, after=1_500)
    report = replay(*files, next(iter(available().values())))
    assert report.rows.equal == report.rows.compared > 700
    assert report.executions["as_named"] > 300
    met = report.executions["as_named"] + report.executions["unannounced"]
    assert met == sum(report.executions.values())
    assert {each.cause for each in report.differences} == {"before_file"}


def test_the_second_replay_of_what_a_replay_wrote_is_equal(tmp_path):
    files = as_lobster_does(*write_run(tmp_path, 3_000), after=1_000)
    out = tmp_path / "out_message.csv"
    venue_type = next(iter(available().values()))
    replay(*files, venue_type, out=out, levels=200)
    report = replay(out, companion(out), venue_type)
    assert report.rows.equal == report.rows.compared
    assert report.executions["not_executed"] == report.executions["other_price"] == 0


def test_times_are_seconds_after_midnight_utc_of_the_first_day(tmp_path):
    path = tmp_path / "day.csv"
    export(random_run(50), lobster.STOCK, path, 5)
    first = float(path.read_text().split(",", 1)[0])
    assert 9 * 3_600 < first < 9 * 3_600 + 60


def test_one_day_of_a_run_begins_with_the_book_as_it_stood(tmp_path):
    venue = Venue()
    day = NINE_O_CLOCK_NS // DAY_NS * DAY_NS
    program = [
        (day, command.list_stock(STOCK, 1)),
        (day, command.open_account(ADA)),
        (day, command.deposit(ADA, 10**9)),
        *(
            (day + hours * DAY_NS // 24, command.place_order(ADA, STOCK, Side.BUY, 5, hours))
            for hours in (9, 33, 57)
        ),
    ]
    batches = [
        venue.apply(each._replace(sequence=at, time_ns=time_ns, order=at).pack())
        for at, (time_ns, each) in enumerate(program, 1)
    ]
    path = tmp_path / "run.csv"
    assert export(batches, STOCK, path, 1) == (3, 0)
    assert [line.split(".")[0] for line in path.read_text().splitlines()] == ["32400", "118800", "205200"]
    assert export(batches, STOCK, path, 2, day_ns=day + DAY_NS) == (1, 0)
    assert path.read_text() == "32400.000000000,1,5,5,33,1\n"
    assert companion(path).read_text() == "9999999999,0,33,5,9999999999,0,9,5\n"
    with pytest.raises(LobsterError, match=r"Stock 1 has no messages to write on this day\."):
        export(batches, STOCK, path, 2, day_ns=day - DAY_NS)
    with pytest.raises(LobsterError, match=r"Stock 9 has no messages to write\."):
        export(batches, 9, path, 2)


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(LobsterError, match="cannot be written"):
        export(random_run(20), lobster.STOCK, tmp_path / "none" / "x.csv", 1)
