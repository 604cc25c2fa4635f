"""Which tokens of an identity provider count: their signature, and what they claim. Pure.

Follows OpenID Connect Core 3.1.3.7 and Back-Channel Logout 2.6, more strictly where they leave a choice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from chatsheet.core import loose
from chatsheet.core.errors import BadInput, Refused

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures with a key pair only: `none` signs nothing, and HS256 takes a secret that a public key could be passed off as."""
LEEWAY_S = 60
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_LASTS_S = 600
"""How old a logout token may be, whatever it says of its end: so long it is remembered, too."""
_LONGEST = 255
_SIGNED = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)  # providers add headers of their own
_ESSENTIAL: ClaimsOption = {"essential": True}


class IdTokenRefused(Refused):
    """The provider's word is not signed by it, not for us, not for this login, or not of now."""

    code = "login.token_refused"
    status = 401


class KeyUnknown(IdTokenRefused):
    """The token is signed by a key that the provider does not show."""

    code = "login.key_unknown"


class LogoutRefused(BadInput):
    """What claims to be the provider's word that somebody logged out is not."""

    code = "login.logout_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a provider says has ended: one login, or with no `session` all of a subject's."""

    id: str
    subject: str
    session: str
    at: datetime


def keys(found: Iterable[object]) -> KeySet:
    """Return those of a provider's keys that can sign: no secrets, none for encryption, none of kinds not known here."""
    return KeySet([key for one in found if (key := _key(loose.obj(one))) is not None])


def _key(found: Mapping[str, object]) -> Key | None:
    if found.get("kty") not in ("RSA", "EC") or found.get("use", "sig") != "sig":
        return None
    try:
        return JWKRegistry.import_key({name: value for name, value in found.items() if isinstance(value, str | list)})
    except (JoseError, LookupError, TypeError, ValueError):
        return None


def signed(token: str, known: KeySet) -> Mapping[str, object]:
    """Return what a token claims that one of these keys signed; raises KeyUnknown, IdTokenRefused."""
    try:
        return jwt.decode(token, known, registry=_SIGNED).claims
    except InvalidKeyIdError:
        raise KeyUnknown("the provider's token is signed by a key that it does not show.", fix=_AGAIN) from None
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise _refused(type(error).__name__) from None


def check(claims: Mapping[str, object], *, issuer: str, client_id: str, nonce: str, now: datetime) -> None:
    """Raise IdTokenRefused for an id_token that is not about this login."""
    try:
        _registry(issuer, client_id, now, "sub", "nonce").validate(dict(claims))
    except JoseError as error:
        raise _refused(str(error)) from None
    audience, party = claims["aud"], claims.get("azp")
    is_for_us = party == client_id or (party is None and audience in (client_id, [client_id]))
    if not is_for_us:
        raise _refused("azp")
    if claims["nonce"] != nonce:
        raise _refused("nonce")
    names = [loose.text(claims.get(name)) for name in ("sub", "sid")]
    if not all(len(name) <= _LONGEST and name.isprintable() for name in names):
        raise _refused("sub or sid")


def ended(claims: Mapping[str, object], *, issuer: str, client_id: str, now: datetime) -> Ended:
    """Return what a logout token ends; raises LogoutRefused."""
    try:
        _registry(issuer, client_id, now, "jti").validate(dict(claims))
    except JoseError as error:
        raise logout_refused(str(error)) from None
    subject, session = loose.text(claims.get("sub")), loose.text(claims.get("sid"))
    if not isinstance(loose.obj(claims.get("events")).get(LOGOUT), Mapping):
        raise logout_refused("events")
    if "nonce" in claims:  # so that nobody passes an id_token off as one
        raise logout_refused("nonce")
    if not (subject or session):
        raise logout_refused("neither sub nor sid")
    at = claims["iat"]
    if not isinstance(at, int | float) or at < now.timestamp() - LOGOUT_LASTS_S:
        raise logout_refused("iat")
    return Ended(id=str(claims["jti"]), subject=subject, session=session, at=datetime.fromtimestamp(at, UTC))


def _registry(issuer: str, client_id: str, now: datetime, *essential: str) -> JWTClaimsRegistry:
    options = dict.fromkeys(("exp", "iat", *essential), _ESSENTIAL)
    return JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        **options,
    )


_AGAIN = "log in again; if it stays so, look at the log and at the provider's settings."


def _refused(why: str) -> IdTokenRefused:
    return IdTokenRefused(f"the provider's token does not count: {why}.", fix=_AGAIN)


def logout_refused(why: str) -> LogoutRefused:
    """Return why a logout token ends nothing."""
    return LogoutRefused(f"the logout token does not count: {why}.", fix="send a new one, as Back-Channel Logout 1.0 has it.")
