"""The reference page and the front page: HTML made from the OpenAPI document, complete in themselves.

They need no script and load nothing: their policy allows one style sheet, by its hash. Every text is
escaped, whoever wrote it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from html import escape
from typing import Any, Final

from pricetime.api.problems import CODES

Json = dict[str, Any]

_STYLE: Final = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--accent:#0a7d52}
@media(prefers-color-scheme:dark){:root{--accent:#3ccf91}}
body{font:16px/1.55 system-ui,sans-serif;max-width:62rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.9rem;margin:.2em 0}h2{margin:2.2em 0 .4em;border-bottom:1px solid var(--line)}
h3{margin:1.8em 0 .3em;font-size:1.05rem}a{color:var(--accent)}
code,pre{font:.88em/1.5 ui-monospace,monospace}
pre{background:var(--soft);padding:.7em 1em;overflow:auto;border-radius:6px}
table{border-collapse:collapse;width:100%;margin:.4em 0}
td,th{text-align:left;vertical-align:top;padding:.25em .7em .25em 0;border-bottom:1px solid var(--line)}
.method{display:inline-block;min-width:4.2em;font-weight:700;color:var(--accent)}.lock{opacity:.65;font-weight:400}
nav{columns:16rem;margin:1em 0}nav a{display:block;text-decoration:none}
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page_headers() -> dict[str, str]:
    """Return the headers of a page."""
    return {"content-security-policy": _POLICY, "cache-control": "no-cache"}


def landing_page() -> bytes:
    """Return the front page."""
    return _page(
        "pricetime",
        "<h1>pricetime</h1><p>A day-trading venue that keeps every cent and every share.</p>"
        '<p><a href="/docs">The API, to read</a> · <a href="/openapi.json">as OpenAPI 3.1</a> · '
        '<a href="/healthz">health</a> · <a href="/readyz">readiness</a> · <a href="/metrics">metrics</a></p>'
        "<pre>curl -s {base}/v1/stocks</pre>".replace("{base}", "http://this-host"),
    )


def docs_page(document: Json) -> bytes:
    """Return the reference of a document."""
    info = document["info"]
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    tags = [tag["name"] for tag in document["tags"]]
    parts = [
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{_prose(info['description'])}</p>",
        '<p><a href="/openapi.json">This page as OpenAPI 3.1</a></p><nav>',
        *(_link(path, method, operation) for path, method, operation in operations),
        '<a href="#problems">Problems</a><a href="#schemas">Schemas</a></nav>',
    ]
    for tag in tags:
        parts.append(f"<h2>{escape(tag)}</h2>")
        parts += [_section(*row) for row in operations if row[2]["tags"] == [tag]]
    parts += [_problems(), _schemas(document["components"]["schemas"])]
    return _page(f"{info['title']} API", "".join(parts))


def _page(title: str, body: str) -> bytes:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body>{body}</body></html>"
    ).encode()


def _link(path: str, method: str, operation: Json) -> str:
    return f'<a href="#{operation["operationId"]}"><code>{method.upper()} {escape(path)}</code></a>'


def _section(path: str, method: str, operation: Json) -> str:
    lock = ' <span class="lock">needs a session</span>' if operation["security"] else ""
    parts = [
        f'<h3 id="{operation["operationId"]}"><span class="method">{method.upper()}</span>',
        f"<code>{escape(path)}</code>{lock}</h3><p><b>{escape(operation['summary'])}.</b> ",
        f"{_prose(operation['description'])}</p>",
        _parameters(operation.get("parameters", [])),
        f"<pre>{escape(_curl(path, method, operation))}</pre>",
        _table(("status", "body", ""), (_response_row(*row) for row in operation["responses"].items())),
    ]
    return "".join(parts)


def _parameters(parameters: Iterable[Json]) -> str:
    rows = [
        (
            f"<code>{escape(row['name'])}</code>",
            row["in"] + (", required" if row.get("required") else ""),
            _kind(row["schema"]),
        )
        for row in parameters
    ]
    return _table(("parameter", "in", "type"), rows) if rows else ""


def _curl(path: str, method: str, operation: Json) -> str:
    for row in operation.get("parameters", []):
        path = path.replace("{" + row["name"] + "}", "1")
    words = ["curl -s"]
    if method != "get":
        words.append(f"-X {method.upper()}")
    if operation["security"]:
        words.append('-H "Authorization: Bearer $TOKEN"')
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    if body:
        words.append(f"-d '{json.dumps(body)}'")
    return " ".join([*words, f'"$PRICETIME{path}"'])


def _response_row(status: str, response: Json) -> tuple[str, str, str]:
    content = response.get("content", {})
    body = " ".join(f"{_kind(media['schema'])}" for media in content.values())
    return status, body, _prose(response["description"])


def _problems() -> str:
    rows = (
        (f'<code id="{code}">{code}</code>', str(row.status), escape(row.title))
        for code, row in CODES.items()
    )
    return '<h2 id="problems">Problems</h2>' + _table(("code", "status", "meaning"), rows)


def _schemas(schemas: Json) -> str:
    parts = ['<h2 id="schemas">Schemas</h2>']
    for name, schema in sorted(schemas.items()):
        required = schema.get("required", [])
        rows = (
            (
                f"<code>{escape(field)}</code>{'' if field in required else ' <small>optional</small>'}",
                _kind(kind),
                _prose(_description(kind)),
            )
            for field, kind in schema.get("properties", {}).items()
        )
        parts.append(f'<h3 id="schema-{escape(name)}">{escape(name)}</h3>')
        parts.append(f"<p>{_prose(schema.get('description', ''))}</p>")
        parts.append(_table(("field", "type", ""), rows))
    return "".join(parts)


def _description(schema: Json) -> str:
    for kind in [schema, *schema.get("anyOf", [])]:
        if text := kind.get("description"):
            return str(text)
    return ""


def _kind(schema: Json) -> str:
    """Return what a schema allows, in a few words of HTML."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[1])
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(kind) for kind in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(json.dumps(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    words = [str(schema.get("type", "any"))]
    if "minimum" in schema or "maximum" in schema:
        words.append(f"{schema.get('minimum', '')}–{schema.get('maximum', '')}")
    return escape(" ".join(words))


def _prose(text: str) -> str:
    """Return text as HTML, with what stands in back-quotes as code."""
    parts = escape(text.replace("``", "`")).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"
