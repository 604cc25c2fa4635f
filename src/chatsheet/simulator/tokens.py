"""Tokens as Entra ID writes them, and whether the wire takes one. Pure.

They are well formed and not signed by anybody: whoever checks a signature refuses them. They are for rehearsals only.
"""

import base64
from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from chatsheet.core import loose

AUDIENCE = "https://cognitiveservices.azure.com"
TENANT = "11111111-1111-1111-1111-111111111111"
OTHER_TENANT = "22222222-2222-2222-2222-222222222222"
_SIGNATURE = b"not signed: issued by the ChatSheetAI simulator"
_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRule:
    """Which tokens the wire takes: the audience and tenant they must have, and, where given, the very ones issued."""

    audience: str = AUDIENCE
    tenant: str = TENANT
    issued: Container[str] | None = None


def issue(*, audience: str, tenant: str, now: int, lasts_s: int, serial: int = 0) -> str:
    """Return an unsigned token of version 1.0; `serial` makes two of one second differ."""
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{tenant}/",
        "iat": now,
        "nbf": now,
        "exp": now + lasts_s,
        "tid": tenant,
        "oid": "00000000-0000-0000-0000-000000000000",
        "uti": f"simulated-{serial}",
        "ver": "1.0",
    }
    head = loose.dumps({"typ": "JWT", "alg": "RS256", "kid": "simulator"}).encode()
    return ".".join(_encoded(part) for part in (head, loose.dumps(claims).encode(), _SIGNATURE))


def refusal(token: str, rule: TokenRule, now: int) -> Literal["", "A2", "A6"]:
    """Return the fault that a token meets, or an empty text for a good one."""
    parts = token.split(".")
    claims = loose.obj(loose.parse(_decoded(parts[1])) if len(parts) == _PARTS else None)
    if loose.text(claims.get("aud")).rstrip("/") != rule.audience.rstrip("/"):
        return "A2"
    if loose.number(claims.get("exp")) <= now or loose.number(claims.get("nbf")) > now:
        return "A2"
    if claims.get("tid") != rule.tenant:
        return "A6"
    return "" if rule.issued is None or token in rule.issued else "A2"


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return b""
