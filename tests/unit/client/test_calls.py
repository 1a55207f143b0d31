"""The SDK against the table of endpoints: it can ask for everything, and for nothing else."""

import inspect
import re

import pytest

from pricetime import schema
from pricetime.api.table import ENDPOINTS
from pricetime.client import calls

ARGUMENTS = {
    "user_name": "ada", "password": "longpassword", "refresh_token": "r", "old_password": "old",
    "new_password": "new", "stock": 7, "name": "Google",
    "quantity": 5, "amount": "1.50", "side": "buy", "order": 9, "account": 3, "host": "engine-1",
    "orders": [calls.new_order(7, "buy", 5)],
}  # fmt: skip

BUILDERS = {
    name: value
    for name, value in vars(calls).items()
    if inspect.isfunction(value)
    and value.__module__ == calls.__name__
    and name not in ("new_id", "new_order")
    if not name.startswith("_")
}


def built(name):
    """Build the request with nothing but the arguments that it must have."""
    if name in ("place", "validate_order"):
        return BUILDERS[name](calls.new_order(7, "buy", 5))
    parameters = inspect.signature(BUILDERS[name]).parameters.values()
    needed = [each.name for each in parameters if each.default is inspect.Parameter.empty]
    return BUILDERS[name](**{each: ARGUMENTS[each] for each in needed})


def endpoint_of(request):
    def matches(endpoint):
        pattern = re.sub(r"\{\w+\}", "[^/]+", endpoint.path)
        return endpoint.method == request.method and re.fullmatch(pattern, request.path)

    found = [endpoint for endpoint in ENDPOINTS if matches(endpoint)]
    exact = [endpoint for endpoint in found if endpoint.path == request.path]
    [endpoint] = exact or found
    return endpoint


@pytest.mark.parametrize("name", BUILDERS)
def test_a_call_sends_and_expects_what_its_endpoint_takes_and_gives(name):
    request = built(name)
    endpoint = endpoint_of(request)
    assert endpoint.family == "v1"
    assert (None if request.body is None else type(request.body)) == endpoint.request
    answers = [endpoint.response, *(answer for _, answer in endpoint.also)]
    if name == "statement":
        assert (request.answer, endpoint.media.split(";")[0]) == (str, "text/csv")
    else:
        assert request.answer in [type(None) if answer is None else answer for answer in answers]


@pytest.mark.parametrize("name", BUILDERS)
def test_every_query_parameter_of_an_endpoint_is_an_argument_of_its_call(name):
    endpoint = endpoint_of(built(name))
    known = set(endpoint.query.__struct_fields__) if endpoint.query else set()
    assert known <= set(inspect.signature(BUILDERS[name]).parameters)


@pytest.mark.parametrize("name", BUILDERS)
def test_what_changes_something_and_may_be_repeated_is_safe_to_repeat(name):
    request = built(name)
    safe_by_nature = request.method in ("GET", "DELETE") or name in (
        "login",
        "set_user",
        "halt_stock",
        "verify_journal",
        "resume_stock",
        "drain_engine",
        "undrain_engine",
    )
    body = request.body
    carries_id = request.idempotency_key or getattr(body, "client_order_id", None) or name == "validate_order"
    if isinstance(body, schema.PlaceOrders):
        carries_id = all(order.client_order_id for order in body.orders)
    assert bool(request.repeatable) == bool(safe_by_nature or carries_id)


def test_there_is_a_call_for_every_endpoint_of_v1():
    reached = {id(endpoint_of(built(name))) for name in BUILDERS}
    own = [each for each in ENDPOINTS if each.path.startswith("/v1/") and not each.page]
    wanted = [each for each in own if each.path != "/v1/stream/events"]  # the SDK streams over WebSockets
    missing = [each.path for each in wanted if id(each) not in reached]
    assert missing == []
