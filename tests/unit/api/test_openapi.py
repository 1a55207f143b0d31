"""The document that is made from the table of endpoints, and the page made from the document."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pricetime.api.docs_page import docs_page
from pricetime.api.endpoints import Endpoint, Scope
from pricetime.api.openapi import document
from pricetime.api.problems import CODES
from pricetime.api.table import ENDPOINTS

DOCUMENT: dict[str, Any] = json.loads(json.dumps(document(ENDPOINTS)))
EVERY = pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: f"{row.method} {row.path}")


def operation(row: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][row.path][row.method.lower()]
    return found


def test_the_document_is_openapi_3_1():
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["info"]["title"] == "pricetime"


def test_names_of_schemas_are_legal_and_short():
    names = DOCUMENT["components"]["schemas"]
    assert [name for name in names if not re.fullmatch(r"[A-Za-z0-9_]+", name)] == []
    assert "Success_list_PriceRow" in names


def test_every_reference_leads_somewhere():
    for reference in set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(DOCUMENT))):
        found = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_operations_have_names_of_their_own():
    names = [operation(row)["operationId"] for row in ENDPOINTS]
    assert len(set(names)) == len(names) == len(ENDPOINTS)


@EVERY
def test_errors_are_codes_of_the_one_table(row: Endpoint):
    assert set(row.errors) <= CODES.keys()


@EVERY
def test_a_session_is_asked_for_where_the_scope_does(row: Endpoint):
    public = row.scope is Scope.PUBLIC
    ways = [] if public else [{"bearer": []}, {"token": []}]
    if not public and row.family == "v1":
        ways.append({"page": []} if row.method == "GET" else {"page": [], "csrf": []})
    assert operation(row)["security"] == ways
    if not public:
        assert "401" in operation(row)["responses"]


@EVERY
def test_what_the_frame_may_answer_is_listed(row: Endpoint):
    statuses = operation(row)["responses"].keys()
    assert {str(row.status), "429", "503", "500"} <= statuses
    if row.request is not None:
        assert ({"400"} if row.family == "daytrade" else {"400", "408", "413", "415"}) <= statuses
    if row.scope in (Scope.ADMIN, Scope.SETUP, Scope.FUNDING):
        assert "403" in statuses


@EVERY
def test_parameters_of_the_path_are_described(row: Endpoint):
    described = {item["name"] for item in operation(row).get("parameters", []) if item["in"] == "path"}
    assert described == set(re.findall(r"{(\w+)}", row.path))


@EVERY
def test_a_body_has_an_example(row: Endpoint):
    if row.request is not None:
        assert operation(row)["requestBody"]["content"]["application/json"].get("example")


@EVERY
def test_an_endpoint_says_what_it_does(row: Endpoint):
    assert row.handler.__doc__
    assert not row.summary.endswith(".")


def test_failures_have_the_type_of_their_family():
    failed = DOCUMENT["paths"]["/v1/orders"]["post"]["responses"]["422"]["content"]
    assert list(failed) == ["application/problem+json"]
    daytrade = DOCUMENT["paths"]["/engine/placeStockOrder"]["post"]["responses"]["400"]["content"]
    assert list(daytrade) == ["application/json"]


def test_the_page_shows_every_endpoint_every_schema_and_every_problem():
    page = docs_page(DOCUMENT).decode()
    for row in ENDPOINTS:
        assert f'<h3 id="{operation(row)["operationId"]}">' in page
    for name in DOCUMENT["components"]["schemas"]:
        assert f'id="schema-{name}"' in page
    for code in CODES:
        assert f'id="{code}"' in page


def test_the_page_escapes_what_it_shows():
    hostile = json.loads(json.dumps(DOCUMENT).replace("Place an order", "<script>alert(1)</script>"))
    page = docs_page(hostile).decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
