"""A server that speaks MongoDB's protocol, for trying a venue out where no MongoDB is named."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from pricetime.errors import ProgramMissing
from pricetime.services.topology.program import Program


def mongodb(folder: Path, port: int, certs: Path) -> Program:
    """Return the server; its data stays in ``folder``. ProgramMissing where it is not installed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = Path(sys.executable).with_name("secantusd-py")
    found = str(beside) if beside.exists() else shutil.which("secantusd-py")
    if found is None:
        raise ProgramMissing(
            "No MongoDB is named, and secantusd-py is missing, which stands in for one. "
            "Name one with --mongo URL, or install secantusdb with pip."
        )
    configuration = folder / "secantusd.toml"
    configuration.touch()  # an empty one keeps it from looking for others
    command = [
        *(found, "--config", str(configuration)),
        *("--host", "127.0.0.1", "--port", str(port), "--storage-path", str(folder / "data")),
        *("--tls-cert-file", str(certs / "mongodb.pem"), "--tls-key-file", str(certs / "mongodb-key.pem")),
        *("--tls-ca-file", str(certs / "ca.pem"), "--tls-require-client-cert"),
        *("--sync-on-commit", "--cache-size", "256M", "--log-level", "WARNING"),
    ]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LANG": "C.UTF-8"}
    return Program("mongodb", tuple(command), environment, port)
