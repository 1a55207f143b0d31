"""The development CA and its certificates, as TLS itself sees them."""

from __future__ import annotations

import asyncio
import json
import ssl
import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID

from pricetime import cli
from pricetime.adapters.tls import Certificates, name_of_peer
from pricetime.errors import CertificateUnusable, TopologyFailed
from pricetime.services.topology.certs import NAMES, Authority, held_certificates, make_certificates


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make(tmp_path / "certs")
    return tmp_path / "certs"


def make(folder: Path, **how):
    return [each.name for each in make_certificates(folder, **{"days": 90, "authority_days": 3_650, **how})]


def read(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def greet(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> str:
    """Connect, and return the name of the client as the server sees it."""
    seen: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.set_result(name_of_peer(writer.get_extra_info("peercert")))
        writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0, ssl=server) as listening:
        port = listening.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=name)
        await reader.read()  # a client of TLS 1.3 learns with its first read whether it was let in
        writer.close()
        if not seen.done():
            raise ConnectionResetError("the server has not let it in")
        return seen.result()


def test_every_name_gets_a_certificate_for_both_sides_of_a_connection(folder: Path):
    for name in NAMES:
        certificate = read(folder, name)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        is_by_address = name in ("nginx", "rabbitmq", "redis", "mongodb")
        loopback = [ip_address("127.0.0.1"), ip_address("::1")] if is_by_address else []
        assert names.get_values_for_type(x509.DNSName) == [name, *(["localhost"] if is_by_address else [])]
        assert names.get_values_for_type(x509.IPAddress) == loopback
        assert set(uses) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
        certificate.verify_directly_issued_by(read(folder, "ca"))


def test_keys_are_their_owners_alone(folder: Path):
    secret = [*folder.glob("*-key.pem"), *folder.glob("*-combined.pem")]
    assert len(secret) == 1 + 2 * len(NAMES)
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_is_there_stays(folder: Path):
    before = contents(folder)
    assert make(folder) == []
    assert contents(folder) == before


def test_what_is_missing_is_made_by_the_same_authority(folder: Path):
    (folder / "orders-key.pem").unlink()
    assert make(folder) == ["orders"]
    read(folder, "orders").verify_directly_issued_by(read(folder, "ca"))


@pytest.mark.parametrize("kept", ["orders.pem", "orders-key.pem", "orders-combined.pem"])
def test_what_an_interrupted_renewal_has_left_is_made_anew(folder: Path, kept: str):
    old = (folder / kept).read_bytes()
    Authority.open(folder, 3_650).issue("orders", 90)
    (folder / kept).write_bytes(old)
    assert make(folder) == ["orders"]
    assert make(folder) == []
    Certificates(folder, "orders").server()


def test_what_an_earlier_authority_has_signed_is_made_anew(folder: Path):
    Authority.create(folder, 3_650)
    assert make(folder) == list(NAMES)


def test_an_authority_whose_key_is_anothers_signs_nothing(folder: Path):
    old = (folder / "ca.pem").read_bytes()
    Authority.create(folder, 3_650)
    (folder / "ca.pem").write_bytes(old)
    before = contents(folder)
    with pytest.raises(CertificateUnusable, match="--new-ca"):
        make(folder, renew_days=36_500)
    assert contents(folder) == before


def test_only_what_ends_soon_is_renewed(folder: Path):
    Authority.open(folder, 3_650).issue("orders", 10)
    before = read(folder, "market")
    assert make(folder, renew_days=30) == ["orders"]
    assert read(folder, "orders").not_valid_after_utc > datetime.now(UTC) + timedelta(days=80)
    assert read(folder, "market") == before


def test_a_new_authority_means_new_certificates(folder: Path):
    old = read(folder, "ca")
    assert set(make(folder, is_new_authority=True)) == set(NAMES)
    read(folder, "orders").verify_directly_issued_by(read(folder, "ca"))
    with pytest.raises(InvalidSignature):
        read(folder, "orders").verify_directly_issued_by(old)


