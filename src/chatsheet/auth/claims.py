"""What a provider's claims say of somebody, and what their groups make of them here. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chatsheet.core import loose
from chatsheet.core.errors import Refused
from chatsheet.core.identity import Role
from chatsheet.core.settings import OidcSettings

_NAME, _EMAIL = 255, 320


class GroupsMissing(Refused):
    """The provider left out somebody's groups, because they are too many: what they may do is not known."""

    code = "login.groups_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom the provider let in: `issuer` and `subject` name them for good, all else may change."""

    issuer: str
    subject: str
    session: str = ""
    """How the provider names this login; empty where it ends no sessions of ours."""
    name: str
    email: str = ""
    is_email_theirs: bool = False
    """Whether the provider made sure of the address."""
    role: Role | None = None
    """What their groups make them in the shared workspace."""
    is_admin: bool | None = None
    """Whether their groups make them an administrator; None: no group does, and it stays as it is."""


def person(claims: Mapping[str, object], settings: OidcSettings) -> Person:
    """Return whom the claims of a checked id_token name; raises GroupsMissing."""
    groups = frozenset(_groups(claims, settings))
    roles = [Role[name.upper()] for group, name in settings.roles.items() if group in groups]
    email = loose.text(claims.get("email")).casefold()
    is_email = len(email) <= _EMAIL and email.isprintable() and re.fullmatch(r"[^@\s]+@[^@\s]+", email) is not None
    subject = loose.text(claims.get("sub"))
    named = (claims.get(name) for name in ("name", "preferred_username", "email", "sub"))
    return Person(
        issuer=settings.issuer,
        subject=subject,
        session=loose.text(claims.get("sid")),
        name=next((text for one in named if (text := _shown(one))), "unnamed"),
        email=email if is_email else "",
        is_email_theirs=is_email and (settings.trusts_email or any(claims.get(name) in _YES for name in _VERIFIED)),
        role=max(roles, default=None),
        is_admin=bool(groups & set(settings.admin_groups)) if settings.admin_groups else None,
    )


_VERIFIED = ("email_verified", "xms_edov")
"""What says that the address was checked; the second is Entra ID's optional claim."""
_YES = (True, "true", "1")


def _groups(claims: Mapping[str, object], settings: OidcSettings) -> Iterator[str]:
    name = settings.groups_claim
    if name not in claims and (settings.roles or settings.admin_groups) and name in loose.obj(claims.get("_claim_names")):
        raise GroupsMissing(
            "you are in more groups than the provider lists.",
            fix="ask the provider's administrator to send only the groups of this application, or application roles.",
        )
    found: object = claims.get(name)
    if found is None:  # Keycloak's own are within: realm_access.roles
        found = claims
        for part in name.split("."):
            found = loose.obj(found).get(part)
    yield from (loose.text(one) for one in ([found] if isinstance(found, str) else loose.array(found)))


def _shown(name: object) -> str:
    return "".join(one for one in loose.text(name) if one.isprintable()).strip()[:_NAME]
