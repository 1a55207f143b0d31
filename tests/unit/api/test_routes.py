"""Finding an endpoint by method and path."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from pricetime.api.problems import Refused
from pricetime.api.routes import Routes


class Row(NamedTuple):
    method: str
    path: str


ROWS = [
    Row("GET", "/v1/orders"),
    Row("POST", "/v1/orders"),
    Row("POST", "/v1/orders/batch"),
    Row("GET", "/v1/orders/{order}"),
    Row("DELETE", "/v1/orders/{order}"),
    Row("GET", "/v1/stocks/{stock}/book"),
    Row("GET", "/"),
]
ROUTES = Routes(ROWS)


def refused(method: str, path: str) -> Refused:
    with pytest.raises(Refused) as caught:
        ROUTES.find(method, path)
    return caught.value


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_row_is_found_by_its_own_path(row: Row):
    found, parameters = ROUTES.find(row.method, row.path.replace("{order}", "7").replace("{stock}", "8"))
    assert found == row
    assert parameters == (
        {"order": "7"} if "{order}" in row.path else {"stock": "8"} if "{" in row.path else {}
    )


def test_head_is_answered_by_get():
    assert ROUTES.find("HEAD", "/v1/orders")[0] == Row("GET", "/v1/orders")
    assert ROUTES.find("HEAD", "/v1/orders/7") == (Row("GET", "/v1/orders/{order}"), {"order": "7"})


@pytest.mark.parametrize(
    "path", ["", "/v1", "/v1/", "/v1/orders/", "/v1/orders/7/8", "//v1/orders", "*", "/v1/stocks//book"]
)
def test_other_paths_are_unknown(path: str):
    assert refused("GET", path).code == "unknown_path"
    assert ROUTES.methods(path) == []


def test_a_wrong_method_is_refused_with_those_that_work():
    error = refused("PUT", "/v1/orders/7")
    assert error.code == "method_not_allowed"
    assert error.headers == ((b"allow", b"DELETE, GET, HEAD"),)


def test_a_fixed_name_goes_before_a_parameter():
    assert ROUTES.find("POST", "/v1/orders/batch")[0] == Row("POST", "/v1/orders/batch")
    assert refused("GET", "/v1/orders/batch").code == "method_not_allowed"


def test_a_row_that_is_there_twice_is_a_bug():
    with pytest.raises(AssertionError, match="listed twice"):
        Routes([*ROWS, ROWS[0]])
