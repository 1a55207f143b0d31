"""Small files by hand, one for each kind of message and each cause of a difference."""

from pathlib import Path

import pytest
from tests.support.lobster import write_sample

from pricetime.errors import LobsterError
from pricetime.lobster.causes import MEANING, Cause
from pricetime.lobster.format import companion
from pricetime.lobster.replay import replay
from pricetime.runtime.implementations import available


@pytest.fixture(params=available().values(), ids=list(available()))
def play(request, tmp_path):
    """Replay rows written by hand, and return what the report says in short."""

    def run(rows, **options):
        messages, book = write_sample(tmp_path, rows)
        report = replay(messages, book, request.param, **options)
        assert report.faults == []
        return report

    return run


def differences(report):
    return [(each.what, each.cause, each.lines) for each in report.differences]


def picks(report):
    return {pick: count for pick, count in report.executions.items() if count}


def test_every_cause_has_a_meaning_that_stands_in_the_docs():
    page = (Path(__file__).resolve().parents[3] / "docs" / "lobster.md").read_text("utf-8")
    assert [each for each in Cause if f"| `{each}` | {MEANING[each]} |\n" not in page] == []


def test_a_flow_that_is_all_announced_is_equal_row_by_row(play):
    report = play("""
        1,11,5,1002,-1  |  1002x5/-       -/-
        1,12,7,1000,1   |  1002x5/1000x7  -/-
        1,13,3,1002,-1  |  1002x8/1000x7  -/-
        1,14,2,999,1    |  1002x8/1000x7  -/999x2
        2,11,1,1002,-1  |  1002x7/1000x7  -/999x2
        4,11,4,1002,-1  |  1002x3/1000x7  -/999x2
        4,13,1,1002,-1  |  1002x2/1000x7  -/999x2
        3,13,2,1002,-1  |  -/1000x7       -/999x2
        4,12,7,1000,1   |  -/999x2        -/-
    """)
    assert (report.rows.compared, report.rows.equal, report.rows.equal_at) == (9, 9, [9, 9])
    assert picks(report) == {"as_named": 3}
    assert differences(report) == []
    assert report.messages == {
        "new": 4, "reduce": 1, "delete": 1, "execute": 3, "execute_hidden": 0, "cross": 0, "halt": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("first", "book"),
    [
        ("1,11,5,1002,-1", "1002x9/1000x7 1003x1/999x2"),
        ("2,11,5,1002,-1", "1002x9/1000x7 1003x1/999x2"),
        ("3,11,5,1002,-1", "1003x1/1000x7 1004x6/999x2"),
        ("3,11,5,1000,1", "1002x9/999x2 1003x1/998x2"),
        ("4,11,5,1002,-1", "1003x1/1000x7 1004x6/999x2"),
        ("4,11,5,1000,1", "1002x9/1000x7 1003x1/999x2"),
        ("5,0,5,1001,-1", "1002x9/1000x7 1003x1/999x2"),
        ("7,0,0,1,-1", "1002x9/1000x7 1003x1/999x2"),
    ],
)
def test_the_first_row_is_the_book_after_the_first_message_whatever_that_is(play, first, book):
    report = play(f"""
        {first}         |  {book}
        5,0,4,1001,1    |  {book}
    """)
    assert (report.rows.equal, report.rows.compared) == (2, 2)


def test_orders_from_before_the_file_are_taken_from_the_first_row(play):
    report = play("""
        1,21,4,1002,-1  |  1002x14/1000x7
        2,5,3,1002,-1   |  1002x11/1000x7
        3,6,5,1002,-1   |  1002x6/1000x7
        4,7,2,1002,-1   |  1002x4/1000x7
        4,21,4,1002,-1  |  1003x1/1000x7
    """)
    assert picks(report) == {"unannounced": 1, "as_named": 1}
    assert differences(report) == [
        ("message", "before_file", [2, 3]),
        ("execution", "before_file", [4]),
        ("row", "came_into_view", [5]),
    ]


def test_without_an_orderbook_nothing_is_known_of_orders_from_before(play, tmp_path):
    messages, _ = write_sample(
        tmp_path,
        """
        4,5,3,1002,-1   |  -/-
        3,6,3,1002,-1   |  -/-
        1,7,3,1002,-1   |  -/-
        4,8,3,1002,-1   |  -/-
        """,
    )
    report = replay(messages, None, available()["rules"])
    assert report.rows is None
    assert picks(report) == {"not_executed": 1, "another": 1}
    assert differences(report) == [("message", "before_file", [2]), ("execution", "before_file", [1, 4])]


def test_more_than_stands_at_a_price_is_said_to_be_too_much(play):
    report = play("""
        1,21,4,1000,1   |  1002x3/1000x4
        3,5,8,1002,-1   |  -/1000x4
        4,6,2,1002,-1   |  -/1000x4
    """)
    assert picks(report) == {"not_executed": 1}
    assert differences(report) == [("message", "not_enough", [2]), ("execution", "not_enough", [3])]


