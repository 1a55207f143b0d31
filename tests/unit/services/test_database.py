"""Which database `pricetime check` and `admin create` find in a folder of `pricetime up`."""

from __future__ import annotations

import os
from pathlib import Path

from pricetime.services.topology.database import database_of
from pricetime.services.topology.plan import Layout, chosen_of
from pricetime.services.topology.processes import find
from pricetime.services.topology.record import Record, write_record
from pricetime.settings import load


def test_a_venue_that_runs_is_found_in_its_server_under_its_name(tmp_path: Path):
    running = load({"mongo_url": "mongodb://shared/", "mongo_database": "second"}, environment={})
    me = find(os.getpid())
    record = Record(
        supervisor=me.pid,
        started=me.started,
        url="https://127.0.0.1:1",
        mongo_url=running.mongo_url,
        chosen=chosen_of(running),
        parts=(),
    )
    write_record(Layout(tmp_path), record)
    with database_of(load({"data": str(tmp_path)}, environment={})) as there:
        assert (there.mongo_url, there.mongo_database) == ("mongodb://shared/", "second")
