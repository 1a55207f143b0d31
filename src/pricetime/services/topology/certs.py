"""A development CA, and one certificate for each name that speaks or is spoken to.

Invariants: a key is readable by its owner alone from its first byte on; a file is replaced whole or not at
all; the CA is never replaced unless that was asked for, since all that trusts it would have to follow.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pricetime.errors import CertificateUnusable

NAMES: Final = (
    *("nginx", "operator"),
    *("auth", "orders", "portfolio", "market", "stream", "ledger", "engine", "views"),
    *("rabbitmq", "redis", "mongodb"),
)
"""Whose certificates there are. ``operator`` looks after the venue: `pricetime up`, a person, Prometheus."""

_CA: Final = "ca"
_CA_NAME: Final = "pricetime development CA"
_BY_ADDRESS: Final = frozenset({"nginx", "rabbitmq", "redis", "mongodb"})
"""Who is reached by its address, on loopback. Services are asked for by their names: were their certificates
good for loopback, too, each of them could pass as a server.
"""
_HOSTS: Final = ("localhost",)
_ADDRESSES: Final = ("127.0.0.1", "::1")
_EARLIER: Final = timedelta(minutes=5)
"""Certificates are good from a little before they are made, for clocks that are late."""


class Held(NamedTuple):
    """A certificate in the folder."""

    name: str
    expires: datetime
    path: Path


class Authority:
    """The CA in a folder of certificates."""

    def __init__(self, folder: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._folder = folder
        self._certificate = certificate
        self._key = key

    @classmethod
    def open(cls, folder: Path, days: int) -> Authority:
        """Return the CA in a folder, made where there is none; CertificateUnusable where it cannot sign."""
        if not path_of(folder, _CA).exists():
            return cls.create(folder, days)
        key, certificate = _read_key(_key_path(folder, _CA)), _read(path_of(folder, _CA))
        if key.public_key() != certificate.public_key():
            raise CertificateUnusable(
                f"The CA's key {_key_path(folder, _CA)} is not that of {path_of(folder, _CA)}. "
                "Restore the right one, or make a new CA with `pricetime certs --new-ca`."
            )
        return cls(folder, certificate, key)

    @classmethod
    def create(cls, folder: Path, days: int) -> Authority:
        """Make a new CA. What the old one signed is trusted no more."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CertificateUnusable(
                f"{folder} cannot be made: {error.strerror}. Name another with --data or --set certs."
            ) from None
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _CA_NAME)])
        builder = (
            _builder(name, name, key.public_key(), days)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        certificate = builder.sign(key, hashes.SHA256())
        _write(_key_path(folder, _CA), _key_bytes(key), 0o600)
        _write(path_of(folder, _CA), certificate.public_bytes(serialization.Encoding.PEM), 0o644)
        return cls(folder, certificate, key)

    def issue(self, name: str, days: int) -> Held:
        """Make a certificate of a name and its key, in place of those there may be."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        reachable: list[x509.GeneralName] = [x509.DNSName(name)]
        if name in _BY_ADDRESS:
            reachable += [x509.DNSName(host) for host in _HOSTS]
            reachable += [x509.IPAddress(ip_address(address)) for address in _ADDRESSES]
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            _builder(subject, self._certificate.subject, key.public_key(), days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(both), critical=False)
            .add_extension(x509.SubjectAlternativeName(reachable), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        _write(_key_path(self._folder, name), _key_bytes(key), 0o600)
        _write(path_of(self._folder, name), pem, 0o644)
        # MongoDB's driver reads both from one file.
        _write(_combined_path(self._folder, name), pem + _key_bytes(key), 0o600)
        return Held(name, certificate.not_valid_after_utc, path_of(self._folder, name))

    def has_whole(self, name: str) -> bool:
        """Return whether a name has a certificate of this CA, its key, and both in one file.

        Where a renewal was interrupted, files of the old one and the new one stand side by side.
        """
        path, key_path = path_of(self._folder, name), _key_path(self._folder, name)
        try:
            certificate, key = _read(path), _read_key(key_path)
            certificate.verify_directly_issued_by(self._certificate)
            combined = _combined_path(self._folder, name).read_bytes()
        except (CertificateUnusable, InvalidSignature, ValueError, TypeError, OSError):
            return False
        is_pair = key.public_key() == certificate.public_key()
        return is_pair and combined == path.read_bytes() + key_path.read_bytes()


def make_certificates(
    folder: Path,
    names: Iterable[str] = NAMES,
    *,
    days: int,
    authority_days: int,
    renew_days: int | None = None,
    is_new_authority: bool = False,
) -> list[Held]:
    """Make the certificates that are missing or not whole, and return those that were made.

    With ``renew_days`` also those are replaced that end within so many days. A new CA means that all are.
    """
    make = Authority.create if is_new_authority else Authority.open
    authority = make(folder, authority_days)
    limit = datetime.now(UTC) + timedelta(days=renew_days) if renew_days is not None else None

    def is_wanted(name: str) -> bool:
        if is_new_authority or not authority.has_whole(name):
            return True
        return limit is not None and _read(path_of(folder, name)).not_valid_after_utc <= limit

    return [authority.issue(name, days) for name in names if is_wanted(name)]


def held_certificates(folder: Path) -> Sequence[Held]:
    """Return the certificates in a folder, the CA first; CertificateUnusable where there are none."""
    if not path_of(folder, _CA).exists():
        raise CertificateUnusable(f"There are no certificates in {folder}. Make them with `pricetime certs`.")
    paths = [(name, path_of(folder, name)) for name in (_CA, *NAMES)]
    return [Held(name, _read(path).not_valid_after_utc, path) for name, path in paths if path.exists()]


def path_of(folder: Path, name: str) -> Path:
    """Return where the certificate of a name is."""
    return folder / f"{name}.pem"


def _key_path(folder: Path, name: str) -> Path:
    return folder / f"{name}-key.pem"


def _combined_path(folder: Path, name: str) -> Path:
    return folder / f"{name}-combined.pem"


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _read(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CertificateUnusable(f"{path} cannot be read: {error}. Restore it, or remove it.") from error


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise CertificateUnusable(
            f"The CA's key {path} cannot be read: {error}. Restore it, "
            "or make a new CA with `pricetime certs --new-ca`."
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CertificateUnusable(f"The CA's key {path} is none of elliptic curves. Restore the right one.")
    return key


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Put a file in its place whole, with its mode from the start."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)
