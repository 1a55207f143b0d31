"""The trading floor: the files of the built page, read once at start and served from memory.

``make setup`` builds them from ``web/``. Where they are missing the venue serves the API alone, and says so.

Files under ``assets/`` have a hash of their content in their names, so browsers keep them for good; of the
others they ask each time, and an ``ETag`` spares the answer. A file that the build compressed (``.br``,
``.gz`` beside it) is sent so to who accepts that. Addresses of the page itself all answer ``index.html``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from pricetime.api.guards.headers import SECURITY, RawHeaders

POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    b"connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ISOLATION: Final[RawHeaders] = [
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
"""No page of another origin may hold on to this one, or embed its files."""

PACKED: Final = Path(__file__).parents[1] / "page"
_INDEX: Final = "/index.html"
ADDRESSES: Final = re.compile(
    r"/|/(market|orders|portfolio|wallet|sign-in|register)|/stocks/[^/]+|/operator(/.*)?"
)
FOR_GOOD: Final = b"public, max-age=31536000, immutable"
ASK_FIRST: Final = b"no-cache"
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
"""Best first: the name in ``Accept-Encoding``, and how the file's name ends."""
TYPES: Final = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".ico": b"image/x-icon",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".map": b"application/json",
    ".png": b"image/png",
    ".svg": b"image/svg+xml",
    ".txt": b"text/plain; charset=utf-8",
    ".webmanifest": b"application/manifest+json",
    ".woff2": b"font/woff2",
}


class Form(NamedTuple):
    """A file as it is sent: plain, or compressed."""

    tag: bytes
    head: RawHeaders
    body: bytes


class File:
    """A file of the page in all its forms, by encoding; ``""`` is the plain one."""

    def __init__(self, forms: dict[str, Form]) -> None:
        self._forms = forms

    def answer(self, headers: Mapping[bytes, bytes]) -> tuple[int, RawHeaders, bytes]:
        """Return status, headers and body for who asks; 304 where they have it already."""
        accepted = _accepted(headers.get(b"accept-encoding", b""))
        form = next(form for encoding, form in self._forms.items() if encoding in accepted)
        known = headers.get(b"if-none-match", b"")
        if known == b"*" or form.tag in (tag.strip().removeprefix(b"W/") for tag in known.split(b",")):
            return 304, [pair for pair in form.head if pair[0] != b"content-type"], b""
        return 200, form.head, form.body


class Page:
    """The built page; empty where it was not built."""

    def __init__(self, files: Mapping[str, File]) -> None:
        self._files = files
        self._index = files.get(_INDEX)

    @property
    def sentence(self) -> str:
        """What people are told about the page."""
        if self._index is None:
            return "The page is not built, so the API is served alone. Install Node 20 and run make setup."
        return f"The page is served, from {len(self._files)} files."

    def find(self, path: str) -> File | None:
        """Return the file at a path; the page's own addresses are all its index."""
        if self._index is not None and ADDRESSES.fullmatch(path):
            return self._index
        return self._files.get(path)


def read_page(folder: str) -> Page:
    """Return the page built into a folder; empty: into the package."""
    root = Path(folder) if folder else PACKED
    if not (root / _INDEX[1:]).is_file():
        return Page({})
    endings = tuple(ending for _, ending in _ENCODINGS)
    plain = [path for path in sorted(root.rglob("*")) if path.is_file() and not path.name.endswith(endings)]
    return Page({f"/{path.relative_to(root).as_posix()}": _read(path, root) for path in plain})


def _read(path: Path, root: Path) -> File:
    hashed = path.relative_to(root).parts[0] == "assets"
    head = [
        (b"content-type", TYPES.get(path.suffix, b"application/octet-stream")),
        *SECURITY,
        (b"content-security-policy", POLICY),
        *ISOLATION,
        (b"cache-control", FOR_GOOD if hashed else ASK_FIRST),
        (b"vary", b"accept-encoding"),
    ]
    forms = {
        encoding: _form([*head, (b"content-encoding", encoding.encode())], packed)
        for encoding, ending in _ENCODINGS
        if (packed := path.with_name(path.name + ending)).is_file()
    }
    return File({**forms, "": _form(head, path)})


def _form(head: RawHeaders, path: Path) -> Form:
    body = path.read_bytes()
    tag = b'"%b"' % hashlib.blake2b(body, digest_size=16).hexdigest().encode()
    return Form(tag, [*head, (b"etag", tag)], body)


def _accepted(header: bytes) -> set[str]:
    """Return the encodings that somebody accepts, the plain one always among them."""
    accepted = {""}
    for each in header.decode("latin-1").split(","):
        name, _, weight = each.partition(";")
        if not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight):
            accepted.add(name.strip().lower())
    return accepted
