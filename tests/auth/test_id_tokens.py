"""Whatever stands where a token should: it is refused, and nothing else happens."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.auth import id_tokens
from chatsheet.auth.id_tokens import IdTokenRefused, LogoutRefused
from tests.auth.idp import CURVE, KEY, by_hand

SHOWN = id_tokens.keys([KEY.as_dict(private=False), CURVE.as_dict(private=False)])
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
JSON = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.lists(st.text())
    | st.dictionaries(st.text(), st.text())
)
NAMES = ("iss", "aud", "azp", "exp", "iat", "nbf", "sub", "nonce", "jti", "sid", "events")


@given(st.text() | st.from_regex(r"\A[\w-]*\.[\w-]*\.[\w-]*\Z"))
def test_any_text_is_refused(token: str) -> None:
    with pytest.raises(IdTokenRefused):
        id_tokens.signed(token, SHOWN)


@given(st.dictionaries(st.sampled_from(("alg", "kid", "typ", "crit", "jwk", "b64", "x5c")), JSON))
def test_any_header_is_refused(header: dict[str, object]) -> None:
    with pytest.raises(IdTokenRefused):
        id_tokens.signed(by_hand(header, {"sub": "boss"}, b"secret"), SHOWN)


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_claims_of_the_provider_are_refused_but_those_of_this_login(claims: dict[str, object]) -> None:
    with pytest.raises(IdTokenRefused):
        id_tokens.check(claims, issuer="https://idp.example.com", client_id="us", nonce="n" * 43, now=NOW)
    with pytest.raises(LogoutRefused):
        id_tokens.ended(claims, issuer="https://idp.example.com", client_id="us", now=NOW)


@given(st.lists(JSON | st.dictionaries(st.sampled_from(("kty", "n", "e", "crv", "x", "y", "use", "kid", "alg")), JSON)))
def test_any_keys_are_read_or_left_out(found: list[object]) -> None:
    assert len(id_tokens.keys(found).keys) <= len(found)


@pytest.mark.parametrize(
    "key",
    [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "one"},
        {**KEY.as_dict(private=False), "use": "enc"},
        {"kty": "RSA", "n": "!", "e": "AQAB"},
        {"kty": "EC", "crv": "P-1", "x": "a", "y": "b"},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "a"},
    ],
)
def test_keys_that_sign_no_logins_are_left_out(key: dict[str, object]) -> None:
    assert not id_tokens.keys([key])
