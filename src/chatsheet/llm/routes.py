"""Routes as values: where a request goes, under which model name, with which limits, over which network. Pure."""

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from chatsheet.core.secret import Secret
from chatsheet.llm.capabilities import UNTOLD, Caching

Kind = Literal["litellm", "azure", "openai", "compatible"]
Auth = Literal["api-key", "bearer", "entra", "none"]
Who = Literal["default", "managed", "workload", "client_secret", "developer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How a route's connections are made: guard, trust, name servers and proxy."""

    is_private: bool = False
    allowed: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks that count as private besides RFC 1918 and fc00::/7."""
    ca_file: Path | None = None
    dns: tuple[str, ...] = ()
    proxy: str | None = None
    proxy_credentials: Secret | None = None
    no_proxy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who signs in to Entra ID for a route."""

    who: Who = "default"
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    authority: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a million tokens cost."""

    input: float
    cached: float
    output: float


@dataclass(frozen=True, kw_only=True)
class Route:
    """One way to the model. `url` is the full chat-completions address; `model` what to ask for there."""

    name: str
    kind: Kind
    url: str
    model: str
    auth: Auth
    key: Secret | None
    connect_s: float
    first_content_s: float
    idle_s: float
    prompt_budget_tokens: int | None
    key_header: str = "api-key"
    context_window_tokens: int | None = None
    network: Network = Network()
    identity: Identity = Identity()
    price: Price | None = None
    caching: Caching = UNTOLD
    is_ours: bool = False
    """A LiteLLM that we run: its egress vouches for what it says."""

    @cached_property
    def origin(self) -> tuple[str, int]:
        """Host and port of `url`."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of everything that decides whether this route works; changed settings or credentials change it."""
        secrets = (self.key, self.identity.client_secret, self.network.proxy_credentials)
        values = [sha256(s.value.encode()).hexdigest() if s is not None and s.value else "" for s in secrets]
        parts = (self.url, self.model, self.auth, self.key_header, self.identity, self.network, self.connect_s, values)
        return sha256(repr(parts).encode()).hexdigest()[:16]

    @property
    def is_slow(self) -> bool:
        """Whether slowness is this route's nature and says nothing about its health."""
        return self.prompt_budget_tokens is not None


@dataclass(frozen=True, slots=True)
class Plan:
    """The routes in order of preference and the one deadline that covers all attempts."""

    routes: tuple[Route, ...]
    deadline_s: float
    hedge: bool = field(default=False, kw_only=True)

    @property
    def prompt_budget_tokens(self) -> int | None:
        """The smallest prompt budget of any route: whichever answers must be able to."""
        budgets = [r.prompt_budget_tokens for r in self.routes if r.prompt_budget_tokens is not None]
        return min(budgets, default=None)
