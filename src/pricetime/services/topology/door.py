"""Starts nginx: ``python -m pricetime.services.topology.door CONFIGURATION PREFIX``.

Where nginx's master was killed, its workers live on, and hold the port. They are ended first; they are known
by the session, which is the supervisor's, and by the group, which is named after the master.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path

from pricetime.services.topology.processes import end, group_of


def main() -> None:
    """Become nginx."""
    configuration, prefix = sys.argv[1], Path(sys.argv[2])
    told = prefix / "master"
    with contextlib.suppress(FileNotFoundError, ValueError):
        master = int(told.read_text())
        end(lambda: group_of(master, os.getsid(0)), grace_s=0)
    told.write_text(str(os.getpid()))
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    os.execv(nginx, [nginx, "-p", str(prefix), "-c", configuration, "-e", "stderr"])  # noqa: S606 - no shell


if __name__ == "__main__":
    main()
