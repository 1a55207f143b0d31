"""Files that are as the format says are read, and others refused with a sentence that says where."""

import pytest

from pricetime.errors import LobsterError
from pricetime.lobster import format as lobster
from pricetime.lobster.format import Message, MessageType, companion, message_line, read_book, read_messages

GOOD = "34200.004241176,1,16113575,18,5853300,1\n"
ORDER_BOOK = "5859400,200,5853300,18,9999999999,0,-9999999999,0\n"


@pytest.fixture
def file(tmp_path):
    def write(content, name="X_message.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def all_messages(path):
    return [message for chunk in read_messages(path) for message in chunk]


def refusal(read, *arguments):
    with pytest.raises(LobsterError) as caught:
        list(read(*arguments))
    return str(caught.value)


def test_a_message_is_read_to_the_nanosecond_and_written_as_it_was(file):
    [message] = all_messages(file(GOOD))
    assert message == Message(34_200_004_241_176, MessageType.NEW, 16_113_575, 18, 5_853_300, 1)
    assert message_line(message) == GOOD


@pytest.mark.parametrize("content", [GOOD.replace("\n", "\r\n"), GOOD.rstrip("\n"), GOOD])
def test_lines_may_end_as_on_any_system_and_the_last_may_not_end_at_all(file, content):
    path = file(content)
    assert len(all_messages(path)) == lobster.count_rows(path) == 1


def test_a_row_of_the_book_is_read_by_side_with_unoccupied_levels_last(file):
    [rows] = read_book(file(ORDER_BOOK), 2)
    assert rows.ask_keys == [[5_859_400, lobster.UNOCCUPIED]]
    assert rows.ask_sizes == [[200, 0]]
    assert rows.bid_keys == [[-5_853_300, lobster.UNOCCUPIED]]
    assert rows.bid_sizes == [[18, 0]]
    assert lobster.book_line(*(each[0] for each in rows)) == ORDER_BOOK


def test_a_file_is_read_in_chunks_with_the_lines_counted_on(file, monkeypatch):
    monkeypatch.setattr(lobster, "_CHUNK", 3)
    path = file(GOOD * 7)
    assert [len(chunk) for chunk in read_messages(path)] == [3, 3, 1]
    path = file(GOOD * 7 + GOOD.replace("18", "many"))
    assert refusal(read_messages, path).endswith("line 8, column 4 (size): 'many' is no whole number.")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("34200.1,1,5,18,5853300", "line 2: 5 columns; it should have 6."),
        ("34200.1,1,5,18,5853300,1,0", "line 2: 7 columns; it should have 6."),
        ("time,1,5,18,5853300,1", "line 2, column 1 (time): 'time' is no number."),
        ("34200.1,1,5,18.5,5853300,1", "line 2, column 4 (size): '18.5' is no whole number."),
        ("34200.1,1,5,,5853300,1", "line 2, column 4 (size): '' is no whole number."),
        ("34200.1,1,99999999999999999999,1,9,1", "column 3 (order id): '99999999999999999999' is no whole"),
        ("nan,1,5,18,5853300,1", "line 2, column 1: the time is no number of seconds after midnight."),
        ("-1,1,5,18,5853300,1", "line 2, column 1: the time is no number of seconds after midnight."),
        ("34199,1,5,18,5853300,1", "line 2, column 1: the time is before the last; rows stand in order"),
        ("34200.1,8,5,18,5853300,1", "line 2, column 2: the type is none of 1 to 7."),
        ("34200.1,1,0,18,5853300,1", "line 2, column 3: this is no order's id."),
        ("34200.1,3,5,0,5853300,1", "line 2, column 4: this is no size."),
        ("34200.1,4,5,18,9999999999,1", "line 2, column 5: this is no price."),
        ("34200.1,2,5,18,5853300,0", "line 2, column 6: the direction is neither 1 nor -1."),
        ("", "line 2 is empty."),
        ("x" * 70_000, "line 2 is longer than 65536 bytes."),
    ],
)
def test_a_wrong_message_is_refused_by_line_and_column(file, line, sentence):
    path = file(f"{GOOD}{line}\n{GOOD}")
    said = refusal(read_messages, path)
    assert said.startswith(f"{path}, line 2")
    assert sentence in said


@pytest.mark.parametrize(
    "line", ["34200.1,5,0,100,5853300,-1", "34200.1,6,-1,5000,5850000,-1", "34200.1,7,0,0,-1,-1"]
)
def test_messages_that_do_not_touch_the_book_carry_dummies(file, line):
    assert (
        message_line(all_messages(file(f"{line}\n"))[0]) == line.replace("34200.1", "34200.100000000") + "\n"
    )


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("5859400,200,5853300,18", "line 2: 4 columns; it should have 8."),
        ("5859400,x,5853300,18,9999999999,0,-9999999999,0", "line 2, column 2 (ask size 1): 'x' is no whole"),
        ("5859400,-1,5853300,18,9999999999,0,-9999999999,0", "line 2, a size of the ask side is below zero."),
        (
            "5859400,1,5853300,18,5859400,1,-9999999999,0",
            "line 2, the ask prices are not in order, best first.",
        ),
        ("5859400,1,5853300,18,5859500,1,5853400,7", "line 2, the bid prices are not in order, best first."),
        (
            "99999999999,1,5853300,18,9999999999,0,-9999999999,0",
            "line 2, a price of the ask side is no price.",
        ),
    ],
)
def test_a_wrong_row_of_the_book_is_refused_by_its_line(file, row, sentence):
    said = refusal(read_book, file(f"{ORDER_BOOK}{row}\n"), 2)
    assert sentence in said


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty."),
        (b"\x1f\x8b\x08\x00", "is packed; unpack it first."),
        (b"7z\xbc\xaf\x27\x1c", "is packed"),
    ],
)
def test_a_file_that_is_no_text_is_refused(file, content, sentence):
    assert sentence in refusal(read_messages, file(content))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert refusal(read_messages, tmp_path / "none.csv").endswith(
        "cannot be read: No such file or directory."
    )


@pytest.mark.parametrize("columns", [6, 4 * 501])
def test_an_orderbook_has_four_columns_a_level_and_not_too_many(file, columns):
    with pytest.raises(
        LobsterError, match=f"line 1: {columns} columns; an orderbook has four for each level"
    ):
        lobster.levels_of(file(",".join("1" * columns) + "\n"))


@pytest.mark.parametrize(
    ("name", "other"),
    [
        (
            "AAPL_2012-06-21_34200000_57600000_message_10.csv",
            "AAPL_2012-06-21_34200000_57600000_orderbook_10.csv",
        ),
        ("run.csv", "run_orderbook.csv"),
        ("run", "run_orderbook"),
    ],
)
def test_the_orderbook_stands_beside_its_message_file(tmp_path, name, other):
    assert companion(tmp_path / name) == tmp_path / other
