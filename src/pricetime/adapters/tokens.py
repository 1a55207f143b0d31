"""Session tokens: JWT signed with Ed25519 (EdDSA, RFC 8037), and the key files they are signed with.

Keys are the files ``ed25519-0001.pem``, ``ed25519-0002.pem``, … of one folder. The one with the highest
number signs; all verify, so a key is replaced by adding the next and removing the old one when its tokens
have expired. The key's id (``kid``) is its thumbprint (RFC 7638), which no two keys share.

Invariants: a private key is readable by its owner only, or it is refused; no key file is ever written over.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from pricetime.errors import KeyUnusable, TokenInvalid
from pricetime.ports import TokenClaims

AUDIENCE: Final = "pricetime"
TOKEN_LIMIT: Final = 4_096
"""Characters of a token; the longest names make about 2,400."""

_ALGORITHM: Final = "EdDSA"
_SECOND_NS: Final = 1_000_000_000
_FILE: Final = re.compile(r"ed25519-(\d{4,})\.pem")
_OTHERS: Final = 0o077
_encode: Final = msgspec.json.Encoder().encode


class _Payload(msgspec.Struct, frozen=True):
    """The claims as they stand in a token. ``iat_ns`` is private: the standard ``iat`` has whole seconds."""

    sub: str
    jti: str
    sid: str
    typ: str
    role: str
    name: str
    iat: int
    iat_ns: int
    exp: int
    aud: str = AUDIENCE


class Ed25519Signer:
    """``ports.TokenSigner`` over the keys of a folder; the first start makes one. KeyUnusable."""

    def __init__(self, folder: Path) -> None:
        keys = dict(_keys_of(folder)) or {1: add_key(folder)}
        ordered = [keys[number] for number in sorted(keys)]
        self._public = {_key_id(key): key.public_key() for key in ordered}
        self._signing = ordered[-1]
        header = {"alg": _ALGORITHM, "kid": _key_id(self._signing), "typ": "JWT"}
        self._header = _base64url(_encode(header))
        private = self._signing.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        self._tag_key = hmac.digest(private, b"pricetime: tags of texts", "sha256")

    def sign(self, claims: TokenClaims) -> str:
        """Return the token that says these claims; it expires at a whole second."""
        payload = _Payload(
            sub=str(claims.account),
            jti=claims.token_id,
            sid=claims.session_id,
            typ=claims.kind,
            role=claims.role,
            name=claims.user_name,
            iat=claims.issued_ns // _SECOND_NS,
            iat_ns=claims.issued_ns,
            exp=claims.expires_ns // _SECOND_NS,
        )
        said = f"{self._header}.{_base64url(_encode(payload))}"
        return f"{said}.{_base64url(self._signing.sign(said.encode()))}"

    def verify(self, token: str) -> TokenClaims:
        """Return what a token says; TokenInvalid unless one of the keys signed it."""
        if len(token) > TOKEN_LIMIT:
            raise TokenInvalid
        try:
            key = self._public[jwt.get_unverified_header(token)["kid"]]
            payload = msgspec.convert(
                jwt.decode(token, key, [_ALGORITHM], _CHECKS, audience=AUDIENCE), _Payload
            )
            account = int(payload.sub)
        except (jwt.PyJWTError, msgspec.ValidationError, KeyError, ValueError, RecursionError):
            # The sender is told nothing about which part was wrong.
            raise TokenInvalid from None
        return TokenClaims(
            account=account,
            token_id=payload.jti,
            session_id=payload.sid,
            kind=payload.typ,
            role=payload.role,
            user_name=payload.name,
            issued_ns=payload.iat_ns,
            expires_ns=payload.exp * _SECOND_NS,
        )

    def tag(self, text: str) -> str:
        """Return a tag of a text (an HMAC) that nobody without the signing key can make."""
        return _base64url(hmac.digest(self._tag_key, text.encode(), "sha256"))

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys as a JSON Web Key Set."""
        return {
            "keys": [
                {**_public_jwk(public.public_bytes(Encoding.Raw, PublicFormat.Raw)), "kid": kid}
                | {"use": "sig", "alg": _ALGORITHM}
                for kid, public in self._public.items()
            ]
        }


_CHECKS: Final[Any] = {
    # Times are the business of the sessions, which have the venue's clock.
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


def add_key(folder: Path) -> Ed25519PrivateKey:
    """Make the key that signs from the next start on; KeyUnusable where the folder cannot be written."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = max((number for number, _ in _files_of(folder)), default=0) + 1
        _write_private(folder / f"ed25519-{number:04d}.pem", pem)
    except OSError as error:
        raise KeyUnusable(f"A key for the tokens cannot be written in {folder}: {error.strerror}.") from error
    return key


def _write_private(path: Path, content: bytes) -> None:
    """Create a file that only its owner may read from its first moment on, and never over another."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _files_of(folder: Path) -> list[tuple[int, Path]]:
    if not folder.is_dir():
        return []
    found = ((_FILE.fullmatch(path.name), path) for path in folder.iterdir())
    return [(int(match[1]), path) for match, path in found if match]


def _keys_of(folder: Path) -> Iterator[tuple[int, Ed25519PrivateKey]]:
    for number, path in _files_of(folder):
        yield number, _read_key(path)


def _read_key(path: Path) -> Ed25519PrivateKey:
    try:
        if path.stat().st_mode & _OTHERS:
            raise KeyUnusable(f"Others than its owner may read the key {path}. Run: chmod 600 {path}")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise KeyUnusable(f"The key {path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(f"The file {path} holds no private key. Restore it, or remove it.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"The key {path} is no Ed25519 key. Restore it, or remove it.")
    return key


def _key_id(key: Ed25519PrivateKey) -> str:
    jwk = _public_jwk(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
    return _base64url(hashlib.sha256(canonical).digest())


def _public_jwk(raw: bytes) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
