"""The key or token that calls will carry, looked at here before anything carries it; no character of either is told."""

import re
from collections.abc import Iterable
from ipaddress import ip_address

from chatsheet.core import loose
from chatsheet.core.secret import Secret
from chatsheet.doctor.findings import broken, finding, passed
from chatsheet.doctor.model import Finding, Rung
from chatsheet.doctor.subject import Subject
from chatsheet.llm import causes, legs
from chatsheet.llm.causes import Evidence
from chatsheet.llm.credentials import AUDIENCES, TokenFailed, claims
from chatsheet.llm.routes import Route

_AZURES = frozenset({32, 84})
"""How long Azure's keys are: of a Cognitive Services resource, and of a Foundry one."""
_AZURES_HOST = re.compile(r".*\.azure\.(com|us|cn)")
_GUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


async def look(subject: Subject) -> Rung:
    """Look at what a call on this path will show of us."""
    route = subject.route
    if route.auth == "none":
        return passed("auth", "no key is sent")
    if route.auth == "entra":
        return await _token(subject, route)
    if route.key is None or route.key.value is None:
        return broken("auth", finding("route.key_missing", f"the key of {route.name} is not set"))
    return _key(subject, route, route.key)


# ── keys ──


def _key(subject: Subject, route: Route, secret: Secret) -> Rung:
    value = secret.reveal()
    header = "Authorization: Bearer" if route.auth == "bearer" else route.key_header
    warnings = [*_written(value), *_of_another_service(subject, route, value)]
    return passed("auth", f"a key from {secret.source}, sent as {header}", _shape(route, value), warnings=tuple(warnings))


def _shape(route: Route, value: str) -> str:
    if route.kind == "azure":
        return f"{len(value)} characters, as Azure's have" if _is_azures(value) else "not as long as Azure's keys: 32 or 84"
    return "starts with sk-" if value.startswith("sk-") else "does not start with sk-"


def _is_azures(value: str) -> bool:
    return len(value) in _AZURES and not value.startswith("sk-")


def _written(value: str) -> Iterable[Finding]:
    """Yield what is wrong with the way a key was written down."""
    if "${" in value:
        yield finding("settings.variable_not_expanded", "the key is the name of a variable in ${…}, not its value")
        return
    signs = (
        ("quotes around it", value[:1] in _QUOTES or value[-1:] in _QUOTES),
        ("a line end in it", "\n" in value or "\r" in value),
        ("a blank in it", " " in value or "\t" in value),
        ("a character in it that is not ASCII", not value.isascii()),
    )
    if seen := [name for name, is_there in signs if is_there]:
        fix = "write the key down again, with nothing around it"
        yield finding("azure.key_shape", f"the key has {' and '.join(seen)}", fix=fix)


_QUOTES = ('"', "'", "`")  # curly ones are not ASCII


def _of_another_service(subject: Subject, route: Route, value: str) -> Iterable[Finding]:
    """Yield whose key it looks like, where that is not whom it is sent to."""
    if _is_rehearsal(subject):
        return
    if route.kind == "azure" and value.startswith("sk-"):
        yield finding("azure.key_shape", "the key starts with sk-, as OpenAI's and LiteLLM's do, and goes to Azure")
    elif route.kind == "azure" and not _is_azures(value) and _AZURES_HOST.fullmatch(route.origin[0]):
        yield finding("azure.key_shape", "the key is not as long as Azure's, which have 32 or 84 characters")
    elif route.kind == "openai" and _is_azures(value):
        what = "the key is as long as Azure's, does not start with sk-, and goes to OpenAI"
        yield finding("azure.key_shape", what, fix="use a key of OpenAI: it starts with sk-")


def _is_rehearsal(subject: Subject) -> bool:
    """Tell whether the simulator or something else on this machine answers: it has keys of its own."""
    host = subject.route.origin[0]
    try:
        return subject.served_by == "simulator" or ip_address(subject.peer or host).is_loopback
    except ValueError:
        return host == "localhost"


# ── tokens ──


async def _token(subject: Subject, route: Route) -> Rung:
    who = f"signing in as {route.identity.who}"
    try:
        token = await subject.means.legs.token(route)
    except TokenFailed as error:
        cause = causes.classify(Evidence(route_kind=route.kind, exceptions=legs.exception_chain(error)))
        return broken("auth", finding(cause.code, f"no token could be had: {cause.evidence}"), who)
    said = claims(token)
    if not said:
        return passed("auth", who, "a token that cannot be read here: Azure decides")
    told = (who, *_told(said, route))
    if not (ends := loose.number(said.get("exp"))):
        return passed("auth", *told)
    left_min = int((ends - subject.means.clock.now().timestamp()) / 60)
    if left_min < 0:
        what = f"the token that was just issued ended {-left_min} minutes ago by this machine's clock"
        return broken("auth", finding("azure.token_rejected", what, fix="set this machine's clock"), *told)
    return passed("auth", *told, f"{left_min} minutes left")


def _told(said: dict[str, object], route: Route) -> Iterable[str]:
    """Yield a token's claims as far as they name nobody: known audiences, and beginnings of ids."""
    audience = loose.text(said.get("aud")).rstrip("/")
    yield f"a token for {audience}" if audience in AUDIENCES else "a token whose audience cannot be read"
    matches = ", as settings say" if route.identity.tenant_id else ""
    for claim, name, more in (("tid", "tenant", matches), ("oid", "identity", ""), ("appid", "application", "")):
        if _GUID.fullmatch(value := loose.text(said.get(claim))):
            yield f"{name} {value[:8]}…{more}"
