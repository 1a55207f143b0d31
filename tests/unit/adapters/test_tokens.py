from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pricetime.adapters.tokens import TOKEN_LIMIT, Ed25519Signer, add_key
from pricetime.errors import KeyUnusable, TokenInvalid
from pricetime.ports import TokenClaims

CLAIMS = TokenClaims(
    account=7,
    token_id="token",
    session_id="session",
    kind="access",
    role="trader",
    user_name="ada",
    issued_ns=1_767_225_600_123_456_789,
    expires_ns=1_767_226_500_000_000_000,
)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys"


@pytest.fixture
def signer(keys: Path) -> Ed25519Signer:
    return Ed25519Signer(keys)


def payload_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def key_in(keys: Path, number: int = 1) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key((keys / f"ed25519-{number:04d}.pem").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def test_what_is_signed_is_verified_to_the_nanosecond(signer: Ed25519Signer) -> None:
    assert signer.verify(signer.sign(CLAIMS)) == CLAIMS


def test_a_token_has_the_standard_claims(signer: Ed25519Signer) -> None:
    token = signer.sign(CLAIMS)
    assert jwt.get_unverified_header(token) | {"kid": ""} == {"alg": "EdDSA", "typ": "JWT", "kid": ""}
    assert payload_of(token) == {
        "sub": "7",
        "jti": "token",
        "sid": "session",
        "typ": "access",
        "role": "trader",
        "name": "ada",
        "iat": 1_767_225_600,
        "iat_ns": 1_767_225_600_123_456_789,
        "exp": 1_767_226_500,
        "aud": "pricetime",
    }


def test_another_program_verifies_a_token_with_the_published_keys(signer: Ed25519Signer) -> None:
    token = signer.sign(CLAIMS)
    key_set = jwt.PyJWKSet.from_dict(signer.jwks())
    key = key_set[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, ["EdDSA"], {"verify_exp": False}, audience="pricetime")
    assert claims["sub"] == "7"


def test_the_longest_names_fit_into_a_token(signer: Ed25519Signer) -> None:
    claims = replace(CLAIMS, user_name="\U0001f469" * 100, token_id="f" * 32, session_id="f" * 32)
    token = signer.sign(claims)
    assert len(token) < TOKEN_LIMIT
    assert signer.verify(token) == claims


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_with_one_letter_changed_is_refused(signer: Ed25519Signer, part: int) -> None:
    parts = signer.sign(CLAIMS).split(".")
    parts[part] = parts[part][:5] + ("A" if parts[part][5] != "A" else "B") + parts[part][6:]
    with pytest.raises(TokenInvalid):
        signer.verify(".".join(parts))


@given(text=st.text(st.characters(exclude_categories=[]), max_size=300))
def test_any_text_that_is_no_token_is_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    signer = Ed25519Signer(tmp_path_factory.getbasetemp() / "keys")
    with pytest.raises(TokenInvalid):
        signer.verify(text)


def test_deeply_nested_json_in_a_token_is_refused(signer: Ed25519Signer) -> None:
    part = base64.urlsafe_b64encode(b"[" * 2_900).decode()
    with pytest.raises(TokenInvalid):
        signer.verify(f"{part}.e30.e30")


def test_a_token_over_the_limit_is_refused(signer: Ed25519Signer, keys: Path) -> None:
    token = jwt.encode(payload_of(signer.sign(CLAIMS)) | {"name": "x" * TOKEN_LIMIT}, key_in(keys), "EdDSA")
    with pytest.raises(TokenInvalid):
        signer.verify(token)


def forged(signer: Ed25519Signer, key: Any, algorithm: str, **changes: Any) -> str:
    token = signer.sign(CLAIMS)
    payload = {name: value for name, value in (payload_of(token) | changes).items() if value is not None}
    return jwt.encode(payload, key, algorithm, {"kid": jwt.get_unverified_header(token)["kid"]})


def test_a_token_of_another_algorithm_is_refused(signer: Ed25519Signer) -> None:
    for key, algorithm in (("x" * 32, "HS256"), ("", "none"), (generate_private_key(SECP256R1()), "ES256")):
        with pytest.raises(TokenInvalid):
            signer.verify(forged(signer, key, algorithm))


def test_a_token_of_another_key_is_refused(signer: Ed25519Signer, tmp_path: Path) -> None:
    with pytest.raises(TokenInvalid):
        signer.verify(forged(signer, Ed25519PrivateKey.generate(), "EdDSA"))
    with pytest.raises(TokenInvalid):
        signer.verify(Ed25519Signer(tmp_path / "other").sign(CLAIMS))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "other"},
        {"aud": None},
        {"sub": None},
        {"sub": "ada"},
        {"jti": None},
        {"sid": 7},
        {"iat_ns": None},
        {"iat_ns": "7"},
        {"exp": None},
        {"role": None},
    ],
)
def test_a_token_that_lacks_a_claim_or_has_one_of_another_type_is_refused(
    signer: Ed25519Signer, keys: Path, changes: dict[str, Any]
) -> None:
    assert signer.verify(forged(signer, key_in(keys), "EdDSA")) == CLAIMS
    with pytest.raises(TokenInvalid):
        signer.verify(forged(signer, key_in(keys), "EdDSA", **changes))


def test_the_first_start_makes_a_key_for_its_owner_only_and_the_next_uses_it(keys: Path) -> None:
    token = Ed25519Signer(keys).sign(CLAIMS)
    assert [path.name for path in keys.iterdir()] == ["ed25519-0001.pem"]
    assert oct((keys / "ed25519-0001.pem").stat().st_mode & 0o777) == "0o600"
    assert oct(keys.stat().st_mode & 0o777) == "0o700"
    assert Ed25519Signer(keys).verify(token) == CLAIMS


def test_the_newest_key_signs_and_all_verify(keys: Path) -> None:
    before = Ed25519Signer(keys)
    old_token = before.sign(CLAIMS)
    add_key(keys)
    after = Ed25519Signer(keys)
    new_token = after.sign(CLAIMS)
    assert after.verify(old_token) == after.verify(new_token) == CLAIMS
    with pytest.raises(TokenInvalid):
        before.verify(new_token)
    assert len({key["kid"] for key in after.jwks()["keys"]}) == 2


def test_tokens_of_a_removed_key_are_refused(keys: Path) -> None:
    token = Ed25519Signer(keys).sign(CLAIMS)
    add_key(keys)
    (keys / "ed25519-0001.pem").unlink()
    with pytest.raises(TokenInvalid):
        Ed25519Signer(keys).verify(token)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_refused_with_what_to_do(keys: Path, mode: int) -> None:
    Ed25519Signer(keys)
    path = keys / "ed25519-0001.pem"
    path.chmod(mode)
    with pytest.raises(KeyUnusable) as caught:
        Ed25519Signer(keys)
    assert str(caught.value) == f"Others than its owner may read the key {path}. Run: chmod 600 {path}"


def test_a_file_that_holds_no_ed25519_key_is_refused(keys: Path) -> None:
    Ed25519Signer(keys)
    path = keys / "ed25519-0001.pem"
    path.write_bytes(b"not a key")
    with pytest.raises(KeyUnusable, match="holds no private key"):
        Ed25519Signer(keys)
    other = generate_private_key(SECP256R1())
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(KeyUnusable, match="is no Ed25519 key"):
        Ed25519Signer(keys)


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyUnusable, match="cannot be written"):
        Ed25519Signer(tmp_path / "file" / "keys")