def test_a_level_that_comes_into_view_counts_as_different_once_and_is_then_followed(play):
    rows = """
        1,21,4,1002,-1  |  1002x4/-
        3,21,4,1002,-1  |  1005x9/-
        2,5,2,1005,-1   |  1005x7/-
        4,6,7,1005,-1   |  -/-
    """
    report = play(rows)
    assert (report.rows.equal, report.rows.levels_revealed) == (3, 1)
    assert picks(report) == {"unannounced": 1}
    assert differences(report) == [
        ("message", "below_depth", [3]),
        ("execution", "below_depth", [4]),
        ("row", "came_into_view", [2]),
    ]
    report = play(rows, seed_once=True)
    assert (report.rows.equal, report.rows.levels_revealed) == (2, 0)
    assert picks(report) == {"not_executed": 1}
    assert differences(report)[-1] == ("row", "came_into_view", [2, 3])


def test_an_order_that_left_while_its_level_was_below_is_noticed_when_that_comes_back(play):
    report = play("""
        1,21,4,1005,-1  |  1005x4/-
        1,22,6,1005,-1  |  1005x10/-
        1,23,1,1002,-1  |  1002x1/-
        3,23,1,1002,-1  |  1005x4/-
        4,21,4,1005,-1  |  -/-
    """)
    assert picks(report) == {"as_named": 1}
    assert differences(report) == [("row", "left_unseen", [4])]
    assert report.rows.equal_at == [4]


def test_an_unknown_order_stands_in_the_place_of_one_that_left_unseen(play):
    report = play("""
        1,21,4,1005,-1  |  1005x4/-
        1,22,6,1005,-1  |  1005x10/-
        1,23,1,1002,-1  |  1002x1/-
        3,23,1,1002,-1  |  1005x10/-
        3,31,6,1005,-1  |  1005x4/-
        4,21,4,1005,-1  |  -/-
    """)
    assert report.rows.equal == 6
    assert picks(report) == {"as_named": 1}
    assert differences(report) == [("message", "below_depth", [5])]


def test_where_priority_picks_an_older_order_the_books_stay_equal_and_the_other_keeps_its_shares(play):
    report = play("""
        1,21,4,1002,-1  |  1002x4/-
        1,22,4,1002,-1  |  1002x8/-
        4,22,4,1002,-1  |  1002x4/-
        2,21,1,1002,-1  |  1002x3/-
        3,21,3,1002,-1  |  -/-
    """)
    assert report.rows.equal == 5
    assert picks(report) == {"another": 1}
    assert differences(report) == [
        ("message", "not_here", [4, 5]),
        ("execution", "older_ahead", [3]),
    ]


def test_an_order_that_nobody_announced_may_stand_ahead(play):
    report = play("""
        1,21,4,1002,-1  |  1002x9/-
        4,21,4,1002,-1  |  1002x5/-
    """)
    assert differences(report) == [("execution", "unannounced_ahead", [2])]


def test_an_execution_of_an_unknown_order_may_meet_one_that_was_announced(play):
    report = play("""
        1,21,4,1002,-1  |  1002x4/-
        4,5,3,1002,-1   |  1002x1/-
    """)
    assert picks(report) == {"another": 1}
    assert differences(report) == [("execution", "unknown_order", [2])]


def test_an_execution_past_a_better_price_is_told(play):
    report = play("""
        1,21,4,1002,-1  |  1002x4/-  -/-
        1,22,4,1003,-1  |  1002x4/-  1003x4/-
        4,22,3,1003,-1  |  1002x4/-  1003x1/-
        1,23,1,1001,-1  |  1001x1/-  1002x4/-
    """)
    assert picks(report) == {"other_price": 1}
    assert differences(report) == [("execution", "better_price", [3]), ("row", "better_price", [3, 4])]
    assert report.rows.equal_at == [3, 2]


def test_an_order_may_have_another_size_here(play):
    report = play("""
        1,21,4,1002,-1  |  1002x4/-
        3,21,3,1002,-1  |  1002x1/-
        1,22,4,1000,1   |  1002x1/1000x4
        2,22,4,1000,1   |  1002x1/-
        4,22,1,1000,1   |  1002x1/-
    """)
    assert report.rows.equal == 5
    assert differences(report) == [("message", "other_size", [2, 4]), ("execution", "not_here", [5])]


def test_an_order_may_stand_at_another_price_here(play):
    report = play("""
        1,21,4,1002,-1  |  1002x4/-
        3,21,4,1003,-1  |  1002x4/-
    """)
    assert report.rows.equal == 2
    assert differences(report) == [("message", "other_price", [2])]


