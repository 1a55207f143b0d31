"""The guide to the streams: its example runs, its tables are those of the code."""

from __future__ import annotations

import re
from dataclasses import fields

from tests.support.guide import guide, output_of_example
from tests.support.server import Venue

from pricetime.api.stream.asked import LEVELS
from pricetime.api.stream.listener import CLOSE_CODES, STOPPED
from pricetime.api.stream.sources import CANDLE_ROWS, TAPE_ROWS
from pricetime.settings import Settings

GUIDE = guide("streams.md")


def test_the_example_runs(server: Venue):
    assert output_of_example(GUIDE, server.url) == ["99.50 10", "9005.00 open"]


def test_every_end_is_in_the_table():
    rows = re.findall(r"^\| (\d{4}) \| (.*?) \|", GUIDE, re.MULTILINE)
    told = {code: int(close) for close, text in rows for code in re.findall(r"`(\w+)`", text)}
    assert told == CLOSE_CODES | {"server_shutdown": STOPPED}


def test_every_setting_that_it_names_is_one():
    named = set(re.findall(r"`(stream_\w+|rate_\w+)`", GUIDE))
    assert named <= {option.name for option in fields(Settings)}


def test_its_numbers_are_those_of_the_code():
    assert f"the latest {TAPE_ROWS}, newest first" in GUIDE
    assert f"the last {CANDLE_ROWS}, oldest first" in GUIDE
    assert "{}, {} (the default) or {}".format(*LEVELS) in GUIDE
