"""The guide to the feed: its example runs and its bytes are what the code makes of them."""

from __future__ import annotations

import re

from tests.support.guide import guide, output_of_example
from tests.support.server import Venue

from pricetime.api.feed.session import COMMANDS_A_WEIGHT
from pricetime.api.feed.socket import CLOSE_CODES
from pricetime.records import Side
from pricetime.records.commands import place_order
from pricetime.records.frames import commands_frame

GUIDE = guide("feed.md")


def test_the_example_runs(server: Venue) -> None:
    first, *events = output_of_example(GUIDE, server.url)
    assert first == "accepted 3, acknowledged 3"
    assert [line.split()[0] for line in events] == ["accepted", "order_closed", "balance_changed"]


def test_the_bytes_of_the_example_are_those_of_the_order() -> None:
    lines = re.findall(r"^((?:[0-9a-f]{2} +){24})", GUIDE, re.MULTILINE)
    order = place_order(0, 7, Side.BUY, 10, 995_000, client_id=b"my-id-0000000001")
    assert bytes.fromhex("".join(lines)) == commands_frame(1, order.pack())


def test_every_end_is_in_the_table() -> None:
    rows = re.findall(r"^\| (\d{4}) \| (.*?) \|", GUIDE, re.MULTILINE)
    told = {
        code: int(close) for close, text in rows for code in re.findall(r"`(\w+)`", text.split(", after")[0])
    }
    assert {code: close for code, close in told.items() if close != 1011} == CLOSE_CODES
    assert f"{COMMANDS_A_WEIGHT} commands weigh as one request" in GUIDE