def test_an_authority_without_its_key_is_not_replaced(folder: Path):
    (folder / "ca-key.pem").unlink()
    (folder / "orders.pem").unlink()
    before = contents(folder)
    with pytest.raises(CertificateUnusable, match="--new-ca"):
        make(folder)
    assert contents(folder) == before


def test_a_damaged_certificate_is_named(folder: Path):
    (folder / "orders.pem").write_text("nonsense")
    with pytest.raises(CertificateUnusable, match=r"orders\.pem"):
        held_certificates(folder)


async def test_both_sides_know_each_other(folder: Path):
    client = Certificates(folder, "nginx").client()
    assert await greet(Certificates(folder, "orders").server(), client, "orders") == "nginx"


async def test_another_name_is_refused(folder: Path):
    client = Certificates(folder, "nginx").client()
    with pytest.raises(ssl.SSLCertVerificationError, match="orders"):
        await greet(Certificates(folder, "market").server(), client, "orders")


async def test_no_service_passes_as_a_server_that_is_reached_by_its_address(folder: Path):
    client = Certificates(folder, "auth").client()
    assert await greet(Certificates(folder, "redis").server(), client, "127.0.0.1") == "auth"
    with pytest.raises(ssl.SSLCertVerificationError, match=r"127\.0\.0\.1"):
        await greet(Certificates(folder, "stream").server(), client, "127.0.0.1")


async def test_another_authority_is_refused_by_either_side(folder: Path, tmp_path: Path):
    make(tmp_path / "others")
    stranger = Certificates(tmp_path / "others", "nginx")
    with pytest.raises(ssl.SSLCertVerificationError):
        await greet(Certificates(folder, "orders").server(), stranger.client(), "orders")
    trusting = stranger.client()
    trusting.load_verify_locations(folder / "ca.pem")
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        await greet(Certificates(folder, "orders").server(), trusting, "orders")


async def test_renewed_certificates_are_taken_in_while_it_runs(folder: Path):
    mine = Certificates(folder, "orders")
    server, client = mine.server(), Certificates(folder, "nginx").client()
    renewed = asyncio.Event()

    async def tell() -> None:
        renewed.set()

    watch = asyncio.create_task(mine.watch(0.01, tell))
    await asyncio.sleep(0)  # it has looked once
    make(folder, is_new_authority=True)
    await asyncio.wait_for(renewed.wait(), 10)
    watch.cancel()
    with pytest.raises(ssl.SSLCertVerificationError):  # the client trusts the old authority alone
        await greet(server, client, "orders")
    assert await greet(server, Certificates(folder, "nginx").client(), "orders") == "nginx"


async def test_who_could_not_be_told_of_renewed_certificates_is_told_again(folder: Path):
    failures, told = [TopologyFailed("busy"), TopologyFailed("busy")], asyncio.Event()

    async def tell() -> None:
        if failures:
            raise failures.pop()
        told.set()

    watch = asyncio.create_task(Certificates(folder, "nginx").watch(0.01, tell, is_told=False))
    await asyncio.wait_for(told.wait(), 60)
    watch.cancel()


async def test_files_that_do_not_fit_change_nothing(folder: Path):
    mine = Certificates(folder, "orders")
    server = mine.server()
    (folder / "orders-key.pem").write_bytes((folder / "market-key.pem").read_bytes())
    with pytest.raises(CertificateUnusable):
        mine.reload()
    assert await greet(server, Certificates(folder, "nginx").client(), "orders") == "nginx"


def test_the_command_makes_lists_and_renews(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = ["--data", str(tmp_path), "--json"]
    assert cli.execute(["certs", *told]) == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out)] == list(NAMES)
    assert cli.execute(["certs", "--list", *told]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in listed] == ["ca", *NAMES]
    assert cli.execute(["certs", "--renew", *told]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert cli.execute(["certs", "orders", "--renew", "--days", "400", *told]) == 0
    [made] = json.loads(capsys.readouterr().out)
    assert (made["name"], made["expires"] > listed[4]["expires"]) == ("orders", True)


def test_the_command_knows_its_names(tmp_path: Path, capsys):
    assert cli.execute(["certs", "order", "--data", str(tmp_path)]) == 2
    assert "there is no 'order'" in capsys.readouterr().err
