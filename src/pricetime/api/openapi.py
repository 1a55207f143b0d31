"""The OpenAPI 3.1 document of a table of endpoints.

Everything in it is derived: schemas from the structs, statuses and codes from the endpoints' errors and
from what the frame may refuse. An answer that the document does not list is a bug of one or the other.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any, Final

import msgspec

from pricetime.api.endpoints import Endpoint, Scope
from pricetime.api.guards.browsers import SESSION_COOKIE
from pricetime.api.problems import CODES, DaytradeFailure
from pricetime.schema import Problem

Json = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
_ID: Final[Json] = {"type": "string", "pattern": "^[0-9]{1,19}$"}
_NAMES: Final[dict[str, Json]] = {"host": {"type": "string", "minLength": 1, "maxLength": 200}}
"""Parameters of paths that are no ids."""
_RATE_HEADERS: Final = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
_TITLE: Final = "pricetime"
_DESCRIPTION: Final = (
    "A day-trading venue. Money is a decimal string, quantities are whole shares, ids are opaque strings, "
    "times are RFC 3339 in UTC. Errors of /v1 are RFC 9457 problems with a stable `code`. The daytrade paths "
    "follow a contract of their own. Bots find commands and events in bulk on a WebSocket, /v1/orders/feed, "
    "which docs/feed.md describes, and what changes streamed on another, /v1/stream (docs/streams.md)."
)

EXAMPLES: Final[Json] = {
    "user_name": "ada",
    "password": "correct horse battery",
    "old_password": "correct horse battery",
    "new_password": "staple battery horse",
    "name": "Ada Lovelace",
    "refresh_token": "the one you were given",
    "stock": "1",
    "stock_id": "1",
    "stock_name": "Google",
    "account": "1",
    "tick_size": "0.01",
    "side": "buy",
    "type": "limit",
    "order_type": "LIMIT",
    "is_buy": True,
    "quantity": 10,
    "price": "135.50",
    "amount": "10000.00",
    "role": "lister",
    "stock_tx_id": "12",
}
"""Values that examples show, by the name of the field. Fields that are not here are left out."""


def document(endpoints: Sequence[Endpoint]) -> Json:
    """Return the document, ready to be encoded."""
    schemas = _Schemas(endpoints)
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": _TITLE,
            "version": version("pricetime"),
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(map(_tag, endpoints))],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "headers": _headers(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "token": {"type": "apiKey", "in": "header", "name": "token"},
                "page": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
            },
        },
    }


class _Schemas:
    """The JSON schema of every type that an endpoint names."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        types = [DaytradeFailure, Problem]
        for endpoint in endpoints:
            named = (
                endpoint.request,
                endpoint.query,
                endpoint.response,
                *(kind for _, kind in endpoint.also),
            )
            types += [kind for kind in named if kind is not None and kind not in types]
        schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
        self._types = types
        self._schemas, self.components = _with_short_names(list(schemas), components)

    def of(self, kind: Any) -> Json:
        """Return a reference to a type's schema, or the schema where it has no name."""
        return self._schemas[self._types.index(kind)]

    def fields(self, kind: Any) -> Json:
        """Return the whole schema of a struct, not a reference to it."""
        return dict(self.components[self.of(kind)["$ref"].rsplit("/", 1)[1]])


def _with_short_names(schemas: list[Json], components: Json) -> tuple[list[Json], Json]:
    """Return schemas and components under names without modules: ``Success_list_PriceRow``."""
    text = msgspec.json.encode([schemas, components]).decode()
    for name in components:
        short = re.sub(r"pricetime(\.\w+)*\.", "", name).strip("_").replace("__", "_")
        assert short == name or short not in components, f"two schemas would be called {short}"
        text = text.replace(f'/{name}"', f'/{short}"').replace(f'"{name}":', f'"{short}":')
    renamed: tuple[list[Json], Json] = msgspec.json.decode(text)
    return renamed


def _operation(endpoint: Endpoint, schemas: _Schemas) -> Json:
    operation: Json = {
        "operationId": _operation_id(endpoint),
        "summary": endpoint.summary,
        "description": inspect.cleandoc(endpoint.handler.__doc__ or endpoint.summary),
        "tags": [_tag(endpoint)],
        "security": _security(endpoint),
        "responses": _responses(endpoint, schemas),
    }
    if parameters := _parameters(endpoint, schemas):
        operation["parameters"] = parameters
    if endpoint.request is not None:
        media: Json = {"schema": schemas.of(endpoint.request)}
        if example := _example(schemas.fields(endpoint.request), schemas):
            media["example"] = example
        operation["requestBody"] = {"required": True, "content": {"application/json": media}}
    return operation


def _security(endpoint: Endpoint) -> list[Json]:
    """Return the ways in: a token in either header or, at ``/v1``, the page's cookie."""
    if endpoint.scope is Scope.PUBLIC:
        return []
    ways: list[Json] = [{"bearer": []}, {"token": []}]
    if endpoint.family == "v1":
        ways.append({"page": []} if endpoint.method == "GET" else {"page": [], "csrf": []})
    return ways


def _operation_id(endpoint: Endpoint) -> str:
    words = re.findall(r"[A-Za-z0-9]+", endpoint.path)
    return "_".join([endpoint.method.lower(), *words])


def _tag(endpoint: Endpoint) -> str:
    first = endpoint.path.split("/")[2] if endpoint.family == "v1" else endpoint.path.split("/")[1]
    return {"v1": first, "daytrade": f"daytrade {first}", "plain": "operation"}[endpoint.family]


