"""nginx's configuration, from settings: the one door of a venue that runs as many services.

Every path goes to the service that ``api/shares.py`` names; the page's files are served by nginx itself,
with the headers that ``api/page.py`` gives them. What nginx refuses by itself reads like the API's own
answers, in the format of the path's family.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pricetime.api.endpoints import Family
from pricetime.api.exchange import ERROR_HEAD
from pricetime.api.guards.headers import SECURITY, RawHeaders
from pricetime.api.page import ADDRESSES, ASK_FIRST, FOR_GOOD, ISOLATION, POLICY, TYPES
from pricetime.api.problems import Answer, written
from pricetime.api.shares import PREFIXES, Share
from pricetime.settings import Settings

_TEMPLATE: Final = Path(__file__).parent / "templates" / "nginx.conf"
_DAYTRADE: Final = ("/authentication/", "/setup/", "/transaction/", "/engine/")
_LASTING: Final[dict[str, tuple[str, Share]]] = {
    "/v1/stream": ("stream", "stream"),
    "/v1/orders/feed": ("feed", "orders"),
}
"""Paths of connections that last: their upstream, and whose instances it has.

Who comes back is led to the instance that remembers what was told before.
"""
_FAMILIES: Final[tuple[Family, ...]] = ("v1", "daytrade")
_MARGIN_S: Final = 5
"""That a service has more than its own limit of a request, so that its answer comes before nginx's."""
_FILES_BESIDES: Final = 200
_NOBODY: Final = "        server 127.0.0.1:9 down;\n"
"""An upstream without instances; nginx wants one."""

_FAULTS: Final[dict[int | str, tuple[str, str]]] = {
    400: ("invalid_http", "This cannot be read as a request. See /docs for how requests look."),
    405: ("method_not_allowed", "This method does not work here. See /docs for those that do."),
    408: ("body_timeout", "The request did not arrive in time. Send it again over a better connection."),
    413: ("body_too_large", "The body is larger than the venue takes. Send less at once."),
    414: ("headers_too_large", "The address is longer than the venue takes. Send what is long as a body."),
    429: ("rate_limited", "You are sending too many requests. Try again in 1 s."),
    494: ("headers_too_large", "A line of the headers is longer than the venue takes. Send shorter ones."),
    497: ("invalid_http", "This port speaks TLS. Use https:// in the address."),
    500: ("internal_error", "The venue failed. Give its operator the request id."),
    501: ("invalid_http", "This transfer encoding is not read here. Send the body as it is, or in chunks."),
    502: ("not_ready", "No instance of the service answers. Try again in a moment."),
    503: ("not_ready", "The service does not take requests now. Try again in a moment."),
    504: (
        "request_timeout",
        "The answer took too long; what was asked may be done all the same. A client order id shows whether.",
    ),
    505: ("invalid_http", "This version of HTTP is not spoken here. Use HTTP/1.1 or HTTP/2."),
    "stock": ("unknown_stock", "No stock has such an id. Look it up in the list of stocks."),
    "order": ("unknown_order", "There is no such order of yours. Check its id."),
    "path": ("unknown_path", "No path has a zero byte in it. See /docs for what there is."),
}
"""Code and detail of what nginx answers by itself, by its status.

A path with a zero byte nginx refuses before it looks where it leads; the last ones say what is not there.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """Where nginx listens, what it writes to, and which instances there are.

    ``page``: folder of the files it serves. ``user``: of its workers, where root starts it. ``open_files``:
    as many as the machine lets it have.
    """

    host: str
    port: int
    is_tls: bool
    folder: Path
    certs: Path
    page: Path | None
    upstreams: Mapping[Share, Sequence[str]]
    access_log: str = "/dev/stdout"
    user: str = ""
    open_files: int = 1_000_000


class _Template(string.Template):
    delimiter = "%"  # nginx has the dollar for its variables


def render_nginx(door: Door, settings: Settings) -> str:
    """Return nginx.conf."""
    limits = settings.rate_limits
    hsts = _hsts(settings) if door.is_tls else ""
    files = min(settings.door_connections + _FILES_BESIDES, door.open_files)
    request_timeout = settings.request_timeout_s + _MARGIN_S
    return _Template(_TEMPLATE.read_text("utf-8")).substitute(
        user=f"user {door.user};\n" if door.user else "",
        files=files,
        connections=min(settings.door_connections, files),
        folder=door.folder,
        certs=door.certs,
        access_log=door.access_log,
        types=_types(),
        limit_zones=_limit_zones(settings) if limits else "",
        limits=_limits(settings) if limits else "",
        upstreams="\n".join(_upstreams(door, settings)),
        daytrade="|".join(prefix.strip("/") for prefix in _DAYTRADE),
        listen=f"{_bracketed(door.host)}:{door.port}{' ssl http2' if door.is_tls else ''} backlog=4096",
        tls=_tls(door, settings) if door.is_tls else "",
        hsts=f"        {hsts}\n" if hsts else "",
        real_ip=_real_ip(settings.trusted_proxies),
        body_limit=settings.door_body_limit,
        header_limit=settings.door_header_limit,
        head_timeout=settings.door_head_timeout_s,
        body_timeout=settings.body_timeout_s + _MARGIN_S,
        idle=settings.door_idle_s,
        connect_timeout=settings.door_connect_timeout_s,
        request_timeout=request_timeout,
        error_pages=_indented(_error_pages(), 8),
        locations="\n".join([_health(hsts), *_locations(settings), *_page(door.page, hsts), *_errors(hsts)]),
    )


def _types() -> str:
    return "".join(f'        "{media.decode()}" {ending[1:]};\n' for ending, media in TYPES.items())


def _limit_zones(settings: Settings) -> str:
    return f"""
    limit_req_zone $binary_remote_addr zone=address_rate:16m rate={settings.rate_address_per_s}r/s;
    limit_req_zone $door_token zone=token_rate:32m rate={settings.rate_account_per_s}r/s;
    limit_conn_zone $binary_remote_addr zone=address_requests:16m;
    limit_conn_zone $door_token zone=token_requests:32m;
    limit_req_status 429;
    limit_conn_status 429;
    limit_req_log_level info;
    limit_conn_log_level info;
