"""Renders ``deploy/nginx/nginx.conf``: nginx before a cluster of services, with default settings.

Services are hosts named after their instances, certificates lie in /etc/pricetime/certs, the page's files in
/usr/share/pricetime/page. Run by ``make docs``; a test holds the file equal to what is rendered.
"""

from __future__ import annotations

from pathlib import Path

from pricetime.api.shares import SHARES
from pricetime.services.topology.nginx import Door, render_nginx
from pricetime.services.topology.plan import DEFAULT_SCALE
from pricetime.settings import Settings

FILE = Path(__file__).resolve().parents[1] / "deploy" / "nginx" / "nginx.conf"
_PORT = 8443


def rendered() -> str:
    """Return the configuration."""
    door = Door(
        host="0.0.0.0",  # noqa: S104 - a cluster's door is for all
        port=443,
        is_tls=True,
        folder=Path("/var/lib/pricetime/nginx"),
        certs=Path("/etc/pricetime/certs"),
        page=Path("/usr/share/pricetime/page"),
        upstreams={
            share: [f"{share}-{number}:{_PORT}" for number in range(1, DEFAULT_SCALE[share] + 1)]
            for share in SHARES
        },
        user="www-data",
    )
    return render_nginx(door, Settings())


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(rendered())