def _parameters(endpoint: Endpoint, schemas: _Schemas) -> list[Json]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _NAMES.get(name, _ID), "example": "1"}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]
    if endpoint.query is not None:
        parameters += _query_parameters(schemas.fields(endpoint.query))
    if endpoint.idempotent:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "Makes a retry safe: the same key with the same content is done once.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            }
        )
    return parameters


def _query_parameters(fields: Json) -> list[Json]:
    required = fields.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _without_null(schema)}
        for name, schema in fields.get("properties", {}).items()
    ]


def _without_null(schema: Json) -> Json:
    """Return the schema of a value that is given: a query has no null, an absent parameter is left out."""
    kinds: list[Json] = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else schema


def _responses(endpoint: Endpoint, schemas: _Schemas) -> Json:
    responses = {}
    for status, kind in ((endpoint.status, endpoint.response), *endpoint.also):
        responses[str(status)] = _success(endpoint, status, kind, schemas)
    for status, codes in sorted(_refusals(endpoint).items()):
        responses[str(status)] = _failure(endpoint, status, codes, schemas)
    return responses


def _success(endpoint: Endpoint, status: int, kind: Any, schemas: _Schemas) -> Json:
    response: Json = {"description": _STATUS_WORDS.get(status, "Done."), "headers": _refs("X-Request-Id")}
    response["headers"] |= _refs(*_RATE_HEADERS)
    if kind is not None:
        response["content"] = {endpoint.media: {"schema": schemas.of(kind)}}
    return response


_STATUS_WORDS: Final = {
    200: "Done.",
    201: "Made.",
    202: "Taken; it will be done.",
    204: "Done; there is nothing to say.",
}


def _refusals(endpoint: Endpoint) -> dict[int, list[str]]:
    """Return the statuses that an endpoint may refuse with, and the codes under each."""
    codes = [*_frame_codes(endpoint), *endpoint.errors]
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        status = CODES[code].daytrade if endpoint.family == "daytrade" else CODES[code].status
        by_status.setdefault(status, []).append(code)
    return by_status


def _frame_codes(endpoint: Endpoint) -> Iterable[str]:
    if endpoint.scope is not Scope.PUBLIC:
        yield "token_invalid"
    if endpoint.scope not in (Scope.PUBLIC, Scope.TRADER):
        yield "not_allowed"
    if endpoint.page or {"page": [], "csrf": []} in _security(endpoint):
        yield "csrf_failed"
    if endpoint.request is not None:
        yield from ("invalid_json", "body_timeout", "body_too_large", "unsupported_media_type")
    if endpoint.request is not None or endpoint.family == "v1":
        yield "invalid_request"
    if "{" in endpoint.path:
        yield "unknown_path"
        yield from (f"unknown_{name}" for name in re.findall(r"{(\w+)}", endpoint.path))
    yield from ("rate_limited", "internal_error", "too_many_connections", "venue_stopped", "views_behind")
    yield "request_timeout"


def _failure(endpoint: Endpoint, status: int, codes: list[str], schemas: _Schemas) -> Json:
    shown = ", ".join(f"`{code}`" for code in codes)
    daytrade = endpoint.family == "daytrade"
    kind, media = (DaytradeFailure, "application/json") if daytrade else (Problem, "application/problem+json")
    headers = ["X-Request-Id", *_RATE_HEADERS]
    if status in (429, 503):
        headers.append("Retry-After")
    if status == 401 and any(code == "token_invalid" for code in codes):
        headers.append("WWW-Authenticate")
    return {
        "description": f"{CODES[codes[0]].title}. Codes: {shown}." if not daytrade else CODES[codes[0]].title,
        "headers": _refs(*headers),
        "content": {media: {"schema": schemas.of(kind)}},
    }


def _refs(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _headers() -> Json:
    whole = {"type": "integer", "minimum": 0}
    return {
        "X-Request-Id": {"description": "Names this request in logs.", "schema": {"type": "string"}},
        "RateLimit-Limit": {"description": "Weight that may be sent at once.", "schema": whole},
        "RateLimit-Remaining": {"description": "Weight left now.", "schema": whole},
        "RateLimit-Reset": {"description": "Seconds until all of it is back.", "schema": whole},
        "Retry-After": {"description": "Seconds to wait.", "schema": whole},
        "WWW-Authenticate": {"description": "How to log in.", "schema": {"type": "string"}},
    }


def _example(fields: Json, schemas: _Schemas) -> Json:
    """Return a body with the known fields of a struct; empty where a required one is unknown."""
    properties = fields.get("properties", {})
    shown = {name: _value(name, schema, schemas) for name, schema in properties.items()}
    known = {name: value for name, value in shown.items() if value is not None}
    return known if set(fields.get("required", [])) <= known.keys() else {}


def _value(name: str, schema: Json, schemas: _Schemas) -> Any:
    if "items" in schema and "$ref" in schema["items"]:
        inner = schemas.components[schema["items"]["$ref"].rsplit("/", 1)[1]]
        return [_example(inner, schemas)]
    value = EXAMPLES.get(name)
    if isinstance(value, str) and _takes_numbers_only(schema):
        return float(value) if "." in value else int(value)
    return value


def _takes_numbers_only(schema: Json) -> bool:
    kinds = {kind.get("type") for kind in schema.get("anyOf", [schema])}
    return bool(kinds & {"integer", "number"}) and "string" not in kinds