"""


def _limits(settings: Settings) -> str:
    return f"""
        limit_req zone=address_rate burst={settings.rate_address_burst} nodelay;
        limit_req zone=token_rate burst={settings.rate_account_burst} nodelay;
        limit_conn address_requests {settings.door_address_connections};
        limit_conn token_requests {settings.door_token_connections};
"""


def _upstreams(door: Door, settings: Settings) -> Iterable[str]:
    lasting = {name: door.upstreams[share] for name, share in _LASTING.values()}
    others = {name: instances for name, instances in door.upstreams.items() if name not in lasting}
    for name, instances in [*others.items(), *lasting.items()]:
        balancing = 'hash "$remote_addr$door_token" consistent' if name in lasting else "least_conn"
        yield _upstream(name, instances, balancing, settings)


def _upstream(name: str, instances: Sequence[str], balancing: str, settings: Settings) -> str:
    health = f"max_fails={settings.door_max_fails} fail_timeout={settings.door_fail_timeout_s}s"
    servers = _indented((f"server {address} {health};" for address in instances), 8) or _NOBODY
    return f"""
    upstream {name} {{
        zone {name} 64k;
        {balancing};
{servers}        keepalive 128;
        keepalive_requests 100000;
        keepalive_timeout 30s;
    }}
"""


def _tls(door: Door, settings: Settings) -> str:
    certificate = settings.door_certificate or door.certs / "nginx.pem"
    key = settings.door_key or door.certs / "nginx-key.pem"
    return f"""\
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;
        ssl_session_cache shared:door:16m;
        ssl_session_tickets off;