def test_an_order_announced_anew_replaces_the_one_that_was_still_here(play):
    report = play("""
        1,21,4,1002,-1  |  1002x4/-
        1,21,6,1003,-1  |  1003x6/-
    """)
    assert report.rows.equal == 2
    assert differences(report) == [("message", "already_open", [2])]


def test_what_a_new_order_would_trade_with_goes_first(play):
    report = play("""
        1,21,4,1002,-1  |  1002x4/-
        1,22,6,1002,1   |  -/1002x6
        3,21,4,1002,-1  |  -/1002x6
    """)
    assert report.rows.equal == 3
    assert differences(report) == [("message", "in_the_way", [2]), ("message", "not_here", [3])]


def test_hidden_executions_and_auctions_do_not_touch_the_book(play):
    report = play("""
        1,21,4,1002,-1  |  1002x4/-
        5,0,100,1001,-1 |  1002x4/-
        6,-1,50,1002,-1 |  1002x4/-
    """)
    assert report.rows.equal == 3
    assert picks(report) == {}
    assert differences(report) == [("message", "hidden", [2]), ("message", "cross", [3])]


def test_a_halted_stock_takes_cancels_and_a_quoted_one_takes_what_does_not_cross(play):
    report = play("""
        1,21,4,1002,-1  |  1002x4/-
        1,22,4,1002,-1  |  1002x8/-
        7,0,0,-1,-1     |  1002x8/-
        1,23,1,1000,1   |  1002x8/1000x1
        2,21,1,1002,-1  |  1002x7/1000x1
        4,21,1,1002,-1  |  1002x6/1000x1
        3,22,4,1002,-1  |  1002x2/1000x1
        7,0,0,0,-1      |  1002x2/1000x1
        1,24,5,1003,1   |  1002x2/1003x5
        3,24,5,1003,1   |  1002x2/1000x1
        7,0,0,1,-1      |  1002x2/1000x1
        1,25,5,1001,1   |  1002x2/1001x5
    """)
    messages = [each for each in differences(report) if each[0] != "row"]
    assert messages == [
        ("message", "halted", [4, 5]),
        ("message", "quoting", [9]),
        ("message", "not_here", [10]),
        ("execution", "halted", [6]),
    ]
    rows = {cause: lines for what, cause, lines in differences(report) if what == "row"}
    assert rows == {"halted": [4, 5, 6, 7, 8], "quoting": [9], "came_into_view": [10]}
    assert report.messages["halt"] == 3


def test_what_the_venue_denies_is_told(play):
    report = play(f"""
        1,21,4,1002,-1           |  1002x4/-
        1,22,{10**15},9999999,-1 |  1002x4/-
    """)
    assert differences(report) == [("message", "denied", [2])]


def test_a_difference_keeps_its_cause_until_it_is_gone(play):
    report = play("""
        1,21,4,1002,-1  |  1002x4/-  -/-
        3,5,2,1002,-1   |  1002x2/-  -/-
        1,22,1,1003,-1  |  1002x2/-  1003x1/-
        1,23,1,1000,1   |  1002x2/1000x1  1003x1/-
        1,24,2,1002,-1  |  1002x6/1000x1  1003x1/-
    """)
    assert differences(report) == [("message", "not_enough", [2]), ("row", "not_enough", [2, 3, 4])]


def test_files_of_unequal_length_are_refused(play, tmp_path):
    messages, book = write_sample(tmp_path, "1,21,4,1002,-1 | 1002x4/-")
    book.write_text(book.read_text() * 2)
    with pytest.raises(LobsterError, match=r"has 1 lines and .* has 2; an orderbook has one row after each"):
        replay(messages, book, available()["rules"])


def test_a_crossed_first_row_is_refused(play):
    with pytest.raises(LobsterError, match="The first row of the orderbook is crossed"):
        play("5,0,4,1002,-1 | 1002x4/1003x1")


def test_what_is_written_is_what_the_venue_did(play, tmp_path):
    out = tmp_path / "out.csv"
    report = play(
        """
        1,21,4,1002,-1  |  1002x9/-   -/-
        4,5,5,1002,-1   |  1002x4/-   -/-
        5,0,9,1001,-1   |  1002x4/-   -/-
        1,22,6,1002,1   |  -/1002x6   -/-
        """,
        out=out,
        levels=1,
    )
    assert report.written == 5
    lines = [line.split(",", 1) for line in out.read_text().splitlines()]
    assert lines == [
        ["0.500000000", "1,21,4,1002,-1"],
        ["1.500000000", "4,8000000000000000,5,1002,-1"],
        ["2.500000000", "5,0,9,1001,-1"],
        ["3.500000000", "3,21,4,1002,-1"],
        ["3.500000000", "1,22,6,1002,1"],
    ]
    assert companion(out).read_text().splitlines() == [
        "1002,9,-9999999999,0",
        "1002,4,-9999999999,0",
        "1002,4,-9999999999,0",
        "9999999999,0,-9999999999,0",
        "9999999999,0,1002,6",
    ]
