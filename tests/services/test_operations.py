"""What a service without an API answers about itself, and to whom."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from pricetime.adapters.tls import Certificates
from pricetime.errors import BrokerFailed
from pricetime.services.listening import bind, url_of
from pricetime.services.operations import Dependency, Operations, serving
from pricetime.services.topology.certs import make_certificates
from pricetime.settings import Settings
from pricetime.telemetry import Metrics

BY_NAME = {"sni_hostname": "engine"}
"""Asks for the name of the service, which is reached by its address."""


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certs")
    make_certificates(folder, ("engine", "operator", "nginx", "orders"), days=1, authority_days=1)
    return folder


@asynccontextmanager
async def served(certificates: Certificates | None = None, **dependencies: Dependency) -> AsyncIterator[str]:
    """Serve what an engine answers, and yield its URL."""
    operations = Operations("engine", "engine-1", Metrics())
    operations.dependencies |= dependencies
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(bind("127.0.0.1", 0))
        await stack.enter_async_context(serving(operations, listener, Settings(), certificates))
        yield url_of(listener).replace("http:", "https:" if certificates else "http:")


async def fine() -> None:
    """Be there."""


async def gone() -> None:
    raise BrokerFailed("it is away")


@pytest.mark.parametrize(("is_needed", "status", "word"), [(True, 503, "not_ready"), (False, 200, "ok")])
async def test_it_is_ready_while_all_that_it_needs_is_there(is_needed: bool, status: int, word: str) -> None:
    async with (
        served(database=Dependency(fine), broker=Dependency(gone, is_needed)) as url,
        httpx2.AsyncClient() as client,
    ):
        answer = await client.get(f"{url}/readyz")
    assert (answer.status_code, answer.json()) == (
        status,
        {
            "status": word,
            "service": "engine",
            "instance": "engine-1",
            "dependencies": {"database": "ok", "broker": "it is away"},
        },
    )


async def test_it_is_not_ready_before_it_depends_on_anything() -> None:
    async with served() as url, httpx2.AsyncClient() as client:
        assert (await client.get(f"{url}/readyz")).status_code == 503
        assert (await client.get(f"{url}/healthz")).status_code == 200


@pytest.mark.parametrize("name", ["operator", "nginx"])
async def test_a_peer_whose_name_is_expected_is_answered(certs: Path, name: str) -> None:
    async with (
        served(Certificates(certs, "engine")) as url,
        httpx2.AsyncClient(verify=Certificates(certs, name).client()) as client,
    ):
        assert (await client.get(f"{url}/healthz", extensions=BY_NAME)).json()["status"] == "ok"


async def test_any_other_peer_is_refused(certs: Path, tmp_path: Path) -> None:
    make_certificates(tmp_path, ("operator",), days=1, authority_days=1)
    foreign = Certificates(tmp_path, "operator")
    foreign.ca = certs / "ca.pem"  # it trusts the service, whose CA is not its own
    nameless = ssl.create_default_context(cafile=str(certs / "ca.pem"))
    strangers = [Certificates(certs, "orders").client(), foreign.client(), nameless]
    async with served(Certificates(certs, "engine")) as url:
        for stranger in strangers:
            async with httpx2.AsyncClient(verify=stranger) as client:
                with pytest.raises(httpx2.TransportError):
                    await client.get(f"{url}/healthz", extensions=BY_NAME)
        async with httpx2.AsyncClient() as client:
            with pytest.raises(httpx2.TransportError):
                await client.get(f"{url.replace('https', 'http')}/healthz")
