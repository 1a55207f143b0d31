"""One request is found by its id in the logs of all that had to do with it."""

from __future__ import annotations

from tests.support.topology import Topology, eventually
from tests.support.trader import PASSWORD, unique

from pricetime.client import Client


def services_that_name(topology: Topology, request_id: str) -> set[str]:
    """Return which services have a request id in their logs."""
    logs = topology.layout.logs.glob("*.log")
    return {log.stem.partition("-")[0] for log in logs if request_id.encode() in log.read_bytes()}


def test_a_trade_is_followed_by_the_requests_id_from_nginx_to_the_views(topology: Topology):
    request_id = unique("traced").replace(" ", "-")
    with topology.client() as http:
        seller, buyer = (Client(topology.url, http=http) for _ in range(2))
        for client in (seller, buyer):
            name = unique("traced")
            client.register(name, PASSWORD)
            client.login(name, PASSWORD)
        stock = seller.create_stock(unique("Tracewood")).stock
        seller.grant_shares(stock, 5)
        seller.place_order(stock, "sell", 5, "2.00")
        buyer.deposit("10")
        http.headers["X-Request-Id"] = request_id
        assert buyer.place_order(stock, "buy", 5, "2.00").status == "filled"
        del http.headers["X-Request-Id"]
    eventually(
        lambda: services_that_name(topology, request_id) == {"nginx", "orders", "ledger", "engine", "views"}
    )


def test_a_registration_is_followed_to_the_account_that_it_opens(topology: Topology):
    request_id = unique("registering").replace(" ", "-")
    with topology.client() as http, Client(topology.url, http=http) as client:
        http.headers["X-Request-Id"] = request_id
        client.register(unique("traced"), PASSWORD)
    eventually(lambda: services_that_name(topology, request_id) == {"nginx", "auth", "ledger", "views"})
