"""Starts nginx: ``python -m pricetime.services.topology.door CONFIGURATION PREFIX``.

Where nginx's master was killed, its workers live on, and hold the port. They are ended first; they are known
by the session, which is the supervisor's, and by the group, which is named after the master. The master's id
and the time it started stay in PREFIX/master.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path

from pricetime.services.topology.processes import end, find, group_of


def main() -> None:
    """Become nginx."""
    configuration, prefix = sys.argv[1], Path(sys.argv[2])
    told = prefix / "master"
    with contextlib.suppress(FileNotFoundError, ValueError):
        master, started = map(int, told.read_text().split())
        end(lambda: group_of(master, started, os.getsid(0)), grace_s=0)
    me = find(os.getpid())
    assert me is not None
    told.write_text(f"{me.pid} {me.started}")
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    os.execv(nginx, [nginx, "-p", str(prefix), "-c", configuration, "-e", "stderr"])  # noqa: S606 - no shell


if __name__ == "__main__":
    main()