"""


def _hsts(settings: Settings) -> str:
    age = settings.door_hsts_s
    return f'add_header Strict-Transport-Security "max-age={age}" always;' if age else ""


def _real_ip(proxies: str) -> str:
    """Return what makes the address of a client behind other proxies known."""
    trusted = [part.strip() for part in proxies.split(",") if part.strip()]
    if not trusted:
        return ""
    lines = [*(f"set_real_ip_from {each};" for each in trusted), "real_ip_header X-Forwarded-For;"]
    return "".join(f"        {line}\n" for line in [*lines, "real_ip_recursive on;"])


def _health(hsts: str) -> str:
    head = ["access_log off;", "default_type application/json;", *_headers(ERROR_HEAD, hsts)]
    return _location("= /healthz", [*head, """return 200 '{"status":"up"}';"""])


def _locations(settings: Settings) -> Iterable[str]:
    shares = {**PREFIXES, "/v1/": PREFIXES["/"], "/setup/": PREFIXES["/"]}
    del shares["/"]  # comes after the files of the page
    for prefix in sorted({*shares, *_LASTING}):
        if prefix not in _LASTING:
            yield _location(prefix, [f"proxy_pass https://{shares[prefix]};"])
            continue
        upstream, share = _LASTING[prefix]
        lines = [
            f"proxy_pass https://{upstream};",
            f"proxy_ssl_name {share};",
            "proxy_buffering off;",
            "proxy_ignore_client_abort off;",
            f"proxy_read_timeout {settings.door_stream_idle_s}s;",
            f"proxy_send_timeout {settings.door_stream_idle_s}s;",
        ]
        yield _location(prefix, lines)


def _page(folder: Path | None, hsts: str) -> Iterable[str]:
    """Return the locations of the page's files, and of all else, which is the market's."""
    rest = f"proxy_pass https://{PREFIXES['/']};"
    if folder is None:
        yield _location("/", [rest])
        return
    served = [
        f"root {folder};",
        "gzip_static on;",
        "gzip_vary on;",
        *_error_pages(besides=405),
        "error_page 405 = @rest;",
    ]
    for where, cache, files in (
        (f'~ "^(?:{ADDRESSES.pattern})$"', ASK_FIRST, "/index.html"),
        ("/assets/", FOR_GOOD, "$uri"),
        ("/", ASK_FIRST, "$uri"),
    ):
        head = [*SECURITY, (b"content-security-policy", POLICY), *ISOLATION, (b"cache-control", cache)]
        yield _location(where, [*served, *_headers(head, hsts), f"try_files {files} @rest;"])
    yield _location("@rest", [rest])


def _errors(hsts: str) -> Iterable[str]:
    """Return the answers that nginx gives by itself, in the format of either family."""
    for family in _FAMILIES:
        for fault, (code, detail) in _FAULTS.items():
            answered, media, body = written(Answer(code, detail), family, "$door_id")
            head = [*ERROR_HEAD, *([(b"retry-after", b"1")] if answered in (429, 503) else [])]
            text = body.decode().replace("'", r"\'")
            lines = [
                "internal;",
                f"default_type {media.decode()};",
                *_headers(head, hsts),
                f"return {answered} '{text}';",
            ]
            yield _location(f"= /.door/{family}/{fault}", lines)


def _error_pages(besides: int = 0) -> list[str]:
    """Return where nginx finds its own answers: by the family of what was asked, and what is wrong."""
    statuses = [status for status in _FAULTS if isinstance(status, int) and status not in (400, besides)]
    pages = ["error_page 400 = /.door/$door_family/$door_unreadable;"]
    return pages + [f"error_page {status} = /.door/$door_family/{status};" for status in statuses]


def _headers(head: RawHeaders, hsts: str) -> list[str]:
    """Return the headers of an answer of nginx's own; a location that adds any inherits none."""
    added = [f'add_header {name.decode()} "{value.decode()}" always;' for name, value in head]
    return [*added, "add_header x-request-id $door_id always;", *([hsts] if hsts else [])]


def _location(where: str, lines: Iterable[str]) -> str:
    return f"        location {where} {{\n{_indented(lines, 12)}        }}\n"


def _indented(lines: Iterable[str], by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in lines)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
